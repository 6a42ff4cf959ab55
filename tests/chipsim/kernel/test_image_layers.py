"""Convolution and pooling against the reference model, bit for bit; and what their shapes promise."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_chips import (
    assert_equals_witness,
    assert_same_result,
    assert_same_state,
    chunk_of,
    every_neuron,
    lesson,
    programmed,
    taught,
    witness_of,
)
from small_images import image_spec, small_net

from chipsim import ChipError, ChipSpec, Events, Probe
from chipsim.design import AveragePool, Convolution, Dense, Flatten, flattened_rows, from_image, kernel_rows, to_image
from chipsim.die import fabricate
from chipsim.execution import concatenated


def compare(task, die_seed=3, position=None, threads=1):
    """Infer, learn, and infer again with what was learned: each time the witness must see the same."""
    chip = programmed(task.spec, task.weights, die_seed, threads)
    witness = witness_of(chip)
    probes = every_neuron(task.spec, position)
    result = chip.infer(task.events, task.windows, probes)
    assert_equals_witness(chip, witness, result, witness.run(task.events, task.windows))
    result = taught(task, chip, probes)
    learned = witness.run(task.events, task.windows, task.targets, task.rates)
    assert_equals_witness(chip, witness, result, learned)
    result = chip.infer(task.events, task.windows, probes)
    assert_equals_witness(chip, witness, result, witness.run(task.events, task.windows))
    return learned


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("form", ["shared", "unrolled"])
def test_small_net(form, constant_current):
    learned = compare(lesson(image_spec(small_net(form)), constant_current=constant_current), position=3)
    assert (learned.activity["weight_updates"] > 0).tolist() == [True, False, True, True]
    assert all(count.sum() > 0 for count in learned.counts)


MEASURED = {"pulse_steps": ((2.0, 1.1, 0.4), (0.3, 0.9, 0.8, 1.6, 2.5))}
FROZEN = ("mismatch:0.4", "silencing:0.2", "comparator:0.7", "boxcar:0.3", "pelgrom:0.05", "ir:0.01", "stuck:0.1")
CASES = {
    "mismatch": {"noise": ("mismatch:0.4",)},
    "mismatch of leaky neurons": {"noise": ("mismatch:0.4",), "neuron": {"kind": "lif", "reset": "zero"}},
    "capacitances": {"noise": ("pelgrom:0.001@capacitance,capacitance=1",)},
    "leak and threshold of each layer": {
        "noise": ("mismatch:0.4@leak",),
        "neuron": {"kind": "lif", "tau_steps": (8.0, 2.0, 4.0, 3.0), "threshold_th": (0.8, 0.5, 1.2, 1.0)},
    },
    "biases by converters": {
        "neuron": {
            "kind": "lif",
            "tau_steps": 5.0,
            "threshold_th": (0.8, 1.0, 1.2, 0.9),
            "leak_dac": {"bits": 3},
            "threshold_dac": {"bits": 4},
        },
    },
    "exponential synapses": {"noise": ("mismatch:0.4",), "neuron": {"synapse_tau_steps": 2.0}},
    "membrane and read noise": {"noise": ("thermal:0.2", "read:0.1")},
    "read noise in the pooling layer": {"noise": ("read:0.3,layer=2",)},
    "read noise, few-bit weights, capacitances": {"noise": ("read:0.1", "quantization:3", "pelgrom:0.01")},
    "few-bit weights": {"noise": ("quantization:4", "mismatch:0.2")},
    "few-bit weights, direct writes": {"noise": ("quantization:3",), "circuit": {"update_accumulator_bits": 0}},
    "missed counts": {"noise": ("missed:0.3",), "circuit": {"accumulator_bits": 2}},
    "small accumulators, narrow rails": {
        "circuit": {"accumulator_bits": 1, "error_gate": "sign"},
        "neuron": {"low_rail_th": -0.1, "high_rail_th": 1.05},
    },
    "imperfect pulses": {"noise": ("pulse:0.3", "asymmetry:0.4,spread=0.2", "cycle:0.4")},
    "imperfect pulses, few-bit weights": {"noise": ("pulse:0.3", "cycle:0.4", "quantization:4")},
    "imperfect devices": {"noise": ("write:0.02", "nonlinear:2.4,down=4", "mismatch:0.2@weight")},
    "a measured device": {"circuit": MEASURED},
    "stuck synapses": {"noise": ("stuck:0.3",)},
    "stuck synapses of few bits": {"noise": ("stuck:0.3", "quantization:3")},
    "drift": {"noise": ("drift:0.5,window=10", "mismatch:0.2")},
    "drift of few-bit weights": {"noise": ("drift:0.5", "quantization:4")},
    "drift of imperfect devices": {"noise": ("drift:0.5,window=10", "write:0.02", "stuck:0.1", "mismatch:0.2")},
    "IR drop": {"noise": ("ir:0.1",)},
    "bit errors": {"noise": ("link:0.05",)},
    "no warm-up, ternary": {"circuit": {"warm_up_steps": 0, "error_gate": "ternary", "boxcar_width_th": 9.0}},
    "all frozen, analog": {"noise": (*FROZEN, "thermal:0.1", "read:0.05", "missed:0.1", "write:0.01", "cycle:0.2")},
    "all frozen, few bits": {
        "noise": (*FROZEN, "thermal:0.1", "read:0.05", "missed:0.1", "quantization:4", "link:0.02")
    },
}


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("form", ["shared", "unrolled"])
@pytest.mark.parametrize("case", CASES)
def test_every_effect(case, form, constant_current):
    task = lesson(image_spec(small_net(form), **CASES[case]), n_windows=2, constant_current=constant_current, rate=0.1)
    learned = compare(task, position=4)
    assert (learned.activity["weight_updates"] > 0).tolist() == [True, False, True, True]


@pytest.mark.parametrize("noise", [(), ("silencing:0.4@output", "pelgrom:0.01", "thermal:0.1")])
@pytest.mark.parametrize("readout", ["spiking", "integrating"])
@pytest.mark.parametrize("form", ["shared", "unrolled"])
def test_outputs_on_an_image(form, readout, noise):
    """The last layer need not be dense: a pooling layer may read out, or a convolution."""
    convolution = Convolution(channels=4, kernel=2, form=form)
    neuron = {"readout": readout}
    for layers in ((convolution,), (convolution, AveragePool(kernel=(3, 4)))):
        compare(lesson(image_spec(layers, noise=noise, neuron=neuron), n_windows=2))


sides = st.integers(1, 3)
forms = st.sampled_from(["shared", "unrolled"])
convolutions = st.builds(
    lambda channels, kernel, stride, padding, form: Convolution(
        channels=channels,
        kernel=kernel,
        stride=stride,
        padding=tuple(min(p, side - 1) for p, side in zip(padding, kernel * 2, strict=True)),
        form=form,
    ),
    st.sampled_from([1, 3, 16, 17]),
    st.tuples(sides, sides),
    st.tuples(sides, sides),
    st.tuples(*[st.integers(0, 2)] * 4),
    forms,
)
pools = st.builds(
    lambda kernel, stride: AveragePool(kernel=kernel, stride=stride),
    st.tuples(sides, sides),
    st.one_of(st.none(), st.tuples(sides, sides)),
)
some_noise = st.lists(
    st.sampled_from([*FROZEN, "thermal:0.2", "read:0.1", "missed:0.2", "cycle:0.3", "link:0.02", "drift:0.3"]),
    max_size=3,
    unique_by=lambda text: text.partition(":")[0],
)
weights_of = st.sampled_from([(), ("quantization:4",), ("nonlinear:1",)])


@settings(max_examples=40)
@given(
    layers=st.lists(st.one_of(convolutions, pools), min_size=1, max_size=2),
    dense=st.booleans(),
    image=st.tuples(st.integers(1, 3), st.integers(3, 5), st.integers(3, 5)),
    noise=some_noise,
    kind=weights_of,
    constant_current=st.booleans(),
    position=st.one_of(st.none(), st.integers(0, 30)),
    threads=st.integers(1, 2),
    seed=st.integers(0, 2**32),
)
def test_any_image_chip(layers, dense, image, noise, kind, constant_current, position, threads, seed):
    tail = [Flatten(), Dense(units=2)] if dense else []
    try:
        spec = image_spec((*layers, *tail), input_shape=image, steps=4, noise=(*noise, *kind))
    except ValueError as error:
        assert "larger than its image" in str(error)
        return
    task = lesson(spec, seed, n_windows=2, rate=0.1, constant_current=constant_current)
    compare(task, die_seed=seed % 1000, position=position, threads=threads)


@pytest.mark.parametrize("noise", [(), ("mismatch:0.3", "thermal:0.1", "cycle:0.2", "missed:0.2"), ("quantization:4",)])
@pytest.mark.parametrize("form", ["shared", "unrolled"])
def test_threads_and_chunks_change_no_bit(form, noise):
    """Wide layers have several blocks of columns, many windows several ranges."""
    layers = (Convolution(channels=70, kernel=3, form=form), AveragePool(kernel=2), Flatten(), Dense(units=5))
    task = lesson(image_spec(layers, input_shape=(2, 6, 6), steps=4, noise=noise), n_windows=11, rate=0.1)
    alone = programmed(task.spec, task.weights)
    expected = taught(task, alone)
    for threads, cuts in ((1, (0, 3, 4, 11)), (2, (0, 11)), (3, (0, 10, 11))):
        chip = programmed(task.spec, task.weights, threads=threads)
        parts = [
            chip.learn(
                chunk_of(task.events, a, b),
                task.windows[a:b],
                [t if t is None else t[a:b] for t in task.targets],
                task.rates[a:b],
            )
            for a, b in pairwise(cuts)
        ]
        assert_same_result(concatenated(parts), expected)
        assert_same_state(chip, alone)
        assert_same_result(chip.infer(task.events, task.windows), alone.infer(task.events, task.windows))


def test_one_position_is_a_dense_layer():
    """A kernel as large as the image has one position: both forms are the dense layer, neuron for neuron."""
    shape = (2, 3, 4)
    results = []
    for layers in (
        (Flatten(), Dense(units=5)),
        (Convolution(channels=5, kernel=(3, 4)),),
        (Convolution(channels=5, kernel=(3, 4), form="unrolled"),),
    ):
        task = lesson(image_spec(layers, input_shape=shape, noise=("thermal:0.2",)))
        chip = programmed(task.spec, task.weights)
        results.append((taught(task, chip), chip.weights()))
    for result, [(weight, bias)] in results[1:]:
        assert_same_result(result, results[0][0])
        assert np.array_equal(weight.reshape(-1, 5), results[0][1][0][0])
        assert np.array_equal(bias.reshape(-1), results[0][1][0][1])


@pytest.mark.parametrize("form", ["shared", "unrolled"])
def test_mirrored_axes(form):
    """With height and width swapped everywhere, every neuron does the same at its mirrored place."""

    def shown(mirrored):
        def both(a, b):
            return (b, a) if mirrored else (a, b)

        layers = (
            Convolution(channels=3, kernel=both(2, 3), stride=both(1, 2), padding=both(1, 2), form=form),
            AveragePool(kernel=both(2, 1)),
        )
        spec = image_spec(layers, input_shape=(2, *both(5, 7)))
        rng = np.random.default_rng(1)
        kernels = rng.normal(0.1, 0.4, (3, 2, 2, 3)).astype(np.float32)
        images = rng.random((4, 2, 5, 7)).astype(np.float32)
        if mirrored:
            kernels, images = kernels.swapaxes(2, 3), images.swapaxes(2, 3)
        chip = programmed(spec, [(kernel_rows(kernels), np.zeros(3, np.float32)), None])
        values = from_image(images)
        events = Events(
            np.tile(np.arange(values.shape[1], dtype=np.uint16), (4, 1)),
            np.zeros((4, spec.steps), np.int32),
            np.full((4, spec.steps), values.shape[1], np.int32),
            values,
        )
        result = chip.infer(events, np.arange(4))
        counts = [to_image(c, shape.output) for c, shape in zip(result.counts, spec.shapes, strict=True)]
        return [c.swapaxes(2, 3) for c in counts] if mirrored else counts

    for plain, mirrored in zip(shown(False), shown(True), strict=True):
        assert plain.sum() > 0
        # Sums run along lines first, so a membrane that rounding puts on the other side of its threshold may differ.
        assert np.mean(plain == mirrored) > 0.99


@pytest.mark.parametrize("threshold_th", [1.0, 0.5, 2.0])
def test_pooling_passes_on_the_mean_rate(threshold_th):
    """Neurons of weight 1/4 fire as often as the four that they see do on average, up to what is left over."""
    neuron = {"threshold_th": threshold_th}
    spec = image_spec((AveragePool(kernel=2),), input_shape=(3, 4, 4), steps=64, neuron=neuron)
    chip = programmed(spec, [None])
    task = lesson(spec, n_windows=4)
    counts = to_image(chip.infer(task.events, task.windows).counts[0], (3, 2, 2))
    masks = np.zeros((4, spec.steps, 48))
    for s in range(4):
        for t in range(spec.steps):
            masks[s, t, task.events.rows[s, task.events.begin[s, t] : task.events.end[s, t]]] = 1
    sent = to_image(masks.sum(axis=1), (3, 4, 4)).reshape(4, 3, 2, 2, 2, 2).mean(axis=(3, 5))
    assert np.all(np.abs(counts - sent) <= 1)


@pytest.mark.parametrize("form", ["shared", "unrolled"])
@pytest.mark.parametrize("noise", [(), ("drift:0.3", "mismatch:0.2"), ("drift:0.3", "write:0.02"), ("quantization:3",)])
def test_snapshot_goes_on_bit_for_bit(form, noise):
    task = lesson(image_spec(small_net(form), noise=noise), n_windows=4)
    chip = programmed(task.spec, task.weights)
    taught(task, chip)
    kept = chip.snapshot()
    expected = taught(task, chip)
    other = programmed(task.spec, task.weights)
    other.restore(kept)
    assert_same_result(taught(task, other), expected)
    assert_same_state(other, chip)


def test_unrolled_weights_may_differ():
    """Each position's own weights are taken and given back, and learning sets them apart."""
    task = lesson(image_spec((Convolution(channels=3, kernel=2, form="unrolled"),)))
    chip = programmed(task.spec, task.weights)
    [(weight, bias)] = chip.weights()
    assert weight.shape == (12, 8, 3) and (weight == weight[0]).all() and (bias == bias[0]).all()
    taught(task, chip)
    [(weight, bias)] = chip.weights()
    assert not (weight == weight[0]).all()
    assert_same_state(programmed(task.spec, [(weight, bias)]), chip)


def test_frozen_errors_of_both_forms():
    """Shared synapses have one error for all positions, unrolled ones each its own; neurons' errors are the same."""
    spec = {
        form: image_spec((Convolution(channels=40, kernel=3, form=form),), (3, 8, 8), noise=("mismatch:0.2",))
        for form in ("shared", "unrolled")
    }
    [shared], [unrolled] = fabricate(spec["shared"], 1), fabricate(spec["unrolled"], 1)
    assert shared.gain.shape == (1, 28, 40) and unrolled.gain.shape == (36, 28, 40)
    assert np.array_equal(shared.tables.threshold, unrolled.tables.threshold)
    assert shared.tables.threshold.shape == (36, 40)
    for values in (shared.gain, unrolled.gain, shared.tables.threshold):
        assert abs(values.mean() - 1) < 0.03 and abs(values.std() - 0.2) < 0.02
    assert len(np.unique(unrolled.gain)) > 0.99 * unrolled.gain.size


def test_what_does_not_fit_is_refused():
    layers = (Convolution(channels=3, kernel=2), AveragePool(kernel=2))
    task = lesson(image_spec(layers))
    chip = programmed(task.spec, task.weights)
    with pytest.raises(ChipError, match="program"):
        chip.program([task.weights[0], task.weights[0]])
    with pytest.raises(ChipError, match="send"):
        chip.learn(task.events, task.windows, [task.targets[0], task.targets[0]], task.rates)
    with pytest.raises(ChipError, match="one position"):
        chip.infer(task.events, task.windows, [Probe(1, (0, 5), (1,))])
    backwards = task.events._replace(rows=task.events.rows[:, ::-1].copy())
    with pytest.raises(ChipError, match="ascending"):
        chip.infer(backwards, task.windows)


@pytest.mark.parametrize(
    ("given_settings", "complaint"),
    [
        ({"layers": (Dense(units=3),)}, r"Flatten\(\)"),
        ({"layers": (Convolution(channels=3, kernel=9),)}, "larger than its image"),
        ({"layers": (Convolution(channels=3, kernel=2, padding=2),)}, "pad by less"),
        ({"layers": (Convolution(channels=3, kernel=2),), "layer_sizes": (40, 3)}, "leave layer_sizes out"),
        ({"layers": (AveragePool(kernel=2),), "input_shape": None}, "without input_shape"),
        ({"layer_sizes": (40, 3)}, "input_shape without layers"),
        ({"layers": ({"kind": "recurrent"},)}, "convolution"),
    ],
)
def test_bad_layers(given_settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        ChipSpec(**({"input_shape": (2, 4, 5)} | given_settings))


def test_order_of_images(rng):
    images = rng.normal(size=(3, 2, 4, 5))
    rows = from_image(images)
    assert rows[1, (2 * 5 + 3) * 2 + 1] == images[1, 1, 2, 3]
    assert np.array_equal(to_image(rows, (2, 4, 5)), images)
    weights = rng.normal(size=(7, 40))
    assert np.allclose(rows @ flattened_rows(weights, (2, 4, 5)), images.reshape(3, -1) @ weights.T)
    kernels = rng.normal(size=(6, 2, 3, 3))
    assert kernel_rows(kernels)[(1 * 3 + 2) * 2 + 1, 4] == kernels[4, 1, 1, 2]
