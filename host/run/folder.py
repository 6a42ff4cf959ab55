"""The folder of a run: spec, versions, metrics, checkpoint, result, plots. Whole files only, at any moment."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from host.errors import RunFolderError
from host.files import folder_beside, is_missing, read_arrays, write_arrays, write_text
from host.lock import InUseError, Lock
from host.run.latest import LATEST, RUNS, make_latest, make_latest_again, run_at
from host.run.resolution import resolve
from host.run.versions import MadeWith, made_with, made_with_from, versions
from host.settings import RunSpec
from host.training import Check, Progress

_CHECKPOINT = 2  # version of what a checkpoint says
_WRITTEN = ("checkpoint.bin", "metrics.csv", "report.txt", "result.json", "spec.toml", "versions.json")
_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)  # of a file system that has none: as good as alone
_LOCK = ".lock"  # of the process that runs in the folder


class RunFolder:
    """A folder that holds a spec from the moment it exists."""

    def __init__(self, path: Path, made: Sequence[Path] | None = None, mix_versions: bool = False) -> None:
        """made: the folders that were made for a new run, innermost first; None: the run was there.

        mix_versions: whether to go on from what another chipsim, numba or numpy has learned.
        """
        self.path = path
        self._made = made
        self._mix_versions = mix_versions
        self._made_with = [made_with()]  # by which versions the run has come so far, the first ones first
        self._alone = False
        self._latest_before: str | None = None

    @staticmethod
    def check(out: Path) -> None:
        """Raises RunFolderError if `create` could not make `out`, as far as can be seen before anything is made."""
        if out.name == LATEST and os.path.realpath(out.parent) == os.path.realpath(RUNS):
            raise RunFolderError(f"--out {out}: this name is kept for the run begun last; choose another --out")
        try:
            if out.exists() and (not out.is_dir() or any(out.iterdir())):
                raise RunFolderError(
                    f"--out {out} already holds something: name a new or empty folder, or continue with --resume {out}"
                )
            above = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
            if above.is_dir() and not os.access(above, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise _cannot_make(out, error) from None

    @staticmethod
    def create(spec: RunSpec, out: Path | None) -> RunFolder:
        """Make `out`, or a new folder runs/<date>-<hash>. Raises RunFolderError if that is not possible."""
        name = out or RUNS / f"{date.today():%Y%m%d}-{spec.hash()}"
        if out is not None:
            RunFolder.check(out)
        try:
            there = out is not None and name.is_dir()
            parents = _missing_parents(name)
            name.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot_make(name, error) from None
        if there:  # empty: perhaps a mount point or a link, which no rename can replace
            return RunFolder._fill(name, spec)
        beside: Path | None = None
        try:
            # A run killed here leaves at most a hidden folder beside, which the next one removes; the run folder
            # appears with its spec inside.
            beside = folder_beside(name)
            beside.chmod(0o755)
            write_text(beside / "spec.toml", spec.to_toml())
            write_text(beside / "versions.json", json.dumps(versions(), indent=2) + "\n")
            taken = _take(beside, out) if out else _take_unused(beside, name)
            return RunFolder(taken, [taken, *parents])
        except BaseException as error:
            _remove(beside, parents)
            if isinstance(error, OSError | UnicodeError):
                raise RunFolderError(_cannot_write(name, error)) from None
            raise

    @staticmethod
    def _fill(folder: Path, spec: RunSpec) -> RunFolder:
        """Make an empty folder a run's; the spec comes last, since a folder with a spec is a run."""
        try:
            write_text(folder / "versions.json", json.dumps(versions(), indent=2) + "\n")
            write_text(folder / "spec.toml", spec.to_toml())
        except BaseException as error:
            with contextlib.suppress(OSError):
                (folder / "versions.json").unlink()
            if isinstance(error, OSError | UnicodeError):
                raise RunFolderError(_cannot_write(folder, error)) from None
            raise
        return RunFolder(folder, [])

    @staticmethod
    def open(path: Path, mix_versions: bool = False) -> tuple[RunFolder, RunSpec]:
        """An existing run and its spec; runs/latest is the last one. Raises RunFolderError if there is none."""
        path = run_at(path)
        if not (path / "spec.toml").is_file():
            raise RunFolderError(
                f"{path} holds no run (no spec.toml in it): name a run folder, or start one with --out"
            )
        return RunFolder(path, None, mix_versions), resolve(path / "spec.toml", {})

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else runs in this folder meanwhile, and what one that was killed has left beside its files is gone.

        From now on runs/latest is this one, if it stands in runs/. May be entered again in itself.

        Raises RunFolderError naming who else runs here, OSError if nothing can be written.
        """
        if self._alone:
            yield
            return
        lock: Lock | None = None
        try:
            lock = Lock.take(self.path / _LOCK)
        except InUseError as error:
            raise RunFolderError(
                f"{self.path} is being run by {error.holder}: wait until it ends, or start another run"
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        self._alone = True
        try:
            self._clear()
            self._latest_before = make_latest(self.path)
            yield
        finally:
            self._alone = False
            if lock is not None:
                lock.release()

    def _clear(self) -> None:
        for name in _WRITTEN:
            for leftover in self.path.glob(f".{name}.*"):
                leftover.unlink(missing_ok=True)

    def discard(self) -> None:
        """Undo `create`, unless a checkpoint is there to go on from; a run that was there before stays."""
        if self._made is None or (self.path / "checkpoint.bin").exists():
            return
        self._clear()
        make_latest_again(self.path, self._latest_before)
        for name in (*_WRITTEN, _LOCK):
            (self.path / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # somebody put something else there meanwhile
            for folder in self._made:
                folder.rmdir()

    def save_progress(self, progress: Progress, identity: dict[str, str]) -> None:
        """Metrics, then the checkpoint: stopped between them, a resumed run writes both again. Raises OSError."""
        facts = {**progress.facts(), "identity": identity, "version": _CHECKPOINT}
        facts["made_with"] = [each._asdict() for each in self._made_with]
        write_text(self.path / "metrics.csv", _csv(progress.checks))
        write_arrays(self.path / "checkpoint.bin", progress.arrays(), facts)

    def load_progress(self, identity: dict[str, str]) -> Progress | None:
        """Where the run stands; None if it has not come to its first check. Raises RunFolderError.

        identity: what the checkpoint must agree with, name -> digest: see `host.run.identity`.
        """
        path = self.path / "checkpoint.bin"
        if is_missing(path):
            return None
        arrays, facts = read_arrays(path)
        found = facts.pop("version", 1)
        if found != _CHECKPOINT:
            raise RunFolderError(
                f"checkpoint {path} is of another version ({found!r}, this chipsim writes {_CHECKPOINT}): resume with"
                " the chipsim that wrote it, or start a new run"
            )
        try:
            saved = dict(facts.pop("identity"))
            before = [made_with_from(each) for each in facts.pop("made_with")]
            progress = Progress.load(arrays, facts)
        except (KeyError, TypeError, ValueError) as error:
            raise RunFolderError(f"checkpoint {path} is of another version ({error}): start a new run") from None
        for name, digest in identity.items():
            if saved.get(name) != digest:
                raise RunFolderError(
                    f"{path} belongs to another {name} ({str(saved.get(name))[:16]}, not {digest[:16]}): resume with"
                    f" the {name} of the first start, or start a new run"
                )
        self._go_on_from(before)
        return progress

    def _go_on_from(self, before: list[MadeWith]) -> None:
        """Raises RunFolderError if other versions have learned what is there, and are not to be mixed."""
        here = made_with()
        others = [each for each in before if each != here]
        if others and not self._mix_versions:
            raise RunFolderError(
                f"{self.path} was made with {others[-1]}, here are {here}: resume with those, or add --mix-versions,"
                " which the result then tells"
            )
        self._made_with = before if here in before else [*before, here]

    def save_result(self, result: dict[str, Any]) -> None:
        write_text(self.path / "versions.json", json.dumps(versions(), indent=2) + "\n")  # of who has finished it
        write_text(self.path / "result.json", json.dumps(result, indent=2) + "\n")

    def save_report(self, text: str) -> None:
        """The result as a person reads it. Raises OSError."""
        write_text(self.path / "report.txt", text + "\n")

    @property
    def mixed_versions(self) -> list[dict[str, str]]:
        """The versions that have had a part in the run, if there are several."""
        return [each._asdict() for each in self._made_with] if len(self._made_with) > 1 else []


def _cannot_make(folder: Path, error: OSError) -> RunFolderError:
    return RunFolderError(f"cannot make a run folder at {folder}: {error.strerror}; choose another --out")


def _cannot_write(folder: Path, error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "a setting, perhaps the data set's file name, cannot be written as UTF-8 text: rename the file"
    return f"cannot write in {folder}: {error.strerror}; choose another --out"


def _remove(beside: Path | None, parents: Sequence[Path]) -> None:
    """What was made for a run that cannot be, as far as the system lets it."""
    if beside is not None:
        shutil.rmtree(beside, ignore_errors=True)
    with contextlib.suppress(OSError):
        for parent in parents:
            parent.rmdir()


def _take(folder: Path, name: Path) -> Path:
    """Rename `folder` to `name`, which must be free. Raises OSError."""
    os.replace(folder, name)
    return name


def _take_unused(folder: Path, name: Path) -> Path:
    """Rename `folder` to `name`, or to the first of name-2, name-3, ... that nobody has, also at this very moment."""
    for number in count(1):
        candidate = name if number == 1 else name.with_name(f"{name.name}-{number}")
        if not candidate.exists():
            try:
                return _take(folder, candidate)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
    raise AssertionError("count() does not end")


def _missing_parents(path: Path) -> list[Path]:
    """Folders above `path` that are still to be made, innermost first."""
    return [parent for parent in path.parents if not parent.exists()]


def _csv(checks: list[Check]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Check)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(vars(check) for check in checks)
    return text.getvalue()
