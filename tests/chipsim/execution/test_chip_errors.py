"""What a chip refuses, and how it says so. Every message names the value, the rule and the fix."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from small_chips import assert_same_state, lesson, programmed, spec_of, spike_events, taught

from chipsim import AdcSpec, Chip, ChipError, ChipSpec, NeuronSpec, Probe
from chipsim.execution import events_fit, events_problem
from learning_circuit import LearningCircuitSpec


@pytest.fixture
def task():
    return lesson(spec_of(sizes=(4, 3, 2), steps=5), n_windows=3)


@pytest.fixture
def chip(task):
    return programmed(task.spec, task.weights)


def refused(text, call, *arguments):
    with pytest.raises(ChipError, match=f"^{re.escape(text)}$"):
        call(*arguments)


def test_a_chip_without_weights_does_nothing(task):
    bare = Chip(task.spec, 0)
    calls = [
        lambda: bare.infer(task.events, task.windows),
        lambda: taught(task, bare),
        bare.weights,
        bare.snapshot,
        lambda: bare.restore({}),
    ]
    for call in calls:
        refused("this chip has no weights yet: call program() first", call)


def test_weights_of_another_shape(task, chip):
    (w, b), second = task.weights
    fit = "do not fit this chip: program [((4, 3), (3,)), ((3, 2), (2,))]"
    before = chip.snapshot()
    refused(f"weights of shapes [((3, 4), (3,)), ((3, 2), (2,))] {fit}", chip.program, [(w.T, b), second])
    refused(f"weights of shapes [((4, 3), (2,)), ((3, 2), (2,))] {fit}", chip.program, [(w, b[:2]), second])
    refused(f"weights of shapes [((4, 3), (3,))] {fit}", chip.program, [(w, b)])
    after = chip.snapshot()
    assert all(np.array_equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", [0, 1], ids=["weight", "bias"])
@pytest.mark.parametrize("noise", [(), ("quantization:4",)], ids=["analog", "few bits"])
def test_weights_that_are_not_finite(task, part, value, noise):
    chip = Chip(spec_of(sizes=(4, 3, 2), steps=5, noise=noise), 0)
    task.weights[1][part].flat[-1] = value
    text = "weights to program contain NaN or infinity: every weight and bias must be a finite float32"
    refused(text, chip.program, task.weights)


def test_a_refused_program_leaves_the_old_weights(task, chip):
    """The bad value is in the last layer: the first must not have been written either."""
    before = programmed(task.spec, task.weights)
    bad = [(2 * w, b.copy()) for w, b in task.weights]
    bad[1][1][0] = np.nan
    with pytest.raises(ChipError, match="NaN or infinity"):
        chip.program(bad)
    assert_same_state(chip, before)


def test_targets_of_another_shape(task, chip):
    fit = "do not fit this chip and chunk: send [(3, 3), (3, 2)]"
    first, second = task.targets
    refused(f"targets of shapes [(3, 3)] {fit}", chip.learn, task.events, task.windows, [first], task.rates)
    refused(
        f"targets of shapes [(2, 3), (3, 2)] {fit}",
        chip.learn,
        task.events,
        task.windows,
        [first[:2], second],
        task.rates,
    )


def test_events_of_another_shape(task, chip):
    fewer = task.events._replace(begin=task.events.begin[:, :4], end=task.events.end[:, :4])
    text = "events of (3, 4) (windows, steps) do not fit: this chunk has 3 windows of 5 steps"
    refused(text, chip.infer, fewer, task.windows)
    text = "events of (3, 5) (windows, steps) do not fit: this chunk has 2 windows of 5 steps"
    refused(text, chip.infer, task.events, task.windows[:2])
    refused(text, chip.learn, task.events, task.windows[:2], [t[:2] for t in task.targets], task.rates[:2])


def spoilt(events, name, value):
    array = getattr(events, name).copy()
    array[1, 2] = value
    return events._replace(**{name: array})


@pytest.mark.parametrize(
    ("name", "value"),
    [("rows", 4), ("rows", -1), ("rows", 2**31 - 1), ("rows", -(2**31)), ("begin", -1), ("end", 21), ("end", 0)],
)
def test_events_outside_the_chip_or_their_buffer(task, chip, name, value):
    """No kernel may ever read or write beside its arrays."""
    rows = np.tile(np.arange(4, dtype=np.int32), (3, 5))
    begin = np.tile(np.arange(0, 20, 4, dtype=np.int32), (3, 1))
    events = task.events._replace(rows=rows, begin=begin, end=begin + np.int32(4))  # all inputs at all steps
    chip.infer(events, task.windows)
    text = (
        "events must lie inside their buffer and name input rows 0 to 3; a constant current must be finite and the same"
        " at every step"
    )
    refused(text, chip.infer, spoilt(events, name, value), task.windows)


IN_ORDER = (
    "events must name the rows of a step in ascending order, each at most once: sort them, and leave out what comes"
    " twice"
)


def every_row_at_every_step(task, n_rows=4):
    """Events whose steps follow each other, and the same with a gap before each."""
    n, steps = len(task.windows), task.spec.steps
    begin = np.tile(np.arange(0, n_rows * steps, n_rows, dtype=np.int32), (n, 1))
    rows = np.tile(np.arange(n_rows, dtype=np.int32), (n, steps))
    follow = task.events._replace(rows=rows, begin=begin, end=begin + np.int32(n_rows))
    spread = np.zeros((n, (n_rows + 1) * steps), np.int32)
    apart = np.tile(np.arange(0, (n_rows + 1) * steps, n_rows + 1, dtype=np.int32), (n, 1))
    for t in range(steps):
        spread[:, apart[0, t] : apart[0, t] + n_rows] = np.arange(n_rows)
    return {"one after the other": follow, "apart": task.events._replace(rows=spread, begin=apart, end=apart + n_rows)}


@pytest.mark.parametrize("swap", [(0, 0), (1, 0), (2, 1), (3, 2)], ids=["twice", "first", "middle", "last"])
@pytest.mark.parametrize("step", [0, 2, 4])
@pytest.mark.parametrize("threads", [1, 2])
def test_rows_named_twice_or_out_of_order(task, swap, step, threads):
    """A dense layer would add such a row twice, where its driver fires once per step."""
    chip = programmed(task.spec, task.weights, threads=threads)
    before = chip.snapshot()
    for events in every_row_at_every_step(task).values():
        chip.infer(events, task.windows)
        place, value = int(events.begin[1, step]) + swap[0], swap[1]
        rows = events.rows.copy()
        rows[1, place] = value if swap != (0, 0) else 1  # row 1 follows
        bad = events._replace(rows=rows)
        refused(IN_ORDER, chip.infer, bad, task.windows)
        refused(IN_ORDER, chip.learn, bad, task.windows, task.targets, task.rates)
        refused(IN_ORDER, chip.read_back, bad, task.windows, AdcSpec())
    after = chip.snapshot()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_current_into_a_row_twice(chip):
    task = lesson(spec_of(sizes=(4, 3, 2), steps=5), constant_current=True)
    rows = np.tile(np.array([0, 2, 2, 3], np.uint16), (3, 1))
    end = np.full((3, 5), 4, np.int32)
    events = task.events._replace(rows=rows, begin=0 * end, end=end, amplitude=np.full((3, 4), 0.5, np.float32))
    refused(IN_ORDER, chip.infer, events, task.windows)
    chip.infer(events._replace(rows=np.tile(np.arange(4, dtype=np.uint16), (3, 1))), task.windows)


@given(seed=st.integers(0, 2**32 - 1), spoil=st.booleans())
def test_random_events_are_refused_just_where_a_step_does_not_ascend(seed, spoil):
    rng = np.random.default_rng(seed)
    events = spike_events(spec_of(sizes=(9, 2), steps=4), rng, 3, density=rng.choice([0.0, 0.2, 0.9]))
    rows = events.rows.astype(np.int32)
    if spoil:
        rows[rng.integers(3), rng.integers(rows.shape[1])] = rng.integers(9)
    steps = [rows[s, events.begin[s, t] : events.end[s, t]] for s, t in np.ndindex(events.begin.shape)]
    in_order = all((np.diff(step) > 0).all() for step in steps)
    found = events_fit(rows, events.begin, events.end, events.amplitude, 9, events.begin.shape[1], 0, 3)
    assert events_problem(9, {found}) == (None if in_order else IN_ORDER)


NO_WINDOWS = {
    "none": (np.zeros(0, np.int64), "window numbers of shape (0,): send one per window, and at least one window"),
    "an empty list": ([], "window numbers of shape (0,): send one per window, and at least one window"),
    "one number": (np.int64(3), "window numbers of shape (): send one per window, and at least one window"),
    "a table": (np.zeros((3, 1), int), "window numbers of shape (3, 1): send one per window, and at least one window"),
    "fractions": (np.array([0.5, 1, 2]), "window numbers of type float64: send whole numbers"),
}


@pytest.mark.parametrize(("windows", "text"), NO_WINDOWS.values(), ids=NO_WINDOWS)
def test_window_numbers_that_are_none(task, chip, windows, text):
    n = np.size(windows) if np.ndim(windows) == 1 else 3
    events = task.events._replace(**{name: getattr(task.events, name)[:n] for name in ("rows", "begin", "end")})
    refused(text, chip.infer, events, windows)
    refused(text, chip.read_back, events, windows, AdcSpec())
    refused(text, chip.learn, events, windows, [target[:n] for target in task.targets], task.rates[:n])


def test_probes_of_what_is_not_there(task, chip):
    for layer in (0, 3, -1):
        text = f"there is no layer {layer} to probe: choose 1 to 2"
        refused(text, chip.infer, task.events, task.windows, [Probe(layer, (0,))])
    for neurons in ((2,), (0, -1)):
        text = "layer 2 has neurons 0 to 1; probe some of those"
        refused(text, chip.infer, task.events, task.windows, [Probe(2, neurons)])
    n_in = task.spec.layer_sizes[0]
    for rows in ((n_in + 1,), (0, -1)):
        text = f"layer 1 has input rows 0 to {n_in - 1}, and {n_in} for the bias; probe some of those"
        refused(text, chip.infer, task.events, task.windows, [Probe(1, (0,), rows)])


def test_a_refusal_changes_nothing(task, chip):
    untouched = programmed(task.spec, task.weights)
    with pytest.raises(ChipError):
        chip.learn(task.events, task.windows, task.targets, task.rates, [Probe(9, (0,))])
    with pytest.raises(ChipError):
        chip.learn(task.events, task.windows, task.targets[:1], task.rates)
    assert_same_state(chip, untouched)


BAD_SPECS = {
    "one size": ({"layer_sizes": (4,)}, "at least 2 items"),
    "an empty layer": ({"layer_sizes": (4, 0, 2)}, "greater than or equal to 1"),
    "no steps": ({"layer_sizes": (4, 2), "steps": 0}, "greater than or equal to 1"),
    "too many steps": ({"layer_sizes": (4, 2), "steps": 4097}, "less than or equal to 4096"),
    "an unknown field": ({"layer_sizes": (4, 2), "step": 3}, "Extra inputs are not permitted"),
    "an unknown noise": (
        {"layer_sizes": (4, 2), "noise": ("mismatc:1",)},
        "unknown noise 'mismatc': did you mean 'mism",
    ),
    "a layer too far": (
        {"layer_sizes": (4, 3, 2), "noise": ("thermal:1,layer=3",)},
        "noise 'thermal:1,layer=3': there is no layer 3; this chip has 1 to 2",
    ),
    "a noise given twice": (
        {"layer_sizes": (4, 2), "noise": ("thermal:1", "thermal:2,layer=1")},
        "thermal@membrane is given twice: keep one, or name different sites",
    ),
}


@pytest.mark.parametrize(("fields", "text"), BAD_SPECS.values(), ids=BAD_SPECS)
def test_specs_that_cannot_be(fields, text):
    with pytest.raises(ValidationError, match=re.escape(text)):
        ChipSpec(**fields)


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        (NeuronSpec, "kind", "izhikevich"),
        (NeuronSpec, "tau_steps", 0),
        (NeuronSpec, "tau_steps", np.inf),
        (NeuronSpec, "tau_steps", np.nan),
        (NeuronSpec, "tau_steps", (3.0, -1.0)),
        (NeuronSpec, "threshold_th", 0),
        (NeuronSpec, "reset", "none"),
        (NeuronSpec, "low_rail_th", 0.1),
        (NeuronSpec, "low_rail_th", -np.inf),
        (NeuronSpec, "high_rail_th", 0.9),
        (NeuronSpec, "high_rail_th", np.inf),
        (NeuronSpec, "readout", "both"),
        (NeuronSpec, "threshold", 1),
        (LearningCircuitSpec, "accumulator_bits", 0),
        (LearningCircuitSpec, "accumulator_bits", 25),
        (LearningCircuitSpec, "error_gate", "cubic"),
        (LearningCircuitSpec, "dead_zone_counts", -0.1),
        (LearningCircuitSpec, "dead_zone_counts", np.inf),
        (LearningCircuitSpec, "boxcar_width_th", 0),
        (LearningCircuitSpec, "boxcar_width_th", np.inf),
        (LearningCircuitSpec, "warm_up_steps", -1),
        (LearningCircuitSpec, "update_accumulator_bits", -1),
        (LearningCircuitSpec, "update_accumulator_bits", 15),
        (LearningCircuitSpec, "learning_rate", 0.1),
    ],
)
def test_parts_that_cannot_be(part, field, value):
    """The error is about this field and no other."""
    with pytest.raises(ValidationError) as caught:
        part(**{field: value})
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


def test_specs_are_frozen_and_survive_json():
    spec = spec_of(noise=("mismatch:0.2@weight,layer=1",), neuron={"kind": "lif"}, circuit={"error_gate": "sign"})
    with pytest.raises(ValidationError, match="frozen"):
        spec.steps = 3
    assert ChipSpec.model_validate_json(spec.model_dump_json()) == spec


def test_an_ideal_chip_keeps_the_design():
    spec = spec_of(noise=("mismatch:0.2", "thermal:0.1"), neuron={"kind": "lif"})
    assert spec.ideal().noise == () and spec.ideal().noises == ()
    assert spec.ideal() == spec_of(neuron={"kind": "lif"})


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e._replace(amplitude=e.amplitude[:, :-1]),
        lambda e: e._replace(amplitude=np.full_like(e.amplitude, np.nan)),
        lambda e: e._replace(end=np.maximum(e.end - np.arange(e.end.shape[1], dtype=np.int32), e.begin)),
    ],
    ids=["too few amplitudes", "NaN", "not the same at every step"],
)
def test_a_constant_current_that_is_none(change):
    task = lesson(spec_of(sizes=(6, 5, 3)), constant_current=True)
    chip = programmed(task.spec, task.weights)
    with pytest.raises(ChipError, match="amplitudes of .* do not fit|must be finite and the same at every step"):
        chip.infer(change(task.events), task.windows)


@pytest.mark.parametrize("threads", [1, 2])
def test_rates_and_targets_must_fit_and_be_finite(threads):
    task = lesson(spec_of(sizes=(6, 5, 3)))
    chip = programmed(task.spec, task.weights, threads=threads)
    before = chip.snapshot()
    n = len(task.windows)
    for rates in (np.float32(1), np.ones(n + 1), np.ones((n, 5))):
        with pytest.raises(ChipError, match="learning rates of shape"):
            chip.learn(task.events, task.windows, task.targets, rates)
    with pytest.raises(ChipError, match="learning rates contain NaN"):
        chip.learn(task.events, task.windows, task.targets, np.full(n, np.nan))
    with pytest.raises(ChipError, match="targets contain NaN"):
        chip.learn(task.events, task.windows, [np.full_like(t, np.inf) for t in task.targets], task.rates)
    after = chip.snapshot()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_an_empty_chunk_and_a_layer_probed_twice():
    task = lesson(spec_of(sizes=(6, 5, 3)))
    chip = programmed(task.spec, task.weights)
    with pytest.raises(ChipError, match="at least one window"):
        chip.infer(task.events, task.windows[:0])
    with pytest.raises(ChipError, match="probed twice"):
        chip.infer(task.events, task.windows, [Probe(1, (0,)), Probe(1, (1,))])
