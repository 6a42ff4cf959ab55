"""Runs whose every bit is on record in tests/contract/digests.json, and the digests of what they leave behind.

Weights, inputs and targets come from counters: integer arithmetic, and float32 products that every processor rounds
alike. What a die draws for itself is drawn as always.

`python tests/support/recorded_runs.py` prints what differs from the record; with `--record` it writes the record anew.
Do that only where bits are meant to change, and say why in the change log.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import AdcSpec, Chip, ChipSpec, Events, Probe, Result

RECORD = Path(__file__).resolve().parent.parent / "contract" / "digests.json"
THREADS = (1, 2, 3)
WINDOWS = 40  # of a lesson: in one chunk they are two pieces of work for several threads
CHUNKS = (WINDOWS, 7)
_HEX_DIGITS = 16

Parts = dict[str, dict[str, NDArray[Any]]]  # part of a run -> name -> array
Digests = dict[str, str]  # part of a run -> digest


# What goes in.


def splitmix64(seed: int, n: int) -> NDArray[np.uint64]:
    """The first n words (Steele, Lea & Flood, OOPSLA 2014), each from its number alone."""
    z = np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def words(label: str, *shape: int) -> NDArray[np.uint64]:
    """Random words of this label's own."""
    seed = int.from_bytes(hashlib.sha256(label.encode()).digest()[:8], "little")
    return splitmix64(seed, math.prod(shape)).reshape(shape)


def fractions(label: str, *shape: int) -> NDArray[np.float32]:
    """Multiples of 2^-24 from 0 to below 1, all exact."""
    return (words(label, *shape) >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)


def weights_of(spec: ChipSpec) -> list[tuple[NDArray[np.float32], NDArray[np.float32]] | None]:
    """Weights that keep every layer firing now and then, other ones for each crossbar."""
    weights: list[tuple[NDArray[np.float32], NDArray[np.float32]] | None] = []
    for n, shape in enumerate(spec.shapes, start=1):
        own = (shape.crossbars,) if shape.crossbars > 1 else ()
        scale = np.float32(3 / math.isqrt(shape.rows))
        w = (fractions(f"weights {n}", *own, shape.rows, shape.columns) - np.float32(0.4375)) * scale
        b = (fractions(f"biases {n}", *own, shape.columns) - np.float32(0.25)) * np.float32(0.25)
        weights.append((w, b) if shape.learns else None)
    return weights


def spikes(spec: ChipSpec, n_windows: int) -> Events:
    """Each input spikes at two steps of five."""
    n_in, steps = spec.layer_sizes[0], spec.steps
    masks = fractions("spikes", n_windows, steps, n_in) < np.float32(0.4)
    end = np.cumsum(masks.sum(axis=2), axis=1).astype(np.int32)
    begin = (end - masks.sum(axis=2)).astype(np.int32)
    rows = np.zeros((n_windows, steps * n_in), np.uint16)
    for s in range(n_windows):
        rows[s, : end[s, -1]] = np.nonzero(masks[s])[1]
    return Events(rows, begin, end, np.zeros((0, 0), np.float32))


def currents(spec: ChipSpec, n_windows: int) -> Events:
    """A constant current into seven inputs of ten."""
    n_in, steps = spec.layer_sizes[0], spec.steps
    masks = fractions("currents", n_windows, n_in) < np.float32(0.7)
    amplitudes = fractions("amplitudes", n_windows, n_in)
    rows, amplitude = np.zeros((n_windows, n_in), np.uint16), np.zeros((n_windows, n_in), np.float32)
    for s in range(n_windows):
        active = np.nonzero(masks[s])[0]
        rows[s, : len(active)], amplitude[s, : len(active)] = active, amplitudes[s, active]
    end = np.repeat(masks.sum(axis=1)[:, None], steps, axis=1).astype(np.int32)
    return Events(rows, np.zeros_like(end), end, amplitude)


@dataclass(frozen=True)
class Run:
    """A die that learns from some windows, in chunks, and then runs them again with what it has learned."""

    spec: ChipSpec
    constant_current: bool = False
    n_windows: int = WINDOWS
    rest_s: float | None = None  # half-way through the lesson
    probes: tuple[Probe, ...] = ()
    converter: AdcSpec | None = None  # through which everything is read back in the end

    def program(self, threads: int, weights: Any = None) -> Chip:
        chip = Chip(self.spec, 3, threads)
        chip.program(weights_of(self.spec) if weights is None else weights)
        return chip

    def observe(self, chip: Chip, chunk: int) -> Parts:
        """Everything that a programmed chip does. chunk: windows that it is given at once, at most."""
        spec, n = self.spec, self.n_windows
        events = (currents if self.constant_current else spikes)(spec, n)
        windows = (words("windows", n) >> np.uint64(24)).astype(np.int64)
        targets = [
            fractions(f"targets {k}", n, shape.n_out) if shape.learns else None for k, shape in enumerate(spec.shapes)
        ]
        rates = (fractions("rates", n, spec.n_layers) + np.float32(0.5)) * np.float32(2**-6)

        def part(start: int, stop: int) -> tuple[Events, NDArray[np.int64]]:
            return Events(*(array[start:stop] for array in events)), windows[start:stop]

        learned = []
        halves = (0, n) if self.rest_s is None else (0, n // 2, n)
        for first, last in pairwise(halves):
            if first > 0:
                chip.age(self.rest_s)
            # Nobody looks at a result before the half is over, so that chunks overlap.
            for start, stop in chunks(first, last, chunk):
                taught = [target if target is None else target[start:stop] for target in targets]
                learned.append(chip.learn(*part(start, stop), taught, rates[start:stop], self.probes))
        seen = {f"learned {name}": arrays for name, arrays in shown(learned).items()}
        seen["weights"] = {
            f"{name} {k}": array
            for k, pair in enumerate(chip.weights(), start=1)
            for name, array in zip(("weight", "bias"), pair, strict=True)
        }
        seen["snapshot"] = dict(chip.snapshot())
        results, read = [], Reader(spec)
        for start, stop in chunks(0, n, chunk):
            if self.converter is None:
                results.append(chip.infer(*part(start, stop), self.probes))
            else:
                result, back = chip.read_back(*part(start, stop), self.converter)
                results.append(result)
                read.add(back)
        return seen | shown(results) | read.parts()


def chunks(first: int, last: int, size: int) -> list[tuple[int, int]]:
    return [(start, min(start + size, last)) for start in range(first, last, size)]


# What comes out.


def shown(results: list[Result]) -> Parts:
    """What chunks that followed each other show, as if they had been one."""
    parts: Parts = {
        "counts": {
            str(layer): np.concatenate(counts)
            for layer, counts in enumerate(zip(*(result.counts for result in results), strict=True), start=1)
        },
        "membranes": {"": np.concatenate([result.membrane for result in results])},
        "tallies": tallies([result.activity for result in results]),
    }
    if results[0].signals:
        parts["signals"] = {}
    for layer, signals in results[0].signals.items():
        for name in signals:
            each = [getattr(result.signals[layer], name) for result in results]
            whole = each[0] if name in ("neurons", "rows") else np.concatenate(each)
            parts["signals"][f"{name} {layer}"] = whole
        parts["signals"][f"spikes {layer}"] = np.concatenate([result.spikes[layer] for result in results])
    return parts


def tallies(activities: list[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """By the names that the record knows: losses on the link as one sum, and nothing that follows from counts."""
    sums = {name: np.sum([activity[name] for activity in activities], axis=0) for name in activities[0]}
    for name in ("abstentions", "ties"):
        del sums[name]
    return sums | {"events_lost": sums.pop("events_off_array") + sums.pop("events_merged")}


@dataclass
class Reader:
    """What was read back of chunks that followed each other."""

    spec: ChipSpec
    seen: dict[str, dict[str, list[NDArray[Any]]]] = field(default_factory=dict)
    converters: dict[str, NDArray[Any]] = field(default_factory=dict)

    def add(self, back: Any) -> None:
        for layer, (codes, fired, n) in enumerate(
            zip(back.codes, back.spike_bits, self.spec.layer_sizes[1:], strict=True), start=1
        ):
            self._add("codes", str(layer), codes[:, :, :n].copy())
            self._add("fired", str(layer), spikes_in(fired)[:, :, :n].copy())
        for layer, events in enumerate(back.spikes, start=1):
            length = events.end - events.begin
            rows = [events.rows[s, events.begin[s, t] : events.end[s, t]] for s, t in np.ndindex(*events.begin.shape)]
            self._add("events", f"length {layer}", length)
            self._add("events", f"rows {layer}", np.concatenate(rows))
        for layer, converter in enumerate(back.adcs, start=1):
            self.converters |= {f"{name} {layer}": np.array(value) for name, value in converter._asdict().items()}

    def parts(self) -> Parts:
        parts: Parts = {
            part: {name: np.concatenate(each) for name, each in arrays.items()} for part, arrays in self.seen.items()
        }
        return parts | {"converters": self.converters} if parts else {}

    def _add(self, part: str, name: str, array: NDArray[Any]) -> None:
        self.seen.setdefault(part, {}).setdefault(name, []).append(array)


def spikes_in(fired: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """(S, T, 64 n_words) from masks (n_words, S, T, 4), whose lowest bit is the first neuron."""
    masks = np.moveaxis(fired, 0, 2).astype("<u2", order="C")
    return np.unpackbits(masks.view(np.uint8).reshape(*masks.shape[:2], -1), axis=2, bitorder="little")


def digest_of(arrays: dict[str, NDArray[Any]]) -> str:
    """Of names, types, shapes and bytes, in the order of the names."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name}\0{array.dtype.name}\0{array.shape}\0".encode())
        digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()[:_HEX_DIGITS]


def digests_of(parts: Parts) -> Digests:
    return {part: digest_of(arrays) for part, arrays in parts.items()}


def differing(one: Digests, other: Digests) -> list[str]:
    """Parts that are not the same in both."""
    return [part for part in {**one, **other} if one.get(part) != other.get(part)]


# The runs.

_NEURON = {"low_rail_th": -1.0}
_CIRCUIT = {"boxcar_width_th": 2.0, "dead_zone_counts": 0.5, "warm_up_steps": 2}
_LEAKY = {"kind": "lif", "tau_steps": 3.0}
_CIRCUIT_ERRORS = ("comparator:0.5", "boxcar:0.2", "missed:0.2", "pulse:0.3", "asymmetry:0.2,spread=0.1", "cycle:0.3")
_SILICON = ("read:0.05", "stuck:0.1", "drift:0.05,window=10", "pelgrom:0.05", "ktc:0.1", "ir:0.0001", "link:0.01")
_FROZEN = ("mismatch:0.3", "silencing:0.1")
_DEVICES = ("write:0.01", "nonlinear:2.4,down=4")
_MEASURED = {"pulse_steps": ((2.0, 1.1, 0.4), (0.3, 0.9, 0.8, 1.6, 2.5))}


def _design(noise: tuple[str, ...], neuron: Any, circuit: Any, target_bits: int = 16) -> dict[str, Any]:
    """The record's own starting point, so that it does not move with the defaults."""
    return {
        "noise": noise,
        "target_bits": target_bits,
        "neuron": _NEURON | (neuron or {}),
        "learning_circuit": _CIRCUIT | (circuit or {}),
    }


def _dense(
    *noise: str, sizes: Any = (12, 150, 70, 17), steps: int = 6, neuron: Any = None, circuit: Any = None, bits: int = 16
) -> ChipSpec:
    """Layers of three, two and one block of columns, each with a rest."""
    return ChipSpec(layer_sizes=sizes, steps=steps, **_design(noise, neuron, circuit, bits))


def _image(form: str, *noise: str, neuron: Any = None, circuit: Any = None) -> ChipSpec:
    """Two convolutions, the first with two blocks of columns and the second padded, with pooling between them."""
    layers = (
        {"kind": "convolution", "channels": 70, "kernel": 3, "form": form},
        {"kind": "average_pool", "kernel": 2},
        {"kind": "convolution", "channels": 19, "kernel": (1, 2), "padding": (0, 1, 0, 0), "form": form},
        {"kind": "flatten"},
        {"kind": "dense", "units": 5},
    )
    return ChipSpec(input_shape=(2, 6, 6), layers=layers, steps=4, **_design(noise, neuron, circuit))


_DENSE_PROBES = (
    Probe(1, (0, 15, 16, 63, 64, 149), (0, 5, 11, 12)),
    Probe(2, (3, 69), (0, 149, 150)),
    Probe(3, tuple(range(17)), (1, 70)),
)
_IMAGE_PROBES = (
    Probe(1, (3 * 70, 3 * 70 + 16, 3 * 70 + 69), (0, 7, 17, 18)),
    Probe(2, (0, 71, 279)),
    Probe(4, tuple(range(5)), (0, 75, 76)),
)

RUNS: dict[str, Run] = {
    "ideal": Run(_dense()),
    "ideal, constant current": Run(_dense(), constant_current=True),
    "mismatch": Run(_dense("mismatch:0.3")),
    "mismatch of every synapse, silenced neurons": Run(_dense("mismatch:0.3@weight", "silencing:0.2")),
    "thermal noise": Run(_dense("thermal:0.2")),
    "leaky, reset to zero": Run(_dense("mismatch:0.2", neuron=_LEAKY | {"reset": "zero"})),
    "leaky integrating readout": Run(
        _dense("silencing:0.3@output", neuron=_LEAKY | {"readout": "integrating"}), probes=_DENSE_PROBES[2:]
    ),
    "exponential synapses, highest membrane": Run(
        _dense("mismatch:0.2", neuron=_LEAKY | {"synapse_tau_steps": 2.5, "readout": "integrating-max"})
    ),
    "leak and threshold of each layer, by converters": Run(
        _dense(
            "mismatch:0.2",
            neuron={
                "kind": "lif",
                "tau_steps": (9.0, 4.0, 2.5),
                "threshold_th": (1.0, 0.75, 1.25),
                "leak_dac": {"bits": 5, "high_per_step": 0.5},
                "threshold_dac": {"bits": 6},
            },
        )
    ),
    "traces of rows": Run(_dense(neuron=_LEAKY | {"synapse_tau_steps": 1.0}, circuit={"trace_tau_steps": 3.0})),
    "narrow rails, sign gate": Run(
        _dense(
            "comparator:0.7",
            neuron={"low_rail_th": -0.25, "high_rail_th": 1.25},
            circuit={"accumulator_bits": 1, "error_gate": "sign"},
        ),
        constant_current=True,
    ),
    "few-bit weights": Run(_dense("quantization:4", "mismatch:0.2")),
    "few-bit weights, direct writes": Run(
        _dense("quantization:3", circuit={"update_accumulator_bits": 0, "error_gate": "ternary"})
    ),
    "imperfect devices": Run(_dense("pulse:0.3", "asymmetry:0.4,spread=0.2", "cycle:0.4", *_DEVICES)),
    "a measured device": Run(_dense("mismatch:0.2@weight", circuit=_MEASURED), constant_current=True),
    "missed counts": Run(_dense("missed:0.3", circuit={"accumulator_bits": 2})),
    "read noise": Run(_dense("read:0.1")),
    "drift and a rest": Run(_dense("drift:0.1,window=10", "mismatch:0.2", "stuck:0.1"), rest_s=1000.0),
    # Weights drift after every 256 windows that are learned from, which neither size of chunk divides.
    "drift of few-bit weights over many windows": Run(
        _dense("drift:0.1,window=2", "quantization:4", sizes=(12, 70, 17), steps=4), n_windows=270
    ),
    "bit errors on the link": Run(_dense("link:0.02", bits=7)),
    "read back": Run(
        _dense("mismatch:0.3", "thermal:0.2", "quantization:5", "silencing:0.1"), converter=AdcSpec(bits=6)
    ),
    "read back of an integrating readout": Run(
        _dense(neuron=_LEAKY | {"readout": "integrating"}),
        constant_current=True,
        converter=AdcSpec(low_th=-0.5, high_th=1.5, readout_low_th=-2.0, readout_high_th=2.0),
    ),
    "everything, few-bit weights": Run(
        _dense(*_FROZEN, "thermal:0.2", "quantization:4", *_CIRCUIT_ERRORS, *_SILICON, neuron=_LEAKY), rest_s=100.0
    ),
    "everything, devices": Run(
        _dense(*_FROZEN, "thermal:0.2", *_DEVICES, *_CIRCUIT_ERRORS, *_SILICON, bits=9),
        constant_current=True,
        rest_s=100.0,
    ),
    "probes of everything": Run(
        _dense(*_FROZEN, "thermal:0.2", "quantization:4", *_CIRCUIT_ERRORS), probes=_DENSE_PROBES
    ),
    "shared kernels": Run(_image("shared")),
    "shared kernels, constant current": Run(_image("shared", "mismatch:0.3"), constant_current=True),
    "own crossbars": Run(_image("unrolled")),
    "own crossbars, constant current": Run(
        _image("unrolled", "mismatch:0.3", neuron=_LEAKY | {"reset": "zero"}), constant_current=True
    ),
    "shared kernels, few-bit weights": Run(_image("shared", "quantization:4", "missed:0.2", "link:0.02")),
    "own crossbars, drifting devices": Run(_image("unrolled", *_DEVICES, "drift:0.03,window=10"), rest_s=1000.0),
    "shared kernels, everything": Run(
        _image("shared", *_FROZEN, "thermal:0.2", *_CIRCUIT_ERRORS, *_SILICON, "quantization:4"),
        probes=_IMAGE_PROBES,
        rest_s=100.0,
    ),
}


# The record.


def digests_at(name: str, threads: int, chunk: int) -> Digests:
    run = RUNS[name]
    return digests_of(run.observe(run.program(threads), chunk))


def failures(name: str, recorded: Digests) -> list[str]:
    """A line for each number of threads and size of chunk at which a run is not what was recorded."""
    lines = []
    for threads, chunk in product(THREADS, CHUNKS):
        parts = differing(digests_at(name, threads, chunk), recorded)
        if parts:
            lines.append(f"{name}, {threads} threads, chunks of {chunk}: {', '.join(parts)}")
    return lines


def read_record() -> dict[str, Digests]:
    record: dict[str, Digests] = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return record


def _compared(before: dict[str, Digests], now: dict[str, Digests]) -> list[str]:
    """What changed, a line for each run."""
    lines = [f"{name}: no longer run" for name in sorted(before.keys() - now.keys())]
    for name, digests in now.items():
        if name not in before:
            lines.append(f"{name}: new")
        elif parts := differing(before[name], digests):
            lines.append(f"{name}: {', '.join(parts)}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare all runs with the record.")
    parser.add_argument("--record", action="store_true", help="write the record anew")
    chosen = parser.parse_args()
    now = {name: digests_at(name, THREADS[0], CHUNKS[0]) for name in RUNS}
    torn = [line for name, digests in now.items() for line in failures(name, digests)]
    if torn:
        print("threads or chunks change bits, so nothing can be recorded:", *torn, sep="\n")
        return 1
    changed = _compared(read_record(), now)
    print(*(changed or ["nothing changed"]), sep="\n")
    if chosen.record:
        RECORD.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n")
        return 0
    return int(bool(changed))


if __name__ == "__main__":
    sys.exit(main())
