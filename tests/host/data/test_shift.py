"""Training images moved by a few pixels, and teachers that learn from them."""

import numpy as np
import pytest
from scipy.stats import chisquare
from sklearn.neural_network import MLPClassifier
from small_runs import small_arrays, write_npz

from host.data.datasets import load
from host.data.samples import Samples
from host.data.shift import Shift
from host.errors import SettingError
from host.run import complete, prepare, resolve
from host.teachers import RectifiedLayers, train_teacher


def one_dot(n, height, width, channels=1, low=0):
    """n images, dark but for one pixel amid them, which has a value of its own in each channel."""
    images = np.full((n, height, width, channels), low, np.uint8)
    images[:, height // 2, width // 2] = 200 + np.arange(channels)
    return Samples(images.reshape(n, -1), np.arange(n) % 3, low, 255)


def test_images_move_by_each_of_the_shifts_alike_often():
    samples = one_dot(18_000, 7, 9)
    moved = Shift((1, 7, 9), 1, 5).moved(samples, 0).raw.reshape(-1, 7, 9)
    assert np.all((moved == 200).sum((1, 2)) == 1) and np.all((moved == 0).sum((1, 2)) == 62)
    _, row, column = np.nonzero(moved)
    places, counts = np.unique(np.stack([row - 3, column - 4]), axis=1, return_counts=True)
    assert places.T.tolist() == [[down, right] for down in (-1, 0, 1) for right in (-1, 0, 1)]
    assert chisquare(counts).pvalue > 0.01


def test_each_image_keeps_its_label_and_its_channels_move_together():
    samples = one_dot(40, 5, 5, channels=3)
    moved = Shift((3, 5, 5), 2, 1).moved(samples, 3)
    images = moved.raw.reshape(-1, 5, 5, 3)
    where = images[..., 0] == 200
    assert np.all(where.sum((1, 2)) == 1)
    assert np.array_equal(images[where], np.tile([200, 201, 202], (40, 1)))
    assert np.array_equal(moved.labels, samples.labels) and moved.raw.dtype == np.uint8


def test_what_comes_in_at_the_edges_is_the_darkest_value():
    samples = Samples(np.full((200, 9), 3.5), np.zeros(200, np.int64), -1.5, 3.5)
    moved = Shift((1, 3, 3), 2, 1).moved(samples, 0).raw
    assert set(np.unique(moved)) == {-1.5, 3.5}


def test_the_shifts_follow_from_seed_and_epoch():
    samples = one_dot(50, 6, 6)
    shift = Shift((1, 6, 6), 2, 1)
    first = shift.moved(samples, 0).raw
    assert np.array_equal(first, Shift((1, 6, 6), 2, 1).moved(samples, 0).raw)
    assert not np.array_equal(first, shift.moved(samples, 1).raw)
    assert not np.array_equal(first, Shift((1, 6, 6), 2, 2).moved(samples, 0).raw)


@pytest.fixture(scope="module")
def digits():
    return load("digits")


def test_the_teacher_is_the_mean_of_the_second_half_of_its_epochs(digits):
    samples, shift = digits.train.subset(np.arange(300)), Shift((1, 8, 8), 1, 4)
    network, weights = MLPClassifier((6,), random_state=2, batch_size=64), []
    for epoch in range(5):
        values = shift.moved(samples, epoch).values(slice(None))
        network.partial_fit(values, samples.labels, classes=np.arange(10))
        weights.append([array.copy() for array in (*network.coefs_, *network.intercepts_)])  # they change in place
    (w1, b1), (w2, b2) = train_teacher(samples, 10, (6,), 2, 5, shift)
    for mine, each in zip((w1, w2, b1, b2), zip(*weights[2:], strict=True), strict=True):
        assert mine == pytest.approx(np.mean(each, axis=0), rel=1e-4, abs=1e-6)


def test_a_teacher_of_moved_images_knows_moved_images(digits):
    shift, other = Shift(digits.image_shape, 1, 1), Shift(digits.image_shape, 1, 2)
    unseen = other.moved(digits.test, 0)

    def accuracy(shift):
        layers = train_teacher(digits.train, 10, (32,), 1, 40, shift)
        logits = RectifiedLayers(layers)(unseen.values(slice(None)))[-1]
        return np.mean(np.argmax(logits, axis=1) == unseen.labels)

    assert accuracy(shift) > accuracy(None) + 0.1


@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_any_number_of_classes_can_be_learned_from_moved_images(n_classes):
    samples = Samples(np.random.default_rng(1).random((30, 4)), np.arange(30) % n_classes, 0, 1)
    (_, hidden), (weights, bias) = train_teacher(samples, 3, (5,), 1, 1, Shift((1, 2, 2), 1, 1))
    assert hidden.shape == (5,) and weights.shape == (5, 3) and bias.shape == (3,)


def test_mnists_images_move_and_those_of_others_do_not():
    assert resolve(None, {"dataset": "mnist"}).teacher.shift_px == 1
    assert resolve(None, {"dataset": "mnist", "teacher.shift_px": 0}).teacher.shift_px == 0
    assert [resolve(None, {"dataset": name}).teacher.shift_px for name in ("digits", "mnist16", "yinyang")] == [0] * 3


def test_moving_images_take_twice_the_epochs():
    plain, moving = (complete(resolve(None, {"teacher.shift_px": px}), 1000, 1e5).teacher.epochs for px in (0, 1))
    assert (plain, moving) == (20, 40)
    assert complete(resolve(None, {"teacher.shift_px": 1, "teacher.epochs": 7}), 9, 9).teacher.epochs == 7


def test_what_cannot_move_is_refused(tmp_path):
    flat = {"dataset": str(write_npz(tmp_path / "flat.npz")), "teacher.shift_px": 1}
    with pytest.raises(SettingError, match="^teacher.shift_px = 1 moves images, and flat holds none: set it to 0$"):
        prepare(resolve(None, flat))
    small = small_arrays(n_in=6)
    images = {name: small[name].reshape(-1, 2, 3) for name in ("x_train", "x_test")}
    wide = {"dataset": str(write_npz(tmp_path / "wide.npz", **images)), "teacher.shift_px": 2}
    with pytest.raises(SettingError, match="out of sight: keep it below their side, 2$"):
        prepare(resolve(None, wide))
