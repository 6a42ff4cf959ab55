"""CIFAR-10 from its two files: order of the values, scale, and what is refused."""

import numpy as np
import pytest

from chipsim.design import to_image
from host.data.datasets import load
from host.errors import DataError


def write(folder, n=20, **changes):
    rng = np.random.default_rng(1)
    folder.mkdir(exist_ok=True)
    images = rng.integers(0, 256, (n, 32, 32, 3), np.uint8)
    for name in ("cifar10_train_1", "cifar10_test"):
        arrays = {"x": images, "y": (np.arange(n) % 10).astype(np.uint8)} | changes
        np.savez(folder / f"{name}.npz", **{key: array for key, array in arrays.items() if array is not None})
    return images


@pytest.mark.parametrize("inside", ["cifar10", "."])
def test_images_keep_their_place_and_scale(tmp_path, inside):
    images = write(tmp_path / inside)
    data = load("cifar10", str(tmp_path))
    assert data.image_shape == (3, 32, 32)
    assert (data.n_in, data.n_classes, len(data.train), len(data.test)) == (3072, 10, 20, 20)
    values = to_image(data.test.values(slice(None)), data.image_shape)
    assert np.allclose(values, images.transpose(0, 3, 1, 2) / 255)
    assert "first 10,000 of 50,000 training images" in data.origin


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x": np.zeros((20, 3, 32, 32), np.uint8)}, r"must be uint8 \(n, 32, 32, 3\)"),
        ({"x": np.zeros((20, 32, 32, 3), np.float32)}, r"must be uint8 \(n, 32, 32, 3\)"),
        ({"y": None}, "cannot be read"),
        ({"y": np.zeros(3, np.uint8)}, "one label per sample"),
    ],
)
def test_other_files_are_refused(tmp_path, changes, words):
    write(tmp_path / "cifar10", **changes)
    with pytest.raises(DataError, match=words):
        load("cifar10", str(tmp_path))


def test_a_missing_file_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.delenv("CHIPSIM_DATA", raising=False)
    with pytest.raises(DataError, match=f"cifar10 not found .looked in {tmp_path}/cifar10, {tmp_path}."):
        load("cifar10", str(tmp_path))
    with pytest.raises(DataError, match="neither --data-dir nor CHIPSIM_DATA is set"):
        load("cifar10")


def test_a_truncated_file_is_refused(tmp_path):
    write(tmp_path)
    path = tmp_path / "cifar10_test.npz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match="get it again"):
        load("cifar10", str(tmp_path))
