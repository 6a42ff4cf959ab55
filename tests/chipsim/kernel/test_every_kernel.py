"""Every kernel there is, at every width of a block, against the reference model, bit for bit."""

import pytest
from all_plans import SETTLED, WIDTHS, every_case, pairwise_choice
from small_chips import (
    assert_equals_witness,
    assert_same,
    assert_same_result,
    every_neuron,
    lesson,
    programmed,
    witness_of,
)

CASES = every_case()
CHOICE = pairwise_choice(CASES)
OTHERS = tuple(case for case in CASES if case not in CHOICE)


def plans_run(chip):
    """That have a room in the chip's only layer."""
    [layer] = chip._runs
    return set(layer._plans.values())


def assert_is_asked(mix, chip):
    """The die has what the mix says, and nothing else: a kernel that asks would run without, too."""
    [blocks] = chip._layers
    circuit, synapses = blocks[0].circuit, blocks[0].synapses
    assert [circuit.exponential, circuit.scales, circuit.noisy, circuit.has_misses] == [
        *(mix.exponential, mix.scaled, mix.noise, mix.missed)
    ]
    assert synapses.coded == (mix.write == "codes")
    assert circuit.update.imperfect == (mix.write == "devices")
    assert (chip.spec.neuron.readout != "spiking") == (mix.neuron == "readout")


def run_and_compare(case):
    mix, spec = case.mix, case.mix.spec(case.width)
    task = lesson(spec, n_windows=2, rate=0.1, constant_current=mix.current == "constant")
    chip = programmed(spec, task.weights)
    witness = witness_of(chip)
    probes = every_neuron(spec) if mix.probed else ()
    taught = (task.targets, task.rates) if mix.rows else ()
    run = chip.learn if mix.rows else chip.infer
    result = run(task.events, task.windows, *taught, probes=probes)
    expected = witness.run(task.events, task.windows, *taught)
    assert_same_result(result, expected)
    assert plans_run(chip) == {mix.settled}
    assert_is_asked(mix, chip)
    if mix.probed:
        assert_equals_witness(chip, witness, result, expected)
        return
    for name, counted in result.activity.items():
        assert counted.tolist() == expected.activity[name].tolist(), name
    snapshot = chip.snapshot()
    [layer] = witness.layers
    assert_same(snapshot["layer1.weight"], layer.weight, "weights")
    if layer.coded:
        assert_same(snapshot["layer1.code"], layer.code, "codes")
        assert_same(snapshot["layer1.residue"], layer.residue, "residues")


def test_none_is_left_out():
    of_both = {(plan, current) for plan in SETTLED for current in ("spikes", "constant") if plan.current == "either"}
    narrow = {(plan, plan.current) for plan in SETTLED if plan.current != "either"}
    found = {(case.mix.settled, case.mix.current, case.width) for case in CASES}
    assert found == {(*each, width) for each in of_both | narrow for width in WIDTHS}
    assert {case.mix.settled for case in CHOICE} == set(SETTLED)


@pytest.mark.parametrize("case", CHOICE, ids=str)
def test_a_pairwise_choice(case):
    run_and_compare(case)


@pytest.mark.parametrize("case", OTHERS, ids=str)
def test_all_others(case):
    run_and_compare(case)


def test_cases_are_worth_comparing():
    """Where nothing fires or opens, everything is equal."""
    for case in CHOICE:
        spec = case.mix.spec(case.width)
        task = lesson(spec, n_windows=2, rate=0.1, constant_current=case.mix.current == "constant")
        counts = witness_of(programmed(spec, task.weights)).run(task.events, task.windows, task.targets, task.rates)
        assert case.mix.neuron != "lif" or counts.activity["spikes"].sum() > 10, f"{case} hardly fires"
        assert counts.activity["weight_updates"].sum() > 100, f"{case} hardly learns"
