"""Fixtures of the host's tests: a cache of their own, and a small data file."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_runs import write_npz

from chipsim.simd import cache_root
from host.files import write_bytes
from host.run import Outcome

NO_PICTURE = b"a picture"


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


@pytest.fixture(autouse=True)
def no_drawing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One small file instead of four pictures, which take seconds; tests that look at them are marked `draws`."""

    def save_plots(outcome: Outcome, folder: Path) -> list[Path]:
        write_bytes(folder / "accuracy.png", NO_PICTURE)
        return [folder / "accuracy.png"]

    if request.node.get_closest_marker("draws") is None:
        monkeypatch.setattr("host.plots.save_plots", save_plots)  # where a run looks it up


@pytest.fixture
def data_file(tmp_path: Path) -> Path:
    """A small .npz data set outside the working folder."""
    return write_npz(tmp_path / "small.npz")
