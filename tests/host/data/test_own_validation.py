"""A data set may bring what validates: then no training sample is kept back."""

import numpy as np
import pytest
from small_runs import SMALL, SMALL_FLAGS, small_arrays, write_npz

from host.data import load
from host.errors import DataError
from host.run import prepare, resolve, resolved, run, teacher_recipe

ARRAYS = small_arrays()
OWN = {"x_valid": ARRAYS["x_test"][:20], "y_valid": ARRAYS["y_test"][:20]}


def spec_of(path, **changes):
    return resolve(None, SMALL | {"dataset": str(path)} | changes)


def test_it_validates_and_all_else_is_learned_from(tmp_path):
    setup = prepare(spec_of(write_npz(tmp_path / "own.npz", **OWN)))
    assert np.array_equal(setup.valid.raw, OWN["x_valid"]) and np.array_equal(setup.valid.labels, OWN["y_valid"])
    assert np.array_equal(setup.train.raw, ARRAYS["x_train"])
    assert (setup.valid.low, setup.valid.high) == (setup.train.low, setup.train.high)


def test_epochs_follow_from_all_training_samples(tmp_path):
    spec = resolve(None, {"dataset": str(write_npz(tmp_path / "own.npz", **OWN)), "hidden": [7], "steps": 6})
    epochs = -(-20_000 // 150)  # of all 150
    assert prepare(spec).spec.training.epochs == epochs == resolved(spec, load(spec.dataset)).training.epochs


def test_the_digest_covers_it(tmp_path):
    """So that a run does not go on with another one, and rows of a sweep are told apart."""
    digests = {
        load(str(write_npz(tmp_path / f"{number}.npz", **own))).digest
        for number, own in enumerate([{}, OWN, OWN | {"y_valid": OWN["y_valid"][::-1]}])
    }
    assert len(digests) == 3


def test_the_training_range_scales_it(tmp_path):
    own = OWN | {"x_valid": 3 * OWN["x_valid"]}
    with pytest.warns(UserWarning, match="x_valid lie beyond the range"):
        data = load(str(write_npz(tmp_path / "own.npz", **own)), None, "data")
    assert data.valid.values(slice(None)).max() == 1
    assert np.allclose(data.valid.values(slice(None)), np.clip(own["x_valid"], 0, 1), atol=1e-6)


def test_a_number_of_training_samples_cannot_be_held_out_besides(tmp_path):
    spec = spec_of(write_npz(tmp_path / "own.npz", **OWN), **{"training.validation_samples": 9})
    with pytest.raises(
        DataError, match="^9 samples are to be held out, and own has a validation set of its own, of 20"
    ):
        prepare(spec)


@pytest.mark.parametrize("own", [{}, OWN])
def test_checks_can_look_at_a_part_of_it(tmp_path, own):
    path = write_npz(tmp_path / "own.npz", **own)
    whole, part = (prepare(spec_of(path, **{"training.checked_samples": n})) for n in (None, 8))
    assert np.array_equal(whole.train.raw, part.train.raw), "what is learned from stays"
    assert len(part.valid) == 8
    places = [whole.valid.raw.tolist().index(row) for row in part.valid.raw.tolist()]
    assert places == sorted(places) and places != list(range(8)), "drawn from all of it"
    with pytest.raises(DataError, match="^training.checked_samples = 99, and there are 2. such samples: say so many"):
        prepare(spec_of(path, **{"training.checked_samples": 99}))


def test_a_die_can_learn_from_a_part_of_the_rest(tmp_path):
    path = write_npz(tmp_path / "plain.npz")
    whole, part = (prepare(spec_of(path, **{"training.learned_samples": n})) for n in (None, 50))
    assert (len(whole.train), len(part.train), part.presentations) == (128, 50, 100)
    assert np.array_equal(whole.valid.raw, part.valid.raw)
    assert {row.tobytes() for row in part.train.raw} <= {row.tobytes() for row in whole.train.raw}
    for mine, other in zip(part.teacher.network.weights, whole.teacher.network.weights, strict=True):
        assert np.array_equal(mine[0], other[0]), "the teacher has learned from all"
    recipes = {teacher_recipe(setup.spec, "data") for setup in (whole, part)}
    assert len(recipes) == 2, "a teacher's digest looks at what is learned from"
    open_epochs = {"training.learned_samples": 50, "training.epochs": None}
    assert prepare(spec_of(path, **open_epochs)).spec.training.epochs == 20_000 // 50
    with pytest.raises(DataError, match="^training.learned_samples = 129, and there are 128 such samples"):
        prepare(spec_of(path, **{"training.learned_samples": 129}))


def test_a_run_says_so(tmp_path, chipsim, here):
    path = write_npz(tmp_path / "own.npz", **OWN)
    told = chipsim("run", "--dataset", path, *SMALL_FLAGS)
    assert "  validated on the data set's own 20 samples, x_valid\n" in told.out
    plain = run(spec_of(write_npz(tmp_path / "plain.npz")))
    assert plain.summary["validation"] == {"samples": 22, "own": False}
    assert plain.progress.n_valid == 22


WRONG = [
    ({"x_valid": OWN["x_valid"]}, "has x_valid alone: a validation set is both"),
    ({"y_valid": OWN["y_valid"]}, "has y_valid alone: a validation set is both"),
    (OWN | {"x_valid": OWN["x_valid"][:, :5]}, "x_train has 6 values per sample, x_valid 5; they must be equal"),
    (OWN | {"y_valid": OWN["y_valid"][:3]}, r"y_valid has shape \(3,\); it must be \(20,\)"),
    (OWN | {"y_valid": OWN["y_valid"] + 3}, "y_valid holds label 5, but y_train only has 0 to 2"),
    (OWN | {"x_valid": OWN["x_valid"] * np.nan}, "x_valid holds NaN or infinity"),
    (OWN | {"x_valid": OWN["x_valid"][:0], "y_valid": OWN["y_valid"][:0]}, "x_valid has shape"),
]


@pytest.mark.parametrize(("changes", "words"), WRONG, ids=[words[:40] for _, words in WRONG])
def test_refused(tmp_path, changes, words):
    with pytest.raises(DataError, match=words):
        load(str(write_npz(tmp_path / "own.npz", **changes)))
