"""Which stored values mean 0 and 1: by itself and as asked, and never NaN, whatever is stored."""

import gzip

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from small_runs import IDX_FILES, SMALL, idx_bytes, small_arrays, write_idx, write_npz

from host.data import describe, load
from host.data.samples import Samples
from host.errors import DataError, SettingError
from host.run import resolve, run

EVERYTHING = slice(None)
pytestmark = pytest.mark.filterwarnings("ignore::host.errors.DataWarning")  # see test_notes


def stored(folder, x_train, x_test=None, **more):
    x_test = x_train if x_test is None else x_test
    labels = {"y_train": np.arange(len(x_train)) % 2, "y_test": np.zeros(len(x_test), int)}
    return str(write_npz(folder / "d.npz", x_train=x_train, x_test=x_test, **labels, **more))


COLUMNS = np.array([[0.0, 100.0, 7.0], [4.0, 500.0, 7.0], [1.0, 200.0, 7.0]])
TESTED = np.array([[2.0, 300.0, 7.0], [9.0, 0.0, 8.0]])
SCALED = [
    # scale, ends, TESTED as inputs
    ("auto", (0, 500), [[0.004, 0.6, 0.014], [0.018, 0, 0.016]]),
    ("data", (0, 500), [[0.004, 0.6, 0.014], [0.018, 0, 0.016]]),
    ("feature", (0, 500), [[0.5, 0.5, 0], [1, 0, 0]]),
    ("-2,8", (-2, 8), [[0.4, 1, 0.9], [1, 0.2, 1]]),
    ("10", (0, 10), [[0.2, 1, 0.7], [0.9, 0, 0.8]]),
]


@pytest.mark.parametrize(("scale", "ends", "expected"), SCALED, ids=[case[0] for case in SCALED])
def test_as_asked(tmp_path, scale, ends, expected):
    spec = resolve(None, {"dataset": stored(tmp_path, COLUMNS, TESTED), "scale": scale})
    data = load(spec.dataset, None, spec.scale)
    assert np.allclose(data.test.values(EVERYTHING), expected, atol=1e-6)
    facts = describe(data)
    assert (facts["setting"], facts["found"], facts["type"]) == (spec.scale, [0, 500], "float64")
    assert (tuple(facts["used"]), facts["per_feature"]) == (ends, scale == "feature")


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [(np.uint8, 0, 255), (np.int8, -128, 127), (np.uint16, 0, 65535), (np.bool_, 0, 1), (">i4", -(2**31), 2**31 - 1)],
)
def test_by_the_type(tmp_path, dtype, low, high):
    train = np.array([[0, 1], [1, 0]]).astype(dtype)
    data = load(stored(tmp_path, train), None, "type")
    assert (data.train.low, data.train.high) == (low, high)
    assert np.allclose(data.train.values(EVERYTHING), (train.astype(float) - low) / (high - low))


def test_floats_have_no_range_of_their_type(tmp_path):
    with pytest.raises(DataError, match="float64, which has no range of its own: choose --scale data"):
        load(stored(tmp_path, COLUMNS), None, "type")


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int64, np.float16, np.float64])
def test_noughts_and_ones_mean_the_same_in_any_type(tmp_path, dtype):
    rng = np.random.default_rng(1)
    pixels = rng.random((20, 5)) < 0.5
    as_bool = load(stored(tmp_path, pixels)).train.values(EVERYTHING)
    assert np.array_equal(load(stored(tmp_path, pixels.astype(dtype))).train.values(EVERYTHING), as_bool)


def test_they_are_learned_alike(tmp_path):
    """Bytes of 0 and 1 were read as 0 and 1/255 once, and a third of the samples was right where all are."""
    arrays = small_arrays()
    accuracies = []
    for dtype in (np.bool_, np.uint8):
        pixels = {part: (arrays[part] > 0.5).astype(dtype) for part in ("x_train", "x_test")}
        path = write_npz(tmp_path / f"{np.dtype(dtype)}.npz", **pixels)
        accuracies.append(run(resolve(None, SMALL | {"dataset": str(path)})).summary["accuracy"])
    assert accuracies[0] == accuracies[1] and accuracies[0]["teacher"] >= 0.9


def test_bytes_of_an_idx_file_are_of_255_but_need_not(tmp_path):
    images = np.array([[[0, 1]], [[1, 0]]], np.uint8)
    folder = str(write_idx(tmp_path, x_train=images, x_test=images, y_train=np.arange(2), y_test=np.arange(2)))
    assert load(folder).train.values(EVERYTHING).max() == np.float32(1 / 255)
    assert load(folder, None, "data").train.values(EVERYTHING).max() == 1
    assert gzip.decompress((tmp_path / IDX_FILES["x_train"]).read_bytes()) == idx_bytes(images)


finite = st.floats(allow_nan=False, allow_infinity=False, width=64)


@given(
    dtype=st.sampled_from([np.uint8, np.int16, np.uint64, np.float16, np.float32, np.float64, np.bool_]),
    scale=st.sampled_from(["auto", "type", "data", "feature"])
    | st.tuples(finite, finite).filter(lambda ends: ends[0] < ends[1]).map(lambda ends: f"{ends[0]!r},{ends[1]!r}"),
    drawn=st.data(),
)
def test_every_input_is_finite_or_the_range_is_refused(tmp_path_factory, dtype, scale, drawn):
    values = hnp.from_dtype(np.dtype(dtype), allow_nan=False, allow_infinity=False)
    train, test = (drawn.draw(hnp.arrays(dtype, (3, 2), elements=values)) for _ in range(2))
    assume(train.min() < train.max())
    try:
        scale = resolve(None, {"scale": scale}).scale
        data = load(stored(tmp_path_factory.mktemp("any"), train, test), None, scale)
    except (DataError, SettingError) as error:
        assert "too wide or too narrow" in str(error) or "no range of its own" in str(error)
        return
    for samples in (data.train, data.test):
        inputs = samples.values(EVERYTHING)
        assert inputs.dtype == np.float32 and ((inputs >= 0) & (inputs <= 1)).all()


@pytest.mark.parametrize("scale", ["auto", "data", "feature"])
def test_a_range_too_wide_is_refused_by_its_ends(tmp_path, scale):
    """1e308 - -1e308 is more than a float64 holds."""
    with pytest.raises(DataError, match=r"from -1e\+308 to 1e\+308 of .*x_train is too wide or too narrow"):
        load(stored(tmp_path, np.array([[-1e308, 1.0], [1e308, 2.0]])), None, scale)


def test_values_far_beyond_the_range_are_clipped(tmp_path):
    path = stored(tmp_path, np.array([[-1e300], [1e300]]), np.array([[1.7e308], [-1.7e308]]))
    for scale in ("auto", "feature"):
        assert load(path, None, scale).test.values(EVERYTHING).tolist() == [[1], [0]]


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="this machine has no longer floats")
def test_floats_longer_than_float64_are_refused(tmp_path):
    with pytest.raises(DataError, match="of which float64 holds a part only"):
        load(stored(tmp_path, COLUMNS.astype(np.longdouble)))


WRITTEN = [
    ("feature", "feature"),
    (" data ", "data"),
    (16, "0,16"),
    ("16", "0,16"),
    (0.5, "0,0.5"),
    ([0, 16], "0,16"),
    ("-1.50, 1e3", "-1.5,1000"),
]


@pytest.mark.parametrize(("value", "canonical"), WRITTEN)
def test_one_scale_has_one_name(value, canonical):
    """So that equal runs have equal hashes; a name can be given again."""
    spec = resolve(None, {"scale": value})
    assert spec.scale == canonical == resolve(None, {"scale": canonical}).scale
    assert spec.hash() == resolve(None, {"scale": canonical}).hash()


WRONG = [
    "",
    "loud",
    "1,2,3",
    "2,1",
    "1,1",
    "nan,1",
    "0,inf",
    "0",
    -3,
    True,
    [0],
    [],
    {"a": 1},
    "0,1e999",
    "a,b",
    "1_6,2",
]


@pytest.mark.parametrize("value", WRONG, ids=str)
def test_what_is_no_scale(value):
    with pytest.raises(SettingError, match="scale = .*choose auto, type, data, feature, or LOW,HIGH"):
        resolve(None, {"scale": value})


def test_training_data_alone_decide_also_per_feature(tmp_path):
    alone = load(stored(tmp_path, COLUMNS, TESTED[:1]), None, "feature").test.values(EVERYTHING)
    beside = load(stored(tmp_path, COLUMNS, np.vstack([TESTED[:1], 1e6 * TESTED])), None, "feature")
    assert np.array_equal(beside.test.values(EVERYTHING)[:1], alone)


@pytest.mark.parametrize("name", ["digits", "yinyang"])
def test_a_data_set_with_a_name_can_be_scaled(name):
    by_itself, scaled = load(name), load(name, None, "feature")
    low, high = by_itself.train.raw.min(axis=0), by_itself.train.raw.max(axis=0)
    span = np.where(high > low, high - low, 1).astype(float)
    expected = np.where(high > low, (by_itself.train.raw - low.astype(float)) / span, 0)
    assert np.allclose(scaled.train.values(EVERYTHING), expected, atol=1e-6)
    assert scaled.digest != by_itself.digest  # the same bytes, but other data


def test_a_run_per_feature_learns_where_one_range_hides_a_column(tmp_path):
    """The class is in the small column alone."""
    rng = np.random.default_rng(3)
    arrays = {}
    for part, n in (("train", 200), ("test", 100)):
        labels = np.arange(n) % 2
        arrays[f"x_{part}"] = np.column_stack([labels + rng.normal(0, 0.2, n), 10_000 * rng.random(n)])
        arrays[f"y_{part}"] = labels
    path = write_npz(tmp_path / "apart.npz", **arrays)
    spec = {"dataset": str(path), "hidden": [16], "noise": [], "training.epochs": 0}
    alike, each = (run(resolve(None, spec | {"scale": scale})) for scale in ("auto", "feature"))
    assert alike.summary["accuracy"]["teacher"] < 0.7 and each.summary["accuracy"]["teacher"] > 0.95
    assert alike.summary["spec_hash"] != each.summary["spec_hash"]
    assert each.summary["scaling"]["per_feature"] and not each.summary["scaling"]["warnings"]


@pytest.mark.parametrize("low", [0.0, np.array([0.0, 2.0, 0.0])])
def test_a_subset_keeps_its_scale(low):
    samples = Samples(np.arange(12).reshape(4, 3), np.arange(4), low, low + 8.0)
    part = samples.subset(np.array([3, 1]))
    assert np.array_equal(part.values(EVERYTHING), samples.values(np.array([3, 1])))
