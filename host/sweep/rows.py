"""What a database of sweeps holds, as its readers see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from host.errors import SweepError
from host.run import MadeWith
from host.settings import RunSpec
from host.sweep.facts import LimitsMet, read_object, read_summary

RUN_AGAIN = "name another --out, or take the row out of the table `result` and ask again"


class _Axis(BaseModel):
    name: str
    kind: str
    values: list[Any]


class _Request(BaseModel):
    """A grid's, or a study's."""

    base: RunSpec
    axes: list[_Axis]
    cross: bool
    dies: Annotated[list[int], Field(min_length=1)]
    kind: str | None = None
    noise: list[str] = []
    samples: int = 0


@dataclass(frozen=True)
class Sweep:
    """One request, with its whole plan in the database."""

    id: str  # the first digits of its hash, as many as no other of the file shares; eight at least
    request: dict[str, Any]
    created: str  # ISO 8601, UTC

    def check_request(self) -> None:
        """Raises SweepError, in one line, if this chipsim knows no such request."""
        try:
            _Request.model_validate(self.request)
        except ValidationError as error:
            raise SweepError(f"sweep {self.id}: its request cannot be read: {_one_line(error)}") from None


class Result(NamedTuple):
    """What became of a task."""

    key: str  # whole hash, see host.run.identity
    name: str  # for people, such as mismatch-0.2-die-3-1f9a0c2b
    spec: str  # canonical JSON
    die: int
    status: str  # "done"; "failed", for good; "lost" by a passing fault of the machine, to be tried again
    message: str | None = None
    teacher: float | None = None
    ideal: float | None = None
    before: float | None = None
    after: float | None = None
    test_samples: int | None = None
    summary: str | None = None  # JSON
    limits: LimitsMet = LimitsMet(0, ())
    recipe: str | None = None  # of the teacher, see host.run.identity; None where no run came about
    teacher_digest: str | None = None
    made_with: MadeWith | None = None  # None: by this process


class Timing(NamedTuple):
    """How long a task took and where: no part of its result, which is the same bits in every run."""

    task: str  # key
    seconds: float
    worker: str


class Packed(NamedTuple):
    """A stored text, unpacked when it is asked for."""

    content: bytes
    unpack: Callable[[bytes], str]

    def text(self) -> str:
        return self.unpack(self.content)


class Row(NamedTuple):
    """One (point, die) of a sweep. Accuracies are fractions 0 to 1, None unless the status is "done"."""

    task: str  # its name
    point: dict[str, Any]  # axis name -> value; shared between the rows of a point
    die: int
    status: str  # "done", "failed", "lost" or "missing"
    message: str | None = None
    teacher: float | None = None
    ideal: float | None = None
    before: float | None = None
    after: float | None = None
    test_samples: int | None = None
    packed_summary: Packed | None = None
    packed_spec: Packed | None = None
    limits: LimitsMet = LimitsMet(0, ())
    key: str = ""
    teacher_digest: str | None = None
    made_with: MadeWith | None = None

    @property
    def summary(self) -> dict[str, Any] | None:
        """A run's facts (see host.run.die_run), read when asked for. Raises SweepError naming the row."""
        if self.packed_summary is None:
            return None
        facts = self._read("summary", self.packed_summary, read_summary)
        for name, value in facts["accuracy"].items():
            if value != getattr(self, name, value):
                raise damaged(self.task, f"it says {name!r} {getattr(self, name)}, and its summary {value}")
        return facts | {"identity": self.key}

    @property
    def spec(self) -> dict[str, Any] | None:
        """The settings of the RunSpec, read when asked for; None if the task is missing. Raises SweepError."""
        return None if self.packed_spec is None else self._read("spec", self.packed_spec, read_object)

    def run_spec(self) -> RunSpec:
        """Of a task that is done. Raises SweepError naming the row if this chipsim knows no such spec."""
        try:
            return RunSpec.model_validate(self.spec)
        except ValidationError as error:
            raise damaged(self.task, f"its spec cannot be read: {_one_line(error)}") from None

    def _read(self, what: str, packed: Packed, read: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
        try:
            return read(packed.text())
        except ValueError as error:
            raise damaged(self.task, f"its {what} cannot be read: {_one_line(error)}") from None


def damaged(task: str, problem: str) -> SweepError:
    return SweepError(f"row {task}: {problem}: {RUN_AGAIN}")


def check_figures(task: str, status: str, figures: Mapping[str, Any], test_samples: Any) -> None:
    """Raises SweepError if a stored row says what no run has found. figures: accuracies by name."""
    if status not in ("done", "failed", "lost"):
        raise damaged(task, f"its status is {status!r}, which is none of done, failed, lost")
    if status != "done":
        return
    for name, value in figures.items():
        if not (isinstance(value, float) and 0 <= value <= 1):
            raise damaged(task, f"its accuracy {name!r} is {value!r}, which is no number from 0 to 1")
    if not (isinstance(test_samples, int) and test_samples > 0):
        raise damaged(task, f"its test_samples are {test_samples!r}, which is no whole number from 1")


def _one_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return " ".join(str(error).split()) or type(error).__name__
