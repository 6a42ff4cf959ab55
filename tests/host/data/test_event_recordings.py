"""Recordings of event cameras: counted where, when and with which sign they came; broken files are told in one line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.data import load, place_of, source_named
from host.data.event_recordings import Recordings, counts
from host.errors import DataError


def arrays_of(**changes):
    """Two recordings to learn from and one to test with, on a sensor of 3x4 pixels."""
    made = {
        "train_x": np.array([0, 3, 3, 1, 2], np.uint8),
        "train_y": np.array([0, 2, 2, 1, 1], np.uint8),
        "train_t_us": np.array([0, 10, 999, 5, 40], np.uint32),
        "train_p": np.array([0, 1, 1, 1, 0], np.uint8),
        "train_offset": np.array([0, 3, 5]),
        "train_label": np.array([0, 1], np.uint8),
        "test_x": np.array([1, 1], np.uint8),
        "test_y": np.array([0, 0], np.uint8),
        "test_t_us": np.array([7, 7], np.uint32),
        "test_p": np.array([1, 1], np.uint8),
        "test_offset": np.array([0, 2]),
        "test_label": np.array([1], np.uint8),
    }
    return {name: value for name, value in (made | changes).items() if value is not None}


def loaded(here, **changes):
    np.savez(here / "mine.npz", **arrays_of(**changes))
    return load(str(here / "mine.npz"))


def test_events_become_an_image_of_two_channels(here):
    dataset = loaded(here)
    assert (dataset.image_shape, dataset.n_classes, len(dataset.train), len(dataset.test)) == ((2, 3, 4), 2, 2, 1)
    first = dataset.train.raw[0].reshape(3, 4, 2)
    assert {tuple(place): int(first[tuple(place)]) for place in np.argwhere(first)} == {(0, 0, 0): 1, (2, 3, 1): 2}
    assert dataset.test.raw[0].reshape(3, 4, 2)[0, 1].tolist() == [0, 2]
    assert dataset.train.labels.tolist() == [0, 1]


@given(st.integers(1, 5), st.data())
def test_counts_are_those_of_a_slow_count(windows, data):
    n, end_us = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 50))
    sizes = data.draw(st.lists(st.integers(0, 6), min_size=n, max_size=n))
    k = sum(sizes)

    def draw(top):
        return np.array(data.draw(st.lists(st.integers(0, top), min_size=k, max_size=k)), np.int64)

    part = Recordings(draw(3), draw(2), draw(end_us - 1), draw(1), np.cumsum([0, *sizes]), np.zeros(n, np.int64))
    wanted = np.zeros((n, windows, 3, 4, 2), int)
    for r in range(n):
        for e in range(part.offset[r], part.offset[r + 1]):
            window = next(w for w in range(windows) if part.t_us[e] * windows < (w + 1) * end_us)
            wanted[r, window, part.y[e], part.x[e], part.p[e]] += 1
    assert counts(part, (3, 4), windows, end_us).tolist() == wanted.tolist()


def test_time_is_cut_into_windows(here):
    """The longest recording lasts a millisecond: windows of half of it."""
    loaded(here)
    dataset = load(str(here / "mine.npz"), windows=2)
    assert (dataset.windows, dataset.n_in, dataset.image_shape) == (2, 24, (2, 3, 4))
    first = dataset.train.raw[0].reshape(2, 3, 4, 2)
    assert {tuple(place): int(first[tuple(place)]) for place in np.argwhere(first)} == {
        (0, 0, 0, 0): 1,
        (0, 2, 3, 1): 1,
        (1, 2, 3, 1): 1,
    }
    assert dataset.digest != load(str(here / "mine.npz")).digest


def test_a_pixel_counts_to_255(monkeypatch):
    monkeypatch.setattr("host.data.event_recordings._AT_ONCE", 1)  # a recording at a time
    zeros = np.zeros(300, np.int64)
    part = Recordings(zeros, zeros, zeros, zeros, np.array([0, 0, 300]), np.zeros(2, np.int64))
    assert counts(part, (1, 1), 1, 1).ravel().tolist() == [0, 0, 255, 0]


def test_the_file_may_say_how_large_the_sensor_is(here):
    assert loaded(here, sensor=np.array([5, 6])).image_shape == (2, 5, 6)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"train_p": None}, "has no train_p"),
        ({"train_x": np.zeros(4, np.uint8)}, "train_x has 4 events, train_t_us 5: the file is cut short"),
        ({"train_offset": np.array([0, 3, 4])}, "train_offset must go from 0 to the number of events, 5"),
        ({"train_offset": np.array([0, 6, 5])}, "and never fall"),
        ({"train_offset": np.array([0, 5])}, "train_offset has 2 entries for 2 labels; it must have one more"),
        ({"train_t_us": np.array([0, 10, 9, 5, 40])}, "train_t_us falls within recording 0, from 10 to 9: sort"),
        ({"train_t_us": np.array([0, 10, 11, 45, 40])}, "train_t_us falls within recording 1, from 45 to 40: sort"),
        ({"train_t_us": np.array([-1, 10, 11, 5, 40])}, "times are microseconds"),
        ({"train_t_us": np.array([0, 10, 1 << 41, 5, 40])}, "times are microseconds"),
        ({"train_t_us": np.array([0.5, 10, 11, 5, 40])}, "it must be whole numbers in one row"),
        ({"train_t_us": np.array([0, 1, 2, 3, (1 << 64) - 1], np.uint64)}, "no whole number of it may pass 2^63 - 1"),
        ({"train_p": np.array([0, 1, 2, 1, 0])}, "a polarity is 0 or 1"),
        ({"test_x": np.array([1, 4])}, "test_x goes from 1 to 4, beyond the sensor of 3x4 pixels"),
        ({"train_y": np.array([0, -1, 2, 1, 1])}, "train_y goes from -1 to 2, beyond the sensor"),
        ({"train_x": np.array([0, 1 << 40, 2, 1, 1])}, "beyond the sensor"),
        ({"sensor": np.array([3])}, "sensor is [3]; it must be height and width"),
        ({"sensor": np.array([3, 0])}, "each from 1 to 4096"),
        ({"train_label": np.array([0, 70000])}, "labels must be whole numbers from 0 to 65535"),
        ({"train_x": np.zeros((5, 1), np.uint8)}, "whole numbers in one row"),
        ({"test_label": np.array([], int), "test_offset": np.array([0])}, "test_offset must go from 0"),
    ],
)
def test_broken_recordings_are_told_in_one_line(here, changes, said):
    with pytest.raises(DataError) as raised:
        loaded(here, **changes)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_n_mnist_as_it_is_distributed_in_small():
    if place_of(source_named("nmnist")(), None).folder is None:
        pytest.skip("N-MNIST is not in the folder that CHIPSIM_DATA names")
    dataset = load("nmnist")
    assert (dataset.name, dataset.train.raw.shape, dataset.test.raw.shape) == ("nmnist", (1000, 2312), (100, 2312))
    assert int(dataset.train.raw.sum(dtype=np.int64)) == 4_133_231  # no pixel is full
    assert np.bincount(dataset.train.labels).tolist() == [97, 116, 99, 93, 105, 92, 94, 117, 87, 100]
    assert dataset.train.high == 15
