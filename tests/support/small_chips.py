"""Small random chips, inputs and targets, and the comparison of a chip with its reference model."""

from dataclasses import dataclass

import numpy as np
from reference_chip import ReferenceChip

from chipsim import Chip, ChipSpec, Events, NeuronSpec, Probe, SynapseSpec
from chipsim.design import told_broadcast, told_targets
from chipsim.layout import joined
from learning_circuit import LearningCircuitSpec

# The tests' own starting point, so that they do not move with the defaults.
NEURON = {"low_rail_th": -1.0}
CIRCUIT = {"boxcar_width_th": 2.0, "dead_zone_counts": 0.5, "warm_up_steps": 2}


def spec_of(sizes=(7, 9, 5, 3), steps=10, noise=(), neuron=None, circuit=None, target_bits=16, synapse=None):
    """A chip spec in one line; neuron, circuit and synapse are dicts."""
    return ChipSpec(
        layer_sizes=sizes,
        steps=steps,
        noise=noise,
        target_bits=target_bits,
        neuron=NeuronSpec(**(NEURON | (neuron or {}))),
        synapse=SynapseSpec(**(synapse or {})),
        learning_circuit=LearningCircuitSpec(**(CIRCUIT | (circuit or {}))),
    )


def random_weights(spec, rng, scale=1.6):
    """Weights that keep a layer firing now and then, whatever its fan-in; those of pooling layers are fixed."""
    return [
        (
            (scale * rng.normal(0.15, 0.6, (shape.rows, shape.columns)) / np.sqrt(shape.rows)).astype(np.float32),
            rng.normal(0.05, 0.1, shape.columns).astype(np.float32),
        )
        if shape.learns
        else None
        for shape in spec.shapes
    ]


def spike_events(spec, rng, n_windows, density=0.4):
    """Each input spikes at each step with probability `density`."""
    masks = rng.random((n_windows, spec.steps, spec.layer_sizes[0])) < density
    return events_of(masks)


def events_of(masks):
    """Events of spike masks (S, T, n_in)."""
    n_windows, steps, n_in = masks.shape
    rows = np.zeros((n_windows, steps * n_in), np.uint16)
    end = np.cumsum(masks.sum(axis=2), axis=1).astype(np.int32)
    begin = (end - masks.sum(axis=2)).astype(np.int32)
    for s in range(n_windows):
        rows[s, : end[s, -1]] = np.nonzero(masks[s])[1]
    return Events(rows, begin, end, np.zeros((0, 0), np.float32))


def current_events(spec, rng, n_windows, density=0.7):
    """A constant current of a random amplitude into some inputs."""
    n_in = spec.layer_sizes[0]
    rows = np.zeros((n_windows, n_in), np.uint16)
    amplitude = np.zeros((n_windows, n_in), np.float32)
    begin = np.zeros((n_windows, spec.steps), np.int32)
    end = np.zeros((n_windows, spec.steps), np.int32)
    for s in range(n_windows):
        active = np.nonzero(rng.random(n_in) < density)[0]
        rows[s, : len(active)] = active
        amplitude[s, : len(active)] = rng.random(len(active))
        end[s] = len(active)
    return Events(rows, begin, end, amplitude)


def chunk_of(events, start, stop):
    """Windows start .. stop - 1."""
    return Events(*(array[start:stop] for array in events))


def random_targets(spec, rng, n_windows):
    return [rng.random((n_windows, shape.n_out)).astype(np.float32) if shape.learns else None for shape in spec.shapes]


def every_neuron(spec, position=None):
    """Probes of every neuron and every synapse, bias included.

    Neurons of several positions have no rows in common: then no synapse, or those of one position, counted round.
    """
    probes = []
    for n, shape in enumerate(spec.shapes, start=1):
        if shape.positions > 1 and position is None:
            probes.append(Probe(n, tuple(range(shape.n_out))))
        else:
            first = ((position or 0) % shape.positions) * shape.columns
            probes.append(Probe(n, tuple(range(first, first + shape.columns)), tuple(range(shape.rows + 1))))
    return probes


@dataclass
class Lesson:
    """All that a learning run needs."""

    spec: ChipSpec
    weights: list
    events: Events
    windows: np.ndarray
    targets: list
    rates: np.ndarray
    broadcast: np.ndarray | None = None  # (S,), of a rule that listens to one


def lesson(spec, seed=1, n_windows=3, rate=0.05, constant_current=False):
    """Random weights, events, targets and rates from one seed."""
    rng = np.random.default_rng(seed)
    make = current_events if constant_current else spike_events
    task = Lesson(
        spec,
        random_weights(spec, rng),
        make(spec, rng, n_windows),
        rng.integers(0, 2**40, n_windows),
        random_targets(spec, rng, n_windows),
        (rate * rng.uniform(0.5, 1.5, (n_windows, spec.n_layers))).astype(np.float32),
    )
    task.targets = [target if told else None for target, told in zip(task.targets, told_targets(spec), strict=True)]
    task.broadcast = rng.normal(size=n_windows).astype(np.float32) if told_broadcast(spec) else None
    return task


def programmed(spec, weights, die_seed=3, threads=1):
    chip = Chip(spec, die_seed, threads)
    chip.program(weights)
    return chip


def witness_of(chip, neuron=None, rule=None):
    """A reference chip in the state that `chip` is in. neuron, rule: formulas of others, see `reference_formulas`."""
    return ReferenceChip(chip.spec, chip.die_seed, [joined(layer) for layer in chip._layers], neuron, rule)


def taught(lesson, chip, probes=()):
    return chip.learn(lesson.events, lesson.windows, lesson.targets, lesson.rates, probes, lesson.broadcast)


def assert_same(actual, expected, what):
    """Equal shapes, types and values; for finite floats that is bit for bit (but for the sign of a zero)."""
    assert actual.shape == expected.shape, what
    assert actual.dtype == expected.dtype, what
    assert np.array_equal(actual, expected), f"{what}: {np.count_nonzero(actual != expected)} differ"


def assert_same_result(actual, expected):
    """Two chipsim Results, bit for bit."""
    for layer, (a, b) in enumerate(zip(actual.counts, expected.counts, strict=True), start=1):
        assert_same(a, b, f"counts of layer {layer}")
    assert_same(actual.membrane, expected.membrane, "output membranes")


def assert_same_state(chip, other):
    """Two chips' synapses, bit for bit."""
    mine, theirs = chip.snapshot(), other.snapshot()
    assert mine.keys() == theirs.keys()
    for name in mine:
        assert_same(mine[name], theirs[name], name)


def assert_same_signals(signals, expected, columns, of_what):
    """What a probe shows against the witness's signals; what only learning shows may be empty.

    columns: neurons of a position of this layer.
    """
    for name, shown in expected.items():
        actual = getattr(signals, name)
        if len(actual) > 0:
            if name == "input":
                shown = shown[:, :, signals.neurons[0] // columns][:, :, signals.rows]
            elif shown.ndim == 4:
                shown = np.swapaxes(shown, 2, 3)[:, :, signals.neurons][:, :, :, signals.rows]
            else:
                shown = shown[:, :, signals.neurons]
            assert_same(actual, shown, f"{name} {of_what}")


def assert_equals_witness(chip, witness, result, expected):
    """Everything that a run with `every_neuron` probed shows, and the synapses it leaves behind."""
    assert_same_result(result, expected)
    for n, shape in enumerate(chip.spec.shapes):
        signals = result.signals[n + 1]
        assert_same(
            result.probed_membranes[n + 1],
            expected.probed_membranes[n][:, :, signals.neurons],
            f"membranes of layer {n + 1}",
        )
        assert_same(result.spikes[n + 1], expected.spikes[n][:, :, signals.neurons], f"spikes of layer {n + 1}")
        assert_same_signals(signals, expected.signals[n], shape.columns, f"of layer {n + 1}")
    assert result.activity.keys() == expected.activity.keys()
    for name, counted in result.activity.items():
        assert counted.tolist() == expected.activity[name].tolist(), name
    snapshot = chip.snapshot()
    for n, layer in enumerate(witness.layers, start=1):
        assert_same(snapshot[f"layer{n}.weight"], layer.weight, f"weights of layer {n}")
        if layer.coded:
            assert_same(snapshot[f"layer{n}.code"], layer.code, f"codes of layer {n}")
            assert_same(snapshot[f"layer{n}.residue"], layer.residue, f"residues of layer {n}")
