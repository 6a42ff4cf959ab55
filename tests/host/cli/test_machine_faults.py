"""What gives out below a command, memory, a library, the system: one line, status 2, nothing half-made left."""

import sys
from importlib.metadata import PackageNotFoundError

import pytest
from small_runs import SMALL_FLAGS, everything_in, final

from host.cli import main

pytestmark = pytest.mark.usefixtures("no_drawing")


class PanicException(BaseException):
    __module__ = "pyo3_runtime"


FAULTS = {
    "no memory": (MemoryError(), "out of memory: what needs less is"),
    "how much": (MemoryError("Unable to allocate 3 GiB"), "out of memory (Unable to allocate 3 GiB): what needs"),
    "none in C": (SystemError("error return without exception set"), "could not do it just now (SystemError: error re"),
    "none in Rust": (PanicException("PyObject pointer is null"), "could not do it just now (PanicException: PyObj"),
    "no thread": (RuntimeError("can't start new thread"), "could not do it just now (RuntimeError: can't start"),
    "a module": (ModuleNotFoundError("No module named 'x.y'", name="x.y"), "cannot load what it needs (No module"),
    "a package": (PackageNotFoundError("numba"), "cannot load what it needs (No package metadata was found for numba"),
    "a library": (ImportError("/x.so: Too many open files"), "cannot load what it needs (/x.so: Too many open files)"),
}
PLACES = (
    "host.run.folder.versions",  # while the folder is made
    "host.run.die_run.reference",  # in the folder, before there is a checkpoint
    "host.run.folder.write_arrays",  # with the first checkpoint
)


def failing(error):
    def fails(*_):
        raise error

    return fails


@pytest.mark.parametrize("fault", FAULTS)
def test_one_line_and_nothing_left(chipsim, here, data_file, monkeypatch, fault):
    error, words = FAULTS[fault]
    monkeypatch.setattr(PLACES[0], failing(error))
    ended = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "deep/run")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("chipsim: ") and words in ended.err and ended.err.count("\n") == 1
    assert everything_in(here) == {}


@pytest.mark.parametrize("place", PLACES[1:])
@pytest.mark.parametrize("fault", ["no memory", "none in C"])
def test_in_the_folder_and_then_the_same_bits(chipsim, here, data_file, monkeypatch, tmp_path, fault, place):
    run = ("run", "--dataset", data_file, *SMALL_FLAGS, "--out")
    with monkeypatch.context() as patch:
        patch.setattr(place, failing(FAULTS[fault][0]))
        assert chipsim(*run, "deep/run").status == 2
    there = (here / "deep" / "run" / "spec.toml").exists()
    assert chipsim(*(("run", "--resume", "deep/run") if there else (*run, "deep/run"))).status == 0
    assert chipsim(*run, tmp_path / "whole").status == 0
    assert final(here / "deep" / "run") == final(tmp_path / "whole")
    assert not [path for path in here.rglob("*") if path.name.startswith(".")]


def test_into_an_empty_folder_too(chipsim, here, data_file, monkeypatch):
    (here / "mine").mkdir()
    monkeypatch.setattr("host.run.folder.RunSpec.to_toml", failing(MemoryError()))
    assert chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "mine").status == 2
    assert everything_in(here) == {"mine": None}


def test_a_defect_of_ours_keeps_its_traceback(here, monkeypatch):
    monkeypatch.setattr("host.run.resolve", failing(KeyError("nobody")))
    monkeypatch.setattr(sys, "argv", ["chipsim", "run"])
    with pytest.raises(KeyError, match="nobody"):
        main()


def test_no_memory_for_the_line_itself(here, monkeypatch, capfd):
    def none(*_, **__):
        raise MemoryError

    monkeypatch.setattr("host.run.resolve", none)
    monkeypatch.setattr("builtins.print", none)
    monkeypatch.setattr(sys, "argv", ["chipsim", "run"])
    monkeypatch.setattr(sys, "stderr", sys.stdout)  # not this process's own: it goes on
    with pytest.raises(SystemExit, match="2"):
        main()
    assert capfd.readouterr().err.startswith("chipsim: out of memory: what needs less is")
