"""What methods share that learn on the host: train a model, keep it on disk for all dies, program the die with it."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from chipsim.design import plugin_classes
from chipsim.simd import cache_root, plugin_sources_key, sources_key
from host.data import ENCODERS, encoding_named
from host.errors import RunFolderError
from host.files import read_arrays, write_arrays
from host.methods.effort import Effort, n_weights, programming_bytes
from host.methods.method import Job, Method
from host.settings import TRAINING_METHODS
from host.teachers import Layer, teacher_digest
from host.training import Learner, Progress, Setup, train


class Model(Learner, Protocol):
    """A learner on the host that dies can be programmed from."""

    def layers(self) -> Sequence[Layer | None]: ...


class OnHost(Method):
    """Learning needs no die, so its result is kept on disk under everything that defines it."""

    sees_noise: ClassVar[bool] = False  # whether what is learned depends on the spec's noise

    @abstractmethod
    def model(self, setup: Setup, threads: int) -> Model:
        """What learns, with the start weights."""

    def learn(self, job: Job) -> None:
        setup, progress, path = job.setup, job.progress, self._path(job.setup)
        if not progress.checks and (kept := read_progress(path)) is not None:
            progress.adopt(kept)
            job.save(progress)
        model = self.model(setup, job.threads)
        train(
            model,
            progress,
            epoch=len(setup.train),
            presentations=setup.presentations,
            learning_rate=setup.learning_rate,
            save=job.save,
            tick=job.tick,
        )
        if not path.exists():
            write_progress(path, progress)
        job.program(model.layers())

    def effort(self, setup: Setup, progress: Progress) -> Effort:
        return effort_on_host(setup, progress)

    def _path(self, setup: Setup) -> Path:
        facts = setup.spec.model_dump(mode="json", exclude={"data_dir", "die", "chip"})
        del facts["training"]["chunk"]
        if not self.sees_noise:
            del facts["noise"]
        sources = Path(__file__).resolve().parents[2]
        recipe: dict[str, Any] = {
            "spec": facts,
            "teacher": teacher_digest(setup.teacher, setup.train),  # whose start weights and targets these are
            "sources": sources_key(sources),
            "samples": [hashlib.sha256(part.raw.tobytes()).hexdigest() for part in (setup.train, setup.valid)],
            "labels": [hashlib.sha256(part.labels.tobytes()).hexdigest() for part in (setup.train, setup.valid)],
        }
        if foreign := self._of_other_packages(setup):
            recipe["plug-ins"] = plugin_sources_key(foreign)
        name = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:24]
        return cache_root() / "trained" / f"{name}.ckpt"

    def _of_other_packages(self, setup: Setup) -> list[type]:
        """The classes of other packages that have a part in what is learned."""
        spec = setup.spec
        classes = plugin_classes(setup.design if self.sees_noise else setup.design.ideal())
        if ENCODERS.plugin(spec.encoding) is not None:
            classes.append(encoding_named(spec.encoding))
        if TRAINING_METHODS.plugin(spec.training.method) is not None:
            classes.append(type(self))
        return classes


def effort_on_host(setup: Setup, progress: Progress) -> Effort:
    """What learning took that no die had a part in: a die is programmed once."""
    return Effort(
        samples=progress.presentations,
        die_samples=0,
        activity={name: [0] * setup.design.n_layers for name in progress.activity},
        bytes_down=programming_bytes(setup.design),
        bytes_up=0.0,
        weights_programmed=n_weights(setup.design),
        host_macs=progress.host_macs,
    )


def read_progress(path: Path) -> Progress | None:
    """How learning stood; None if it is not there or damaged: it is then learned again."""
    try:
        arrays, facts = read_arrays(path)
        return Progress.load(arrays, facts)
    except (RunFolderError, KeyError, TypeError, ValueError):
        return None


def write_progress(path: Path, progress: Progress) -> None:
    """Keep how learning stands, if that can be."""
    facts: dict[str, Any] = progress.facts()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_arrays(path, progress.arrays(), facts)
    except OSError:
        pass  # a cache that cannot be written costs time with the next die, nothing else
