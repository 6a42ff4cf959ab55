"""CIFAR-10 from its files: which parts, order of the values, scale, and what is refused."""

import os

import numpy as np
import pytest

from chipsim.design import to_image
from host.data.cifar10 import find_cifar10, read_cifar10
from host.data.datasets import load
from host.data.folders import data_folders
from host.data.parts import learned_and_checked
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
    assert "part 1 of 5, 20 training images; 20 test images" in data.origin


@pytest.mark.parametrize("parts", [(1,), (2,), (1, 2), (1, 3, 5), (1, 2, 3, 4, 5)])
def test_all_parts_that_are_there_are_read_in_their_order(tmp_path, parts):
    write(tmp_path)
    (tmp_path / "cifar10_train_1.npz").unlink()
    for number in parts:
        images = np.full((3, 32, 32, 3), number, np.uint8)
        np.savez(tmp_path / f"cifar10_train_{number}.npz", x=images, y=np.arange(10)[[number, 0, 9]])
    data = load("cifar10", str(tmp_path))
    assert data.train.raw[:, 0].tolist() == [number for number in parts for _ in range(3)]
    assert data.train.labels.tolist() == [label for number in parts for label in (number, 0, 9)]
    assert f"{', '.join(map(str, parts))} of 5, {3 * len(parts)} training images" in data.origin
    missing = [str(number) for number in range(1, 6) if number not in parts]
    assert data.origin.endswith("; 20 test images") if not missing else f"{', '.join(missing)} not there" in data.origin


def test_each_part_has_a_label_for_each_image(tmp_path):
    """Also where too few labels in one make up for too many in another."""
    write(tmp_path)
    images = np.zeros((3, 32, 32, 3), np.uint8)
    np.savez(tmp_path / "cifar10_train_2.npz", x=images, y=np.arange(2))
    np.savez(tmp_path / "cifar10_train_3.npz", x=images, y=np.arange(4))
    with pytest.raises(DataError, match="cifar10_train_2.npz: y has shape .2,.*one label per sample"):
        load("cifar10", str(tmp_path))


def test_a_part_that_is_another_one_again_is_refused(tmp_path):
    """Else images would be validated on that were learned from."""
    write(tmp_path)
    (tmp_path / "cifar10_train_4.npz").write_bytes((tmp_path / "cifar10_train_1.npz").read_bytes())
    with pytest.raises(DataError, match="cifar10_train_1.npz and cifar10_train_4.npz hold the same images"):
        load("cifar10", str(tmp_path))


@pytest.mark.parametrize("damage", [lambda content: content[:1000], lambda content: b"", lambda content: b"x" * 99])
def test_a_damaged_part_is_named_in_one_line(chipsim, here, damage):
    write(here)
    content = (here / "cifar10_train_1.npz").read_bytes()
    (here / "cifar10_train_3.npz").write_bytes(damage(content))
    ended = chipsim("run", "--dataset", "cifar10", "--data-dir", here, "--out", "run")
    assert ended.status == 2
    [line] = ended.err.splitlines()
    assert "cifar10_train_3.npz cannot be read" in line and "get it again" in line
    assert not (here / "run").exists()


def test_as_many_images_are_held_out_as_a_setting_says(tmp_path):
    """A share of all of CIFAR-10 would stop at 2,000."""
    write(tmp_path)
    data = load("cifar10", str(tmp_path))
    train, valid = learned_and_checked(data, 5, 1)
    assert (len(train), len(valid)) == (15, 5)
    whole = np.concatenate([train.raw, valid.raw])
    assert {row.tobytes() for row in whole} == {row.tobytes() for row in data.train.raw}
    assert np.array_equal(learned_and_checked(data, 0.25, 1)[1].raw, valid.raw), "the same ones, said as a share"
    with pytest.raises(DataError, match="20 samples to validate on, of 20 training samples, leave none .*19 at most"):
        learned_and_checked(data, 20, 1)


def test_the_published_images_in_five_parts():
    if not os.environ.get("CHIPSIM_DATA"):
        pytest.skip("CHIPSIM_DATA names no folder with CIFAR-10's files")
    folder, _ = find_cifar10(data_folders(None))
    if folder is None:
        pytest.skip("the folder that CHIPSIM_DATA names holds no CIFAR-10")
    arrays, origin = read_cifar10(folder)
    if "parts 1, 2, 3, 4, 5 of 5, 50,000 training images" not in origin:
        pytest.skip("some parts of CIFAR-10 are not there")
    assert np.bincount(arrays["y_train"]).tolist() == [5000] * 10
    means = [arrays["x_train"][..., channel].mean() / 255 for channel in range(3)]
    assert means == pytest.approx([0.49140, 0.48216, 0.44653], abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x": np.zeros((20, 3, 32, 32), np.uint8)}, r"must be uint8 \(n, 32, 32, 3\)"),
        ({"x": np.zeros((20, 32, 32, 3), np.float32)}, r"must be uint8 \(n, 32, 32, 3\)"),
        ({"y": None}, "cannot be read"),
        ({"y": np.zeros(3, np.uint8)}, "one label per sample"),
        ({"y": np.full(20, 10, np.uint8)}, "whole numbers from 0 to 9; get it again"),
        ({"y": np.full(20, -1)}, "whole numbers from 0 to 9; get it again"),
        ({"y": np.full(20, 0.5)}, "y is float64, 0.5 to 0.5"),
        ({"x": np.zeros((0, 32, 32, 3), np.uint8), "y": np.zeros(0, np.uint8)}, "x holds no image"),
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
