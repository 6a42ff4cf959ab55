"""Cost: the counts are the reference model's own, and every figure follows from them by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_chips import every_neuron, lesson, programmed, spec_of, taught, witness_of

from chipsim import ChipSpec
from chipsim.cost import bias_dacs, phase_cost
from chipsim.cost.area import chip_area, network_area
from chipsim.cost.counts import EventCounts, counts_per_sample
from chipsim.cost.energy import sample_energy
from chipsim.cost.link import LinkFormat, link_bytes
from chipsim.cost.timing import busiest_step_cycles, latency_steps, sample_time
from chipsim.design import Convolution, Dense, Flatten
from chipsim.physical import PRESETS, load

CASES = {
    "spikes": {},
    "constant current": {"constant_current": True},
    "few-bit weights": {"noise": ("quantization:4",)},
    "full accumulators": {"circuit": {"accumulator_bits": 1}},
    "silenced neurons": {"noise": ("silencing:0.4",)},
    "integrating readout": {"neuron": {"readout": "integrating"}},
}


@pytest.mark.parametrize("case", CASES)
def test_counts_are_those_of_the_slow_witness(case):
    """Synaptic events, spikes and writes of the witness, taken from its own wires rather than from the kernels."""
    settings = dict(CASES[case])
    task = lesson(spec_of(**{k: v for k, v in settings.items() if k != "constant_current"}), n_windows=4)
    if settings.get("constant_current"):
        task = lesson(spec_of(), n_windows=4, constant_current=True)
    chip = programmed(task.spec, task.weights)
    witness = witness_of(chip)
    result = taught(task, chip, every_neuron(task.spec))
    expected = witness.run(task.events, task.windows, task.targets, task.rates)
    counts = counts_per_sample(task.spec, result.activity, 4)

    fired = [int(spikes.sum()) for spikes in expected.spikes]
    input_rows = int((task.events.end - task.events.begin).sum())
    assert counts.input_events == input_rows / 4
    assert list(counts.spikes) == [n / 4 for n in fired]
    rows = [input_rows, *fired[:-1]]
    sizes = task.spec.layer_sizes[1:]
    assert list(counts.synaptic_events) == [n * size / 4 for n, size in zip(rows, sizes, strict=True)]
    assert [counts.row_events(layer, shape) for layer, shape in enumerate(task.spec.shapes)] == [n / 4 for n in rows]
    assert list(counts.weight_updates) == [n / 4 for n in expected.activity["weight_updates"]]
    assert list(counts.code_writes) == [n / 4 for n in expected.activity["code_writes"]]
    assert sum(counts.synaptic_events) > 0
    assert sum(counts.weight_updates) > 0


SPEC = spec_of(sizes=(20, 10, 4), steps=16, circuit={"accumulator_bits": 8})
COUNTS = EventCounts(100.0, (1000.0, 200.0), (50.0, 8.0), (300.0, 20.0), (5.0, 1.0))


def changed(name, **tables):
    physical = load(name)
    parts = {key: getattr(physical, key).model_copy(update=figures) for key, figures in tables.items()}
    return physical.model_copy(update=parts)


def test_link_bytes_by_hand():
    form = LinkFormat(spike_event=16, target=12, count=8)
    sent = link_bytes(SPEC, COUNTS, form, constant_current=False, learning=True)
    assert (sent.input, sent.targets, sent.counts, sent.total) == (200.0, 14 * 1.5, 0.0, 221.0)
    sent = link_bytes(SPEC, COUNTS, form, constant_current=False, learning=False)
    assert (sent.input, sent.targets, sent.counts) == (200.0, 0.0, 4.0)
    # A constant current of 100 active rows in 16 steps is 6.25 inputs, each an event and an amplitude of eight bits.
    sent = link_bytes(SPEC, COUNTS, form, constant_current=True, learning=False)
    assert sent.input == 6.25 * 3


def test_without_a_chip_events_are_as_small_as_can_be():
    """20 inputs and 16 steps: 5 and 4 bits."""
    assert LinkFormat.of(SPEC, None) == LinkFormat(9, 16, 8)
    assert LinkFormat.of(spec_of(sizes=(1, 1), steps=1), None).spike_event == 1
    assert LinkFormat.of(SPEC, load("brainscales2")) == LinkFormat(32, 16, 8)
    assert LinkFormat.of(spec_of(sizes=(1, 1), target_bits=6), None).target == 6


def test_time_by_hand():
    chip = changed(
        "ideal",
        timing={"step_period_ns": 500.0, "window_overhead_us": 2.0},
        link={"bandwidth_mbit_per_s": 100.0},
    )
    assert latency_steps(SPEC) == 17
    fast = sample_time(SPEC, chip, 100)
    assert (fast.latency_us, fast.window_us, fast.link_us) == pytest.approx((10.5, 10.0, 8.0))
    assert (fast.stall_us, fast.interval_us, fast.stall_fraction) == pytest.approx((0.0, 10.0, 0.0))
    slow = sample_time(SPEC, chip, 500)
    assert (slow.link_us, slow.stall_us, slow.interval_us, slow.stall_fraction) == pytest.approx(
        (40.0, 30.0, 40.0, 0.75)
    )


def test_cycles_by_hand():
    timing = {"stage_cycles": 8, "row_event_cycles": 2, "row_write_cycles": 3}
    chip = changed("ideal", timing=timing)
    rows = 100 / 16  # of the first layer, which has most
    assert busiest_step_cycles(SPEC, chip, COUNTS, learning=False) == pytest.approx(8 + 2 * rows)
    assert busiest_step_cycles(SPEC, chip, COUNTS, learning=True) == pytest.approx(8 + 2 * rows + 3 * (rows + 1))
    # Rows with traces may be all of them, and rules may make several updates.
    traced = spec_of(sizes=(20, 10, 4), steps=16, circuit={"accumulator_bits": 8, "trace_tau_steps": 4.0})
    every = SPEC.layer_sizes[0] + 1
    assert busiest_step_cycles(traced, chip, COUNTS, learning=True) == pytest.approx(8 + 2 * rows + 3 * every)
    # A core of ten rows, two for each signed input, sees a quarter of twenty inputs: the second layer has more.
    small = changed("ideal", timing=timing, array={"core_rows": 10}, synapse={"weight_sign": "paired_rows"})
    assert busiest_step_cycles(SPEC, small, COUNTS, learning=False) == pytest.approx(8 + 2 * max(rows / 4, 50 / 16 / 2))


def test_energy_by_hand():
    chip = changed(
        "ideal",
        energy={
            "synaptic_event_pj": (1.0, 2.0),
            "spike_pj": (10.0, 20.0),
            "neuron_step_pj": (0.5, 1.0),
            "learning_step_pj": (2.0, 3.0),
            "weight_write_pj": (3.0, 30.0),
            "link_byte_pj": (100.0, 200.0),
            "static_power_mw": (1.0, 2.0),
        },
    )
    energy = sample_energy(SPEC, chip, COUNTS, link_bytes=50.0, interval_us=16.0, learning=True)
    lows = {part.name: part.low_nj for part in energy.parts}
    assert lows == pytest.approx(
        {
            "synapses": 1.2,
            "spikes": 0.58,
            "neurons": 14 * 16 * 0.5 / 1e3,
            "learning circuits": 14 * 16 * 2 / 1e3,
            "writes": 0.96,
            "link": 5.0,
            "static": 16.0,
        }
    )
    assert energy.low_nj == pytest.approx(sum(lows.values()))
    assert energy.high_nj == pytest.approx(2.4 + 1.16 + 0.224 + 0.672 + 9.6 + 10 + 32)
    static = next(part for part in energy.parts if part.name == "static")
    assert energy.share(static) == pytest.approx(48 / (energy.low_nj + energy.high_nj))
    resting = sample_energy(SPEC, chip, COUNTS, link_bytes=50.0, interval_us=16.0, learning=False)
    assert energy.low_nj - resting.low_nj == pytest.approx(lows["learning circuits"])


def test_a_bias_that_is_a_row_meets_every_column_at_every_step():
    figures = {"synaptic_event_pj": (1.0, 2.0)}
    parts = {}
    for bias in ("row", "neuron"):
        chip = changed("ideal", energy=figures, array={"bias": bias})
        energy = sample_energy(SPEC, chip, COUNTS, link_bytes=0.0, interval_us=1.0, learning=False)
        parts[bias] = {part.name: (part.low_nj, part.high_nj) for part in energy.parts}
    assert "bias row" not in parts["neuron"]
    low, high = parts["row"].pop("bias row")
    assert (low, high) == pytest.approx(((10 + 4) * 16 * 1e-3, (10 + 4) * 16 * 2e-3))
    assert parts["row"] == parts["neuron"]


def test_the_bias_row_of_an_image_is_driven_at_every_position():
    layers = [Convolution(channels=3, kernel=2), Flatten(), Dense(units=5)]
    spec = ChipSpec(input_shape=(1, 4, 4), layers=layers, steps=6)
    chip = changed("ideal", energy={"synaptic_event_pj": (1.0, 1.0)}, array={"bias": "row"})
    energy = sample_energy(spec, chip, COUNTS, link_bytes=0.0, interval_us=1.0, learning=False)
    [bias] = [part for part in energy.parts if part.name == "bias row"]
    assert bias.count == 6 * (9 * 3 + 5)


def test_membranes_of_tied_outputs_are_read_back_and_only_those():
    form = LinkFormat.of(SPEC, None)
    tied = replace(COUNTS, ties=0.25)
    untied, read = (link_bytes(SPEC, each, form, constant_current=False, learning=False) for each in (COUNTS, tied))
    assert untied.membranes == 0
    assert read.membranes == 0.25 * 4 * 8 / 8 and read.total == untied.total + read.membranes
    learning = link_bytes(SPEC, tied, form, constant_current=False, learning=True)
    assert learning.membranes == 0


def test_ties_are_those_of_the_output_layer():
    task = lesson(spec_of(sizes=(7, 9, 4), steps=3), n_windows=60)
    activity = programmed(task.spec, task.weights).infer(task.events, task.windows).activity
    assert counts_per_sample(task.spec, activity, 60).ties == activity["ties"][-1] / 60 > 0


@pytest.mark.parametrize("preset", PRESETS)
@given(events=st.floats(0, 1e9), spikes=st.floats(0, 1e9), updates=st.floats(0, 1e9), sent=st.floats(0, 1e9))
def test_shares_add_up_and_ranges_are_ranges(preset, events, spikes, updates, sent):
    counts = EventCounts(events, (events, 0.0), (spikes, 0.0), (updates, 0.0), (0.0, 0.0))
    energy = sample_energy(SPEC, load(preset), counts, sent, 10.0, learning=True)
    assert all(0 <= part.low_nj <= part.high_nj for part in energy.parts)
    total = sum(energy.share(part) for part in energy.parts)
    assert total == pytest.approx(1.0) if energy.high_nj else total == 0


def test_area_by_hand():
    figures = {"synapse_um2": 100.0, "neuron_um2": 1000.0, "learning_circuit_um2": 500.0}
    array = {"core_rows": 30, "core_columns": 20, "cores": 3, "bias": "row"}
    chip = changed("ideal", area=figures, array=array)
    mine = network_area(SPEC, chip)
    assert mine.synapses_mm2 == pytest.approx((21 * 10 + 11 * 4) * 1e-4)
    assert (mine.neurons_mm2, mine.learning_circuits_mm2) == pytest.approx((14e-3, 7e-3))
    assert mine.total_mm2 == pytest.approx(mine.synapses_mm2 + 21e-3)
    unbiased = changed("ideal", area=figures, array=array | {"bias": "neuron"})
    assert network_area(SPEC, unbiased).synapses_mm2 == pytest.approx((200 + 40) * 1e-4)
    # A signed synapse takes two places where it is a pair: on two rows, or on two columns with half the neurons.
    signs = {"signed_column": (1800, 60), "paired_rows": (900, 60), "differential_pair": (900, 30)}
    for sign, (synapses, neurons) in signs.items():
        whole = chip_area(SPEC, changed("ideal", area=figures, array=array, synapse={"weight_sign": sign}))
        assert (whole.synapses_mm2, whole.neurons_mm2) == pytest.approx((synapses * 1e-4, neurons * 1e-3))


def test_bias_converters_are_counted_one_per_layer_and_paid_for_if_there_are_figures():
    neuron = {"kind": "lif", "leak_dac": {"bits": 6}, "threshold_dac": {"bits": 4}}
    set_by_dac = spec_of(sizes=(20, 10, 4), neuron=neuron)
    assert [(dacs.sets, dacs.count, dacs.dac.bits) for dacs in bias_dacs(set_by_dac)] == [
        ("leak", 2, 6),
        ("threshold", 2, 4),
    ]
    assert bias_dacs(SPEC) == bias_dacs(spec_of(neuron={"leak_dac": {"bits": 6}})) == []
    plain = changed("ideal")
    paid = changed("ideal", bias={"dac_power_uw": (0.5, 2.0), "dac_area_um2": 250.0})
    assert network_area(set_by_dac, plain).bias_dacs_mm2 is None
    assert network_area(set_by_dac, paid).bias_dacs_mm2 == network_area(set_by_dac, paid).total_mm2 == 1e-3
    assert network_area(SPEC, paid).bias_dacs_mm2 == 0
    leak = {"leak_dac_bits": 6, "leak_dac_low_ns": 0.0, "leak_dac_high_ns": 9.0}
    threshold = {"threshold_dac_bits": 4, "threshold_dac_low_v": 0.5, "threshold_dac_high_v": 1.5}
    both = changed("ideal", array={"cores": 3}, bias={"dac_area_um2": 250.0, **leak, **threshold})
    assert chip_area(SPEC, both).bias_dacs_mm2 == pytest.approx(3 * 2 * 250e-6)
    energies = [
        {part.name: part for part in sample_energy(set_by_dac, chip, COUNTS, 50.0, 16.0, learning=True).parts}
        for chip in (plain, paid)
    ]
    assert "bias DACs" not in energies[0]
    part = energies[1]["bias DACs"]
    assert (part.low_nj, part.high_nj) == pytest.approx((4 * 16 * 0.5e-3, 4 * 16 * 2e-3))


def test_without_a_chip_there_is_no_time_and_no_energy():
    names = ("synaptic_events", "spikes", "weight_updates", "code_writes")
    activity = {name: np.array([30, 20]) for name in names} | {"ties": np.array([0, 0])}
    cost = phase_cost(SPEC, None, "inference", activity, 10, constant_current=False).to_json()
    assert cost["synaptic_events"] == 5.0
    assert cost["spikes_per_layer"] == [3.0, 2.0]
    assert cost["latency_steps"] == 17
    assert cost["link_bytes"]["total"] == 0.3 * 9 / 8 + 4
    assert not {"energy_nj", "latency_us", "clock_cycles"} & cost.keys()
    with_chip = phase_cost(SPEC, load("rram"), "inference", activity, 10, constant_current=False).to_json()
    assert {"energy_nj", "latency_us", "clock_cycles"} < with_chip.keys()
    assert with_chip["clock_cycles"] == pytest.approx(with_chip["latency_us"] * 100)
