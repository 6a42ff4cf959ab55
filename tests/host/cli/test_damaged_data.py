"""Data files that are cut short, altered or of another kind are refused by name, whatever is wrong with them."""

import gzip
import shutil

import numpy as np
import pytest
from small_runs import IDX_FILES, SMALL_FLAGS, everything_in, idx_bytes, small_arrays, write_idx, write_npz

from host.data import load
from host.errors import DataError


def flipped(content, place):
    """One byte altered: one bit, another bit, or all of them."""
    return content[:place] + bytes([content[place] ^ (0x01, 0x20, 0xFF)[place % 3]]) + content[place + 1 :]


def npz_of(path, compressed):
    arrays = small_arrays(n_train=6, n_test=3, n_in=2, n_classes=2)
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    return path


def same(data, other):
    return all(
        np.array_equal(a, b)
        for mine, theirs in ((data.train, other.train), (data.test, other.test))
        for a, b in ((mine.raw, theirs.raw), (mine.labels, theirs.labels))
    )


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # NumPy leaves a file open that is no archive
def test_an_npz_file_cut_short_anywhere(tmp_path, compressed):
    path = npz_of(tmp_path / "cut.npz", compressed)
    content = path.read_bytes()
    for length in range(0, len(content), 5):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match="cut short") as error:
            load(str(path))
        assert str(path) in str(error.value)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_npz_file_altered_anywhere(tmp_path, compressed):
    """Either the alteration changes no value (a date in the archive's directory, say) or the file is refused."""
    path = npz_of(tmp_path / "altered.npz", compressed)
    intact, content = load(str(path)), path.read_bytes()
    refused = 0
    for place in range(len(content)):
        path.write_bytes(flipped(content, place))
        try:
            assert same(load(str(path)), intact), place
        except DataError:
            refused += 1
    assert refused > len(content) / 2


def test_an_idx_file_cut_short_or_altered_anywhere(tmp_path):
    folder = write_idx(tmp_path / "idx")
    intact = load(str(folder))
    for file in (IDX_FILES["x_test"], IDX_FILES["y_test"]):
        content = (folder / file).read_bytes()
        for place in range(len(content)):
            (folder / file).write_bytes(content[:place])
            with pytest.raises(DataError, match=file):
                load(str(folder))
            (folder / file).write_bytes(flipped(content, place))
            try:
                assert same(load(str(folder)), intact), place
            except DataError as error:
                assert file in str(error)
        (folder / file).write_bytes(content)


LABELS = small_arrays()["y_train"].astype(np.uint8)
IMAGES = np.zeros((150, 2, 3), np.uint8)
WRONG_IDX = [
    ("empty", b"", "not an idx file"),
    ("four bytes", b"\0\0\x08\x01", "not an idx file"),
    ("another type", b"\0\0\x0d" + idx_bytes(IMAGES)[3:], "not an idx file"),
    ("another start", b"PK\x03\x04" + bytes(40), "not an idx file"),
    ("no dimensions", b"\0\0\x08\0" + bytes(8), "not an idx file"),
    ("four dimensions", idx_bytes(IMAGES[None]), "not an idx file"),
    ("sizes cut short", idx_bytes(IMAGES)[:11], "not an idx file"),
    ("too few bytes", idx_bytes(IMAGES)[:-1], "promises (150, 2, 3), 899 bytes follow"),
    ("too many bytes", idx_bytes(IMAGES) + b"\0", "promises (150, 2, 3), 901 bytes follow"),
    ("labels instead of images", idx_bytes(LABELS), "(150,)"),
    ("other number of samples", idx_bytes(IMAGES[:-1]), "(149,)"),
]


@pytest.mark.parametrize(("content", "word"), [case[1:] for case in WRONG_IDX], ids=[case[0] for case in WRONG_IDX])
def test_an_idx_file_of_another_kind(tmp_path, content, word):
    folder = write_idx(tmp_path / "idx")
    (folder / IDX_FILES["x_train"]).write_bytes(gzip.compress(content))
    with pytest.raises(DataError) as error:
        load(str(folder))
    assert word in str(error.value)
    assert str(folder) in str(error.value)


def test_an_idx_file_that_is_not_compressed(tmp_path):
    folder = write_idx(tmp_path / "idx")
    path = folder / IDX_FILES["x_train"]
    path.write_bytes(gzip.decompress(path.read_bytes()))
    with pytest.raises(DataError, match="no gzip file"):
        load(str(folder))


def test_a_npy_file_named_npz(tmp_path):
    np.save(tmp_path / "array.npy", np.zeros((3, 3)))
    with pytest.raises(DataError, match=r"no \.npz file"):
        load(str(shutil.move(tmp_path / "array.npy", tmp_path / "array.npz")))


def test_text_named_npz(tmp_path):
    (tmp_path / "notes.npz").write_text("not a data set\n")
    with pytest.raises(DataError, match=r"no \.npz file"):
        load(str(tmp_path / "notes.npz"))


def test_a_folder_without_idx_files(tmp_path):
    with pytest.raises(DataError, match=IDX_FILES["x_train"]):
        load(str(tmp_path))


def test_a_damaged_file_on_the_command_line(chipsim, here, tmp_path):
    """One line and status 2, as for any bad input (see test_bad_input)."""
    path = write_npz(tmp_path / "cut.npz")
    path.write_bytes(path.read_bytes()[:1000])
    ended = chipsim("run", "--dataset", path, *SMALL_FLAGS)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"{path} cannot be read" in ended.err
    assert everything_in(here) == {}
