"""Spoken digits: mel bands where tones are, levels below the loudest, broken files told in one line."""

import numpy as np
import pytest

from host.data import load, place_of, source_named
from host.data.spoken_digits import N_BANDS, N_FRAMES, RATE_HZ, mel_bands, mel_features, read_spoken_digits
from host.errors import DataError

BANDS = mel_bands(N_BANDS, 512, RATE_HZ)


def tone(hertz, seconds=0.4, loud=8000):
    return np.rint(loud * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)).astype(np.int16)


def test_bands_are_triangles_of_equal_width_in_mel():
    frequency = np.arange(257) * RATE_HZ / 512
    peaks = frequency[BANDS.argmax(axis=1)]
    mel = 2595 * np.log10(1 + peaks / 700)
    wanted = np.linspace(0, 2595 * np.log10(1 + 4000 / 700), N_BANDS + 2)[1:-1]
    assert np.abs(700 * (10 ** (wanted / 2595) - 1) - peaks).max() <= RATE_HZ / 512
    assert np.all(np.diff(mel) > 0)
    inside = (frequency > peaks[0]) & (frequency < peaks[-1])
    assert BANDS.sum(axis=0)[inside] == pytest.approx(1)  # neighbours overlap so that every frequency counts once


@pytest.mark.parametrize("hertz", [200, 700, 1500, 3000])
def test_a_tone_is_in_its_band(hertz):
    features = mel_features(tone(hertz), BANDS)
    assert features.shape == (N_FRAMES, N_BANDS)
    assert (features.argmax(axis=1) == BANDS[:, round(hertz * 512 / RATE_HZ)].argmax()).all()
    assert features.max() == 1


def test_what_comes_later_stands_later_and_loudness_does_not_matter():
    clip = np.concatenate([tone(300), tone(2000)])
    features = mel_features(clip, BANDS)
    low, high = (BANDS[:, round(hertz * 512 / RATE_HZ)].argmax() for hertz in (300, 2000))
    assert features[:7].argmax(axis=1).tolist() == [low] * 7
    assert features[-7:].argmax(axis=1).tolist() == [high] * 7
    assert mel_features((clip // 2 * 2).astype(np.int16), BANDS) == pytest.approx(features, abs=0.02)
    quiet = mel_features(np.concatenate([tone(300), tone(2000, loud=800)]), BANDS)
    assert quiet[-1].max() == pytest.approx(1 - 20 / 60, abs=0.01)  # a tenth is 20 dB below the loudest


@pytest.mark.parametrize("n", [1, 399, 400, 401, 3000])
def test_clips_of_any_length_have_as_many_features(n, rng):
    features = mel_features(rng.integers(-99, 99, n).astype(np.int16), BANDS)
    assert features.shape == (N_FRAMES, N_BANDS)
    assert 0 <= features.min() <= features.max() <= 1
    assert mel_features(np.zeros(n, np.int16), BANDS).min() == 1  # silence is as loud as its loudest


def arrays_of(**changes):
    made = {
        "audio": np.concatenate([tone(200), tone(900), tone(210), tone(910)]),
        "offset": np.arange(5) * 3200,
        "y": np.array([0, 1, 0, 1], np.uint8),
        "index": np.array([5, 6, 0, 4], np.uint8),
    }
    return {name: value for name, value in (made | changes).items() if value is not None}


def test_the_first_takes_are_the_test(here):
    np.savez(here / "fsdd.npz", **arrays_of())
    dataset = load("fsdd", str(here))
    assert (dataset.train.raw.shape, dataset.test.raw.shape, dataset.n_classes) == ((2, 320), (2, 320), 2)
    assert dataset.train.raw[0] == pytest.approx(mel_features(tone(200), BANDS).ravel())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"index": None}, "has no index"),
        ({"audio": np.zeros(12800, np.float32)}, "audio is float32 (12800,); it must be int16"),
        ({"audio": np.zeros(12799, np.int16)}, "offset must rise from 0 to the number of audio samples, 12,799"),
        ({"offset": np.array([0, 3200, 3200, 9600, 12800])}, "or a clip of it is empty"),
        ({"offset": np.arange(4)}, "4 of offset"),
        ({"y": np.array([0.5, 1, 0, 1])}, "y is float64 (4,); it must be whole numbers"),
        ({"index": np.array([0, 1, 2, 3])}, "with at least one sample"),
    ],
)
def test_broken_sound_is_told_in_one_line(here, changes, said):
    np.savez(here / "fsdd.npz", **arrays_of(**changes))
    with pytest.raises(DataError) as raised:
        read_spoken_digits(here / "fsdd.npz")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_spoken_digits_as_they_are_distributed():
    if place_of(source_named("fsdd")(), None).folder is None:
        pytest.skip("fsdd.npz is not in the folder that CHIPSIM_DATA names")
    dataset = load("fsdd")
    assert (dataset.train.raw.shape, dataset.test.raw.shape) == ((2700, 320), (300, 320))
    assert np.bincount(dataset.test.labels).tolist() == [30] * 10
