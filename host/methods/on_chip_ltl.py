"""On-chip Local Tandem Learning (Yang et al. 2022, arXiv 2210.04532, Eqs. 8 to 11): the die learns by itself."""

from __future__ import annotations

from typing import TypeVar

from chipsim import ChipInterface
from chipsim.design import told_targets
from host.data import Encoder
from host.link import Timeline
from host.methods.effort import Effort, bytes_shown, n_weights, programming_bytes
from host.methods.method import Job, Method
from host.settings import METHODS, RunSpec
from host.training import CHUNK, LearningDie, Progress, Setup, TrainingBatches, train

_Die = TypeVar("_Die", bound=LearningDie)
# Enough presentations to settle, whatever the size of the data set (see examples/RESULTS.md).
_CALIBRATE_PRESENTATIONS = 20_000
_TRAIN_PRESENTATIONS = 60_000
_LEAST_EPOCHS = 5
# Per error gate: a sign pulse has a fixed size and moves a weight at every error, so it must be smaller.
_LEARNING_RATES = {"linear": 2e-3, "sign": 1e-4, "ternary": 2e-4}


class OnChipLtl(Method):
    """Input spikes and target rates go down, nothing comes back: every error of the die is inside the loop."""

    name = "on-chip-ltl"
    meaning = METHODS["on-chip-ltl"]

    learns_on_chip = True

    any_neuron = True

    takes_images = True

    def epochs(self, spec: RunSpec, n_train: int) -> int:
        wanted = _CALIBRATE_PRESENTATIONS if spec.training.start == "teacher" else _TRAIN_PRESENTATIONS
        return max(_LEAST_EPOCHS, -(-wanted // n_train))

    def learning_rate(self, spec: RunSpec) -> float:
        return _LEARNING_RATES[spec.learning_circuit.error_gate] * spec.neuron.charge_per_step

    def learn(self, job: Job) -> None:
        setup = job.setup
        train(
            learning_die(LearningDie, setup, job.chip, job.timeline),
            job.progress,
            epoch=len(setup.train),
            presentations=setup.presentations,
            learning_rate=setup.learning_rate,
            save=job.save,
            tick=job.tick,
        )

    def effort(self, setup: Setup, progress: Progress) -> Effort:
        shown = bytes_shown(
            setup.design,
            setup.spec.chip,
            progress.activity,
            progress.presentations,
            constant_current=setup.spec.encoding == "current",
            targets=any(told_targets(setup.design)),
        )
        return Effort(
            samples=progress.presentations,
            die_samples=progress.presentations,
            activity=progress.activity,
            bytes_down=programming_bytes(setup.design) + shown,
            bytes_up=0.0,
            weights_programmed=n_weights(setup.design),
            host_macs=progress.host_macs,
        )


def learning_die(kind: type[_Die], setup: Setup, chip: ChipInterface, timeline: Timeline | None = None) -> _Die:
    """`chip` with all presentations of the run before it."""
    spec, n_in, epoch = setup.spec, setup.dataset.n_in, len(setup.train)
    chunk, follows = setup.chunk, any(told_targets(setup.design))
    ahead = Encoder(spec.encoding, n_in, spec.steps, chunk, spec.seed, TrainingBatches.BUFFERS)
    batches = TrainingBatches(
        setup.train,
        setup.teacher,
        ahead,
        spec.training.output_target,
        spec.seed,
        timeline,
        follows,
        setup.augmentation,
    )
    looking = Encoder(spec.encoding, n_in, spec.steps, CHUNK, spec.seed)
    return kind(chip, batches, setup.valid, looking, epoch, chunk)
