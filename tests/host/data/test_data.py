"""Data sets: what is in them, how files are read, how values are scaled."""

import gzip
import math
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import zoom
from scipy.stats import ks_2samp
from sklearn.datasets import load_digits
from small_runs import IDX_FILES, idx_bytes, small_arrays, write_idx, write_npz

from host.data.datasets import load
from host.data.folders import data_folders, find_mnist
from host.data.samples import Samples
from host.errors import DataError

EVERYTHING = slice(None)
pytestmark = pytest.mark.filterwarnings("ignore::host.errors.DataWarning")  # see test_notes


def test_digits_are_scikit_learns_each_once():
    data = load("digits")
    images, labels = load_digits(return_X_y=True)
    assert (data.n_in, data.n_classes, len(data.train), len(data.test)) == (64, 10, 1347, 450)
    values = np.concatenate([data.train.values(EVERYTHING), data.test.values(EVERYTHING)])
    mine = np.column_stack([16 * values, np.concatenate([data.train.labels, data.test.labels])])
    theirs = np.column_stack([images, labels])
    assert np.array_equal(mine[np.lexsort(mine.T)], theirs[np.lexsort(theirs.T)])
    assert set(data.test.labels) == set(data.train.labels) == set(range(10))


def test_digits_are_split_the_same_way_every_time():
    assert np.array_equal(load("digits").test.raw, load("digits").test.raw)


def yin_yang_class(x, y):
    """Kriener et al. 2021, in their words: a circle of radius 0.5 around (0.5, 0.5), dots of radius 0.1."""
    to_right = math.sqrt((x - 0.75) ** 2 + (y - 0.5) ** 2)
    to_left = math.sqrt((x - 0.25) ** 2 + (y - 0.5) ** 2)
    if to_right < 0.1 or to_left < 0.1:
        return 2
    if to_right <= 0.1:
        return 1
    if 0.1 < to_left <= 0.25:
        return 1
    return 1 if y > 0.5 and to_right > 0.25 else 0


def yin_yang(n, seed):
    rng = np.random.RandomState(seed)
    samples, labels = [], []
    for _ in range(n):
        wanted = rng.randint(3)
        x = y = -1.0
        while math.hypot(x - 0.5, y - 0.5) > 0.5 or yin_yang_class(x, y) != wanted:
            x, y = rng.rand(2)
        samples.append([x, y, 1 - x, 1 - y])
        labels.append(wanted)
    return np.array(samples, np.float32), np.array(labels)


def test_yinyang_is_as_its_authors_define_it():
    data = load("yinyang")
    assert (data.n_in, data.n_classes, len(data.train), len(data.test)) == (4, 3, 5000, 1000)
    for part, n, seed in ((data.train, 5000, 42), (data.test, 1000, 40)):
        points, labels = yin_yang(n, seed)
        assert np.array_equal(part.values(EVERYTHING), points)
        assert np.array_equal(part.labels, labels)


def test_yinyang_looks_like_the_symbol():
    samples = load("yinyang").train
    x, y, x_mirrored, y_mirrored = samples.values(EVERYTHING).astype(np.float64).T
    assert np.allclose([x + x_mirrored, y + y_mirrored], 1)
    assert np.hypot(x - 0.5, y - 0.5).max() <= 0.5
    right, left = np.hypot(x - 0.75, y - 0.5), np.hypot(x - 0.25, y - 0.5)
    dot, yang, yin = (samples.labels == label for label in (2, 1, 0))
    assert np.array_equal(dot, np.minimum(left, right) < 0.1)
    outside = np.minimum(left, right) > 0.25  # of both small circles: the upper half is yang, the lower yin
    assert np.array_equal(yang[outside], y[outside] > 0.5)
    assert yang[(left < 0.25) & ~dot].all()  # each small circle belongs to one of them, but for its dot
    assert yin[(right < 0.25) & ~dot].all()
    # Turned by half a turn, yin is yang: both see the same distances to their own dot.
    assert ks_2samp(left[yang], right[yin]).pvalue > 0.01
    assert ks_2samp(right[yang], left[yin]).pvalue > 0.01


def test_yinyangs_classes_are_equally_likely():
    counts = np.bincount(load("yinyang").train.labels)
    assert np.all(np.abs(counts - 5000 / 3) < 4 * math.sqrt(5000 * 2 / 9))


numbers = st.sampled_from([np.uint8, np.int16, np.uint32, np.float16, np.float32, np.float64, np.bool_])


@given(
    dtype=numbers,
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    n_train=st.integers(2, 5),
    n_test=st.integers(1, 4),
    order=st.sampled_from("CF"),
    label_type=st.sampled_from([np.uint8, np.int64, np.int16, np.float32]),
    drawn=st.data(),
)
def test_an_npz_file_comes_back(tmp_path_factory, dtype, shape, n_train, n_test, order, label_type, drawn):
    elements = {"min_value": 0, "max_value": 250} if dtype != np.bool_ else {}
    values = hnp.from_dtype(np.dtype(dtype), **elements)
    sizes = {"train": n_train, "test": n_test}
    x = {part: drawn.draw(hnp.arrays(dtype, (n, *shape), elements=values)) for part, n in sizes.items()}
    x["train"].flat[0], x["train"].flat[-1] = 0, 1  # never all equal
    path = tmp_path_factory.mktemp("npz") / "mine.npz"
    arrays = {
        "x_train": np.asarray(x["train"], order=order),
        "x_test": np.asarray(x["test"], order=order),
        "y_train": np.arange(n_train).astype(label_type),
        "y_test": np.zeros(n_test, label_type),
    }
    np.savez_compressed(path, **arrays)
    data = load(str(path))
    assert (data.name, data.n_classes, data.n_in) == ("mine", n_train, math.prod(shape))
    assert data.origin == str(path)
    for part, samples in (("train", data.train), ("test", data.test)):
        assert np.array_equal(samples.raw, x[part].reshape(len(x[part]), -1))
        assert np.array_equal(samples.labels, arrays[f"y_{part}"])
        assert samples.labels.dtype == np.int64
        values = samples.values(EVERYTHING)
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert values.max() <= 1


@given(
    image=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=3, max_side=5)),
    n_test=st.integers(1, 4),
    drawn=st.data(),
)
def test_an_idx_folder_comes_back(tmp_path_factory, image, n_test, drawn):
    test = drawn.draw(hnp.arrays(np.uint8, (n_test, *image.shape[1:])))
    labels = drawn.draw(hnp.arrays(np.uint8, len(image), elements=st.integers(0, 255)))
    labels[-1] = max(1, labels[-1])
    folder = write_idx(
        tmp_path_factory.mktemp("idx") / "mine",
        x_train=image,
        y_train=labels,
        x_test=test,
        y_test=np.full(n_test, labels[0]),
    )
    data = load(str(folder))
    assert (data.name, data.n_classes) == ("mine", int(labels.max()) + 1)
    assert np.array_equal(data.train.raw, image.reshape(len(image), -1))
    assert np.array_equal(data.test.raw, test.reshape(n_test, -1))
    assert np.array_equal(data.train.labels, labels)
    assert np.allclose(data.train.values(EVERYTHING), data.train.raw / 255, rtol=1e-6)


def values_of(tmp_path, x_train, x_test):
    """x_test as it is scaled when the training values are x_train."""
    y = np.arange(len(x_train)) % 2
    write_npz(tmp_path / "d.npz", x_train=x_train, y_train=y, x_test=x_test, y_test=np.zeros(len(x_test), int))
    return load(str(tmp_path / "d.npz")).test.values(EVERYTHING)


@pytest.mark.parametrize(
    ("train", "test", "expected"),
    [
        (np.array([[0.25], [0.5]]), np.array([[0.25], [1.0], [0.0]]), [0.25, 1, 0]),  # within [0, 1]: as it is
        (np.array([[-1.0], [3.0]]), np.array([[-1.0], [0.0], [3.0]]), [0, 0.25, 1]),  # else by the training range
        (np.array([[-1.0], [3.0]]), np.array([[-9.0], [1.0], [9.0]]), [0, 0.5, 1]),  # and what is outside is clipped
        (np.array([[0.0], [1.0]]), np.array([[-0.5], [1.5]]), [0, 1]),
        (np.array([[7], [9]], np.uint8), np.array([[0], [51], [255]], np.uint8), [0, 0.2, 1]),  # bytes: of 255
        (np.array([[0], [4]], np.int16), np.array([[1], [5]], np.int16), [0.25, 1]),
        (np.array([[False], [True]]), np.array([[True], [False]]), [1, 0]),
    ],
)
def test_values_are_scaled_by_the_training_data(tmp_path, train, test, expected):
    assert np.allclose(values_of(tmp_path, train, test)[:, 0], expected, atol=1e-6)


@pytest.mark.parametrize(("low", "high"), [(1e9, 1e9 + 1), (0, 1e300)])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_values_far_from_1_keep_their_differences(tmp_path, low, high):
    train = np.array([[low], [high]])
    values = values_of(tmp_path, train, low + (high - low) * np.array([[0.0], [0.25], [1.0]]))
    assert np.allclose(values[:, 0], [0, 0.25, 1], atol=1e-6)


def test_only_the_training_data_decide_the_scale(tmp_path):
    train = np.array([[0.0], [2.0]])
    alone = values_of(tmp_path, train, np.array([[1.0]]))
    beside = values_of(tmp_path, train, np.array([[1.0], [1e6], [-1e6]]))
    assert alone[0] == beside[0] == 0.5


@given(raw=hnp.arrays(np.float32, (3, 4), elements=st.floats(-1e3, 1e3, width=32)), low=st.integers(-500, 400))
def test_values_are_always_between_0_and_1_and_the_store_stays(raw, low):
    before = raw.copy()
    samples = Samples(raw, np.zeros(3, np.int64), low, low + 100.0)
    values = samples.values(EVERYTHING)
    assert np.array_equal(raw, before)
    assert ((values >= 0) & (values <= 1)).all()
    assert np.allclose(values, np.clip((before.astype(np.float64) - low) / 100, 0, 1), atol=1e-5)
    assert np.array_equal(samples.values(np.array([2, 0])), values[[2, 0]])


def test_a_subset_keeps_values_with_their_labels():
    samples = Samples(np.arange(8, dtype=np.uint8).reshape(4, 2), np.arange(4), 0, 255)
    part = samples.subset(np.array([3, 1]))
    assert np.array_equal(part.labels, [3, 1])
    assert np.array_equal(part.raw, [[6, 7], [2, 3]])
    assert (part.low, part.high, len(part)) == (0, 255, 2)


def test_mnist_is_looked_for_where_it_was_said_first(tmp_path, monkeypatch):
    monkeypatch.setenv("CHIPSIM_DATA", str(tmp_path / "second"))
    assert data_folders(str(tmp_path / "first")) == [tmp_path / "first", tmp_path / "second"]
    for place in ("second", "second/mnist", "first", "first/mnist"):  # each is preferred to those before it
        write_idx(tmp_path / place)
        assert find_mnist(str(tmp_path / "first"))[0] == tmp_path / place
    assert load("mnist", str(tmp_path / "first")).origin == str(tmp_path / "first" / "mnist")
    assert load("mnist").origin == str(tmp_path / "second" / "mnist")


def test_mnist_that_is_nowhere_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("CHIPSIM_DATA", str(tmp_path))
    write_idx(tmp_path)
    (tmp_path / IDX_FILES["y_test"]).unlink()
    with pytest.raises(DataError, match="mnist not found") as error:
        load("mnist")
    assert f"{tmp_path / 'mnist'}, {tmp_path}" in str(error.value)
    monkeypatch.delenv("CHIPSIM_DATA")
    with pytest.raises(DataError, match="neither --data-dir nor CHIPSIM_DATA is set"):
        load("mnist")


def test_an_idx_file_of_a_longer_name_is_not_taken(tmp_path):
    folder = write_idx(tmp_path / "idx")
    (folder / IDX_FILES["x_test"]).rename(folder / "images.gz")
    with pytest.raises(DataError, match=IDX_FILES["x_test"]):
        load(str(folder))


def test_mnist_is_the_published_one():
    if not os.environ.get("CHIPSIM_DATA"):
        pytest.skip("CHIPSIM_DATA names no folder with MNIST's files")
    if find_mnist(None)[0] is None:
        pytest.skip("the folder that CHIPSIM_DATA names holds no MNIST")
    data = load("mnist")
    assert (data.n_in, data.n_classes) == (784, 10)
    train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    for samples, counts, mean, std in ((data.train, train, 0.13066, 0.30811), (data.test, test, 0.13251, 0.31048)):
        assert np.bincount(samples.labels).tolist() == counts
        assert samples.raw.mean() / 255 == pytest.approx(mean, abs=1e-5)
        assert samples.raw.std() / 255 == pytest.approx(std, abs=1e-5)
    assert data.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    values = data.test.values(slice(0, 100))
    assert (values.min(), values.max()) == (0, 1)


def test_a_class_may_lack_training_samples(tmp_path):
    labels = 2 * (small_arrays()["y_train"] % 2)
    path = write_npz(tmp_path / "gap.npz", y_train=labels, y_test=np.zeros(60, int))
    assert load(str(path)).n_classes == 3


def test_idx_bytes_are_what_gzip_gives_back(tmp_path):
    """The helper that writes idx files, against the format's own words: magic, sizes big-endian, then the bytes."""
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert gzip.decompress(gzip.compress(idx_bytes(array))) == b"\0\0\x08\x02\0\0\0\x02\0\0\0\x03\0\1\2\3\4\5"


def test_mnist16_is_mnist_cropped_and_zoomed_by_a_spline(tmp_path, rng):
    arrays = {
        f"x_{part}": rng.integers(0, 256, (n, 28, 28)).astype(np.uint8) for part, n in (("train", 9), ("test", 4))
    }
    arrays |= {"y_train": np.arange(9) % 3, "y_test": np.arange(4) % 3}
    write_idx(tmp_path, **arrays)
    data = load("mnist16", str(tmp_path))
    assert (data.name, data.n_in, data.n_classes) == ("mnist16", 256, 3)
    for samples, images in ((data.train, arrays["x_train"]), (data.test, arrays["x_test"])):
        for shown, image in zip(samples.values(EVERYTHING), images, strict=True):
            zoomed = np.clip(zoom(image[2:-2, 2:-2] / 255, 2 / 3, order=3), 0, 1)
            assert np.abs(shown.reshape(16, 16) - zoomed).max() < 0.51 / 255


def test_mnist16_needs_images_of_mnists_size(tmp_path):
    write_idx(tmp_path)
    with pytest.raises(DataError, match="mnist16 is made of MNIST's 28x28"):
        load("mnist16", str(tmp_path))
