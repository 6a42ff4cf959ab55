"""The folder of a run: spec, versions, metrics, checkpoint, result, plots. Whole files only, at any moment."""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import shutil
import tempfile
from dataclasses import asdict, fields
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from host.errors import RunFolderError
from host.files import read_arrays, write_arrays, write_text
from host.run_spec import RunSpec, resolve
from host.training import Check, Progress

_PACKAGES = ("chipsim", "numpy", "numba", "scikit-learn", "scipy", "pydantic")


class RunFolder:
    """A folder that holds a spec from the moment it exists."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @staticmethod
    def create(spec: RunSpec, out: Path | None) -> RunFolder:
        """Make `out`, or a new folder runs/<date>-<hash>. Raises RunFolderError if that is not possible."""
        try:
            if out is None:
                out = _unused(Path("runs") / f"{date.today():%Y%m%d}-{spec.hash()}")
            elif out.exists() and (not out.is_dir() or any(out.iterdir())):
                raise RunFolderError(
                    f"--out {out} already holds something: name a new or empty folder, or continue with --resume {out}"
                )
            parents = _missing_parents(out)
            out.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"cannot make a run folder at {out}: {error.strerror}; choose another --out") from None
        beside: Path | None = None
        try:
            # A run killed here leaves at most a hidden folder beside; the run folder appears with its spec inside.
            beside = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
            beside.chmod(0o755)
            write_text(beside / "spec.toml", spec.to_toml())
            write_text(beside / "versions.json", json.dumps(_versions(), indent=2) + "\n")
            os.replace(beside, out)
        except OSError as error:
            if beside is not None:
                shutil.rmtree(beside, ignore_errors=True)
            for parent in parents:
                parent.rmdir()
            raise RunFolderError(f"cannot write in {out}: {error.strerror}; choose another --out") from None
        return RunFolder(out)

    @staticmethod
    def open(path: Path) -> tuple[RunFolder, RunSpec]:
        """An existing run and its spec. Raises RunFolderError if there is none."""
        if not (path / "spec.toml").is_file():
            raise RunFolderError(
                f"{path} holds no run (no spec.toml in it): name a run folder, or start one with --out"
            )
        return RunFolder(path), resolve(path / "spec.toml", {})

    def save_progress(self, progress: Progress, data_digest: str) -> None:
        """Metrics, then the checkpoint: stopped between them, a resumed run writes both again. Raises OSError."""
        facts = {**progress.facts(), "data": data_digest}
        write_text(self.path / "metrics.csv", _csv(progress.checks))
        write_arrays(self.path / "checkpoint.bin", progress.arrays(), facts)

    def load_progress(self, data_digest: str) -> Progress | None:
        """Where the run stands; None if it has not come to its first check. Raises RunFolderError."""
        path = self.path / "checkpoint.bin"
        if not path.exists():
            return None
        arrays, facts = read_arrays(path)
        if facts.pop("data", None) != data_digest:
            raise RunFolderError(
                f"{path} belongs to other training data (digest {data_digest} now): resume with the data of the first"
                " start, or start a new run"
            )
        try:
            return Progress.load(arrays, facts)
        except (KeyError, TypeError, ValueError) as error:
            raise RunFolderError(f"checkpoint {path} is of another version ({error}): start a new run") from None

    def save_result(self, result: dict[str, Any]) -> None:
        write_text(self.path / "result.json", json.dumps(result, indent=2) + "\n")


def _unused(path: Path) -> Path:
    """`path`, or the first of path-2, path-3, ... that does not exist."""
    number = 1
    candidate = path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate


def _missing_parents(path: Path) -> list[Path]:
    """Folders above `path` that are still to be made, innermost first."""
    return [parent for parent in path.parents if not parent.exists()]


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def _csv(checks: list[Check]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Check)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(check) for check in checks)
    return text.getvalue()
