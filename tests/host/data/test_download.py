"""Files from mirrors on this machine: whole and right, or not there; what has come is not asked for again."""

import hashlib
import random
from pathlib import Path

import pytest
from mirror import mirror

import host.data.download as download_module
from host.data.download import download
from host.data.mirrors import CIFAR10, CIFAR10_BATCHES, MNIST, RemoteFile
from host.errors import DataError
from host.lock import Lock

CONTENT = random.Random(1).randbytes(200_000)
NAME = "images.gz"
PART = f".{NAME}.part"


def remote(*mirrors, content=CONTENT):
    return RemoteFile(NAME, len(content), hashlib.sha256(content).hexdigest(), tuple(each.address for each in mirrors))


def nothing(done, total, what):
    pass


@pytest.fixture
def first():
    with mirror() as served:
        served.files[NAME] = CONTENT
        yield served


@pytest.fixture
def second():
    with mirror() as served:
        served.files[NAME] = CONTENT
        yield served


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(download_module, "PATIENCE_S", 0.2)


def names_in(folder: Path):
    return sorted(path.name for path in folder.iterdir())


def refused(file, folder):
    with pytest.raises(DataError) as error:
        download(file, folder, nothing)
    assert NAME not in names_in(folder)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("manner", ["well", "no range", "no length", "says it is packed", "moves"])
def test_a_file_comes_whole(first, tmp_path, manner):
    first.manner = manner
    told = []
    assert download(remote(first), tmp_path, lambda *progress: told.append(progress)) == first.address + NAME
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert names_in(tmp_path) == [NAME]
    assert told[-1] == (len(CONTENT), len(CONTENT), f"{NAME}, bytes")
    assert (tmp_path / NAME).stat().st_mode & 0o444 == 0o444


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("404", "404 Not Found"),
        ("silent", "silent for 0.2 s"),
        ("trickles", "slower than 1,024 bytes per second"),
        ("breaks off", "it broke off after 100,000 of 200,000 bytes"),
    ],
)
def test_a_mirror_that_fails_is_named_with_its_fault_and_the_next_one_is_asked(first, second, tmp_path, manner, words):
    first.manner = manner
    said = refused(remote(first), tmp_path)
    assert f"{first.address}{NAME}: {words}" in said
    assert "--offline says what to put where" in said
    assert download(remote(first, second), tmp_path, nothing) == second.address + NAME
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert names_in(tmp_path) == [NAME]


@pytest.mark.parametrize(
    ("content", "manner", "words"),
    [
        (CONTENT[:-1] + b"?", "well", "another SHA-256"),
        (b"<html>please log in</html>", "well", "26 bytes and not 200,000"),
        (b"<html>please log in</html>", "no length", "it broke off after 26 of 200,000 bytes"),
        (CONTENT + b"more", "well", "200,004 bytes and not 200,000"),
        (CONTENT + b"more", "no length", "more than 200,000 bytes"),
        (b"", "no length", "it broke off after 0 of 200,000 bytes"),
    ],
)
def test_what_is_something_else_is_not_taken(first, second, tmp_path, content, manner, words):
    first.files[NAME], first.manner = content, manner
    assert words in refused(remote(first), tmp_path)
    download(remote(first, second), tmp_path, nothing)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert names_in(tmp_path) == [NAME]


def test_what_has_come_is_not_asked_for_again(first, tmp_path):
    first.manner = "breaks off"
    assert "100,000 of 200,000 bytes are kept, asked again it goes on from there" in refused(remote(first), tmp_path)
    assert "150,000 of 200,000 bytes are kept" in refused(remote(first), tmp_path)
    first.manner = "well"
    download(remote(first), tmp_path, nothing)
    assert [wanted for _, wanted in first.asked] == [None, "bytes=100000-", "bytes=150000-"]
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_another_mirror_goes_on_where_the_first_broke_off(first, second, tmp_path):
    first.manner = "breaks off"
    download(remote(first, second), tmp_path, nothing)
    assert second.asked == [(NAME, "bytes=100000-")]
    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "kept", [b"?" * 100, b"?" * len(CONTENT), b"?" * (len(CONTENT) + 9), CONTENT], ids=["less", "all", "more", "right"]
)
def test_a_beginning_that_does_not_fit_is_dropped(first, tmp_path, kept):
    (tmp_path / PART).write_bytes(kept)
    download(remote(first), tmp_path, nothing)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert names_in(tmp_path) == [NAME]
    assert len(first.asked) == {CONTENT: 0, b"?" * 100: 2}.get(kept, 1)


def test_a_mirror_that_sends_another_file_costs_no_kept_bytes(first, second, tmp_path):
    (tmp_path / PART).write_bytes(CONTENT[:5000])
    first.files[NAME], first.manner = b"<html>please log in</html>", "no range"
    download(remote(first, second), tmp_path, nothing)
    assert second.asked == [(NAME, "bytes=5000-")]


def test_nobody_there_and_no_such_host(tmp_path, first):
    with mirror() as gone:
        pass
    assert "Connection refused" in refused(remote(gone), tmp_path)
    nowhere = remote(first)._replace(mirrors=("http://no-such-host.invalid/", "nonsense://x/", "http://["))
    said = refused(nowhere, tmp_path)
    assert all(address in said for address in nowhere.mirrors)
    assert "has no address" in refused(remote(), tmp_path)


def test_two_at_once_do_not_mix_their_bytes(first, tmp_path):
    lock = Lock.take(tmp_path / f".{NAME}.lock")
    try:
        assert "is being got by process" in refused(remote(first), tmp_path)
    finally:
        lock.release()
    download(remote(first), tmp_path, nothing)


def test_ctrl_c_keeps_what_has_come(first, tmp_path):
    def stop(done, total, what):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(remote(first), tmp_path, stop)
    assert names_in(tmp_path) == [PART]
    download(remote(first), tmp_path, nothing)
    assert first.asked[1][1].startswith("bytes=")


def test_the_table_is_one_of_sizes_sums_and_addresses():
    for file in (*MNIST, CIFAR10):
        assert file.n_bytes > 0
        assert len(file.mirrors) > 1
        assert all(address.startswith("http") and address.endswith("/") for address in file.mirrors)
    sums = [*(file.sha256 for file in (*MNIST, CIFAR10)), *CIFAR10_BATCHES.values()]
    assert all(len(bytes.fromhex(each)) == 32 and each == each.lower() for each in sums)
    assert len(set(sums)) == len(sums)
