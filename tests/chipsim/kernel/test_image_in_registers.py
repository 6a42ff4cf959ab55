"""Layers on an image whose neurons stay in vector registers, against the reference model, bit for bit."""

import numpy as np
import pytest
from small_chips import assert_same_result, lesson, programmed, taught, witness_of
from small_images import image_spec, small_net

from chipsim.design import AveragePool, Convolution, Dense, Flatten

UNDISTURBED = {
    "ideal": {},
    "mismatch": {"noise": ("mismatch:0.4",)},
    "leaky, reset to zero": {"noise": ("mismatch:0.2@threshold",), "neuron": {"kind": "lif", "reset": "zero"}},
    "comparators and boxcars": {"noise": ("comparator:0.7", "boxcar:0.3", "silencing:0.2")},
    "small accumulators, narrow rails": {
        "circuit": {"accumulator_bits": 1, "error_gate": "sign"},
        "neuron": {"low_rail_th": -0.1, "high_rail_th": 1.05},
    },
    "no warm-up, ternary": {"circuit": {"warm_up_steps": 0, "error_gate": "ternary", "boxcar_width_th": 9.0}},
    # Neurons in registers as well, but only while weights rest:
    "few-bit weights": {"noise": ("quantization:4", "mismatch:0.2")},
    "imperfect devices": {"noise": ("write:0.02", "nonlinear:2.4,down=4", "mismatch:0.2@weight")},
}


def compare_unwatched(task, threads=1):
    """As `compare`, without probes: undisturbed neurons then stay in vector registers."""
    chip = programmed(task.spec, task.weights, threads=threads)
    witness = witness_of(chip)
    for run, lesson_of_witness in (
        (lambda: chip.infer(task.events, task.windows), ()),
        (lambda: taught(task, chip), (task.targets, task.rates)),
        (lambda: chip.infer(task.events, task.windows), ()),
    ):
        result, expected = run(), witness.run(task.events, task.windows, *lesson_of_witness)
        assert_same_result(result, expected)
        for name, counted in result.activity.items():
            assert counted.tolist() == expected.activity[name].tolist(), name
        for n, layer in enumerate(witness.layers, start=1):
            assert np.array_equal(chip.snapshot()[f"layer{n}.weight"], layer.weight), f"weights of layer {n}"
    return expected


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("form", ["shared", "unrolled"])
@pytest.mark.parametrize("case", UNDISTURBED)
def test_neurons_in_registers(case, form, constant_current):
    spec = image_spec(small_net(form), **UNDISTURBED[case])
    compare_unwatched(lesson(spec, n_windows=2, constant_current=constant_current, rate=0.1))


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("form", ["shared", "unrolled"])
@pytest.mark.parametrize("channels", [16, 17, 35, 64, 81])
def test_neurons_in_registers_of_any_width(channels, form, constant_current):
    """Blocks of one to four vectors, full or not, and more than one block."""
    layers = (
        Convolution(channels=channels, kernel=(3, 4), form=form),
        AveragePool(kernel=2),
        Flatten(),
        Dense(units=3),
    )
    spec = image_spec(layers, noise=("mismatch:0.2@threshold",))
    learned = compare_unwatched(lesson(spec, n_windows=2, constant_current=constant_current, rate=0.1), threads=2)
    assert learned.counts[0].sum() > 0


@pytest.mark.parametrize("kernel", [(2, 3), (4, 5)], ids=["nine positions", "one position"])
def test_an_odd_number_of_positions(kernel):
    """A constant current runs through two positions at once."""
    layers = (Convolution(channels=20, kernel=kernel), Flatten(), Dense(units=3))
    spec = image_spec(layers, noise=("mismatch:0.2@threshold",), neuron={"high_rail_th": 1.05, "low_rail_th": -0.1})
    expected = compare_unwatched(lesson(spec, n_windows=2, constant_current=True, rate=0.1))
    assert expected.activity["membrane_low_rail"][0] > 0
