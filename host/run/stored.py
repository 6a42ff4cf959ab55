"""A finished run as its folder holds it: the result, and the die itself, found out once more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chipsim.reading import read_text
from host.errors import RunFolderError
from host.run.die_run import Outcome, RunListener, run
from host.run.folder import RunFolder
from host.training import Progress

_LARGEST = 64 << 20  # bytes of a run's files of text
# Of result.json: what nobody can do without.
_NEEDED = ("accuracy", "test_samples", "train_samples", "saturation", "network", "weight_updates", "noise", "die_seed")


def stored_result(folder: Path) -> dict[str, Any]:
    """What result.json says. Raises RunFolderError if the run is not finished, or its file cannot be read."""
    summary = stored_json(folder, "result.json")
    missing = [name for name in _NEEDED if name not in summary]
    if missing:
        raise RunFolderError(
            f"{folder / 'result.json'} lacks {', '.join(missing)}: it is of another version or was edited; run it again"
            f" with chipsim run --config {folder / 'spec.toml'}"
        )
    return summary


def stored_json(folder: Path, name: str) -> dict[str, Any]:
    """The JSON object in one of a run's files. Raises RunFolderError."""
    path = folder / name
    if not path.exists():
        raise RunFolderError(
            f"{folder} has no {path.name}: the run is not finished; finish it with chipsim run --resume {folder}"
        )
    try:
        content: dict[str, Any] = json.loads(read_text(path, _LARGEST))
    except (ValueError, RecursionError) as error:
        raise RunFolderError(
            f"{path} cannot be read ({error}); write it again with chipsim run --resume {folder}"
        ) from None
    if not isinstance(content, dict):
        raise RunFolderError(f"{path} holds no JSON object; write it again with chipsim run --resume {folder}")
    return content


def found_again(folder: Path, threads: int = 1, listener: RunListener | None = None) -> Outcome:
    """All that a finished run found out, the die as it was kept included; the folder stays as it is.

    Nothing is learned: the data are read, the teacher is found in the cache or trained, and the ideal chip and the die
    are measured anew. Raises RunFolderError if there is no run or it is not finished; what `run` raises.
    """
    stored_result(folder)
    opened, spec = RunFolder.open(folder, mix_versions=True)
    return run(spec, threads, _ReadOnly(opened.path, None, mix_versions=True), listener)


class _ReadOnly(RunFolder):
    """A finished run's folder, in which nothing is written."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        yield

    def discard(self) -> None:
        pass

    def save_progress(self, progress: Progress, identity: dict[str, str]) -> None:
        pass

    def save_result(self, result: dict[str, Any]) -> None:
        pass
