"""Columns that see each other and learn by the timing of spikes: the reference model, and cases worked out by hand."""

import numpy as np
import pytest
from competing_chips import competing_spec, unipolar_lesson
from small_chips import current_events, events_of, programmed, taught
from witnessed import assert_learns_as_its_witness

from chipsim import Chip, ChipError
from chipsim.kernel import Order, Plan, When, settled
from learning_circuit import Rows, Stdp

DEVICES = ("pulse:0.3", "cycle:0.4", "write:0.02", "asymmetry:0.4,spread=0.2")
COUNTER = {"inhibited_steps": 0, "theta_step": 0.5, "theta_bits": 3, "theta_leak_windows": 4.0}
LINEAR = {"w_max_th": 0.5, "mu": 1.0, "x_tar": 0.2}
CASES = {
    "ideal": {},
    "a wide layer, odd tiles": {"n": 150, "n_in": 5, "steps": 6},
    "one neuron, a threshold of three bits": {"n": 1, "neuron": {"kind_settings": COUNTER}},
    "neurons and counters": {
        "noise": ("mismatch:0.3", "silencing:0.1", "thermal:0.05", "missed:0.2", "read:0.02", "ktc:0.05")
    },
    "devices": {"n": 100, "n_in": 17, "noise": ("mismatch:0.4@weight", "stuck:0.1", *DEVICES)},
    "soft bounds that drift": {
        "n": 50,
        "noise": ("nonlinear:2.4,down=4", "drift:0.3"),
        "circuit": {"rule_settings": LINEAR, "warm_up_steps": 0},
    },
    "a measured device": {"circuit": {"pulse_steps": ((2.0, 1.1, 0.4), (0.3, 0.9, 0.8, 1.6, 2.5))}},
}


@pytest.mark.parametrize("case", CASES)
def test_equals_the_reference_model(case):
    spec = competing_spec(**CASES[case])
    learned = assert_learns_as_its_witness(unipolar_lesson(spec), threads=2)
    assert learned.activity["spikes"].sum() > 0
    rows = spec.layer_sizes[0]
    after_warm_up = learned.spikes[0][:, spec.learning_circuit.warm_up_steps :].sum()
    assert learned.activity["weight_updates"].sum() == rows * after_warm_up > 0
    assert (learned.spikes[0].sum(axis=2) <= 1).all(), "one at most in a step"


def of_hand(weights, **changes):
    """A chip of two inputs, of which the first spikes at steps 0, 1, 2 and 5, without a leak; weights (2, n)."""
    weights = np.array(weights, np.float32)
    spec = competing_spec(
        weights.shape[1], n_in=2, steps=6, neuron={"tau_steps": 1e9} | changes, circuit={"warm_up_steps": 0}
    )
    masks = np.zeros((1, 6, 2), bool)
    masks[0, [0, 1, 2, 5], 0] = True
    chip = programmed(spec, [(weights, np.zeros(weights.shape[1], np.float32))])
    return chip, events_of(masks)


def counts_of(chip, events):
    return chip.infer(events, np.arange(1)).counts[0][0].tolist()


def test_of_equal_neurons_the_first_fires():
    chip, events = of_hand([[0.5, 0.5, 0.25], [0, 0, 0]])
    assert counts_of(chip, events) == [1, 0, 0]


def test_the_largest_margin_wins_wherever_it_is():
    """Over its own threshold, that is: theta, which a snapshot holds, makes the first one's higher."""
    chip, events = of_hand([[0.5, 0.45, 0.5], [0, 0, 0]])
    chip.restore(chip.snapshot() | {"layer1.theta": np.array([1, 0, 0], np.float32)})
    assert counts_of(chip, events) == [0, 0, 1]
    chip.restore(chip.snapshot() | {"layer1.theta": np.array([6, 0, 6], np.float32)})
    assert counts_of(chip, events) == [0, 1, 0]


def test_inhibition_holds_all_membranes_empty():
    """0.5 a spike: the first fires at step 1. Free again at once, two more spikes make it fire at step 5."""
    for inhibited, expected in ((0, 2), (1, 1), (4, 1)):
        chip, events = of_hand([[0.5, 0.25], [0, 0]], kind_settings={"inhibited_steps": inhibited, "theta_step": 0.0})
        assert counts_of(chip, events) == [expected, 0], inhibited


def test_a_spike_moves_its_column_alone_by_trace_less_offset():
    """dw = eta (x - x_tar) (w_max - w)^mu w_max^(1 - mu), by hand in float64."""
    chip, events = of_hand([[0.5 - 2**-5, 0.1], [0.25, 0.1]], kind_settings={"inhibited_steps": 9})
    chip.learn(events, np.arange(1), [None], np.array([0.01], np.float32)).classes  # noqa: B018 - it waits
    weights, _ = chip.weights()[0]
    decay = np.exp(-1 / 3)  # the first one fires at step 2
    x = np.array([1 + decay + decay**2, 0])
    start = np.array([0.5 - 2**-5, 0.25])
    expected = start + 0.01 * (x - 0.5) * (0.5 - start) ** 0.2 * 0.5**0.8
    assert weights[:, 0] == pytest.approx(expected, rel=1e-4)
    assert weights[:, 1].tolist() == [np.float32(0.1)] * 2


def test_thresholds_rise_leak_and_stay():
    """One spike in the first window; theta loses a quarter as each further one begins, and nothing at rest."""
    chip, events = of_hand([[0.5], [0]], kind_settings={"theta_leak_windows": 4.0, "inhibited_steps": 9})
    found = []
    for _ in range(3):
        chip.learn(events, np.arange(1), [None], np.zeros(1, np.float32)).classes  # noqa: B018 - it waits
        chip.infer(events, np.arange(1))
        found.append(chip.snapshot()["layer1.theta"][0])
    assert found == [np.float32(1), np.float32(1.75), np.float32(1.75) * np.float32(0.75) + 1]


def test_a_pulse_lowers_where_it_does_so_by_its_row():
    """All pulses are up, and rows below x_tar are lowered by them: without pulses down they stay."""
    rising, falling = (competing_spec(noise=(f"asymmetry:{level}",)) for level in (2, -2))
    for spec, sign in ((rising, 1), (falling, -1)):
        task = unipolar_lesson(spec)
        chip = programmed(spec, task.weights)
        taught(task, chip)
        moved = chip.weights()[0][0] - task.weights[0][0]
        assert (sign * moved >= 0).all() and (sign * moved > 0).any()


def test_no_synapse_is_written_at_a_rate_of_0():
    task = unipolar_lesson(competing_spec(), rate=0.0)
    chip = programmed(task.spec, task.weights)
    before = chip.snapshot()
    assert taught(task, chip).activity["weight_updates"].sum() == 0
    after = chip.snapshot()
    assert np.array_equal(before["layer1.weight"], after["layer1.weight"])
    assert not np.array_equal(before["layer1.theta"], after["layer1.theta"])


def test_windows_are_the_same_in_any_pieces_and_on_any_threads():
    task = unipolar_lesson(competing_spec(40, ("mismatch:0.2", "thermal:0.05")), n_windows=40)
    whole, parts = programmed(task.spec, task.weights), programmed(task.spec, task.weights, threads=3)
    taught(task, whole)
    for one in range(0, 40, 7):
        here = slice(one, one + 7)
        events = type(task.events)(*(array[here] for array in task.events))
        parts.learn(events, task.windows[here], [None], task.rates[here])
    mine, theirs = whole.snapshot(), parts.snapshot()
    for name in mine:
        assert np.array_equal(mine[name], theirs[name]), name
    shown = [chip.infer(task.events, task.windows).counts[0] for chip in (whole, parts)]
    assert np.array_equal(*shown)


def test_what_is_pruned_stays_so():
    """Through learning and programming; a snapshot of before brings it back."""
    task = unipolar_lesson(competing_spec())
    chip = programmed(task.spec, task.weights)
    whole = chip.snapshot()
    kept = (whole["layer1.weight"][:-1] > 0.25).astype(np.uint8)
    chip.restore(whole | {"layer1.kept": kept})
    for act in (lambda: taught(task, chip).classes, lambda: chip.program(task.weights)):
        act()
        weights, _ = chip.weights()[0]
        assert not weights[kept == 0].any() and weights[kept == 1].any()
        assert np.array_equal(chip.snapshot()["layer1.kept"], kept)
    chip.restore(whole)
    taught(task, chip)
    another = programmed(task.spec, task.weights)
    taught(task, another)
    assert np.array_equal(chip.weights()[0][0], another.weights()[0][0])


def test_any_number_but_0_keeps_a_synapse():
    task = unipolar_lesson(competing_spec())
    chip = programmed(task.spec, task.weights)
    whole = chip.snapshot()
    chip.restore(whole | {"layer1.kept": np.full_like(whole["layer1.kept"], 7)})
    assert np.array_equal(chip.snapshot()["layer1.weight"], whole["layer1.weight"])
    assert set(np.unique(chip.snapshot()["layer1.kept"])) == {1}


def test_what_drifts_is_not_pruned_and_stays_as_it_was():
    task = unipolar_lesson(competing_spec(noise=("drift:0.05",)))
    chip = programmed(task.spec, task.weights)
    chip.age(3600.0)
    before = chip.snapshot()
    with pytest.raises(ChipError, match="synapses that drift cannot be pruned"):
        chip.restore({name: np.zeros_like(array) if name != "age" else array for name, array in before.items()})
    after = chip.snapshot()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_offset_traces_take_unipolar_synapses(monkeypatch):
    """Where a row carries less than 0, a bipolar device would take the pulse for one of the other sign."""
    monkeypatch.setattr(Stdp, "unipolar", False)
    with pytest.raises(ChipError, match="which only unipolar synapses take"):
        Chip(competing_spec(), 1)


def test_other_layers_have_the_kernels_that_they_had():
    never = When.NEVER
    asked = Plan(
        *(Order.COMPETE, False, True, "winner_take_all", "stdp", (Rows.OFFSET_TRACES,), "spikes"),
        *(never, never, never, never, never, "devices"),
    )
    assert settled(asked) == asked._replace(noise=When.ASK, missed=When.ASK, probed=When.ASK)
    assert settled(asked._replace(order=Order.STEP, neuron="lif")).order is Order.STEP


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"neuron": {"synapse_tau_steps": 2.0}}, "leave neuron.synapse_tau_steps"),
        ({"circuit": {"trace_tau_steps": None}}, "set learning_circuit.trace_tau_steps"),
        ({"circuit": {"rule_settings": {"w_max_th": -1.0}}}, "w_max_th"),
        ({"neuron": {"kind_settings": {"inhibited_steps": -1}}}, "inhibited_steps"),
        ({"neuron": {"kind_settings": {"theta_bits": 0}}}, "theta_bits"),
    ],
)
def test_refused_in_one_line(changes, words):
    with pytest.raises(ChipError) as refusal:
        Chip(competing_spec(**changes), 1)
    assert words in str(refusal.value) and "\n" not in str(refusal.value)


def test_what_cannot_be_programmed_or_shown_is_refused():
    task = unipolar_lesson(competing_spec())
    chip = programmed(task.spec, task.weights)
    [(weights, biases)] = task.weights
    with pytest.raises(ChipError, match=r"do not fit unipolar synapses of 0 to 0\.5 th"):
        chip.program([(weights - 0.3, biases)])
    with pytest.raises(ChipError, match="program biases of 0"):
        chip.program([(weights, biases + 1)])
    with pytest.raises(ChipError, match="takes spikes, no constant current"):
        chip.infer(current_events(task.spec, np.random.default_rng(1), 3), task.windows)
