"""What benches found, kept in a file: a JSON line per figure, appended by each run, and compared with a later one.

Every report has a method `readings`. The names in there are what a file is searched by, so they stay as they are.
"""

from __future__ import annotations

import math
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from chipsim import __version__
from host.bench.dense import this_machine
from host.bench.reading import Reading
from host.errors import HostError
from host.terminal import table

_ROOT = Path(__file__).resolve().parents[2]
_SOURCES = ("chipsim", "host", "learning_circuit", "nonideality")
_GIT_S = 10.0  # more than git takes; a bench does not wait for a network drive
_LOADS_DIFFER = 0.5  # running tasks: half a core that was somebody else's
_COMMIT_SHOWN = 10  # hex digits


class _Checked(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)


class Spread(_Checked):
    """A figure's repeats."""

    median: float
    best: float


class Place(_Checked):
    """The machine."""

    processor: str
    cores: int


class Surroundings(_Checked):
    """What was measured, when and where."""

    commit: str | None  # of the source tree, with a + if it was changed since; None if it is no checkout
    version: str
    date: AwareDatetime
    machine: Place
    load: float | None  # running tasks, mean over the minute before
    versions: dict[str, str]


class Measured(_Checked):
    """A Reading as it stands in a file."""

    bench: str
    figure: str
    value: float
    unit: str
    higher_is_better: bool
    share: float | None
    spread: Spread | None
    images: str | None = None


class RecordLine(Surroundings, Measured):
    """A line of the file, what was measured first. Fields that a later version adds are passed over."""


@dataclass(frozen=True)
class Earlier:
    """The recorded runs that a bench is compared with: all of one commit, or a single one."""

    file: Path
    runs: list[list[RecordLine]]  # the latest last

    @property
    def latest(self) -> RecordLine:
        return self.runs[-1][0]

    @cached_property
    def values(self) -> dict[str, float]:
        """Figure -> median over the runs that have it."""
        found: dict[str, list[float]] = {}
        for run in self.runs:
            for line in run:
                found.setdefault(line.figure, []).append(line.value)
        return {figure: median(values) for figure, values in found.items()}


@dataclass(frozen=True)
class Change:
    """One figure, then and now."""

    reading: Reading
    then: float | None  # None if it was not measured

    @property
    def percent(self) -> float | None:
        return None if not self.then else 100 * (self.reading.value / self.then - 1)


@dataclass(frozen=True)
class FigureChanges:
    """A run of a bench against earlier ones."""

    earlier: Earlier
    changes: list[Change]
    left_out: int  # figures measured then and not now
    differences: list[str]  # of machine, load, versions and images: one sentence each

    def to_json(self) -> dict[str, Any]:
        latest = self.earlier.latest
        return {
            "file": str(self.earlier.file),
            "commit": latest.commit,
            "date": latest.date.isoformat(),
            "runs": len(self.earlier.runs),
            "differences": self.differences,
            "left_out": self.left_out,
            "figures": [
                {
                    "figure": change.reading.figure,
                    "unit": change.reading.unit,
                    "higher_is_better": change.reading.higher_is_better,
                    "then": change.then,
                    "now": change.reading.value,
                    "change_percent": change.percent,
                }
                for change in self.changes
            ],
        }

    def lines(self) -> list[str]:
        latest, n = self.earlier.latest, len(self.earlier.runs)
        commit = "an unknown commit" if latest.commit is None else f"commit {_short(latest.commit)}"
        runs = "one run" if n == 1 else f"median of {n} runs"
        rows = [
            [
                change.reading.figure,
                _number(change.then),
                _number(change.reading.value),
                "-" if change.percent is None else f"{change.percent:+z.1f}",
                "" if change.reading.higher_is_better else "less is better",
            ]
            for change in self.changes
        ]
        return [
            f"against {self.earlier.file}: {commit}, {latest.date:%Y-%m-%d}, {runs}",
            *table(rows, ("figure", "then", "now", "change %", ""), align="<>>><", indent=2),
            *([f"  measured then and not now: {self.left_out} of the figures"] if self.left_out else []),
            *(f"  {sentence}" for sentence in self.differences),
        ]


def surroundings() -> Surroundings:
    """What a run of now is recorded with: call it before the bench, whose own load is no load."""
    machine = this_machine(0)
    return Surroundings(
        commit=commit_of(_ROOT),
        version=__version__,
        date=datetime.now(UTC),
        machine=Place(processor=machine.processor, cores=machine.cores),
        load=machine.load,
        versions=machine.versions,
    )


def commit_of(tree: Path) -> str | None:
    """The commit checked out at `tree`, with a + if our packages differ from it; None without a checkout or git."""
    # Within a hook git tells its children where its own repository is.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(tree), "--no-optional-locks", *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=_GIT_S
        ).stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != tree.resolve():
            return None  # installed somewhere inside a checkout of something else
        changed = git("status", "--porcelain", "--", *_SOURCES)
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def lines_of(bench: str, readings: Sequence[Reading], around: Surroundings) -> list[RecordLine]:
    """A line per figure; what is no number, since something took no time at all, has none."""
    return [
        RecordLine(
            bench=bench,
            figure=each.figure,
            value=each.value,
            unit=each.unit,
            higher_is_better=each.higher_is_better,
            share=each.share,
            spread=None if each.median is None else Spread(median=each.median, best=each.value),
            images=each.images,
            **dict(around),
        )
        for each in readings
        if all(math.isfinite(number) for number in (each.value, each.share, each.median) if number is not None)
    ]


class Recorder:
    """A file that lines are appended to."""

    def __init__(self, path: Path, handle: int, ends_within_a_line: bool) -> None:
        self._path = path
        self._handle = handle
        self._before = b"\n" if ends_within_a_line else b""

    def append(self, lines: Sequence[RecordLine]) -> None:
        """All in one write, so that runs that end at once do not mix. Raises HostError if the disk is full."""
        content = self._before + b"".join(line.model_dump_json().encode() + b"\n" for line in lines)
        try:
            written = os.write(self._handle, content)
        except OSError as error:
            raise HostError(f"cannot write {self._path}: {error.strerror}; the figures are not recorded") from None
        if written < len(content):
            raise HostError(f"{self._path} holds a part of the figures only: the disk is full; remove its last line")


@contextmanager
def recording(path: Path) -> Iterator[Recorder]:
    """Opens before a bench begins what is written when it has ended; an empty file does not stay.

    Raises HostError if the file cannot be read or written, or holds something else.
    """
    there = path.exists()
    content = _content(path) if there else b""
    _parsed(path, content)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror}; choose another --record") from None
    try:
        yield Recorder(path, handle, bool(content) and not content.endswith(b"\n"))
    finally:
        if not there and os.fstat(handle).st_size == 0:
            path.unlink(missing_ok=True)
        os.close(handle)


def read(path: Path) -> list[RecordLine]:
    """All lines of a file. Raises HostError naming the first that is damaged, or if there is no such file."""
    return _parsed(path, _content(path))


def _content(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise HostError(f"{path} is no file: name one that chipsim bench --record has written")
    try:
        return path.read_bytes()
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}; make it with chipsim bench --record {path}") from None


def _parsed(path: Path, content: bytes) -> list[RecordLine]:
    lines = []
    for number, text in enumerate(content.split(b"\n"), 1):
        if not text.strip():
            continue
        try:
            lines.append(RecordLine.model_validate_json(text))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(map(str, first["loc"]))
            what = f"{where}: {first['msg']}" if where else first["msg"]
            raise HostError(
                f"{path}, line {number} is no figure of a bench ({what}): remove the line or name another file"
            ) from None
    return lines


def earlier(path: Path, bench: str, none_is_fine: bool = False) -> Earlier | None:
    """The runs of the bench that were recorded at the latest commit.

    Where no commit says what was measured, because there was none or the source was changed, the latest run alone.
    Raises HostError as `read` does, and if no run of this bench is recorded, unless `none_is_fine`: then None.
    """
    runs: dict[tuple[Any, ...], list[RecordLine]] = {}
    for line in read(path):
        if line.bench == bench:
            runs.setdefault((line.date, line.commit, line.machine.processor), []).append(line)
    ordered = sorted(runs.values(), key=lambda run: run[0].date)
    if not ordered:
        if none_is_fine:
            return None
        raise HostError(f"{path} holds no run of the {bench} bench to compare with: make one with --record {path}")
    commit = ordered[-1][0].commit
    if commit is None or commit.endswith("+"):
        return Earlier(path, ordered[-1:])
    return Earlier(path, [run for run in ordered if run[0].commit == commit])


def compare(readings: Sequence[Reading], now: Surroundings, then: Earlier) -> FigureChanges:
    measured = {reading.figure for reading in readings}
    return FigureChanges(
        earlier=then,
        changes=[Change(reading, then.values.get(reading.figure)) for reading in readings],
        left_out=len(then.values.keys() - measured),
        differences=list(_differences(readings, now, then)),
    )


def _differences(readings: Sequence[Reading], now: Surroundings, then: Earlier) -> Iterator[str]:
    first = [run[0] for run in then.runs]
    machines = list(dict.fromkeys(_machine(line.machine) for line in first))
    if machines != [_machine(now.machine)]:
        yield f"another machine: then {' and '.join(machines)}, now {_machine(now.machine)}"
    loads = [line.load for line in first if line.load is not None]
    if loads and now.load is not None and abs(median(loads) - now.load) > _LOADS_DIFFER:
        yield f"another load: then {median(loads):.1f}, now {now.load:.1f}; other programs slow down what is measured"
    for name, version in now.versions.items():
        before = list(dict.fromkeys(line.versions.get(name, "none") for line in first))
        if before != [version]:
            yield f"another {name}: then {' and '.join(before)}, now {version}"
    shown = {line.images for run in then.runs for line in run if line.images is not None}
    shown_now = {reading.images for reading in readings if reading.images is not None}
    if shown and shown_now and shown != shown_now:
        yield f"other images: then {' and '.join(sorted(shown))}, now {' and '.join(sorted(shown_now))}"


def _machine(place: Place) -> str:
    return f"{place.processor} with {place.cores} cores"


def _short(commit: str) -> str:
    return commit.removesuffix("+")[:_COMMIT_SHOWN] + ("+ (changed since)" if commit.endswith("+") else "")


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
