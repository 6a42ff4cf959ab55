"""Fixtures of the host's tests: a cache of their own, a small data file, and the command line in this process."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_runs import Ended, write_npz

from chipsim.jit import cache_root
from host import cli


@pytest.fixture(scope="session", autouse=True)
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Teachers go to a folder of this session; compiled kernels stay where they are, so none is made twice."""
    folder = tmp_path_factory.mktemp("cache")
    kernels = cache_root() / "kernels"
    if kernels.is_dir():
        (folder / "kernels").symlink_to(kernels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHIPSIM_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """Nobody cuts the power during the tests, and waiting for the disk at each check would take most of their time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, which the test is in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def data_file(tmp_path: Path) -> Path:
    """A small .npz data set outside the working folder."""
    return write_npz(tmp_path / "small.npz")


@pytest.fixture
def chipsim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """The command line in this process: chipsim("run", "--json") -> status, stdout, stderr."""

    def call(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["chipsim", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ending:
            cli.main()
        out, err = capsys.readouterr()
        return Ended(ending.value.code, out, err)

    return call
