"""What a bench run found, as a JSON object and as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

MODES = {
    "infer": "inference",
    "learn": "learning",
    "learn_all": "learning, no dead zone",
}
_WHOLE = 0.9  # of the threads' processor time; less means that they had to share


@dataclass(frozen=True)
class Speed:
    """Samples per second in the fastest repeat and in the median one."""

    best: float
    median: float

    @staticmethod
    def of(samples: int, seconds: Sequence[float]) -> Speed:
        return Speed(samples / min(seconds), samples / median(seconds))


@dataclass(frozen=True)
class Machine:
    """Where and how the figures were taken."""

    processor: str
    cores: int
    load: float | None  # running tasks, mean over the minute before the bench
    versions: dict[str, str]
    repeats: int


@dataclass(frozen=True)
class WorkloadFacts:
    """What was computed, per sample where nothing else is said."""

    images: str
    samples: int
    chunk: int
    layer_sizes: tuple[int, ...]
    steps: int
    input_spikes: float
    spike_rates: dict[str, list[float]]  # mode -> per layer, spikes per neuron and step
    synaptic_events: dict[str, list[float]]  # mode -> per layer
    synapses_written: dict[str, list[float]]  # mode -> per layer, on one thread; the bias row not counted


@dataclass(frozen=True)
class Limit:
    """What the machine does when nothing but row adds or row writes is asked of it, all threads together."""

    threads: int
    cores: float  # that the system gave to these threads, in the best repeat; fewer if another program was running
    adds_per_s: list[float]  # per layer, synapses per second
    writes_per_s: list[float]  # per layer
    block_adds_per_s: list[float]  # the same rows, a block of columns after the other
    block_writes_per_s: list[float]


@dataclass(frozen=True)
class KernelFigure:
    """The chip on spikes encoded beforehand, against the time that its row adds and row writes take alone."""

    mode: str
    threads: int
    samples_per_s: Speed
    events_per_s: float  # synaptic events, fastest repeat
    limit_samples_per_s: Speed
    share: float  # of the limit, best repeat of each
    share_median: float  # median over repeats of (limit's seconds / chip's seconds)
    share_of_blocks: float  # as share, of the same rows in blocks of columns


@dataclass(frozen=True)
class Scaling:
    """How much faster several threads are than one, for the chip and for the bare row adds and writes."""

    mode: str
    threads: int
    chip: float
    machine: float


@dataclass(frozen=True)
class EndToEnd:
    """From stored images to counts as in a run. For learning, the host prepares the next chunks in a further thread."""

    mode: str
    threads: int
    samples_per_s: Speed
    share_of_kernel: float


@dataclass(frozen=True)
class NoiseCost:
    """Seconds with a nonideality, as a multiple of seconds without, both after one pass over the samples."""

    noise: str
    mode: str
    threads: int
    samples_per_s: Speed
    factor: float  # best repeat of each
    factor_median: float
    updates: float  # weight updates per sample


@dataclass(frozen=True)
class Memory:
    """Growth of the resident set when `long` instead of `short` chunks stream through a chip. None: not measurable."""

    chunk: int
    short: int
    long: int
    peak_bytes: int | None
    growth_per_chunk_bytes: float | None


@dataclass(frozen=True)
class PeerFigure:
    """One way to write the peer's program, on so many threads, and how many times faster the chip simulator is."""

    program: str
    threads: int
    batch_1: Speed
    best_batch: int
    best: Speed
    times_faster_batch_1: float
    times_faster_best_batch: float


@dataclass(frozen=True)
class Peer:
    """The same online LTL of an ideal chip in another framework."""

    name: str
    version: str
    chipsim_threads: int
    figures: list[PeerFigure]
    samples_compared: int
    equal_counts: float  # fraction of (sample, neuron) whose spike counts agree while both learn one by one
    largest_difference: float  # counts


@dataclass(frozen=True)
class BenchReport:
    """Everything that `host.bench.dense.run_bench` measures."""

    machine: Machine
    workload: WorkloadFacts
    limits: list[Limit]
    kernel: list[KernelFigure]
    scaling: list[Scaling]
    bits: dict[int, str]  # threads -> digest of counts, membranes and learned weights
    end_to_end: list[EndToEnd]
    noise: list[NoiseCost]
    encoders: dict[str, Speed]
    memory: Memory
    peer: Peer | None

    @property
    def same_bits(self) -> bool | None:
        """Whether all thread counts gave the same bits; None if there was only one."""
        return len(set(self.bits.values())) == 1 if len(self.bits) > 1 else None

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, texts, lists and dicts. Speeds are in samples per second."""
        facts = asdict(self)
        facts["bits"] = {str(threads): digest for threads, digest in self.bits.items()}
        facts["same_bits"] = self.same_bits
        return facts

    def lines(self) -> list[str]:
        """The same for people, one line per figure. Best repeat; the median stands behind it in brackets."""
        return [
            *self._preface(),
            *self._limit_lines(),
            *self._kernel_lines(),
            *self._host_lines(),
            *(self._peer_lines(self.peer) if self.peer is not None else []),
        ]

    def _preface(self) -> list[str]:
        machine, work = self.machine, self.workload
        load = "unknown" if machine.load is None else f"{machine.load:.1f}"
        lines = [
            f"{machine.processor}, {machine.cores} cores, load before the bench {load}; "
            + ", ".join(f"{name} {version}" for name, version in machine.versions.items()),
            f"{'-'.join(map(str, work.layer_sizes))}, {work.steps} steps, {work.samples} samples in chunks of"
            f" {work.chunk}; {work.images}",
        ]
        for mode, events in work.synaptic_events.items():
            rates = ", ".join(f"{rate:.2f}" for rate in work.spike_rates[mode])
            lines.append(
                f"  {MODES[mode]:24} per sample {sum(events) / 1e3:,.0f} k synaptic events,"
                f" {sum(work.synapses_written[mode]) / 1e3:,.0f} k synapses written; spikes per step {rates}"
            )
        return [*lines, f"best of {machine.repeats} repeats (median in brackets)", ""]

    def _limit_lines(self) -> list[str]:
        lines = ["the machine's limit, nothing but rows, G synapses/s per layer"]
        for limit in self.limits:
            rows = f"adds {_rates(limit.adds_per_s)}; writes {_rates(limit.writes_per_s)}"
            blocks = f"adds {_rates(limit.block_adds_per_s)}; writes {_rates(limit.block_writes_per_s)}"
            lines.append(f"  {_threads(limit.threads):11} {rows}{_disturbance(limit)}")
            lines.append(f"  {'':11} {blocks} in blocks of columns that stay in the fastest cache")
        return [*lines, ""]

    def _kernel_lines(self) -> list[str]:
        lines = ["chip, encoded beforehand", _head("share of limit", "limit", "of blocks")]
        for figure in self.kernel:
            share = f"{figure.share:6.1%} ({figure.share_median:6.1%})"
            lines.append(
                _row(figure.mode, figure.threads, figure.samples_per_s)
                + f"   {share:18}{figure.limit_samples_per_s.best:10,.0f}        {figure.share_of_blocks:6.1%}"
                + f"   {figure.events_per_s / 1e9:.1f} G events/s"
            )
        for scaling in self.scaling:
            lines.append(
                f"  {MODES[scaling.mode]:24}{_threads(scaling.threads):11}{scaling.chip:.2f} times one thread;"
                f" bare rows {scaling.machine:.2f} times"
            )
        if self.same_bits is not None:
            digests = ", ".join(f"{_threads(threads)} {digest}" for threads, digest in self.bits.items())
            lines.append(f"  bits: {'the same' if self.same_bits else 'THEY DIFFER'} ({digests})")
        return [*lines, ""]

    def _host_lines(self) -> list[str]:
        lines = [
            "from stored images to counts: scaling, encoding and, to learn, targets included",
            _head("share of chip"),
        ]
        for run in self.end_to_end:
            lines.append(_row(run.mode, run.threads, run.samples_per_s) + f"   {run.share_of_kernel:6.1%}")
        lines += ["", "nonidealities, on chips that learned from all samples once before"]
        lines += [_head("times the ideal chip's seconds; weight updates per sample")]
        for cost in self.noise:
            lines.append(
                _row(cost.mode, cost.threads, cost.samples_per_s)
                + f"   {cost.factor:5.2f} ({cost.factor_median:5.2f}) {cost.updates:8,.0f}  {cost.noise}"
            )
        lines += ["", "encoding alone, one thread"]
        lines += [f"  {name:35}{_speed(speed)}" for name, speed in self.encoders.items()]
        memory = self.memory
        if memory.growth_per_chunk_bytes is None or memory.peak_bytes is None:
            grown = "not measurable on this system"
        else:
            grown = f"{memory.growth_per_chunk_bytes / 1024:,.1f} KiB, peak {memory.peak_bytes / 2**20:,.0f} MiB"
        return [*lines, "", f"memory growth per chunk, {memory.short} against {memory.long} chunks: {grown}"]

    def _peer_lines(self, peer: Peer) -> list[str]:
        lines = [
            "",
            f"{peer.name} {peer.version}, the same online LTL; how many times faster chipsim learns on"
            f" {_threads(peer.chipsim_threads)}",
        ]
        for figure in peer.figures:
            for batch, speed, times in (
                (1, figure.batch_1, figure.times_faster_batch_1),
                (figure.best_batch, figure.best, figure.times_faster_best_batch),
            ):
                name = f"{figure.program}, batch {batch}"
                lines.append(f"  {name:24}{_threads(figure.threads):11}{_speed(speed)}   {times:6,.1f} times")
        return [
            *lines,
            f"  first {peer.samples_compared} samples: {peer.equal_counts:.2%} of the spike counts agree, largest"
            f" difference {peer.largest_difference:g}",
        ]


def _rates(per_s: list[float]) -> str:
    return ", ".join(f"{rate / 1e9:.2f}" for rate in per_s)


def _disturbance(limit: Limit) -> str:
    if limit.cores > _WHOLE * limit.threads:
        return ""
    return f"  [only {limit.cores:.1f} cores were free: close other programs, these figures are too low]"


def _threads(count: int) -> str:
    return f"{count} thread" if count == 1 else f"{count} threads"


def _speed(speed: Speed) -> str:
    return f"{speed.best:9,.0f} ({speed.median:9,.0f})"


def _row(mode: str, threads: int, speed: Speed) -> str:
    return f"  {MODES[mode]:24}{_threads(threads):11}{_speed(speed)}"


def _head(*columns: str) -> str:
    return f"  {'':35}{'samples/s':21}   " + "".join(f"{column:18}" for column in columns).rstrip()
