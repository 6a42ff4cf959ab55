"""Images turned by small angles."""

import numpy as np
import pytest
from scipy.ndimage import rotate

from host.data.rotation import Rotation
from host.errors import DataError

RNG = np.random.default_rng(1)


def test_each_image_is_turned_by_an_angle_in_range():
    image = np.zeros((16, 16), np.float32)
    image[3:13, 6:9] = 0.8
    angles = np.linspace(-10, 10, 32)
    candidates = [np.clip(rotate(image, angle, axes=(1, 0), reshape=False), 0, 1).ravel() for angle in angles]
    turned = Rotation(256, 10, seed=1).turned(np.repeat(image.reshape(1, -1), 500, axis=0), 0)
    nearest = [int(np.argmin([np.abs(row - each).max() for each in candidates])) for row in turned]
    assert max(np.abs(row - candidates[k]).max() for row, k in zip(turned, nearest, strict=True)) < 1e-5
    assert set(nearest) == set(range(32))


def test_values_stay_between_0_and_1_and_follow_from_seed_and_presentation():
    images = RNG.random((20, 64)).astype(np.float32)
    rotation = Rotation(64, 15, seed=3)
    turned = rotation.turned(images, 40)
    assert turned.min() >= 0 and turned.max() <= 1 and turned.dtype == np.float32
    assert np.array_equal(turned, Rotation(64, 15, seed=3).turned(images, 40))
    assert not np.array_equal(turned, rotation.turned(images, 60))
    assert not np.array_equal(turned, Rotation(64, 15, seed=4).turned(images, 40))


def test_inputs_that_are_no_square_image_are_refused():
    with pytest.raises(DataError, match="needs square images, which 6 inputs are not: set rotation_deg to 0"):
        Rotation(6, 10, 1)
