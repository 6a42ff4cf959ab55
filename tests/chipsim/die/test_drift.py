"""Drift: one trajectory per die that follows the formula, whatever the chunks, threads and interruptions."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from small_chips import (
    assert_equals_witness,
    assert_same,
    assert_same_state,
    chunk_of,
    every_neuron,
    lesson,
    programmed,
    spec_of,
    taught,
    witness_of,
)

from chipsim import ChipError
from chipsim.die import ageing
from chipsim.die.fabrication import fabricate

EVERYTHING = ("drift:0.3,window=0.5", "mismatch:0.2", "read:0.05", "stuck:0.1", "silencing:0.1", "thermal:0.1")


@pytest.fixture
def every_other_window(monkeypatch):
    """Weights drift after every second window instead of every 256th, so that short lessons see it."""
    monkeypatch.setattr(ageing, "AGEING_WINDOWS", 2)
    monkeypatch.setattr("reference_chip.AGEING_WINDOWS", 2)


def rested(noise, *rests, die_seed=3, sizes=(7, 9, 5, 3)):
    task = lesson(spec_of(sizes, noise=noise))
    chip = programmed(task.spec, task.weights, die_seed)
    for seconds in rests:
        chip.age(seconds)
    return chip


def flat(chip):
    return np.concatenate([np.vstack([w, b[None]]).ravel() for w, b in chip.weights()]).astype(float)


def test_the_exponents_are_drawn_once_per_synapse():
    [made] = fabricate(spec_of((100, 200), noise=("drift:0.1,spread=0.3",)), 1)
    nu = made.drift.exponent
    assert nu.shape == (101, 200)
    assert stats.kstest(nu.ravel(), stats.truncnorm(-1 / 0.3, np.inf, 0.1, 0.03).cdf).pvalue > 1e-3
    assert (fabricate(spec_of((100, 200), noise=("drift:0.1,spread=0",)), 1)[0].drift.exponent == 0.1).all()


@pytest.mark.parametrize(
    "noise", [(), ("quantization:4",), ("mismatch:0.3", "ir:0.01")], ids=["ideal", "coded", "more"]
)
def test_a_rest_follows_the_formula(noise):
    chip = rested((*noise, "drift:0.2,t0=10"))
    fresh, nu = flat(chip), np.concatenate([made.drift.exponent.ravel() for made in chip._fabricated])
    for rests, age in ((1, 5.0), (2, 60.0), (3, 1e6)):
        chip.age(age - sum((5.0, 55.0, 1e6 - 60)[: rests - 1]))
        assert np.allclose(flat(chip), fresh * ((10 + age) / 10) ** -nu, rtol=1e-5)


def test_a_trajectory_is_monotone_and_never_drawn_again():
    chip = rested(("drift:0.1",))
    seen = [np.abs(flat(chip))]
    for _ in range(5):
        chip.age(100.0)
        seen.append(np.abs(flat(chip)))
    living = seen[0] > 0
    assert all((after[living] < before[living]).all() for before, after in pairwise(seen))
    # Many rests or one: the same place on the same curve; another die is on another.
    assert np.allclose(flat(rested(("drift:0.1",), 500.0)), flat(chip), rtol=1e-5)
    assert not np.allclose(flat(rested(("drift:0.1",), 500.0, die_seed=4)), flat(chip), rtol=1e-3)


def test_programming_makes_weights_new():
    chip, task = rested(("drift:0.3",), 1e5), lesson(spec_of(noise=("drift:0.3",)))
    chip.program(task.weights)
    assert_same_state(chip, programmed(task.spec, task.weights))


def test_stuck_synapses_do_not_drift():
    chip, fresh = rested(("drift:0.3", "stuck:0.3"), 1e5), rested(("drift:0.3", "stuck:0.3"))
    stuck = np.concatenate([np.broadcast_to(made.stuck != 0, made.gain.shape).ravel() for made in chip._fabricated])
    assert 0 < stuck.sum() < len(stuck)
    assert np.array_equal(flat(chip) == flat(fresh), stuck | (flat(fresh) == 0))


def test_windows_that_are_learned_from_are_time_and_inference_is_not():
    """At rate 0 nothing is written: what changes is age. 256 windows of 2 s each."""
    spec = spec_of((3, 4), steps=2, noise=("drift:0.1,window=2",), circuit={"warm_up_steps": 0})
    task = lesson(spec, n_windows=300, rate=0.0)
    chip, fresh = programmed(spec, task.weights), programmed(spec, task.weights)
    chip.infer(task.events, task.windows)
    assert_same_state(chip, fresh)
    taught(task, chip)
    nu = chip._fabricated[0].drift.exponent.ravel()
    assert np.allclose(flat(chip), flat(fresh) * 513.0**-nu, rtol=1e-5)  # the last 44 windows are yet to be felt
    chip.age(1.0)
    assert np.allclose(flat(chip), flat(fresh) * 602.0**-nu, rtol=1e-5)


@pytest.mark.parametrize("noise", [(), ("nonlinear:2.4",), ("quantization:4",)], ids=["analog", "devices", "coded"])
def test_drift_is_computed_in_single_precision(noise):
    """As the witness does: a double would change bits."""
    chip = rested(("drift:0.3", *noise))
    tables = [table for layer in chip._drift_tables for block in layer for table in block]
    assert tables and {table.dtype for table in tables} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    "noise",
    [EVERYTHING, (*EVERYTHING, "write:0.02", "nonlinear:2.4"), (*EVERYTHING, "quantization:4")],
    ids=["analog", "devices", "coded"],
)
@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
def test_learning_while_drifting_equals_the_witness(noise, constant_current, every_other_window):
    task = lesson(spec_of(noise=noise), n_windows=5, rate=0.2, constant_current=constant_current)
    chip = programmed(task.spec, task.weights)
    witness = witness_of(chip)
    probes = every_neuron(task.spec)
    for _ in range(2):
        learned = witness.run(task.events, task.windows, task.targets, task.rates)
        assert_equals_witness(chip, witness, taught(task, chip, probes), learned)
        chip.age(3.5)
        witness.rest(3.5)
    assert_equals_witness(
        chip, witness, chip.infer(task.events, task.windows, probes), witness.run(task.events, task.windows)
    )
    assert learned.activity["weight_updates"].sum() > 0


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("cuts", [(), (1,), (2, 4), (3, 5, 6, 8)])
def test_chunks_and_threads_change_no_bit(threads, cuts, every_other_window):
    spec = spec_of((6, 40, 18, 3), steps=5, noise=EVERYTHING)
    task = lesson(spec, n_windows=9, rate=0.2)
    whole = programmed(spec, task.weights)
    expected = taught(task, whole)
    chip = programmed(spec, task.weights, threads=threads)
    counts, snapshot = [], chip.snapshot()
    for start, stop in pairwise((0, *cuts, 9)):
        part = slice(start, stop)
        chip = programmed(spec, [(0 * w, 0 * b) for w, b in task.weights], threads=threads)  # killed, and resumed
        chip.restore(snapshot)
        targets = [target[part] for target in task.targets]
        result = chip.learn(chunk_of(task.events, start, stop), task.windows[part], targets, task.rates[part])
        counts.append(result.counts[-1])
        snapshot = chip.snapshot()
    assert_same(np.concatenate(counts), expected.counts[-1], "counts")
    assert_same_state(chip, whole)
    chip.age(10.0)
    whole.age(10.0)
    assert_same_state(chip, whole)


@pytest.mark.parametrize("seconds", [-1.0, np.nan, np.inf])
def test_impossible_rests(seconds):
    with pytest.raises(
        ChipError, match=f"^a die cannot rest for {seconds} seconds: give a finite number of at least 0"
    ):
        rested(("drift:0.1",), seconds)


HOUR = ("drift:0.3,window=14.0625",)  # 256 windows are an hour


def hour_of_learning(noise):
    """A die that learns for an hour, the snapshot of its start, and what it has learned by then."""
    spec = spec_of((3, 4), steps=4, noise=(*HOUR, *noise), circuit={"warm_up_steps": 0})
    task = lesson(spec, n_windows=256, rate=0.05)
    chip = programmed(task.spec, task.weights)
    start = chip.snapshot()
    taught(task, chip)
    return task, chip, start


@pytest.mark.parametrize(
    "noise",
    [(), ("quantization:4",), ("nonlinear:2.4", "cycle:0.1"), ("mismatch:0.3@weight", "stuck:0.2")],
    ids=["analog", "coded", "devices", "more"],
)
def test_what_is_restored_after_an_hour_is_as_old_as_after_an_hours_rest(noise):
    task, chip, start = hour_of_learning(noise)
    rested_for = programmed(task.spec, task.weights)
    rested_for.age(3600.0)
    assert not np.allclose(flat(chip), flat(rested_for), rtol=1e-3)
    chip.restore(start)
    assert np.allclose(flat(chip), flat(rested_for), rtol=1e-5)
    assert chip.snapshot()["age"].tolist() == [256, 0, 256]
    for mine, theirs in zip(chip._layers[0], rested_for._layers[0], strict=True):  # what is written later counts less
        assert np.array_equal(mine.synapses.gain, theirs.synapses.gain)
        assert np.array_equal(mine.synapses.devices, theirs.synapses.devices)


def test_no_restoring_turns_the_clock_back():
    _, chip, start = hour_of_learning(())
    for _ in range(3):
        before = np.abs(flat(chip))
        chip.restore(chip.snapshot())
        assert np.array_equal(np.abs(flat(chip)), before), "restored at once it is what it was"
        chip.age(100.0)
        chip.restore(start)
        assert chip.snapshot()["age"][0] == 256
    assert chip.snapshot()["age"].tolist() == [256, 300, 256]


def test_a_younger_die_is_taken_along_to_the_snapshots_age():
    task, old, _ = hour_of_learning(("mismatch:0.3",))
    old.age(50.0)
    fresh = programmed(task.spec, task.weights)
    fresh.restore(old.snapshot())
    assert_same_state(fresh, old)
    taught(task, old), taught(task, fresh)
    assert_same_state(fresh, old)


@given(st.lists(st.tuples(st.integers(0, 600), st.floats(0, 1e6)), min_size=2, max_size=2))
def test_the_clock_of_two_lives_is_that_of_a_die_that_lived_both(lives):
    ages = [next(reversed([ageing.DieAge(), *(a for _, a in ageing.DieAge().learning_from(n))])) for n, _ in lives]
    one, other = (age.after_rest(rest) if rest else age for age, (_, rest) in zip(ages, lives, strict=True))
    both = one.joined(other)
    assert both == other.joined(one) == both.joined(one) == both.joined(other)
    assert both.windows >= both.drifted_windows and both.drifted >= one.drifted
    assert ageing.DieAge.from_array(both.to_array()) == both


def test_without_drift_time_does_nothing():
    assert_same_state(rested(("mismatch:0.2",), 1e9), rested(("mismatch:0.2",)))
    assert "age" not in rested(()).snapshot()


def test_absurd_times_leave_numbers():
    chip = rested(("drift:0.5,window=1e300,t0=1e-300",), 1e308, 1e308)
    assert np.isfinite(flat(chip)).all()


@given(windows=st.integers(0, 3000), more=st.integers(1, 3000))
def test_weights_change_at_fixed_ages_whatever_the_chunks(windows, more):
    step = ageing.AGEING_WINDOWS
    age = ageing.DieAge(windows=windows, drifted_windows=windows - windows % step)
    seen = list(age.learning_from(more))
    assert [each.windows for _, each in seen] == [windows + stop for stop, _ in seen]
    assert seen[-1][0] == more
    changed = {each.drifted_windows for _, each in seen} - {age.drifted_windows}
    assert changed == set(range(age.drifted_windows + step, windows + more + 1, step))
