"""What a bench run found, as a JSON object and as a table for people."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from host.bench.reading import Reading, Speed, threads_text
from host.terminal import table

MODES = {
    "infer": "inference",
    "learn": "learning",
    "learn_all": "learning, no dead zone",
}
_WHOLE = 0.9  # of the threads' processor time; less means that they had to share


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
class Roofline:
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
class BaselineFigure:
    """One way to write the baseline's program, on so many threads, and how many times faster the chip simulator is."""

    program: str
    threads: int
    batch_1: Speed
    best_batch: int
    best: Speed
    times_faster_batch_1: float
    times_faster_best_batch: float


@dataclass(frozen=True)
class Baseline:
    """The same online LTL of an ideal chip in another framework."""

    name: str
    version: str
    chipsim_threads: int
    figures: list[BaselineFigure]
    samples_compared: int
    equal_counts: float  # fraction of (sample, neuron) whose spike counts agree while both learn one by one
    largest_difference: float  # counts


@dataclass(frozen=True)
class BenchReport:
    """Everything that `host.bench.dense.run_bench` measures."""

    machine: Machine
    workload: WorkloadFacts
    limits: list[Roofline]
    kernel: list[KernelFigure]
    scaling: list[Scaling]
    bits: dict[int, str]  # threads -> digest of counts, membranes and learned weights
    end_to_end: list[EndToEnd]
    noise: list[NoiseCost]
    encoders: dict[str, Speed]
    memory: Memory
    peer: Baseline | None

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

    def readings(self) -> list[Reading]:
        """Every figure that says how fast or how large; the others follow from them."""
        limits = [
            Reading(f"{what}, layer {n}, {threads_text(limit.threads)}: synapses/s", rate, "synapses/s")
            for limit in self.limits
            for what, rates in (("bare row adds", limit.adds_per_s), ("bare row writes", limit.writes_per_s))
            for n, rate in enumerate(rates, 1)
        ]
        speeds: list[tuple[str, Speed, float | None]] = [
            *(
                (f"{MODES[each.mode]}, {threads_text(each.threads)}", each.samples_per_s, each.share)
                for each in self.kernel
            ),
            *(
                (f"{MODES[each.mode]} from stored images, {threads_text(each.threads)}", each.samples_per_s, None)
                for each in self.end_to_end
            ),
            *((f"{name} encoding alone", speed, None) for name, speed in self.encoders.items()),
        ]
        noise = [
            Reading(
                f"{MODES[each.mode]} with {each.noise}, {threads_text(each.threads)}: times the ideal chip's seconds",
                *(each.factor, "times", False, None, each.factor_median),
            )
            for each in self.noise
        ]
        readings = [
            *limits,
            *(Reading.of_speed(what, "samples/s", speed, share) for what, speed, share in speeds),
            *noise,
        ]
        if self.memory.growth_per_chunk_bytes is not None:
            readings.append(Reading("memory growth per chunk: B", self.memory.growth_per_chunk_bytes, "B", False))
        if self.memory.peak_bytes is not None:
            readings.append(Reading("peak memory: MiB", self.memory.peak_bytes / 2**20, "MiB", False))
        if self.peer is not None:
            for each in self.peer.figures:
                name = f"{self.peer.name} {each.program}, {threads_text(each.threads)}"
                readings.append(Reading.of_speed(f"{name}, batch 1", "samples/s", each.batch_1))
                readings.append(Reading.of_speed(f"{name}, best batch", "samples/s", each.best))
        return [replace(reading, images=self.workload.images) for reading in readings]

    def lines(self) -> list[str]:
        """The same for people, one line per figure. Best repeat; the median stands behind it in brackets."""
        return [
            *self._preface(),
            *self._roofline_lines(),
            *self._kernel_lines(),
            *self._host_lines(),
            *(self._baseline_lines(self.peer) if self.peer is not None else []),
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
        rows = []
        for mode, events in work.synaptic_events.items():
            rates = ", ".join(f"{rate:.2f}" for rate in work.spike_rates[mode])
            added, written = sum(events) / 1e3, sum(work.synapses_written[mode]) / 1e3
            rows.append(
                [
                    MODES[mode],
                    f"per sample {added:,.0f} k synaptic events,",
                    f"{written:,.0f} k synapses written;",
                    f"spikes per step {rates}",
                ]
            )
        lines += table(rows, indent=2)
        return [*lines, f"best of {machine.repeats} repeats (median in brackets)", ""]

    def _roofline_lines(self) -> list[str]:
        rows = []
        for roofline in self.limits:
            whole = f"adds {_rates(roofline.adds_per_s)}; writes {_rates(roofline.writes_per_s)}"
            blocks = f"adds {_rates(roofline.block_adds_per_s)}; writes {_rates(roofline.block_writes_per_s)}"
            rows.append([threads_text(roofline.threads), f"{whole}{_disturbance(roofline)}"])
            rows.append(["", f"{blocks} in blocks of columns that stay in the fastest cache"])
        head = "the machine's limit, nothing but rows, G synapses/s per layer"
        return [head, *table(rows, align="<", indent=2), ""]

    def _kernel_lines(self) -> list[str]:
        rows = []
        for figure in self.kernel:
            share, median = f"{figure.share:.1%}", f"({figure.share_median:.1%})"
            limit, blocks = f"{figure.limit_samples_per_s.best:,.0f}", f"{figure.share_of_blocks:.1%}"
            events = f"{figure.events_per_s / 1e9:.1f} G events/s"
            rows.append(
                [*_row(figure.mode, figure.threads, figure.samples_per_s), share, median, limit, blocks, events]
            )
        head = (*_HEAD, "share of limit", "", "limit", "of blocks", "")
        lines = ["chip, encoded beforehand", *table(rows, head, align="<<>", indent=2)]
        scalings = [
            [
                MODES[scaling.mode],
                threads_text(scaling.threads),
                f"{scaling.chip:.2f} times one thread; bare rows {scaling.machine:.2f} times",
            ]
            for scaling in self.scaling
        ]
        lines += table(scalings, align="<", indent=2)
        if self.same_bits is not None:
            digests = ", ".join(f"{threads_text(threads)} {digest}" for threads, digest in self.bits.items())
            lines.append(f"  bits: {'the same' if self.same_bits else 'THEY DIFFER'} ({digests})")
        return [*lines, ""]

    def _host_lines(self) -> list[str]:
        whole = [
            [*_row(run.mode, run.threads, run.samples_per_s), f"{run.share_of_kernel:.1%}"] for run in self.end_to_end
        ]
        costs = table(
            [
                (f"{cost.factor:.2f}", f"({cost.factor_median:.2f})", f"{cost.updates:,.0f}", cost.noise)
                for cost in self.noise
            ],
            align=">>><",
        )
        noise = [
            [*_row(each.mode, each.threads, each.samples_per_s), cost]
            for each, cost in zip(self.noise, costs, strict=True)
        ]
        encoders = [[name, *_speed(speed)] for name, speed in self.encoders.items()]
        lines = [
            "from stored images to counts: scaling, encoding and, to learn, targets included",
            *table(whole, (*_HEAD, "share of chip"), align="<<>", indent=2),
            "",
            "nonidealities, on chips that learned from all samples once before",
            *table(
                noise,
                (*_HEAD, "times the ideal chip's seconds; weight updates per sample"),
                align="<<>><",
                indent=2,
            ),
            "",
            "encoding alone, one thread",
            *table(encoders, indent=2),
        ]
        memory = self.memory
        if memory.growth_per_chunk_bytes is None or memory.peak_bytes is None:
            grown = "not measurable on this system"
        else:
            grown = f"{memory.growth_per_chunk_bytes / 1024:,.1f} KiB, peak {memory.peak_bytes / 2**20:,.0f} MiB"
        return [*lines, "", f"memory growth per chunk, {memory.short} against {memory.long} chunks: {grown}"]

    def _baseline_lines(self, baseline: Baseline) -> list[str]:
        lines = [
            "",
            f"{baseline.name} {baseline.version}, the same online LTL; how many times faster chipsim learns on"
            f" {threads_text(baseline.chipsim_threads)}",
        ]
        rows = []
        for figure in baseline.figures:
            for batch, speed, times in (
                (1, figure.batch_1, figure.times_faster_batch_1),
                (figure.best_batch, figure.best, figure.times_faster_best_batch),
            ):
                name = f"{figure.program}, batch {batch}"
                rows.append([name, threads_text(figure.threads), *_speed(speed), f"{times:,.1f} times"])
        return [
            *lines,
            *table(rows, align="<<>", indent=2),
            f"  first {baseline.samples_compared} samples: {baseline.equal_counts:.2%} of the spike counts agree,"
            f" largest difference {baseline.largest_difference:g}",
        ]


def _rates(per_s: list[float]) -> str:
    return ", ".join(f"{rate / 1e9:.2f}" for rate in per_s)


def _disturbance(roofline: Roofline) -> str:
    if roofline.cores > _WHOLE * roofline.threads:
        return ""
    return f"  [only {roofline.cores:.1f} cores were free: close other programs, these figures are too low]"


def _speed(speed: Speed) -> tuple[str, str]:
    return f"{speed.best:,.0f}", f"({speed.median:,.0f})"


_HEAD = ("", "", "samples/s", "")


def _row(mode: str, threads: int, speed: Speed) -> tuple[str, ...]:
    """Under _HEAD."""
    return MODES[mode], threads_text(threads), *_speed(speed)
