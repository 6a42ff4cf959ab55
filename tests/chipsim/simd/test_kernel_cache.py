"""Many processes may compile at once, and die while they do: what the folder holds is right, and made once."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numba
import pytest

from chipsim.simd import compiled as jit
from chipsim.simd.kernel_cache import KeptKernel

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")

ROOT = Path(__file__).resolve().parents[3]

# A module of its own, which every process imports. `halve` has another machine code for each type.
KERNEL = """
from pathlib import Path
from typing import NamedTuple
import os, sys, time
from numba.core import event
from chipsim.simd import compiled as jit

jit.KERNEL_FOLDER = Path(__file__).parent / "kernels"
jit.KERNEL_FOLDER.mkdir(exist_ok=True)

@jit.kernel
def halve(value):
    return value * 0.5

def touch(name):
    Path(__file__).with_name(name).touch()

def wait_for(name):
    while not Path(__file__).with_name(name).exists():
        time.sleep(0.01)

def while_compiling(act):
    class Compiling(event.Listener):
        def on_start(self, happened):
            act()
        def on_end(self, happened):
            pass
    event.register("numba:compile", Compiling())

def before_each_rename(acts):
    rename = os.replace
    def replace(*paths):
        acts.pop(0)()
        rename(*paths)
    os.replace = replace

def report(*results):
    print(*results, sum(halve.stats.cache_misses.values()))
"""


@pytest.fixture
def start(tmp_path):
    """start("program") -> a process that runs it in a folder with the module above."""
    (tmp_path / "shared_kernel.py").write_text(KERNEL)
    processes = []

    def begin(program):
        command = [sys.executable, "-c", f"import sys; sys.path.append({str(ROOT)!r})\n{program}"]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def said(process):
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return out.split()


def wait_for(path, process):
    while not path.exists():
        assert process.poll() is None, "it ended before it came there"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.02)


def test_two_processes_compile_different_signatures_at_once(start):
    """The order of renames is the one in which numba's own cache keeps one's code under the other's signature."""
    floats = start(
        "from shared_kernel import *\n"
        "before_each_rename([lambda: (touch('a'), wait_for('b'), time.sleep(0.5)), lambda: touch('c')])\n"
        "report(halve(3.5)); touch('c')"
    )
    integers = start(
        "from shared_kernel import *\n"
        "before_each_rename([lambda: (touch('b'), wait_for('a')), lambda: (wait_for('c'), time.sleep(0.5))])\n"
        "report(halve(3))"
    )
    assert said(floats) == ["1.75", "1"]
    assert said(integers) == ["1.5", "1"]
    assert said(start("from shared_kernel import *; report(halve(3.5), halve(3))")) == ["1.75", "1.5", "0"]


def test_two_processes_that_need_the_same_signature_compile_it_once(start):
    first = start(
        "from shared_kernel import *\n"
        "while_compiling(lambda: (touch('compiling'), wait_for('asking'), time.sleep(0.5)))\n"
        "report(halve(3.5))"
    )
    second = start(
        "from shared_kernel import *; halve(3)\n"
        "wait_for('compiling'); touch('asking'); report(halve(5.0), halve.stats.cache_hits.total())"
    )
    assert said(first) == ["1.75", "1"]
    assert said(second) == ["2.5", "1", "1"]


@pytest.mark.parametrize("hook", ["while_compiling(hang)", "before_each_rename([hang])"])
def test_a_process_killed_while_it_compiles_leaves_the_work_to_the_one_that_waits(start, tmp_path, hook):
    killed = start(f"from shared_kernel import *\nhang = lambda: (touch('hangs'), time.sleep(600))\n{hook}\nhalve(3.5)")
    waiting = start("from shared_kernel import *; wait_for('hangs'); touch('asking'); report(halve(3.5))")
    wait_for(tmp_path / "asking", waiting)
    killed.kill()
    assert said(waiting) == ["1.75", "1"]
    assert said(start("from shared_kernel import *; report(halve(3.5))")) == ["1.75", "0"]


def double(value):
    return value + value


def compiled_afresh(folder, value=1.0):
    """Whether a new process would have to compile `double` for this type of value; leaves its file behind."""
    kept = KeptKernel(double, targetoptions={"nopython": True})
    kept.keep_in(folder)
    assert kept(value) == 2 * value
    return bool(kept.stats.cache_misses)


def test_a_file_is_found_again(tmp_path):
    assert compiled_afresh(tmp_path)
    assert not compiled_afresh(tmp_path)
    assert compiled_afresh(tmp_path, value=1)  # another type
    assert not compiled_afresh(tmp_path)


def test_who_loads_does_not_wait_for_what_a_compiler_has_to_know(start):
    programs = ["from shared_kernel import *; report(halve(3.5), 'numba.np.linalg' in sys.modules)"] * 2
    assert [said(start(program)) for program in programs] == [["1.75", "True", "1"], ["1.75", "False", "0"]]


def times(factor, stage=lambda factor: factor):
    factor_of = numba.njit(stage)

    def multiply(value):
        return value * factor_of(factor)

    return multiply


def negative(factor):
    return -factor


def kept_times(folder, *what):
    kept = KeptKernel(times(*what), targetoptions={"nopython": True})
    kept.keep_in(folder)
    return kept


def test_each_kernel_of_a_family_has_its_own_code(tmp_path):
    """numba would compile one that closes over a stage again in every process."""
    family = {(True,): 3, (2,): 6, (2.5,): 7.5, (2, negative): -6, (True, negative): -3}
    for afresh in (True, False):
        for what, expected in family.items():
            kept = kept_times(tmp_path, *what)
            assert kept(3) == expected
            assert bool(kept.stats.cache_misses) == afresh


def test_a_kernel_closes_over_nothing_that_cannot_name_a_file(tmp_path):
    with pytest.raises(TypeError, match="closes over factor, a list: only stages, numbers and strings"):
        kept_times(tmp_path, [2])


DAMAGE = {
    "empty": lambda data: b"",
    "cut": lambda data: data[:-1],
    "zeros, as after a power cut": lambda data: bytes(len(data)),
    "a bit flipped": lambda data: (
        data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_made_again(tmp_path, damage):
    compiled_afresh(tmp_path)
    (path,) = tmp_path.glob("*.nbc")
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert compiled_afresh(tmp_path)
    assert not compiled_afresh(tmp_path)


def test_a_file_of_another_signature_under_this_name_is_not_run(tmp_path):
    compiled_afresh(tmp_path, value=1)
    (other,) = tmp_path.glob("*.nbc")
    code = other.read_bytes()
    compiled_afresh(tmp_path)
    (mine,) = set(tmp_path.glob("*.nbc")) - {other}
    mine.write_bytes(code)
    assert compiled_afresh(tmp_path)


class Pair(NamedTuple):
    first: float
    second: float


def test_code_for_a_type_that_is_gone_is_made_again(tmp_path, monkeypatch):
    pair = Pair(1.0, 2.0)
    for afresh in (True, False, True):
        kept = KeptKernel(lambda pair: pair.first + pair.second, targetoptions={"nopython": True})
        kept.keep_in(tmp_path)
        assert kept(pair) == 3
        assert bool(kept.stats.cache_misses) == afresh
        if not afresh:
            monkeypatch.delattr(sys.modules[__name__], "Pair")


def test_a_kernel_typed_at_a_prompt_runs():
    typed = {}
    exec("def thrice(value):\n    return 3 * value", typed)
    assert jit.kernel(typed["thrice"])(2) == 6


def test_a_folder_that_takes_no_file_costs_the_file_and_not_the_run(tmp_path):
    (tmp_path / "occupied").write_text("a file, not a folder")
    assert compiled_afresh(tmp_path / "occupied")


def test_nothing_is_left_beside_the_kernels(tmp_path):
    compiled_afresh(tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".lock", ".nbc"]
