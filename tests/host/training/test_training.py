"""Learning: the falling rate, checks that change nothing, and a test set that influences nothing."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import SMALL, small_arrays, write_npz

import chipsim
from chipsim.design import Dense, shapes_of
from host.data import Encoder, Samples, split
from host.run import RunFolder, complete, prepare, recovered_fraction, resolve, run
from host.training import learner as learning
from host.training.evaluation import EVALUATION_WINDOWS, evaluate
from host.training.loop import _edges
from host.training.progress import CHECKS
from host.training.starts import random_weights


def small_spec(path, **changes):
    return resolve(None, SMALL | {"dataset": str(path)} | changes)


def same_snapshot(mine, theirs):
    return mine.keys() == theirs.keys() and all(np.array_equal(mine[name], theirs[name]) for name in mine)


@pytest.fixture
def shown(monkeypatch):
    """Everything that chips were taught in a run: (window, learning rate) of each presentation."""
    seen = []
    learn = chipsim.Chip.learn

    def watched(self, events, windows, targets, rates, *others):
        seen.extend(zip(windows.tolist(), rates.tolist(), strict=True))
        return learn(self, events, windows, targets, rates, *others)

    monkeypatch.setattr(chipsim.Chip, "learn", watched)
    return seen


def test_the_rate_falls_linearly_from_presentation_to_presentation(data_file, shown):
    spec = small_spec(data_file, **{"training.epochs": 3, "training.learning_rate": 0.25, "noise": []})
    outcome = run(spec)
    total = 3 * len(outcome.setup.train)
    assert outcome.progress.rate_factor == 1
    assert [window for window, _ in shown] == list(range(total))
    assert np.allclose([rate for _, rate in shown], 0.25 * (1 - np.arange(total) / total), rtol=1e-6)
    for check in outcome.progress.checks:
        assert check.learning_rate == pytest.approx(0.25 * (1 - check.presentations / total))


def test_the_rate_is_halved_while_validation_is_clearly_worse(data_file, shown, monkeypatch):
    """The first two checks after the start are made to fail: from there on a quarter of the rate."""
    spec = small_spec(data_file, **{"training.epochs": 2, "noise": []})
    n_checks, real = [], learning.classify

    def failing(chip, samples, encoder):
        n_checks.append(1)
        real(chip, samples, encoder)
        return np.where(len(n_checks) in (2, 3), -1, samples.labels)

    monkeypatch.setattr(learning, "classify", failing)
    run(spec)
    rates, edges = np.array([rate for _, rate in shown]), _edges(len(shown))
    plain = 0.05 * (1 - np.arange(len(shown)) / len(shown))
    expected = np.repeat([1.0, 0.5, 0.25], [edges[0], edges[1] - edges[0], len(shown) - edges[1]])
    assert np.allclose(rates, plain * expected, rtol=1e-5)


def test_a_back_off_takes_the_die_back(data_file, monkeypatch):
    """The third check is made to fail: the next chunk is learned from the snapshot of the best before it."""
    checks, snapshots, taught_from = [], [], []
    real, learn = learning.classify, chipsim.Chip.learn

    def failing(chip, samples, encoder):
        checks.append(1)
        snapshots.append(chip.snapshot())
        correct = [samples.labels[:10], samples.labels, samples.labels, samples.labels[:0]]
        right = correct[min(len(checks) - 1, 3)]
        real(chip, samples, encoder)
        return np.concatenate([right, np.full(len(samples) - len(right), -1)])

    def watched(self, *arguments):
        if len(checks) > len(taught_from):
            taught_from.append(self.snapshot())
        return learn(self, *arguments)

    monkeypatch.setattr(learning, "classify", failing)
    monkeypatch.setattr(chipsim.Chip, "learn", watched)
    run(small_spec(data_file))
    assert same_snapshot(taught_from[1], snapshots[1])
    assert same_snapshot(taught_from[2], snapshots[2])
    assert not same_snapshot(snapshots[3], snapshots[2])
    assert same_snapshot(taught_from[3], snapshots[2])


@given(st.integers(1, 100_000))
def test_checks_are_evenly_spread_and_the_last_is_at_the_end(presentations):
    edges = _edges(presentations)
    assert len(edges) == CHECKS
    assert edges[-1] == presentations
    assert edges[0] >= 1
    gaps = np.diff([0, *edges])
    assert gaps.max() - gaps.min() <= 1


def test_checks_stand_where_the_edges_are(data_file):
    outcome = run(small_spec(data_file))
    total = outcome.progress.presentations
    assert [check.presentations for check in outcome.progress.checks] == [0, *_edges(total)]
    assert [check.epoch for check in outcome.progress.checks] == [p / 128 for p in (0, *_edges(total))]
    events = [check.synaptic_events for check in outcome.progress.checks]
    assert events == sorted(events)
    assert events[-1] == outcome.summary["synaptic_events"] == sum(outcome.progress.activity["synaptic_events"])


def test_no_epochs_leave_the_die_as_it_was_programmed(data_file):
    outcome = run(small_spec(data_file, **{"training.epochs": 0}))
    assert len(outcome.progress.checks) == 1
    assert outcome.summary["train_samples"] == outcome.summary["weight_updates"] == 0
    assert outcome.summary["samples_per_s"] is None
    assert np.array_equal(outcome.before.classes, outcome.after.classes)
    for (start, start_bias), (weight, bias) in zip(outcome.start, outcome.chip.weights(), strict=True):
        assert np.array_equal(start, weight)
        assert np.array_equal(start_bias, bias)


def test_fewer_presentations_than_checks(tmp_path):
    arrays = small_arrays(n_train=12, n_test=6)
    outcome = run(small_spec(write_npz(tmp_path / "few.npz", **arrays), **{"training.epochs": 1}))
    assert [check.presentations for check in outcome.progress.checks] == list(range(12))


def test_evaluation_changes_no_die_and_repeats(data_file):
    setup = prepare(small_spec(data_file))
    chip = setup.chip(setup.design, setup.start_weights(), 1)
    encoder = Encoder("bernoulli", 6, 6, 512, 1)
    before = chip.snapshot()
    first, again = (evaluate(chip, setup.dataset.test, encoder) for _ in range(2))
    assert same_snapshot(before, chip.snapshot())
    assert np.array_equal(first.classes, again.classes)
    assert all(np.array_equal(a, b) for a, b in zip(first.rates, again.rates, strict=True))


def test_evaluation_scores_every_sample_whatever_the_chunk(data_file, monkeypatch):
    setup = prepare(small_spec(data_file))
    chip = setup.chip(setup.design, setup.start_weights(), 1)
    test, encoder = setup.dataset.test, Encoder("bernoulli", 6, 6, 512, 1)
    whole = evaluate(chip, test, encoder)
    monkeypatch.setattr("host.training.evaluation.CHUNK", 7)
    parts = evaluate(chip, test, encoder)
    assert np.array_equal(whole.classes, parts.classes)
    assert whole.accuracy == parts.accuracy == np.mean(whole.classes == test.labels)
    assert {name: counts.tolist() for name, counts in whole.activity.items()} == {
        name: counts.tolist() for name, counts in parts.activity.items()
    }
    assert whole.rates[-1].shape == (60, 3)
    windows = np.arange(60, dtype=np.int64) + EVALUATION_WINDOWS
    counts = chip.infer(encoder.encode(test.values(slice(None)), windows), windows).counts
    assert all(np.allclose(rate * 6, count) for rate, count in zip(whole.rates, counts, strict=True))


def test_looking_more_often_changes_no_bit(data_file, monkeypatch):
    """A probe, a validation more: what the die learns is the same."""
    plain = run(small_spec(data_file))
    real = learning.classify
    monkeypatch.setattr(learning, "classify", lambda *a: (real(*a), real(*a))[1])
    assert same_snapshot(run(small_spec(data_file)).progress.current, plain.progress.current)


@pytest.mark.parametrize("garbled", ["permuted", "other", "shorter"])
def test_the_test_set_influences_nothing(data_file, tmp_path, garbled):
    arrays = small_arrays()
    rng = np.random.default_rng(9)
    x, y = arrays["x_test"], arrays["y_test"]
    x, y = {
        "permuted": (x, rng.permutation(y)),
        "other": (rng.random((40, 6)), rng.integers(0, 3, 40)),
        "shorter": (x[:1], y[:1]),
    }[garbled]
    plain = run(small_spec(data_file))
    other = run(small_spec(write_npz(tmp_path / "garbled.npz", x_test=x, y_test=y)))
    assert other.progress.facts() == plain.progress.facts()
    assert same_snapshot(other.progress.arrays(), plain.progress.arrays())
    assert same_snapshot(other.chip.snapshot(), plain.chip.snapshot())
    assert plain.progress.kept() > 0, "the run must have something to choose"


def test_the_kept_snapshot_is_the_one_that_is_tested(data_file):
    outcome = run(small_spec(data_file))
    kept = outcome.progress.kept()
    assert same_snapshot(outcome.chip.snapshot(), outcome.progress.candidates[kept])
    assert outcome.summary["kept_after_samples"] == outcome.progress.checks[kept].presentations
    setup = outcome.setup
    encoder = Encoder(setup.spec.encoding, 6, 6, 512, setup.spec.seed)
    again = evaluate(outcome.chip, setup.dataset.test, encoder)
    assert np.array_equal(again.classes, outcome.after.classes)
    valid = evaluate(outcome.chip, setup.valid, encoder)
    assert valid.accuracy == outcome.progress.checks[kept].validation_accuracy


def test_what_stays_is_as_old_as_the_die(data_file):
    """Nothing is learned from 1,024 windows of a minute: what stays has drifted as if the die had rested."""
    drifting = {"noise": ["drift:0.3,window=60", "mismatch:0.5"], "training.epochs": 8}
    learned = run(small_spec(data_file, **drifting, **{"training.learning_rate": 1e-12}))
    rested = run(small_spec(data_file, **drifting | {"training.epochs": 0, "training.rest_after_s": 1024 * 60.0}))
    for mine, theirs, start in zip(learned.chip.weights(), rested.chip.weights(), learned.start, strict=True):
        assert np.allclose(mine[0], theirs[0], rtol=1e-4, atol=1e-7)
        assert np.abs(mine[0]).sum() < 0.2 * np.abs(start[0]).sum()
    assert learned.after.accuracy == rested.after.accuracy
    assert learned.before.accuracy == rested.before.accuracy


def test_checks_are_told_in_the_metrics_file(data_file, tmp_path):
    spec = small_spec(data_file)
    outcome = run(spec, 1, RunFolder.create(spec, tmp_path / "run"))
    with (tmp_path / "run" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["presentations"]) for row in rows] == [c.presentations for c in outcome.progress.checks]
    assert [float(row["validation_accuracy"]) for row in rows] == [
        c.validation_accuracy for c in outcome.progress.checks
    ]


def test_training_and_validation_part_are_disjoint_and_complete():
    samples = Samples(np.arange(100)[:, None], np.arange(100), 0, 100)
    train, valid = split(samples, 0.15, 1)
    assert (len(train), len(valid)) == (85, 15)
    assert sorted([*train.labels, *valid.labels]) == list(range(100))
    assert np.array_equal(train.raw[:, 0], train.labels)
    assert not np.array_equal(split(samples, 0.15, 2)[1].labels, valid.labels)


def test_validation_stays_small_and_is_never_empty():
    many = Samples(np.zeros((60_000, 1), np.uint8), np.zeros(60_000, np.int64), 0, 255)
    assert len(split(many, 0.5, 1)[1]) == 2000
    assert len(split(many.subset(np.arange(3)), 0.01, 1)[1]) == 1


def test_one_training_sample_is_refused_in_one_line(chipsim, here, tmp_path):
    path = write_npz(tmp_path / "one.npz", x_train=np.linspace(0, 1, 6)[None], y_train=np.array([2]))
    ended = chipsim("run", "--dataset", path)
    assert (ended.status, ended.err.count("\n")) == (2, 1)


def test_open_settings_follow_the_size_of_the_data_and_the_error_gate():
    filled = complete(resolve(None, {}), 1000, 10_000)
    assert (filled.training.epochs, filled.training.learning_rate) == (20, 2e-3)
    assert complete(resolve(None, {"training.start": "random"}), 1000, 10_000).training.epochs == 60
    assert complete(resolve(None, {}), 999, 10_000).training.epochs == 21  # at least 20,000 presentations
    assert complete(resolve(None, {}), 60_000, 10_000).training.epochs == 5
    assert complete(resolve(None, {"learning_circuit.error_gate": "sign"}), 9, 9).training.learning_rate == 1e-4
    fixed = resolve(None, {"training.epochs": 0, "training.learning_rate": 0.5, "teacher.epochs": 1})
    assert complete(fixed, 1000, 10_000) == fixed


SHAPES = shapes_of((400, 1, 1), [Dense(units=300), Dense(units=200)])


def test_random_weights_have_variance_one_over_fan_in():
    (first, bias), (second, _) = random_weights(SHAPES, 3)
    assert first.std() == pytest.approx(1 / 20, rel=0.02)
    assert second.std() == pytest.approx(1 / np.sqrt(300), rel=0.02)
    assert not bias.any()
    assert not np.array_equal(first, random_weights(SHAPES, 4)[0][0])
    assert np.array_equal(first, random_weights(shapes_of((400, 1, 1), [Dense(units=300), Dense(units=7)]), 3)[0][0])


@pytest.mark.parametrize(
    ("ideal", "before", "after", "expected"),
    [(0.9, 0.5, 0.9, 1), (0.9, 0.5, 0.7, 0.5), (0.9, 0.5, 0.4, -0.25), (0.9, 0.9, 0.95, None), (0.5, 0.6, 0.6, None)],
)
def test_the_recovered_fraction(ideal, before, after, expected):
    fraction = recovered_fraction(ideal, before, after)
    assert fraction is expected or fraction == pytest.approx(expected)
