"""What a checkpoint holds, which snapshot is kept, and how checks steer the learning rate."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.files import read_arrays, write_arrays
from host.training.progress import Check, Progress


def check(accuracy, repaired=0, broken=0, presentations=0):
    return Check(presentations, presentations / 10, 0.1, accuracy, repaired, broken, 7, 11)


def progress_of(*checks, n_valid=100):
    """A progress that went through these checks; check k leaves a snapshot of value k."""
    progress = Progress(n_valid)
    for number, each in enumerate(checks):
        progress.current = {"weight": np.full(3, number, np.float32)}
        progress.add(each)
    return progress


def test_the_start_stays_if_it_is_better():
    """By more than a standard error, which is 0.04 of 0.8 and 0.03 of 0.9 in 100 samples."""
    assert progress_of(check(0.8)).kept() == 0
    assert progress_of(check(0.8), check(0.75)).kept() == 0
    assert progress_of(check(0.9), check(0.86), check(0.6)).kept() == 0


def test_the_start_has_no_privilege():
    """What validates as well as the start can be told stays, though no repair is proven."""
    assert progress_of(check(0.8), check(0.8), check(0.79)).kept() == 2
    assert progress_of(check(0.8), check(0.77)).kept() == 1
    assert progress_of(check(0.8), check(0.9, 30, 20)).kept() == 1


def test_the_latest_as_good_as_the_best_is_kept():
    start = check(0.5)
    assert progress_of(start, check(0.90, 40), check(0.88, 38)).kept() == 2
    assert progress_of(start, check(0.90, 40), check(0.86, 36)).kept() == 1
    assert progress_of(start, check(0.90, 40), check(0.89, 39), check(0.89, 39), check(0.7, 20)).kept() == 3
    assert progress_of(start, check(0.89, 39), check(0.90, 40), check(0.80, 30)).kept() == 2


def kept_starts(start, learned, n_valid=202, dies=200, correlation=0.9):
    """Share of dies that stay as they were found, though learning brings each of them from `start` to `learned`.

    Most validation samples are right or wrong at all checks of a die alike: `correlation` of them.
    """
    rng = np.random.default_rng(8)
    stay = 0
    for _ in range(dies):
        common = rng.random(n_valid)
        difficulty = np.where(rng.random((21, n_valid)) < correlation, common, rng.random((21, n_valid)))
        right = difficulty < np.array([start] + 20 * [learned])[:, None]
        stay += progress_of(*(check(each) for each in right.mean(axis=1)), n_valid=n_valid).kept() == 0
    return stay / dies


@pytest.mark.parametrize("start", [0.97, 0.95, 0.9, 0.6])
def test_a_mildly_bad_die_ends_no_worse_than_a_bad_one(start):
    """Learning brings all of them to 97.8 %: what they had before does not decide whether they are repaired."""
    assert kept_starts(start, 0.978) < 0.02


def test_what_learning_breaks_is_put_back():
    assert kept_starts(0.978, 0.9) > 0.95
    assert kept_starts(0.978, 0.94) > 0.6


def accuracies_with(n_valid):
    return st.lists(st.integers(0, n_valid), min_size=1, max_size=21).map(lambda counts: [c / n_valid for c in counts])


@given(data=st.data(), n_valid=st.sampled_from([1, 2, 7, 22, 202, 2000]))
def test_what_is_kept_is_always_among_the_candidates(data, n_valid):
    """Whatever the accuracies: a snapshot that was dropped is never the one to be kept, at any later check."""
    progress = Progress(n_valid)
    start = 0.0
    for number, accuracy in enumerate(data.draw(accuracies_with(n_valid))):
        start = accuracy if number == 0 else start
        gained = round((accuracy - start) * n_valid)
        churn = data.draw(st.integers(0, max(0, n_valid - abs(gained)) // 2))
        progress.current = {"weight": np.full(1, number)}
        progress.add(check(accuracy, max(gained, 0) + churn, max(-gained, 0) + churn))
        kept = progress.kept()
        assert kept in progress.candidates
        assert progress.candidates[kept]["weight"] == kept
        best = max(c.validation_accuracy for c in progress.checks)
        assert progress.checks[kept].validation_accuracy >= best - progress.standard_error()


@given(data=st.data())
def test_few_snapshots_are_held(data):
    """Only those in the race: a candidate is better than every later one."""
    accuracies = data.draw(accuracies_with(200))
    progress = progress_of(*map(check, accuracies), n_valid=200)
    numbers = sorted(progress.candidates)
    falling = [accuracies[number] for number in numbers]
    assert falling == sorted(set(falling), reverse=True)
    assert len(accuracies) - 1 in numbers or accuracies[-1] < max(accuracies)


def test_the_standard_error_is_the_binomial_one_of_the_best():
    assert progress_of(check(0.8), check(0.5), n_valid=100).standard_error() == pytest.approx(0.04)
    assert progress_of(check(1.0), n_valid=100).standard_error() == pytest.approx(math.sqrt(0.01 / 100))
    assert progress_of(check(0.0), n_valid=1).standard_error() == 1


def test_the_rate_backs_off_after_a_check_that_is_clearly_worse():
    """Three standard errors of 0.8 in 100 samples are 0.12."""
    assert progress_of(check(0.8), check(0.69)).rate_factor == 1
    assert progress_of(check(0.8), check(0.67)).rate_factor == 0.5
    assert progress_of(check(0.8), check(0.67), check(0.7), check(0.1)).rate_factor == 0.25
    assert progress_of(check(0.67), check(0.8)).rate_factor == 1


def test_a_back_off_goes_back_to_the_best():
    """The latest of equals; a check that is not clearly worse goes on from where it is."""

    def current(*accuracies):
        return progress_of(*map(check, accuracies)).current["weight"][0]

    assert current(0.8, 0.69) == 1
    assert current(0.8, 0.67) == 0
    assert current(0.5, 0.9, 0.9, 0.88, 0.6) == 2
    assert current(0.5, 0.9, 0.9, 0.6, 0.89) == 4


def test_progress_survives_its_file(tmp_path):
    progress = progress_of(check(0.5, presentations=0), check(0.9, 40, 0, 64), check(0.7, 20, 1, 128))
    progress.presentations = 128
    progress.activity = {"synaptic_events": [5, 6], "weight_updates": [1, 2]}
    progress.right_at_start = np.arange(100) % 3 != 1
    write_arrays(tmp_path / "p.bin", progress.arrays(), progress.facts())
    again = Progress.load(*read_arrays(tmp_path / "p.bin"))
    assert again.facts() == progress.facts()
    assert again.checks == progress.checks
    assert again.arrays().keys() == progress.arrays().keys()
    for name, array in progress.arrays().items():
        assert again.arrays()[name].dtype == array.dtype
        assert np.array_equal(again.arrays()[name], array)
    assert sorted(again.candidates) == sorted(progress.candidates) == [1]
    assert again.kept() == progress.kept() == 1
    again.add(check(0.9, 40))
    progress.add(check(0.9, 40))
    assert again.facts() == progress.facts()


def test_accuracies_survive_json_to_the_last_bit(tmp_path):
    odd = np.nextafter(2 / 3, 1)
    progress = progress_of(check(odd), check(1 / 3))
    write_arrays(tmp_path / "p.bin", progress.arrays(), progress.facts())
    assert Progress.load(*read_arrays(tmp_path / "p.bin")).checks[0].validation_accuracy == odd


SPOILED = {
    "n_valid": [0, -1, "100", None, 2.0],
    "presentations": [-1, "7", 1e308, None, 2**64],
    "rate_factor": [0, -0.5, 2, "1", None, math.nan, math.inf],
    "checks": [{}, [[]], [{}], None, ["x"]],
    "activity": [[], {"spikes": 1}, {"spikes": ["1"]}, {"spikes": [-1]}, {"spikes": [1], "weight_updates": [1, 2]}],
    "host_macs": ["1", -1],
    "more": [1],
}


@pytest.mark.parametrize("name", SPOILED)
def test_facts_that_no_progress_has(name):
    progress = progress_of(check(0.5), check(0.9, 40), n_valid=10)
    progress.right_at_start = np.zeros(10, np.bool_)
    for value in SPOILED[name]:
        with pytest.raises(ValueError, match=rf"^{name}") as error:
            Progress.load(progress.arrays(), progress.facts() | {name: value})
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"right_at_start": np.zeros(3, np.bool_)}, "right_at_start is not of 10 samples"),
        ({"right_at_start": np.zeros(10)}, "right_at_start is not of 10 samples"),
        ({"7/weight": np.zeros(3)}, "a check that there was not"),
        ({"x/weight": np.zeros(3)}, "invalid literal"),
        ({"1/weight": None}, "the snapshot of check 1 is missing"),
    ],
)
def test_arrays_that_no_progress_has(changed, words):
    progress = progress_of(check(0.5), check(0.9, 40), n_valid=10)
    progress.right_at_start = np.zeros(10, np.bool_)
    arrays = {name: array for name, array in (progress.arrays() | changed).items() if array is not None}
    with pytest.raises(ValueError, match=words):
        Progress.load(arrays, progress.facts())


def test_accuracies_that_are_none():
    facts = progress_of(check(0.5)).facts()
    facts["checks"][0]["validation_accuracy"] = 1.5
    with pytest.raises(ValueError, match="a validation accuracy is no number from 0 to 1"):
        Progress.load({"right_at_start": np.zeros(0, np.bool_)}, facts)
