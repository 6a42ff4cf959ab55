"""A disk that is full: one line that names the folder, whole files only, and a run that can go on."""

import errno
import os
import re
import subprocess

import pytest
from small_runs import SMALL_FLAGS, everything_in, final


@pytest.fixture
def uninterrupted(chipsim, here, data_file, tmp_path):
    assert chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", tmp_path / "whole").status == 0
    return final(tmp_path / "whole")


@pytest.mark.parametrize("call", ["fsync 1", "fsync 2", "replace 1", "replace 2", "replace 3"])
def test_while_the_folder_is_made(chipsim, here, data_file, uninterrupted, monkeypatch, call):
    """Nothing is left, not even the folders above; the third rename is that of the folder itself."""
    name, number = call.split()
    with monkeypatch.context() as patch:
        real, left = getattr(os, name), iter(range(int(number) - 1))

        def full(*arguments):
            if next(left, None) is None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments)

        patch.setattr(os, name, full)
        ended = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "deep/run")
    assert (ended.status, ended.out) == (2, "")
    assert re.fullmatch(r"chipsim: cannot write in deep/run: No space left on device[^\n]*\n", ended.err)
    assert everything_in(here) == {}


@pytest.mark.parametrize(
    ("number", "code"), [*((number, errno.ENOSPC) for number in (4, 5, 6, 23, 44, 45, 46, 47)), (7, errno.EDQUOT)]
)
def test_while_it_learns(chipsim, here, data_file, uninterrupted, monkeypatch, number, code):
    """Renames 1 to 3 are those of the spec, the versions and the folder; 46 the result's, 47 a picture's."""
    with monkeypatch.context() as patch:
        real, left = os.replace, iter(range(number - 1))

        def full(*arguments):
            if next(left, None) is None:
                raise OSError(code, os.strerror(code))
            return real(*arguments)

        patch.setattr(os, "replace", full)
        ended = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "run")
    assert (ended.status, ended.out) == (2, "")
    assert re.fullmatch(rf"chipsim: cannot write in run: {os.strerror(code)}[^\n]*--resume run\n", ended.err)
    assert not any(path.name.startswith(".") for path in here.rglob("*")), "a half-written file is left"
    assert chipsim("run", "--resume", "run").status == 0
    assert final(here / "run") == uninterrupted
    assert (here / "run" / "accuracy.png").exists()


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 48 KiB; yields its folder and a function that enlarges it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a tiny disk, and not everywhere")
    try:
        yield folder, lambda: subprocess.run(["mount", "-o", "remount,size=8m", str(folder)], check=True)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_on_a_real_disk_that_fills_up(chipsim, here, data_file, tmp_path, tiny_disk):
    disk, enlarge = tiny_disk
    flags = (*SMALL_FLAGS, "--hidden", "300")
    assert chipsim("run", "--dataset", data_file, *flags, "--out", tmp_path / "whole").status == 0
    ended = chipsim("run", "--dataset", data_file, *flags, "--out", disk / "run")
    assert (ended.status, ended.out) == (2, "")
    assert re.fullmatch(rf"chipsim: cannot write in {disk}/run: No space left on device[^\n]*\n", ended.err)
    assert not any(path.name.startswith(".") for path in disk.rglob("*"))
    enlarge()
    assert chipsim("run", "--resume", disk / "run").status == 0
    assert final(disk / "run") == final(tmp_path / "whole")


def test_on_a_real_disk_that_is_full_from_the_start(chipsim, here, data_file, tiny_disk):
    disk, _ = tiny_disk
    with pytest.raises(OSError, match="No space left"):
        (disk / "filler").write_bytes(bytes(1 << 20))
    before = everything_in(disk)
    ended = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", disk / "new" / "run")
    assert (ended.status, ended.out) == (2, "")
    assert re.fullmatch(rf"chipsim: cannot (make|write)[^\n]*{disk}/new/run: No space left[^\n]*\n", ended.err)
    assert everything_in(disk) == before
