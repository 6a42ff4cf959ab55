"""The run in miniature needs the kernels of the run: all of them, and afterwards nobody compiles."""

import gc
import os
import signal
import subprocess
import sys
import time
from unittest.mock import Mock

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


@pytest.mark.parametrize("name", [name for name, manner in MANNERS.items() if "training.method" not in manner])
def test_what_learns_from_silence_is_what_learns_in_the_run(tmp_path, name):
    spec = resolve(None, {**QUICK, **MANNERS[name], "dataset": str(write_npz(tmp_path / "small.npz"))})
    compile_ahead.learning(spec)
    before = {each for each in compiled() if each[0].startswith("step_loop")}
    run(spec)
    assert {each for each in compiled() if each[0].startswith("step_loop")} == before


class Processes:
    """In the place of other processes: what was done with them."""

    def __init__(self):
        self.done = []

    def Process(self, target, args, daemon):  # noqa: N802, as multiprocessing has it
        assert daemon, "it may not outlive this one"
        other = Mock()
        for deed in ("start", "kill", "join"):
            getattr(other, deed).side_effect = lambda deed=deed: self.done.append((deed, args[0].__name__))
        return other


@pytest.mark.parametrize("method, parts", [("on-chip-ltl", ["miniature", "learning"]), ("in-the-loop", ["miniature"])])
def test_it_is_done_before_anything_was_compiled_and_leaves_with_the_run(tmp_path, monkeypatch, method, parts):
    processes = Processes()
    monkeypatch.setattr(compile_ahead, "KERNEL_FOLDER", tmp_path)
    monkeypatch.setattr(compile_ahead, "_PROCESSES", processes)
    spec = resolve(None, {"noise": ["mismatch:0.2"], "training.method": method})
    with pytest.raises(KeyboardInterrupt), compiling_beside(spec):
        assert processes.done == [("start", part) for part in parts]
        raise KeyboardInterrupt
    assert processes.done[len(parts) :] == [(deed, part) for part in parts for deed in ("kill", "join")]
    processes.done.clear()
    (tmp_path / "a-kernel.nbc").touch()
    with compiling_beside(spec):
        assert not processes.done


def test_another_process_says_nothing_and_ends_with_the_first(tmp_path):
    """However that ends: nobody is there to stop it."""
    program = """
import os, signal, sys, time
from host.cli import compile_ahead

def part(spec):
    print("said by the other one")
    open(spec, "w").write(str(os.getpid()))
    time.sleep(600)

compile_ahead._PROCESSES.Process(target=compile_ahead._alone, args=(part, sys.argv[1])).start()
while not (os.path.exists(sys.argv[1]) and open(sys.argv[1]).read()):
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""
    written = tmp_path / "number"
    first = subprocess.run([sys.executable, "-c", program, str(written)], capture_output=True, text=True, timeout=100)
    assert (first.returncode, first.stdout, first.stderr) == (-signal.SIGKILL, "", "")
    other = int(written.read_text())
    for _ in range(1000):
        try:
            os.kill(other, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    raise AssertionError("it lives on")
