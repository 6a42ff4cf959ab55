"""What seems wrong with a data set is said before anybody believes a result, and nothing is said of what is right."""

import numpy as np
import pytest
from small_runs import SMALL_FLAGS, small_arrays, write_idx, write_npz

from host.data import load
from host.errors import DataWarning


def notes(folder, scale="auto", **arrays):
    path = write_npz(folder / "d.npz", **arrays)
    with pytest.warns(DataWarning) as warned:
        found = load(str(path), None, scale).notes
    assert [str(each.message) for each in warned] == [f"{path}: {note}" for note in found]
    return found


def with_column(column, values):
    """The small data set with one column replaced in both parts, `values` of numbers from 0 to 1."""
    arrays = small_arrays()
    for part in ("x_train", "x_test"):
        arrays[part][:, column] = values(arrays[part][:, column])
    return arrays


@pytest.mark.parametrize("factor", [101.0, 1e6, 1 / 101, 1e-300])
def test_columns_that_differ(tmp_path, factor):
    arrays = with_column(2, lambda x: factor * x)
    [note] = [note for note in notes(tmp_path, **arrays) if "columns differ" in note]
    assert "column 2 of x_train" in note or "column 2 one of" in note
    assert "--scale feature gives each its own range" in note


def test_columns_that_differ_by_a_hundred_or_have_their_own_range_are_fine(tmp_path):
    arrays = with_column(2, lambda x: 90.0 * x)
    assert load(str(write_npz(tmp_path / "d.npz", **arrays))).notes == ()
    arrays = with_column(2, lambda x: 1e6 * x)
    assert load(str(write_npz(tmp_path / "d.npz", **arrays)), None, "feature").notes == ()


def test_columns_that_hardly_ever_change_are_no_columns_that_differ(tmp_path):
    """As pixels at the edge of an image, of which a few samples have a trace."""
    arrays = small_arrays()
    arrays["x_train"][:, 0] = 0
    arrays["x_train"][7, 0] = 0.001
    assert load(str(write_npz(tmp_path / "d.npz", **arrays))).notes == ()


@pytest.mark.parametrize(
    ("dtype", "top", "words"),
    [
        (np.uint8, 16, "x_train goes from 0 to 16, but 0 to 255 is read as 0 to 1, of which it fills 0.063"),
        (np.uint8, 60, "of which it fills 0.24"),
        (np.float32, 0.1, "x_train goes from 0 to 0.1, but 0 to 1 is read as 0 to 1, of which it fills 0.1"),
    ],
)
def test_values_far_below_the_end_of_their_range(tmp_path, dtype, top, words):
    arrays = {part: (top * small_arrays()[part]).round(2).astype(dtype) for part in ("x_train", "x_test")}
    [note] = notes(tmp_path, **arrays)
    assert words in note and "--scale data" in note
    assert load(str(tmp_path / "d.npz"), None, "data").notes == ()


def test_noughts_and_ones_in_an_idx_file(tmp_path):
    pixels = {part: (small_arrays()[part] > 0.5).reshape(-1, 2, 3) for part in ("x_train", "x_test")}
    with pytest.warns(DataWarning, match="from 0 to 1, but 0 to 255 is read as 0 to 1, of which it fills 0.0039"):
        load(str(write_idx(tmp_path / "idx", **pixels)))


@pytest.mark.parametrize(("value", "rest"), [(1000.0, "--scale 0,1 reads"), (-1000.0, "--scale 0,1 reads")])
def test_one_value_sets_the_scale(tmp_path, value, rest):
    arrays = small_arrays()
    arrays["x_train"][5, 3] = value
    found = notes(tmp_path, **arrays)
    [note] = [note for note in found if "sets the range" in note]
    assert note.startswith("1 of 900 values of x_train sets the range: all others lie from 0 to 1;") and rest in note
    assert [note for note in load(str(tmp_path / "d.npz"), None, "0,1").notes if "the range:" in note] == []


def test_one_value_sets_the_scale_of_its_column(tmp_path):
    arrays = small_arrays()
    arrays["x_train"][5, 3] = 1000.0
    note = notes(tmp_path, "feature", **arrays)[0]
    assert "set the range of 1 columns of x_train (the first is column 3)" in note


def test_a_sparse_raster_is_no_outlier(tmp_path):
    rng = np.random.default_rng(1)
    x = rng.random((400, 50)) < 0.0004
    labels = np.arange(400) % 3
    path = write_npz(tmp_path / "d.npz", x_train=x.astype(np.float32), y_train=labels, x_test=x[:9], y_test=labels[:9])
    assert load(str(path)).notes == ()


def test_test_data_in_other_units(tmp_path):
    arrays = {part: 255 * small_arrays()[part] for part in ("x_train", "x_test")}
    small = arrays | {"x_test": small_arrays()["x_test"]}
    assert any("are both in the same units?" in note for note in notes(tmp_path, **small))
    large = {"x_test": arrays["x_test"]}
    assert any(
        "x_test lie beyond the range" in note and "goes from 0 to 255" in note for note in notes(tmp_path, **large)
    )


def test_empty_classes(tmp_path):
    [note] = notes(tmp_path, y_train=2 * (np.arange(150) % 2) + 4, y_test=np.full(60, 4))
    assert note.startswith("5 of 7 classes have no training sample (0, 1, 2, 3, 5)")


@pytest.mark.parametrize(("shape", "first"), [((3, 32, 32), True), ((1, 8, 8), True), ((32, 32, 3), False)])
def test_channels_that_seem_to_stand_first(tmp_path, shape, first):
    rng = np.random.default_rng(1)
    arrays = {"x_train": rng.random((150, *shape)), "x_test": rng.random((60, *shape))}
    path = write_npz(tmp_path / "d.npz", **arrays)
    if first:
        [note] = notes(tmp_path, **arrays)
        assert f"{shape[0]}x{shape[1]} pixels with {shape[2]} channels" in note and "np.moveaxis(x, 1, -1)" in note
    else:
        assert load(str(path)).notes == ()


@pytest.mark.parametrize("name", ["digits", "yinyang"])
@pytest.mark.filterwarnings("error::host.errors.DataWarning")
def test_nothing_is_said_of_what_comes_with_it(name):
    load(name)


def test_a_run_says_it_at_its_head_on_stderr_and_in_json(chipsim, here, tmp_path):
    import json

    arrays = {part: (16 * small_arrays()[part]).astype(np.uint8) for part in ("x_train", "x_test")}
    path = write_npz(tmp_path / "d.npz", **arrays)
    arguments = ("run", "--dataset", path, *SMALL_FLAGS, "--epochs", 0)
    told = chipsim(*arguments)
    assert told.status == 0
    head = told.out.split("\nnoise")[0]
    assert "x_train goes from 0 to 16 (uint8): 0 to 255 is read as 0 to 1, for all inputs alike (--scale auto)" in head
    assert "  warning: x_train goes from 0 to 16, but 0 to 255" in head
    assert (
        told.err == f"chipsim: warning: {path}: x_train goes from 0 to 16, but 0 to 255 is read as 0 to 1, of which it"
        " fills 0.063; --scale data reads its own range as 0 to 1\n"
    )
    facts = json.loads(chipsim(*arguments, "--scale", "feature", "--json").out)["scaling"]
    assert facts == {
        "setting": "feature",
        "type": "uint8",
        "found": [0, 16],
        "used": [0, 16],
        "per_feature": True,
        "warnings": [],
    }
    assert "each input's own range is read as 0 to 1 (--scale feature)" in chipsim(*arguments, "--scale", "feature").out
