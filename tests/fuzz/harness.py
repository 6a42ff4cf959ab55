"""What a parser is held to: it reads an input, or raises what its docstring says, in bounded time and memory."""

import inspect
import os
import resource
import signal
import sys
import time
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"
OURS = tuple(f"{ROOT / package}{os.sep}" for package in ("chipsim", "host", "learning_circuit", "nonideality"))

TIME_S = 1.0  # of the processor, for an input
HANG_S = 10.0  # after which an input is given up
MEMORY = 512 << 20  # bytes of address space, beyond what the process has
_LONGEST_LINE = 4000  # characters of a refusal, and
_QUOTED = 8  # more for each byte of the input, which may be quoted and escaped
_SAMPLE, _LATER = 16, 256  # of as many inputs one is looked at line by line, which takes ten times as long
_EARLY = 4000  # inputs
_RENEWED = 500  # inputs after which the room for memory is measured anew

# What ours never means to raise and catch: behind a refusal they are a defect that passes for the user's mistake.
_DEFECTS = (AttributeError, NameError, AssertionError, ZeroDivisionError, MemoryError, UnboundLocalError)


@dataclass(frozen=True)
class Harness:
    """A parser, called below the last `except` around it."""

    name: str
    take: Callable[[bytes], object]
    refusals: tuple[type[BaseException], ...]  # what its docstring says that it raises
    files: tuple[str, ...]  # in which it stands: their lines are counted; of FILE::NAME,NAME those of these functions
    mutate: Callable[[bytes, list[bytes], Random], bytes]
    seeds: Callable[[], list[bytes]]


@dataclass(frozen=True)
class Fault:
    """An input that did something else."""

    kind: str  # the same for all that are one defect
    data: bytes
    trace: str


@dataclass
class Outcome:
    """Of a loop."""

    inputs: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    spent_s: float = 0.0  # of the processor
    faults: dict[str, Fault] = field(default_factory=dict)
    reached: int = 0
    lines: int = 0
    missed: dict[str, list[int]] = field(default_factory=dict)  # file -> lines that no sampled input reached

    def line(self, name: str) -> str:
        return (
            f"{name}: {self.inputs:,} inputs, {self.inputs - self.refused - len(self.faults):,} read, {self.refused:,}"
            f" refused, {len(self.faults)} kinds of fault; {1e3 * self.spent_s / self.inputs:.2f} ms each, the"
            f" slowest {self.slowest_s:.2f} s; {self.reached} of"
            f" {self.lines} lines reached"
        )


class TookTooLong(BaseException):
    """No parser catches it."""


class Warned(BaseException):
    """Of something that a person would see beside the one line. No parser catches it either."""


_UNSEEN = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)  # unless one asks Python


@contextmanager
def warned() -> Iterator[None]:
    """Whatever would be shown as a warning is raised."""

    def shown(message: Warning | str, category: type[Warning], *_: object) -> None:
        raise Warned(f"{category.__name__}: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        for category in _UNSEEN:
            warnings.simplefilter("ignore", category)
        warnings.showwarning = shown  # type: ignore[assignment]
        yield


class Lines:
    """Which lines of functions in a few files have run."""

    def __init__(self, files: tuple[str, ...]) -> None:
        self.there: dict[str, set[int]] = {}
        for file in files:
            name, _, functions = file.partition("::")
            self.there[str(ROOT / name)] = _lines_of(ROOT / name, set(functions.split(",")) - {""})
        self.reached: dict[str, set[int]] = {path: set() for path in self.there}

    def count(self) -> int:
        return sum(len(lines & self.there[path]) for path, lines in self.reached.items())

    @contextmanager
    def watched(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            yield
        finally:
            sys.settrace(before)

    def _call(self, frame: types.FrameType, event: str, argument: object) -> object:
        seen = self.reached.get(frame.f_code.co_filename)
        if seen is None:
            return None

        def line(frame: types.FrameType, event: str, argument: object) -> object:
            seen.add(frame.f_lineno)
            return line

        return line


def _lines_of(path: Path, functions: set[str]) -> set[int]:
    """Of all functions, or of those named; what runs at import is not of interest."""
    found: set[int] = set()
    waiting = [(compile(path.read_bytes(), str(path), "exec"), not functions)]
    while waiting:
        code, wanted = waiting.pop()
        wanted = wanted or code.co_name in functions
        waiting += [(each, wanted) for each in code.co_consts if isinstance(each, types.CodeType)]
        if wanted and code.co_flags & inspect.CO_NEWLOCALS:
            found |= {line for _, _, line in code.co_lines() if line is not None and line != code.co_firstlineno}
    return found


def loop(harness: Harness, inputs: int, seed: int, time_s: float = TIME_S) -> Outcome:
    """Changed seeds, one after another; what reaches new lines is changed again."""
    rng = Random(f"{harness.name} {seed}")
    outcome, lines = Outcome(), Lines(harness.files)
    population = harness.seeds()
    assert population, "something to begin with"
    waiting = list(population)  # the seeds as they are come first
    with bounded() as renewed:
        for number in range(inputs):
            if number % _RENEWED == 0:
                renewed()
            data = waiting.pop() if waiting else harness.mutate(rng.choice(population), population, rng)
            if number % (_SAMPLE if number < _EARLY else _LATER) and not waiting:
                one(harness, data, outcome, time_s)
                continue
            known = lines.count()
            with lines.watched():
                one(harness, data, outcome, float("inf"))  # looking takes longer
            if lines.count() > known:
                population.append(data)
    outcome.reached = lines.count()
    outcome.lines = sum(map(len, lines.there.values()))
    outcome.missed = {
        str(Path(path).relative_to(ROOT)): sorted(there - lines.reached[path]) for path, there in lines.there.items()
    }
    return outcome


def one(harness: Harness, data: bytes, outcome: Outcome, time_s: float = TIME_S) -> None:
    """Show the parser an input, and note what came of it."""
    outcome.inputs += 1
    start = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, HANG_S)
    try:
        with warned():
            harness.take(data)
    except harness.refusals as error:
        outcome.refused += 1
        if wrong := wrong_with(error, len(data)):
            _note(outcome, wrong, data, error)
    except (Exception, TookTooLong, Warned) as error:
        _note(outcome, type(error).__name__, data, error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    took = time.process_time() - start
    outcome.spent_s += took
    outcome.slowest_s = max(outcome.slowest_s, took if time_s < float("inf") else 0)
    if took > time_s:
        _note(outcome, f"took {took:.0f} s", data, None)


def wrong_with(error: BaseException, n_bytes: int) -> str | None:
    """What a refusal should not be: more than a line, what a terminal acts on, or a defect of ours in disguise."""
    text = str(error)
    if not text.isprintable():
        return "a refusal that is more than a printable line"
    if not text or len(text) > _LONGEST_LINE + _QUOTED * n_bytes:
        return f"a refusal of {'too many' if text else 'no'} characters"
    hidden = error.__context__
    while hidden is not None:
        if isinstance(hidden, _DEFECTS) and _innermost(hidden).startswith(OURS):
            return f"{type(hidden).__name__} behind a refusal"
        hidden = hidden.__context__
    return None


def _innermost(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return frames[-1].filename if frames else ""


def _note(outcome: Outcome, what: str, data: bytes, error: BaseException | None) -> None:
    trace = "" if error is None else "".join(traceback.format_exception(error))
    ours = (
        [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(OURS)]
        if error
        else []
    )
    where = f" at {Path(ours[-1].filename).relative_to(ROOT)}:{ours[-1].lineno}" if ours else ""
    kind = what + where
    known = outcome.faults.get(kind)
    if known is None or len(data) < len(known.data):
        outcome.faults[kind] = Fault(kind, data, trace)


@contextmanager
def bounded() -> Iterator[Callable[[], None]]:
    """Little more memory than there is, and no input without an end; what is given renews the room for memory."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.signal(signal.SIGPROF, _give_up)

    def renewed() -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))

    try:
        yield renewed
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGPROF, handler)


def _give_up(number: int, frame: object) -> None:
    raise TookTooLong(f"more than {HANG_S:g} s of the processor")


def kept(name: str) -> list[bytes]:
    """The inputs in a folder of the corpus."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
