"""A copy of an export to work in, so that a check leaves nothing behind; and the bench, compiled and played."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from host.errors import ExportError
from host.export.cosim.tools import Ended, call
from host.export.folder import read_mark
from host.export.rtl import SOURCES

_COMPILE_S, _PLAY_S = 600.0, 3600.0
_BENCH = ("tb/array_under_test.sv", "tb/tb.sv")


@dataclass(frozen=True)
class Workplace:
    """An export's files in a folder of ours."""

    folder: Path
    facts: Mapping[str, object]  # what the export says of itself

    @property
    def sources(self) -> list[str]:
        return [f"rtl/{name}" for name, _ in SOURCES]

    @property
    def sets(self) -> list[str]:
        return sorted(path.parent.name for path in self.folder.glob("vectors/*/set.svh"))

    @property
    def directed(self) -> list[str]:
        """Sets that come with the circuit."""
        return [name for name in self.sets if name.startswith("directed")]

    def compile(self, name: str, *, array: list[str] | None = None, out: str, rtl: str = "rtl") -> Ended:
        """The bench for a set with iverilog. array: other sources of the array than the export's; rtl: their folder."""
        sources = array or [source.replace("rtl", rtl, 1) for source in self.sources if "ltl_chip" not in source]
        bench = _BENCH if array is None else _BENCH[1:]
        include = [f"-I{rtl}", "-Irtl", f"-Ivectors/{name}"]
        return call(["iverilog", "-g2012", *include, "-s", "tb", "-o", out, *sources, *bench], self.folder, _COMPILE_S)

    def play_chip(self, out: str) -> Ended:
        """The bench of the whole chip's wiring."""
        sources = [*self.sources, "tb/tb_chip.sv"]
        made = call(["iverilog", "-g2012", "-Irtl", "-s", "tb_chip", "-o", out, *sources], self.folder, _COMPILE_S)
        return _passed(call(["vvp", "-n", out], self.folder, _PLAY_S)) if made.ok else made

    def play(self, name: str, compiled: str, *more: str, limit_s: float = _PLAY_S) -> Ended:
        """A set against the compiled bench; it has passed only where the bench says so."""
        return _passed(call(["vvp", "-n", compiled, f"+vectors=vectors/{name}", *more], self.folder, limit_s))


def _passed(ended: Ended) -> Ended:
    """vvp ends with 0 where it could not even begin: only what says PASS has passed."""
    return Ended(ended.status or 1, ended.said) if ended.status is not None and "PASS " not in ended.said else ended


def workplace(export: Path, folder: Path) -> Workplace:
    """Copy what a check needs. Raises ExportError if `export` is no export, or a file of it is missing."""
    facts = read_mark(export)
    for name in facts["files"]:
        path = PurePosixPath(str(name))
        if path.is_absolute() or ".." in path.parts:
            raise ExportError(f"{export} lists {name}, which is not in it: export anew")
        try:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(export / path, folder / path)
        except OSError as error:
            raise ExportError(f"{export / path} cannot be read: {error.strerror}; export anew") from None
    return Workplace(folder, facts)
