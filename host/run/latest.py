"""runs/latest: the run that was begun or gone on with last. A link; a small file where a file system has no links."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from chipsim.reading import UnreadableError, read_text
from host.errors import RunFolderError
from host.files import write_text

RUNS = Path("runs")  # where runs are that nobody has named a place for
LATEST = "latest"
_LONGEST = 255  # bytes of a name


def make_latest(run: Path) -> str | None:
    """Let `latest` name `run`, if that stands in runs/; replaced at one stroke, whoever else does the same.

    Returns what it named before. What somebody else has put there stays, and so it is where nothing can be written.
    """
    if os.path.realpath(run.parent) != os.path.realpath(RUNS):
        return None
    latest = run.parent / LATEST
    before = _named_by(latest)
    if before is None and os.path.lexists(latest):
        return None
    with contextlib.suppress(OSError):
        _name(latest, run.name)
    return before


def make_latest_again(run: Path, before: str | None) -> None:
    """Undo `make_latest`, which returned `before`, unless `latest` names another run by now."""
    latest = run.parent / LATEST
    if _named_by(latest) != run.name:
        return
    with contextlib.suppress(OSError):
        if before is not None and (run.parent / before).is_dir():
            _name(latest, before)
        else:
            latest.unlink()


def run_at(path: Path) -> Path:
    """The folder that `latest` names; any other path is itself. Raises RunFolderError if that folder is gone."""
    name = _named_by(path) if path.name == LATEST else None
    if name is None:
        return path
    run = path.parent / name
    if not run.is_dir():
        raise RunFolderError(f"{path} names {name}, which is not there any more: name another run folder")
    return run


def spec_at(path: Path) -> Path:
    """The spec.toml of a run's folder; any other path is itself. Raises as `run_at`."""
    if path.parent.name == LATEST:
        path = run_at(path.parent) / path.name
    run = run_at(path)
    return run / "spec.toml" if os.path.isfile(run / "spec.toml") else run


def _name(latest: Path, name: str) -> None:
    beside = latest.with_name(f".{LATEST}.{secrets.token_hex(8)}")
    try:
        os.symlink(name, beside)
    except (OSError, NotImplementedError):
        write_text(latest, f"{name}\n")
        return
    try:
        os.replace(beside, latest)
    except OSError:
        beside.unlink()
        raise


def _named_by(latest: Path) -> str | None:
    """What a link or a small file of ours names."""
    try:
        name = os.readlink(latest) if os.path.islink(latest) else read_text(latest, _LONGEST).removesuffix("\n")
    except (OSError, UnreadableError):
        return None
    return name if name not in ("", ".", "..") and not set(name) & set("/\\\n\0") else None
