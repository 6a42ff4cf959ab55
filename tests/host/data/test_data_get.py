"""chipsim data get: from a mirror on this machine to where a run finds it, and what is said where that fails."""

import hashlib
import io
import json
import tarfile

import numpy as np
import pytest
from mirror import mirror
from small_runs import IDX_FILES, write_idx

from host.data import cifar10, datasets
from host.data.mirrors import RemoteFile
from host.errors import DataError


def remote(name, content, *mirrors):
    return RemoteFile(name, len(content), hashlib.sha256(content).hexdigest(), mirrors)


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A mirror with a small MNIST, whose sums are those of the table."""
    contents = {path.name: path.read_bytes() for path in write_idx(tmp_path / "source").iterdir()}
    with mirror() as there:
        there.files = dict(contents)
        files = [remote(name, content, "http://127.0.0.1:9/") for name, content in contents.items()]
        monkeypatch.setattr(datasets.Mnist, "downloads", files)
        monkeypatch.delenv("CHIPSIM_DATA", raising=False)
        yield there


def test_what_was_got_is_found(chipsim, served, tmp_path):
    there = tmp_path / "data"
    ended = chipsim("data", "get", "mnist", "--data-dir", there, "--mirror", served.address[:-1])
    assert (ended.status, ended.err) == (0, "")
    assert f"mnist is in {there / 'mnist'} now" in ended.out
    assert served.address in ended.out
    listed = json.loads(chipsim("data", "--json", "--data-dir", there).out)["data"]
    assert {each["name"]: each["found"] for each in listed}["mnist16"] == str(there / "mnist")
    asked = len(served.asked)
    again = json.loads(chipsim("data", "get", "mnist16", "mnist", "--data-dir", there, "--json").out)["data"]
    assert [(each["name"], each["complete"], each["came_from"]) for each in again] == [
        ("mnist16", True, {}),
        ("mnist", True, {}),
    ]
    assert len(served.asked) == asked == 4


def test_without_a_folder_it_goes_where_every_run_looks(chipsim, served, tmp_path, monkeypatch):
    for module in ("folders", "getting"):
        monkeypatch.setattr(f"host.data.{module}.downloads_folder", lambda: tmp_path / "cache" / "data")
    assert chipsim("data", "get", "mnist", "--mirror", served.address).status == 0
    assert datasets.load("mnist").origin == str(tmp_path / "cache" / "data" / "mnist")
    monkeypatch.setenv("CHIPSIM_DATA", str(tmp_path / "named"))
    assert datasets.load("mnist").origin == str(tmp_path / "cache" / "data" / "mnist")
    got = chipsim("data", "get", "mnist", "--mirror", served.address)
    assert got.out == f"mnist is in {tmp_path / 'cache' / 'data' / 'mnist'}\n"


def test_only_what_is_missing_is_got(chipsim, served, tmp_path):
    folder = write_idx(tmp_path / "data" / "mnist")
    (folder / IDX_FILES["y_test"]).unlink()
    ended = chipsim("data", "get", "mnist", "--data-dir", tmp_path / "data", "--mirror", served.address, "--json")
    [got] = json.loads(ended.out)["data"]
    assert got["came_from"] == {IDX_FILES["y_test"]: served.address + IDX_FILES["y_test"]}
    assert [name for name, _ in served.asked] == [IDX_FILES["y_test"]]


def test_offline_says_what_to_put_where_and_then_checks_it(chipsim, served, tmp_path):
    there = tmp_path / "data"
    ended = chipsim("data", "get", "mnist", "--offline", "--data-dir", there)
    assert (ended.status, ended.err) == (0, "")
    assert f"put them into {there / 'mnist'}" in ended.out
    for file in datasets.Mnist.downloads:
        assert file.name in ended.out
        assert file.sha256 in ended.out
        assert file.mirrors[0] + file.name in ended.out
    assert not there.exists()
    told = json.loads(chipsim("data", "get", "mnist", "--offline", "--data-dir", there, "--json").out)["data"][0]
    assert (told["complete"], len(told["missing"])) == (False, 4)
    write_idx(there / "mnist")
    assert chipsim("data", "get", "mnist", "--offline", "--data-dir", there).out == f"mnist is in {there / 'mnist'}\n"
    assert served.asked == []


def test_somebodys_own_file_is_not_replaced(chipsim, served, tmp_path):
    folder = write_idx(tmp_path / "data" / "mnist")
    (folder / IDX_FILES["y_test"]).write_bytes(b"mine")
    ended = chipsim("data", "get", "mnist", "--data-dir", tmp_path / "data", "--mirror", served.address)
    assert (ended.status, ended.out) == (2, "")
    assert f"{IDX_FILES['y_test']} is there and is not the published file" in ended.err
    assert "move it away" in ended.err
    assert (folder / IDX_FILES["y_test"]).read_bytes() == b"mine"


def refused(ended):
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("chipsim: ")
    assert ended.err.count("\n") == 1
    return ended.err


def test_what_cannot_be_got_is_one_line(chipsim, served, tmp_path, monkeypatch):
    assert "did you mean 'mnist'" in refused(chipsim("data", "get", "mnit"))
    assert "must begin with http:// or https://" in refused(
        chipsim("data", "get", "mnist", "--data-dir", tmp_path / "d", "--mirror", "ftp://x")
    )
    (tmp_path / "file").write_text("")
    assert "Not a directory" in refused(chipsim("data", "get", "mnist", "--data-dir", tmp_path / "file"))
    assert "leave out --json, or give it after get" in refused(chipsim("data", "--json", "get", "mnist"))
    said = refused(chipsim("data", "get", "mnist", "--data-dir", tmp_path / "data"))
    assert "http://127.0.0.1:9/" in said
    assert "--offline says what to put where" in said
    served.manner = "404"
    assert "404 Not Found" in refused(
        chipsim("data", "get", "mnist", "--data-dir", tmp_path / "data", "--mirror", served.address)
    )
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 1}))
    assert "has room for 0 MB" in refused(chipsim("data", "get", "mnist", "--data-dir", tmp_path / "data"))


def test_a_run_without_its_data_says_how_to_get_them(chipsim, here, monkeypatch):
    monkeypatch.delenv("CHIPSIM_DATA", raising=False)
    assert "'chipsim data get mnist' gets it" in refused(chipsim("run", "--dataset", "mnist16"))
    assert "'chipsim data get cifar10' gets it" in refused(chipsim("run", "--dataset", "cifar10"))


def test_what_needs_no_files(chipsim):
    assert chipsim("data", "get", "digits", "yinyang").out == "digits needs no files\nyinyang needs no files\n"


class Folder(datasets.Digits):
    """As another package has one."""

    name = "folder"
    how_to_get = "ask its author"

    def find(self, folders):
        return datasets.DataPlace(None, [])


def test_a_data_set_without_addresses_says_what_its_author_says(chipsim, monkeypatch):
    monkeypatch.setattr(datasets.DATA_SOURCES, "make", lambda name: Folder())
    assert "cannot be downloaded: ask its author" in refused(chipsim("data", "get", "digits"))


class Careless(Folder):
    """As another package may have one."""

    name = "careless"

    def unpack(self, folder):
        raise KeyError("oops")


@pytest.mark.parametrize(
    ("downloads", "words"),
    [
        ([("x",)], "cannot be downloaded: TypeError"),
        ([("../x", 1, "0" * 64, ())], "cannot be downloaded: ValueError: '../x' of 1 bytes"),
        ([("x", 1, "0" * 63, ())], "cannot be downloaded: ValueError"),
        ([("x", 1, "0" * 62, ())], "is no file"),
        ([("x", 1, hashlib.sha256(b"x").hexdigest(), ())], "cannot be unpacked: KeyError: 'oops'"),
    ],
)
def test_a_careless_package_is_named(chipsim, tmp_path, monkeypatch, downloads, words):
    monkeypatch.setattr(Careless, "downloads", downloads, raising=False)
    monkeypatch.setattr(datasets.DATA_SOURCES, "make", lambda name: Careless())
    (tmp_path / "careless").mkdir()
    (tmp_path / "careless" / "x").write_bytes(b"x")
    said = refused(chipsim("data", "get", "digits", "--data-dir", tmp_path))
    assert words in said
    assert "'careless'" in said


RECORDS = {
    batch: np.random.default_rng(place).integers(0, 10, (20, 3073), np.uint8)
    for place, batch in enumerate(cifar10.CIFAR10_BATCHES)
}


def archive_of(records):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in {"readme.html": b"<html>", "._data_batch_1.bin": b"junk", **records}.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def small_cifar10(monkeypatch):
    """Six files of 20 images."""
    sums = {name: hashlib.sha256(records).hexdigest() for name, records in RECORDS.items()}
    monkeypatch.setattr(cifar10, "CIFAR10_BATCHES", sums)
    monkeypatch.setattr(cifar10, "_BATCH", 20)


def test_cifar10_is_made_of_its_archive(chipsim, small_cifar10, tmp_path, monkeypatch):
    content = archive_of({name: records.tobytes() for name, records in RECORDS.items()})
    with mirror() as served:
        file = remote("cifar-10-binary.tar.gz", content, served.address)
        served.files[file.name] = content
        monkeypatch.setattr(datasets.Cifar10, "downloads", (file,))
        assert chipsim("data", "get", "cifar10", "--data-dir", tmp_path).status == 0
        assert (
            chipsim("data", "get", "cifar10", "--data-dir", tmp_path).out == f"cifar10 is in {tmp_path / 'cifar10'}\n"
        )
        assert len(served.asked) == 1
    assert sorted(path.name for path in (tmp_path / "cifar10").iterdir()) == [cifar10.TEST, *cifar10.TRAIN]
    data = datasets.load("cifar10", str(tmp_path))
    [first, *_] = RECORDS.values()
    assert data.train.labels[:20].tolist() == first[:, 0].tolist()
    red, green, blue = np.split(first[3, 1:], 3)
    assert data.train.raw[3].reshape(32, 32, 3)[5, 7].tolist() == [each[5 * 32 + 7] for each in (red, green, blue)]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"test_batch.bin": b"other"}, "test_batch.bin is not the published file"),
        ({"test_batch.bin": None}, "has no test_batch.bin"),
    ],
)
def test_an_archive_with_other_files_is_refused(small_cifar10, tmp_path, changed, words):
    records = {name: each.tobytes() for name, each in RECORDS.items()} | changed
    path = tmp_path / "archive.tar.gz"
    path.write_bytes(archive_of({name: content for name, content in records.items() if content is not None}))
    with pytest.raises(DataError, match=words):
        cifar10.unpack_cifar10(path, tmp_path)
    assert not (tmp_path / cifar10.TEST).exists()


def test_a_damaged_archive_is_refused(small_cifar10, tmp_path):
    path = tmp_path / "archive.tar.gz"
    whole = archive_of({name: records.tobytes() for name, records in RECORDS.items()})
    for content in (whole[: len(whole) // 2], b"no archive", b""):
        path.write_bytes(content)
        with pytest.raises(DataError, match="cannot be read .*get it again"):
            cifar10.unpack_cifar10(path, tmp_path)
