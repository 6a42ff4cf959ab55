"""How fast gradients through time are: of a die in the loop, and of a twin that is trained before there is a die.

In the loop: an epoch of BrainScaleS-2's experiment, read-back included. `through_time`: an epoch of MNIST in 5 steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from chipsim import Chip, SynapseSpec
from host.bench.brainscales2 import MISMATCH, NETWORK, STEPS, brainscales2_spec, images_of
from host.bench.dense import this_machine
from host.bench.in_the_loop_baseline import PROGRAM, TorchLoop
from host.bench.reading import Reading, Speed, threads_text
from host.bench.runs import SEED
from host.bench.summary import Machine
from host.bench.through_time import NETWORK as TWIN
from host.bench.through_time import TwinRun, through_time_spec
from host.bench.through_time import images_of as whole_images_of
from host.bench.through_time_baseline import TorchThroughTime
from host.bench.timing import TimedTask, time_in_turns
from host.data import Encoder, Samples
from host.errors import SettingError
from host.gradients.in_the_loop import InTheLoop, batches, bytes_read_back, gaussian_weights
from host.settings import LoopSpec, ThroughTimeSpec
from host.terminal import table

EPOCH = 60_000  # images
SAMPLES = 2_000
RATE = 1.5e-3
_BITS = "quantization:7"  # 6 bits and a sign
_FULL_SCALE_TH = 63 / 240  # Cramer et al. 2022: a weight of one threshold has code 240

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class LoopFigure:
    """A program on so many threads."""

    program: str
    threads: int
    images: Speed
    epoch_s: float  # best repeat


@dataclass(frozen=True)
class LoopBench:
    """Everything that `run_loop_bench` measures."""

    machine: Machine
    images: str
    batch: int
    bytes_read_back: float  # per image, as host_macs and hidden_spikes
    host_macs: float
    hidden_spikes: float
    figures: list[LoopFigure]  # chipsim's first
    bits: dict[int, str]  # threads -> digest of the weights at the end
    through_time: list[LoopFigure]  # of the twin, chipsim's first
    through_time_bits: dict[int, str]

    @property
    def same_bits(self) -> bool:
        return all(len(set(each.values())) == 1 for each in (self.bits, self.through_time_bits))

    def to_json(self) -> dict[str, Any]:
        facts = asdict(self)
        for name in ("bits", "through_time_bits"):
            facts[name] = {str(threads): text for threads, text in getattr(self, name).items()}
        return {**facts, "same_bits": self.same_bits}

    def readings(self) -> list[Reading]:
        return [
            Reading.of_speed(
                f"{what}{figure.program}, {threads_text(figure.threads)}", "images/s", figure.images, None, self.images
            )
            for what, figures in (("", self.figures), ("through time, ", self.through_time))
            for figure in figures
        ]

    def lines(self) -> list[str]:
        """For people, one line per figure."""
        machine = self.machine
        load = "unknown" if machine.load is None else f"{machine.load:.1f}"
        lines = [
            f"{machine.processor}, {machine.cores} cores, load before the bench {load}",
            f"BrainScaleS-2's {'-'.join(map(str, NETWORK))}, {STEPS} steps, trained in the loop in batches of"
            f" {self.batch}; {self.images}",
            f"  per image {self.bytes_read_back:,.0f} B read back, {self.host_macs / 1e3:,.0f} k multiply-accumulates"
            f" of the host, {self.hidden_spikes:.0f} hidden spikes",
            f"best of {machine.repeats} repeats, from stored pixels; an epoch is {EPOCH:,} images",
        ]
        lines += _lines_of(self.figures, self.bits)
        lines.append(
            f"{'-'.join(map(str, TWIN))}, {through_time_spec().steps} steps, trained through time, leaks and thresholds"
            " learned, too; the same images, 28x28"
        )
        return lines + _lines_of(self.through_time, self.through_time_bits)


def _lines_of(figures: Sequence[LoopFigure], bits: dict[int, str]) -> list[str]:
    """Each figure beside ours on as many threads."""
    ours = {figure.threads: figure.epoch_s for figure in figures if figure.program == _OURS}
    rows = []
    for figure in figures:
        slower = "" if figure.program == _OURS else f"{figure.epoch_s / ours[figure.threads]:.1f} times as long"
        speed, epoch = f"{figure.images.best:,.0f} images/s", f"{figure.epoch_s:.1f} s an epoch"
        rows.append([figure.program, threads_text(figure.threads), speed, epoch, slower])
    same = "the same" if len(set(bits.values())) == 1 else "THEY DIFFER"
    digests = ", ".join(f"{threads}: {text}" for threads, text in bits.items())
    return [*table(rows, align="<<>", indent=2), f"  bits on all thread counts: {same} ({digests})"]


_OURS = "chipsim"
_OF_TWIN = "through time, "


def run_loop_bench(
    threads: Sequence[int] = (1, 2),
    baseline: str | None = None,
    progress: Progress | None = None,
    *,
    data_dir: str | None = None,
    samples: int = SAMPLES,
    repeats: int = 5,
    min_seconds: float = 0.1,
) -> LoopBench:
    """Measure training on each thread count, and in PyTorch if that is the `baseline`; all by turns.

    Raises SettingError for another baseline, HostError without PyTorch.
    """
    if baseline not in (None, "torch"):
        raise SettingError(f"unknown peer {baseline!r}: choose torch")
    images, shown = images_of(data_dir, samples)
    _, whole = whole_images_of(data_dir, samples)
    machine = this_machine(repeats)
    settings = LoopSpec(biases=False)
    runs = {n: _Run(n, shown, settings) for n in threads}
    twins = {n: TwinRun(n, whole, ThroughTimeSpec()) for n in threads}
    tasks = [TimedTask(_name(_OURS, n), run.learn, run.start) for n, run in runs.items()]
    tasks += [TimedTask(_name(_OURS, n, of_twin=True), twin.learn, twin.start) for n, twin in twins.items()]
    if baseline is not None:
        torch, torch_twin = TorchLoop(shown, settings), TorchThroughTime(whole, ThroughTimeSpec())
        for n in threads:
            tasks.append(TimedTask(_name(PROGRAM, n), torch.learn, partial(torch.start, n)))
            tasks.append(TimedTask(_name(PROGRAM, n, of_twin=True), torch_twin.learn, partial(torch_twin.start, n)))
    done, total = 0, len(tasks) * (repeats + 1)

    def tick(text: str) -> None:
        nonlocal done
        if progress is not None:
            progress(done, total, text)
        done += 1

    timings = time_in_turns(tasks, repeats, min_seconds, tick)
    figures: list[LoopFigure] = []
    of_twins: list[LoopFigure] = []
    for name, timing in timings.items():
        program, _, count = name.removeprefix(_OF_TWIN).rpartition(", ")
        speed = Speed.of(samples, timing.seconds)
        found = LoopFigure(program, int(count.split()[0]), speed, EPOCH / speed.best)
        (of_twins if name.startswith(_OF_TWIN) else figures).append(found)
    first = runs[threads[0]]
    return LoopBench(
        machine=machine,
        images=images,
        batch=settings.batch,
        bytes_read_back=bytes_read_back(first.chip.spec, settings.converter),
        host_macs=first.host_macs / samples,
        hidden_spikes=first.spikes / samples,
        figures=figures,
        bits={n: run.digest() for n, run in runs.items()},
        through_time=of_twins,
        through_time_bits={n: twin.digest() for n, twin in twins.items()},
    )


class _Run:
    """A die that learns some images once, always from the same random weights."""

    def __init__(self, threads: int, samples: Samples, settings: LoopSpec) -> None:
        design = brainscales2_spec((MISMATCH, _BITS))
        design = design.model_copy(update={"synapse": SynapseSpec(full_scale_th=_FULL_SCALE_TH)})
        self.chip = Chip(design, SEED, threads)
        self._samples = samples
        self._settings = settings
        self._encoder = Encoder("log-latency", NETWORK[0], STEPS, settings.batch, SEED)
        self._loop = InTheLoop(self.chip, gaussian_weights(NETWORK, design.neuron, SEED), settings, threads)
        self._start = self._loop.snapshot()

    def start(self) -> None:
        self._loop.restore(self._start)
        self.host_macs = self.spikes = 0

    def learn(self) -> None:
        n = len(self._samples)
        for batch in batches(self._samples, self._encoder, SEED, 0, n, self._settings.batch):
            step = self._loop.step(batch, RATE)
            self.host_macs += step.host_macs
            self.spikes += int(step.result.activity["spikes"][0])

    def digest(self) -> str:
        state = hashlib.sha256()
        for name, stored in sorted(self._loop.snapshot().items()):
            state.update(name.encode() + stored.tobytes())
        return state.hexdigest()[:16]


def _name(program: str, threads: int, *, of_twin: bool = False) -> str:
    return f"{_OF_TWIN if of_twin else ''}{program}, {threads} threads"
