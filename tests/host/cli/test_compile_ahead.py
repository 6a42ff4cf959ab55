"""The run in miniature needs the kernels of the run: all of them, and afterwards nobody compiles."""

import gc
import os
import threading

import pytest
from small_runs import write_npz

from host.cli import compile_ahead
from host.cli.compile_ahead import compiling_beside
from host.run import resolve, run

QUICK = {"hidden": [6], "teacher.epochs": 1, "training.epochs": 1}
MANNERS = {
    "mismatch": {"noise": ["mismatch:0.2"]},
    "few bits, currents, an integrating readout": {
        "noise": ["quantization:4", "thermal:0.1"],
        "encoding": "current",
        "neuron.readout": "integrating",
    },
    "in the loop": {"training.method": "in-the-loop", "noise": ["missed:0.1"]},
}


def compiled() -> set[tuple[str, str]]:
    """Every kernel that this process has, with the arguments that it has it for."""
    kernels = [each for each in gc.get_objects() if type(each).__name__ == "KeptKernel"]
    return {
        (f"{each.py_func.__qualname__} {id(each)}", str(each_one)) for each in kernels for each_one in each.signatures
    }


@pytest.mark.parametrize("name", MANNERS)
def test_it_leaves_nothing_to_compile(tmp_path, name):
    spec = resolve(None, {**QUICK, **MANNERS[name], "dataset": str(write_npz(tmp_path / "small.npz"))})
    compile_ahead.miniature(spec)
    before = compiled()
    run(spec)
    assert compiled() == before


def test_it_is_done_before_anything_was_compiled_and_leaves_with_the_run(tmp_path, monkeypatch):
    started = []

    class Process:
        def __init__(self, command, **_):
            started.append("started")
            self.stdin = (tmp_path / "stdin").open("wb")

        def kill(self):
            started.append("killed")

        def wait(self):
            started.append("waited for")

    monkeypatch.setattr(compile_ahead, "KERNEL_FOLDER", tmp_path)
    monkeypatch.setattr(compile_ahead.subprocess, "Popen", Process)
    spec = resolve(None, {"noise": ["mismatch:0.2"]})
    with pytest.raises(KeyboardInterrupt), compiling_beside(spec):
        raise KeyboardInterrupt
    assert started == ["started", "killed", "waited for"]
    assert (tmp_path / "stdin").read_bytes() == spec.model_dump_json().encode() + b"\n"
    (tmp_path / "a-kernel.nbc").touch()
    with compiling_beside(spec):
        assert len(started) == 3


def test_the_second_process_ends_with_the_first(monkeypatch):
    """However that ends: the end of a pipe tells it."""
    reading, writing = os.pipe()
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(compile_ahead.sys, "stdin", stdin)
        thread = threading.Thread(target=compile_ahead._end_with_the_first, daemon=True)
        thread.start()
        thread.join(0.05)
        assert not ended
        os.close(writing)
        thread.join(100)
    assert ended == [1]
