"""Learning circuits in integers against their restatement over Python's own: every register at every step."""

import numpy as np
import pytest
from small_chips import (
    assert_equals_witness,
    assert_same_result,
    assert_same_state,
    chunk_of,
    every_neuron,
    lesson,
    programmed,
    random_weights,
    spec_of,
    taught,
    witness_of,
)
from test_equals_reference import compare

from chipsim import ChipError
from chipsim.kernel import settled_plans
from learning_circuit import IntegerTandem, Rows

GATES = ("linear", "sign", "ternary")
WIDTHS = {
    "narrow": (
        {"accumulator_bits": 3, "step_word_bits": 7, "step_word_fraction_bits": 2, "dither_bits": 2}
        | {"increment_bits": 3, "update_accumulator_bits": 2},
        {"target_bits": 4, "synapse": {"weight_bits": 3}},
    ),
    "as by default": ({}, {"synapse": {"weight_bits": 6}}),
    "wide": (
        {"accumulator_bits": 9, "step_word_bits": 24, "step_word_fraction_bits": 13, "dither_bits": 24}
        | {"increment_bits": 24, "update_accumulator_bits": 14},
        {"synapse": {"weight_bits": 16}},
    ),
    "no accumulator, no dither": (
        {"accumulator_bits": 5, "step_word_bits": 12, "step_word_fraction_bits": 0, "dither_bits": 0}
        | {"increment_bits": 2, "update_accumulator_bits": 0},
        {"target_bits": 7, "synapse": {"weight_bits": 2}},
    ),
}
USUAL = {"target_bits": 9, "synapse": {"weight_bits": 5}}
SHIFT_REGISTERS = {"dither": "lfsr", "dither_bits": 7}
CASES = {
    "shift": ({"error_scale": "shift", "error_shift": 2}, {}),
    "no scale": ({"error_scale": "none"}, {}),
    "powers of two": ({"rate_format": "power_of_two"}, {}),
    "shift registers of 16 bits": (SHIFT_REGISTERS, {}),
    "shift registers of 24 bits, ternary": (
        SHIFT_REGISTERS | {"lfsr_bits": 24, "lfsr_seed": 77, "error_gate": "ternary", "dither_bits": 24},
        {},
    ),
    "shift registers of 32 bits": (SHIFT_REGISTERS | {"lfsr_bits": 32, "lfsr_seed": 2**40, "dither_bits": 1}, {}),
    "shift registers without a bit": (SHIFT_REGISTERS | {"dither_bits": 0}, {}),
    "digital comparison": ({"comparison": "digital"}, {"noise": ("mismatch:0.3",)}),
    "comparators that are off": ({}, {"noise": ("comparator:2",)}),
    "comparators that are far off": ({"increment_bits": 24}, {"noise": ("comparator:1000",), "target_bits": 16}),
    "stuck synapses, unlike gains": ({}, {"noise": ("stuck:0.3", "mismatch:0.4@weight")}),
    "noisy neurons": ({}, {"noise": ("thermal:0.3", "missed:0.2", "boxcar:0.3", "mismatch:0.3", "silencing:0.2")}),
    "bad wires": ({"error_gate": "ternary"}, {"noise": ("link:0.2@targets",)}),
    "codes by a noise": ({}, {"synapse": {}, "noise": ("quantization:4", "drift:0.3")}),
    "one full scale": ({}, {"synapse": {"weight_bits": 4, "full_scale_th": 0.5, "bias_full_scale_th": 0.5}}),
    "leaky": ({"warm_up_steps": 0}, {"neuron": {"kind": "lif", "tau_steps": 3.0}}),
    "adaptive": ({"boxcar_width_th": 9.0}, {"neuron": {"kind": "adaptive"}}),
    "exponential currents": ({}, {"neuron": {"synapse_tau_steps": 2.0}}),
    "a long warm-up": ({"warm_up_steps": 8}, {}),
}


def integer_spec(circuit=(), design=(), sizes=(12, 8, 4)):
    """A chip whose learning circuits compute with integers; circuit: of its settings, design: of `spec_of`."""
    return spec_of(sizes=sizes, **{**USUAL, **dict(design), "circuit": {"arithmetic": "integer"} | dict(circuit)})


def rate_of(spec):
    """So that codes move: without an accumulator a pulse has to be an LSB."""
    return {0: 3.0, 1: 1.0, 2: 0.3}.get(spec.learning_circuit.update_accumulator_bits, 0.06)


def assert_all_steps_agree(spec, n_windows, die_seed):
    """A die that learns, seen at every step, and one that nobody looks at."""
    task = lesson(spec, seed=die_seed, n_windows=n_windows, rate=rate_of(spec))
    chip, unwatched = (programmed(spec, task.weights, die_seed) for _ in range(2))
    witness = witness_of(chip)
    result, other = taught(task, chip, every_neuron(spec)), taught(task, unwatched)
    expected = witness.run(task.events, task.windows, task.targets, task.rates)
    assert_equals_witness(chip, witness, result, expected)
    assert_same_result(other, result)
    assert_same_state(unwatched, chip)
    assert {name: counted.tolist() for name, counted in other.activity.items()} == {
        name: counted.tolist() for name, counted in result.activity.items()
    }
    return result


@pytest.mark.parametrize("die_seed", [3, 4])
@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("gate", GATES)
def test_every_gate_at_every_width(gate, widths, die_seed):
    circuit, design = WIDTHS[widths]
    result = assert_all_steps_agree(integer_spec(circuit | {"error_gate": gate}, design), 5, die_seed)
    assert result.activity["weight_updates"].sum() > 0 and result.activity["code_writes"].sum() > 0


@pytest.mark.parametrize("die_seed", [3, 4])
@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("gate", GATES)
def test_every_gate_at_every_width_for_long(gate, widths, die_seed):
    circuit, design = WIDTHS[widths]
    assert_all_steps_agree(integer_spec(circuit | {"error_gate": gate}, design), 300, die_seed)


@pytest.mark.parametrize("case", CASES)
def test_every_option(case):
    """Inference before and after included, in which no shift register moves."""
    circuit, design = CASES[case]
    learned = compare(lesson(integer_spec({"error_gate": "linear"} | circuit, design), n_windows=4, rate=0.1))
    assert learned.activity["weight_updates"].sum() > 0 and learned.activity["code_writes"].sum() > 0


def test_every_register_meets_its_end():
    circuit = {"accumulator_bits": 2, "increment_bits": 3, "update_accumulator_bits": 1, "error_gate": "linear"}
    activity = assert_all_steps_agree(integer_spec(circuit), 20, 3).activity
    for name in ("accumulator_full", "weight_full_scale", "increments_saturated"):
        assert activity[name].sum() > 0, name


def test_what_probes_show_by_hand():
    """A neuron that never fires has counted nothing: d is the target so far, and a ternary increment a step word."""
    circuit = {"error_gate": "ternary", "dither_bits": 0, "boxcar_width_th": 9.0, "warm_up_steps": 2}
    spec = integer_spec(circuit, {"synapse": {"weight_bits": 4, "full_scale_th": 0.7}}, sizes=(2, 1))
    task = lesson(spec, n_windows=1)
    task.weights = [(np.full((2, 1), -0.1, np.float32), np.zeros(1, np.float32))]
    task.targets, task.rates = [np.full((1, 1), 0.25, np.float32)], np.full(1, 0.01, np.float32)
    seen = taught(task, programmed(spec, task.weights), every_neuron(spec)).signals[1]
    word = 0.01 * 256 / 0.1
    shown = {name: getattr(seen, name)[0, :, 0].tolist() for name in ("target_count", "step_word", "increment", "open")}
    assert shown["target_count"] == [0.25 * t for t in range(1, 11)]
    assert shown["step_word"] == [round(word * 2**8)] * 10
    assert shown["open"] == [0, 0, *[1] * 8], "0.75 counts in step 3 are more than the dead zone of 0.5"
    assert shown["increment"] == [0, 0, *[int(word)] * 8]
    assert seen.increment.dtype == seen.target_word.dtype == np.int32 and seen.open.dtype == np.uint8
    assert seen.target_word[0, :, 0].tolist() == [64] * 10 and not seen.saturated.any()
    assert np.array_equal(seen.pulse, seen.increment)


@pytest.mark.parametrize("dither", ["philox", "lfsr"])
def test_threads_and_chunks_change_no_bit(dither):
    """Layers of three, two and one block of columns; two pieces of windows that follow each other."""
    spec = integer_spec({"dither": dither}, {"noise": ("mismatch:0.3",)}, sizes=(12, 150, 70, 17))
    n = 41
    task = lesson(spec, n_windows=n)
    chips = []
    for threads, size in ((1, n), (2, n), (2, 7)):
        chip = programmed(spec, task.weights, threads=threads)
        for start in range(0, n, size):
            part = slice(start, start + size)
            targets = [target[part] for target in task.targets]
            chip.learn(chunk_of(task.events, start, start + size), task.windows[part], targets, task.rates[part])
        chips.append(chip)
    for chip in chips[1:]:
        assert_same_state(chip, chips[0])


def test_shift_registers_go_on_where_they_were(rng):
    """A snapshot tells how many windows were learned from; registers of another die of the seed jump there."""
    task = lesson(integer_spec(SHIFT_REGISTERS), n_windows=4)
    chip = programmed(task.spec, task.weights)
    taught(task, chip)
    saved = chip.snapshot()
    assert saved["age"].tolist() == [4, 0, 0]
    second = taught(task, chip, every_neuron(task.spec))
    other = programmed(task.spec, random_weights(task.spec, rng))
    other.restore(saved)
    assert_same_result(taught(task, other, every_neuron(task.spec)), second)
    assert_same_state(other, chip)
    # The same die: weights are turned back, registers are not, and so it rounds otherwise from here on.
    chip.restore(saved)
    third = taught(task, chip, every_neuron(task.spec))
    dithers = [result.signals[1].dither for result in (second, third)]
    assert chip.snapshot()["age"].tolist() == [12, 0, 0] and not np.array_equal(*dithers)
    assert "age" not in programmed(integer_spec(), task.weights).snapshot()


def test_inference_moves_no_register():
    task = lesson(integer_spec(SHIFT_REGISTERS), n_windows=3)
    plain, looked_at = (programmed(task.spec, task.weights) for _ in range(2))
    looked_at.infer(task.events, task.windows, every_neuron(task.spec))
    for chip in (plain, looked_at):
        taught(task, chip)
    assert_same_state(looked_at, plain)


def test_weight_bits_are_the_codes_of_the_noise():
    """The same tables, codes and bits as with quantization, with real numbers and with integers."""
    for circuit in ({"arithmetic": "float"}, {}):
        by_figure = lesson(integer_spec(circuit, {"synapse": {"weight_bits": 4}}))
        by_noise = lesson(integer_spec(circuit, {"synapse": {}, "noise": ("quantization:4",)}))
        one, other = (programmed(task.spec, task.weights) for task in (by_figure, by_noise))
        assert_same_result(taught(by_figure, one), taught(by_noise, other))
        assert_same_state(one, other)


def test_one_lsb_for_weights_and_biases():
    task = lesson(integer_spec())
    task.weights[0][1][:] *= 40  # biases beyond the largest weight
    chip = programmed(task.spec, task.weights)
    lsb, bias_lsb = chip.snapshot()["layer1.lsb"]
    assert lsb == bias_lsb
    apart = lesson(integer_spec({"arithmetic": "float"}))
    lsb, bias_lsb = programmed(apart.spec, task.weights).snapshot()["layer1.lsb"]
    assert lsb < bias_lsb


def test_what_such_a_chip_refuses():
    task = lesson(integer_spec())
    chip = programmed(task.spec, task.weights)
    task.rates[1] = -0.5
    with pytest.raises(ChipError, match=r"a learning rate of -0.5 has no step word.*give 0 or more"):
        taught(task, chip)
    currents = lesson(integer_spec(), constant_current=True)
    with pytest.raises(ChipError, match="takes spikes, no constant current"):
        taught(currents, chip)


def test_few_kernels_serve_all_of_it():
    """One for spikes that nobody looks at, and one that asks for everything else, for each kind of neuron."""
    plans = [plan for plan in settled_plans(("lif",), IntegerTandem.name, ((Rows.SPIKES,),)) if plan.learns]
    mine = [plan for plan in plans if not plan.image and plan.write in ("codes", "any")]
    assert len(mine) == 2
