"""The die of a finished run, as it was kept, as a NIR file."""

from __future__ import annotations

from pathlib import Path

from chipsim import Chip
from host.errors import RunFolderError
from host.methods import Job, find
from host.run.folder import RunFolder
from host.run.identity import identity_of
from host.run.setup import prepare
from host.teachers import teacher_digest


def kept_die(folder: Path, mix_versions: bool = False) -> Chip:
    """Fabricated anew from the run's spec, with the weights that its learning ended with.

    Raises RunFolderError if there is no run or it is not finished; what `prepare` raises.
    """
    run, spec = RunFolder.open(folder, mix_versions)
    setup = prepare(spec)
    progress = run.load_progress(
        identity_of(setup.spec, setup.dataset.digest) | {"teacher": teacher_digest(setup.teacher, setup.train)}
    )
    if progress is None or progress.presentations < setup.presentations:
        raise RunFolderError(f"{folder} is not finished: continue it with chipsim run --resume {folder}")
    chip = setup.chip(setup.design, setup.start_weights(), 1)
    chip.age(spec.training.rest_before_s)
    job = Job(
        setup,
        chip,
        setup.looking_encoder(),
        progress,
        save=lambda progress: None,
        tick=lambda done, accuracy: None,
        timeline=None,
        threads=1,
        same_die=lambda design: Chip(design, spec.die),
    )
    find(spec.training.method).learn(job)  # all is learned: what was kept is put on the chip
    return chip
