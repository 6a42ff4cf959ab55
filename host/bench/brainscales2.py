"""How fast the network of BrainScaleS-2 is simulated: images per second against those of the chip itself.

Inference of 256-246-10 as Cramer et al. 2022 (arXiv 2006.07239) describe it: 16 x 16 MNIST by latency, exponential
synaptic currents, leaky neurons, a readout scored by its highest membrane; on a die with frozen mismatch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip, ChipSpec, Events, NeuronSpec, Probe, Result
from host.bench.dense import this_machine
from host.bench.reading import Reading, Speed, threads_text
from host.bench.roofline import LayerRoofline, lists_of_events, lists_of_spikes
from host.bench.runs import SEED, digest
from host.bench.summary import Machine
from host.bench.timing import TimedTask, time_in_turns
from host.bench.workload import synthetic_images
from host.data import Encoder, Samples, find_mnist, load, shrunk
from host.terminal import table
from host.training import CHUNK, evaluate
from nonideality import stream

CHIP_PER_S = 85_000  # published
NETWORK = (256, 246, 10)
STEPS = 20
TAU_STEPS = 6 / 1.7  # of membranes and synaptic currents: 6 us, in steps of 1.7 us
MISMATCH = "mismatch:0.2"
SAMPLES = 8192
_CHUNK = 2048
_WEIGHT_SIGMA = 0.95  # times 1 / sqrt(n_in): random weights that make about as many hidden spikes as published, 20

Progress = Callable[[int, int, str], None]  # steps done, steps in all, what is being measured


@dataclass(frozen=True)
class Figure:
    """Inference on so many threads."""

    threads: int
    encoded: Speed  # images per second, spikes encoded beforehand
    end_to_end: Speed  # from stored pixels: scaled, encoded, shown
    times_the_chip: float  # encoded, best repeat
    limit: Speed  # the same row adds and nothing else
    share: float  # of the limit, best repeat of each
    neuron_steps_per_s: float  # neurons times steps, which is what there is to do besides


@dataclass(frozen=True)
class BrainScaleS2Bench:
    """Everything that `run_brainscales2_bench` measures."""

    machine: Machine
    images: str
    samples: int
    input_spikes: float  # per image, as hidden_spikes and synaptic_events
    hidden_spikes: float
    synaptic_events: float
    noise: str
    figures: list[Figure]
    encoder: Speed  # alone, on one thread
    bits: dict[int, str]  # threads -> digest of scores and membranes

    @property
    def same_bits(self) -> bool:
        return len(set(self.bits.values())) == 1

    def to_json(self) -> dict[str, Any]:
        facts = asdict(self)
        facts["bits"] = {str(threads): text for threads, text in self.bits.items()}
        return {**facts, "same_bits": self.same_bits, "chip_per_s": CHIP_PER_S}

    def readings(self) -> list[Reading]:
        found = []
        for figure in self.figures:
            threads = threads_text(figure.threads)
            found += [
                Reading.of_speed(f"inference, {threads}", "images/s", figure.encoded, figure.share, self.images),
                Reading.of_speed(
                    f"inference from stored pixels, {threads}", "images/s", figure.end_to_end, None, self.images
                ),
            ]
        return [*found, Reading.of_speed("encoding alone", "images/s", self.encoder, None, self.images)]

    def lines(self) -> list[str]:
        """For people, one line per figure. Best repeat; the median stands behind it in brackets."""
        machine = self.machine
        load = "unknown" if machine.load is None else f"{machine.load:.1f}"
        lines = [
            f"{machine.processor}, {machine.cores} cores, load before the bench {load}",
            f"BrainScaleS-2's {'-'.join(map(str, NETWORK))}, {STEPS} steps, one die with {self.noise}, {self.samples}"
            f" images; {self.images}",
            f"  per image {self.input_spikes:.0f} input spikes, {self.hidden_spikes:.0f} hidden spikes,"
            f" {self.synaptic_events / 1e3:.1f} k synaptic events, {_NEURON_STEPS / 1e3:.1f} k neuron steps",
            f"best of {machine.repeats} repeats (median in brackets), images/s; the chip itself {CHIP_PER_S:,}"
            " (Cramer et al. 2022)",
        ]
        rows = []
        for figure in self.figures:
            encoded = (
                f"{figure.times_the_chip:.2f} times the chip; {figure.share:.0%} of the bare row adds'"
                f" {figure.limit.best:,.0f}, {figure.neuron_steps_per_s / 1e9:.2f} G neuron steps/s"
            )
            end_to_end = f"{figure.end_to_end.best / CHIP_PER_S:.2f} times the chip"
            rows += [
                [threads_text(figure.threads), "encoded beforehand", *_speed(figure.encoded), encoded],
                ["", "from stored pixels", *_speed(figure.end_to_end), end_to_end],
            ]
        rows.append(["", "encoding alone", *_speed(self.encoder)])
        digests = ", ".join(f"{threads}: {text}" for threads, text in self.bits.items())
        return [
            *lines,
            *table(rows, align="<<>><", indent=2),
            f"  bits on all thread counts: {'the same' if self.same_bits else 'THEY DIFFER'} ({digests})",
        ]


_NEURON_STEPS = sum(NETWORK[1:]) * STEPS


def run_brainscales2_bench(
    threads: Sequence[int] = (1, 2),
    progress: Progress | None = None,
    *,
    data_dir: str | None = None,
    samples: int = SAMPLES,
    repeats: int = 15,
    min_seconds: float = 0.1,
) -> BrainScaleS2Bench:
    """Measure inference on each thread count, all by turns."""
    images, shown = images_of(data_dir, samples)
    machine = this_machine(repeats)
    windows = np.arange(len(shown), dtype=np.int64)
    encoder = Encoder("log-latency", NETWORK[0], STEPS, _CHUNK, SEED, buffers=-(-len(shown) // _CHUNK))
    parts = [slice(start, start + _CHUNK) for start in range(0, len(shown), _CHUNK)]
    chunks = [(encoder.encode(shown.values(part), windows[part]), windows[part]) for part in parts]
    benches = {n: _Bench(n, chunks, shown) for n in threads}
    results = {n: bench.infer() for n, bench in benches.items()}
    first = results[threads[0]]
    rooflines = {n: _Roofline(benches[n], n) for n in threads}

    tasks = []
    for n, bench in benches.items():
        tasks += [
            TimedTask(_name("limit", n), rooflines[n].add),
            TimedTask(_name("encoded beforehand", n), bench.infer),
            TimedTask(_name("from stored pixels", n), bench.evaluate),
        ]
    values, alone = shown.values(parts[0]), Encoder("log-latency", NETWORK[0], STEPS, _CHUNK, SEED)
    tasks.append(TimedTask("encoding", lambda: alone.encode(values, windows[parts[0]])))
    done, total = 0, len(tasks) * (repeats + 1)

    def tick(text: str) -> None:
        nonlocal done
        if progress is not None:
            progress(done, total, text)
        done += 1

    timings = {name: timing.seconds for name, timing in time_in_turns(tasks, repeats, min_seconds, tick).items()}

    def figure(n: int) -> Figure:
        kernel, roofline = timings[_name("encoded beforehand", n)], timings[_name("limit", n)]
        return Figure(
            threads=n,
            encoded=Speed.of(len(shown), kernel),
            end_to_end=Speed.of(len(shown), timings[_name("from stored pixels", n)]),
            times_the_chip=len(shown) / min(kernel) / CHIP_PER_S,
            limit=Speed.of(n * len(shown), roofline),
            share=min(roofline) / n / min(kernel),
            neuron_steps_per_s=len(shown) * _NEURON_STEPS / min(kernel),
        )

    return BrainScaleS2Bench(
        machine=machine,
        images=images,
        samples=len(shown),
        input_spikes=sum(int(events.end[:, -1].sum()) for events, _ in chunks) / len(shown),
        hidden_spikes=sum(int(result.activity["spikes"][0]) for result in first) / len(shown),
        synaptic_events=sum(int(result.activity["synaptic_events"].sum()) for result in first) / len(shown),
        noise=MISMATCH,
        figures=[figure(n) for n in threads],
        encoder=Speed.of(len(values), timings["encoding"]),
        bits={n: digest([(bench.chip, results[n])]) for n, bench in benches.items()},
    )


def brainscales2_spec(noise: tuple[str, ...] = (MISMATCH,)) -> ChipSpec:
    """The network with its published dynamics; rails beyond what a membrane meets."""
    neuron = NeuronSpec(
        kind="lif",
        tau_steps=TAU_STEPS,
        synapse_tau_steps=TAU_STEPS,
        low_rail_th=-8.0,
        high_rail_th=8.0,
        readout="integrating-max",
    )
    return ChipSpec(layer_sizes=NETWORK, steps=STEPS, neuron=neuron, noise=noise)


def _random_weights() -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    rng = stream("brainscales2 bench")
    return [
        (
            (_WEIGHT_SIGMA / np.sqrt(n_in) * rng.standard_normal((n_in, n_out))).astype(np.float32),
            np.zeros(n_out, np.float32),
        )
        for n_in, n_out in pairwise(NETWORK)
    ]


def images_of(data_dir: str | None, n: int) -> tuple[str, Samples]:
    """The first n training images of MNIST if its files are found, else a likeness; and which of the two."""
    if find_mnist(data_dir)[0] is not None:
        return "MNIST at 16x16", load("mnist16", data_dir).train.subset(np.arange(n))
    return "synthetic strokes with MNIST's statistics at 16x16 (MNIST's files were not found)", shrunk(
        synthetic_images(n)
    )


class _Bench:
    """A programmed die, spikes encoded beforehand, and the host that encodes stored images anew."""

    def __init__(self, threads: int, chunks: list[tuple[Events, NDArray[np.int64]]], samples: Samples) -> None:
        self.chip = Chip(brainscales2_spec(), SEED, threads)
        self.chip.program(_random_weights())
        self.chunks = chunks
        self._samples = samples
        self._encoder = Encoder("log-latency", NETWORK[0], STEPS, CHUNK, SEED)

    def infer(self, probes: tuple[Probe, ...] = ()) -> list[Result]:
        return [self.chip.infer(events, windows, probes) for events, windows in self.chunks]

    def evaluate(self) -> None:
        evaluate(self.chip, self._samples, self._encoder)


class _Roofline:
    """Nothing but the rows of both layers, on every thread."""

    def __init__(self, bench: _Bench, threads: int) -> None:
        hidden = bench.infer((Probe(1, tuple(range(NETWORK[1]))),))
        spikes = [
            lists_of_events([events for events, _ in bench.chunks]),
            lists_of_spikes(np.concatenate([result.spikes[1] for result in hidden])),
        ]
        self._layers = [
            LayerRoofline(np.concatenate([weight, bias[None, :]]), rows, 0, threads)
            for (weight, bias), rows in zip(bench.chip.weights(), spikes, strict=True)
        ]

    def add(self) -> None:
        for layer in self._layers:
            layer.add()


def _name(what: str, threads: int) -> str:
    return f"{what}, {threads} threads"


def _speed(speed: Speed) -> tuple[str, str]:
    return f"{speed.best:,.0f}", f"({speed.median:,.0f})"
