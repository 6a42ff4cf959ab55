"""Imperfections of the learning circuit on a chip: where they act, how often, and what they leave alone."""

import numpy as np
import pytest
from scipy import stats
from small_chips import assert_same_result, lesson, programmed, spec_of, taught, witness_of

from chipsim import ChipSpec
from chipsim.die import fabricate
from host.errors import SettingError
from host.run import resolve

LEARNING_ONLY = ("comparator:2", "boxcar:1", "pulse:0.5", "asymmetry:1", "cycle:1", "write:0.1", "nonlinear:3")


@pytest.mark.parametrize("probability", [0.02, 0.4])
def test_missed_counts_are_binomial_and_only_the_accumulator_misses_them(probability):
    task = lesson(spec_of((12, 60, 40)), n_windows=60)
    noisy = spec_of((12, 60, 40), noise=(f"missed:{probability}",))
    ideal = programmed(task.spec, task.weights).infer(task.events, task.windows)
    seen = programmed(noisy, task.weights).infer(task.events, task.windows)
    for layer in range(2):
        spikes, counted = int(ideal.counts[layer].sum()), int(seen.counts[layer].sum())
        missed = int(seen.activity["missed_counts"][layer])
        assert spikes == counted + missed, "the neurons fire as ever"
        assert stats.binomtest(missed, spikes, probability).pvalue > 1e-3
    assert np.array_equal(ideal.membrane, seen.membrane)


def test_a_full_accumulator_and_a_missed_spike_are_told_apart():
    task = lesson(spec_of(noise=("missed:0.3",), circuit={"accumulator_bits": 1}), n_windows=20)
    seen = programmed(task.spec, task.weights).infer(task.events, task.windows).activity
    assert seen["missed_counts"].sum() > 0 and seen["accumulator_full"].sum() > 0


@pytest.mark.parametrize("noise", LEARNING_ONLY)
def test_a_chip_that_does_not_learn_does_not_feel_them(noise):
    task = lesson(spec_of())
    ideal, noisy = (programmed(spec_of(noise=n), task.weights) for n in ((), (noise,)))
    inferred = [chip.infer(task.events, task.windows) for chip in (ideal, noisy)]
    assert_same_result(*inferred)
    taught(task, ideal)
    taught(task, noisy)
    assert not np.array_equal(ideal.weights()[0][0], noisy.weights()[0][0])


@pytest.mark.parametrize(
    "noise", ["pulse:0", "asymmetry:0", "cycle:0", "write:0", "comparator:0", "boxcar:0", "missed:0"]
)
def test_level_zero_is_exactly_ideal(noise):
    task = lesson(spec_of())
    ideal, noisy = (programmed(spec_of(noise=n), task.weights) for n in ((), (noise,)))
    assert_same_result(taught(task, ideal), taught(task, noisy))
    assert np.array_equal(ideal.weights()[0][0], noisy.weights()[0][0])
    assert not noisy._layers[0][0].circuit.update.imperfect


def test_the_sparse_path_writes_what_the_dense_one_writes():
    """Pulses that are imperfect in one column only: all others go the same way to the same bits."""
    spec = spec_of((9, 40))
    task = lesson(spec)
    dense, sparse = programmed(spec, task.weights), programmed(spec, task.weights)
    [[block]] = sparse._layers
    assert not block.circuit.update.imperfect
    block.circuit.update.up[7] = 2
    circuit = block.circuit._replace(update=block.circuit.update._replace(imperfect=True))
    gain = np.broadcast_to(block.synapses.gain, block.state.weight.shape).T
    synapses = block.synapses._replace(devices=np.stack([gain, np.ones_like(gain)], axis=-1))
    sparse._layers = [[block._replace(circuit=circuit, synapses=synapses)]]
    taught(task, dense)
    taught(task, sparse)
    same = dense.weights()[0][0] == sparse.weights()[0][0]
    assert same[:, np.arange(40) != 7].all() and not same[:, 7].all()


@pytest.mark.parametrize(("noise", "field"), [("cycle:0.3", "row"), ("write:0.02", "any")])
def test_writes_scatter_as_promised(noise, field):
    """One step, one update: the change against the ideal chip's is Gaussian with the level as its sigma."""
    n_in, n_out = 60, 80
    circuit = {"error_gate": "sign", "boxcar_width_th": 100, "warm_up_steps": 0}
    spec, noisy = (spec_of((n_in, n_out), 1, n, circuit=circuit) for n in ((), (noise,)))
    task = lesson(spec, n_windows=1)
    task.events = task.events._replace(rows=np.arange(n_in, dtype=np.uint16)[None], end=np.full((1, 1), n_in, np.int32))
    before = programmed(spec, task.weights)
    chips = [programmed(s, task.weights) for s in (spec, noisy)]
    for chip in chips:
        taught(task, chip)
    start, ideal, seen = (chip.weights()[0][0].astype(np.float64) for chip in (before, *chips))
    pulse = ideal - start
    written = pulse != 0
    assert written.mean() > 0.4
    full_scale = max(np.abs(w).max() for w in task.weights[0])
    scatter = (seen - ideal)[written] / (pulse[written] * 0.3 if field == "row" else 0.02 * full_scale)
    assert stats.kstest(scatter, "norm").pvalue > 1e-3
    assert np.array_equal(seen[~written], ideal[~written]), "what is not written stays as it is"


def test_full_scale_is_the_largest_magnitude_programmed():
    spec = spec_of((3, 2), noise=("nonlinear:1",))
    weights = [(np.array([[0.5, -1.5], [0, 1], [0, 0]], np.float32), np.array([0.25, 0], np.float32))]
    assert programmed(spec, weights)._layers[0][0].synapses.full_scale == np.float32(1.5)
    weights[0][1][0] = -2
    assert programmed(spec, weights)._layers[0][0].synapses.full_scale == np.float32(2)
    nothing = [(np.zeros((3, 2), np.float32), np.zeros(2, np.float32))]
    assert programmed(spec, nothing)._layers[0][0].synapses.full_scale == 1


def test_a_snapshot_holds_the_range():
    spec = spec_of(noise=("nonlinear:1",))
    task = lesson(spec)
    first = programmed(spec, task.weights)
    taught(task, first)
    other = programmed(spec, [(2 * w, b) for w, b in task.weights])
    other.restore(first.snapshot())
    task = lesson(spec, seed=2)
    assert_same_result(taught(task, first), taught(task, other))


def test_learning_on_bounded_devices_stays_in_range():
    spec = spec_of(noise=("nonlinear:1", "write:0.05", "mismatch:0.3@weight"))
    task = lesson(spec, rate=0.5, n_windows=10)
    chip = programmed(spec, task.weights)
    witness = witness_of(chip)
    taught(task, chip)
    for layer, (weight, bias) in zip(witness.layers, chip.weights(), strict=True):
        limit = layer.made.gain * layer.full_scale
        assert (np.abs(np.vstack([weight, bias])) <= limit * (1 + 1e-6)).all()


def test_boxcar_offsets_move_the_edges():
    plain, moved = (fabricate(spec_of((3, 50), noise=n), 1)[0].tables for n in ((), ("boxcar:0.5@low",)))
    assert np.array_equal(plain.boxcar_high, moved.boxcar_high)
    assert (plain.boxcar_low != moved.boxcar_low).all()


MIXED = [
    (("quantization:4", "write:0.1"), {}, "write is an error of analog devices, quantization makes digital codes"),
    (("nonlinear:1", "quantization:4,layer=2"), {}, "nonlinear is an error of analog devices"),
    (("quantization:4",), {"pulse_steps": ((1, 1), (1, 1))}, "a measured pulse curve is that of analog devices"),
    (("nonlinear:1",), {"pulse_steps": ((1, 1), (1, 1))}, "nonlinear and a measured pulse curve both say"),
]


@pytest.mark.parametrize(("noise", "circuit", "message"), MIXED)
def test_codes_and_devices_do_not_mix(noise, circuit, message):
    with pytest.raises(ValueError, match=message):
        spec_of(noise=noise, circuit=circuit)
    settings = {f"learning_circuit.{name}": value for name, value in circuit.items()}
    with pytest.raises(SettingError, match=message) as error:
        resolve(None, {"noise": noise, **settings})
    assert "\n" not in str(error.value)


def test_codes_and_devices_may_have_a_layer_each():
    assert spec_of(noise=("quantization:4,layer=1", "write:0.1,layer=2")).noises[1].layer == 2


def test_the_ideal_chip_has_linear_devices():
    spec = spec_of(circuit={"pulse_steps": ((2, 0.5), (0.5, 2))})
    assert fabricate(spec, 1)[0].circuit.update.bounded
    assert isinstance(spec.ideal(), ChipSpec)
    assert not fabricate(spec.ideal(), 1)[0].circuit.update.imperfect
