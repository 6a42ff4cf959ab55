"""Compiled kernels are kept on disk, and never stale: an edit in any kernel source, in any file, is noticed."""

import ast
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numba
import pytest

from chipsim.simd import compiled as jit

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("chipsim", "learning_circuit", "nonideality", "host")


def decorator_name(node):
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


COMPILED = {"njit", "kernel", "inlined", "inlined_in_python"}
MADE_OF = {*COMPILED, "outlined", "intrinsic"}


def has_kernels(path):
    """Whether a module defines compiled functions or the named tuples that they take."""
    source = path.read_text()
    if not any(name in source for name in (*MADE_OF, "NamedTuple")):
        return False
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and MADE_OF & set(map(decorator_name, node.decorator_list)):
            return True
        is_tables = isinstance(node, ast.ClassDef) and "NamedTuple" in map(decorator_name, node.bases)
        if is_tables and "host" not in path.relative_to(ROOT).parts:  # there they are rows and figures
            return True
    return False


# What becomes part of a kernel while it is compiled: code that generates code, and formulas.
GENERATES = ("chipsim/kernel", "chipsim/neurons", "learning_circuit")
SOURCES = sorted(
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if has_kernels(path) or path.parent.relative_to(ROOT).as_posix() in GENERATES
)


def copy_packages(folder):
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    return copy_packages(tmp_path_factory.mktemp("packages"))


def test_the_kernels_are_found():
    known = {
        *(f"chipsim/kernel/{name}.py" for name in ("columns", "deliver", "loops", "stages", "step")),
        *(f"chipsim/simd/{name}.py" for name in ("masks", "row_tiles")),
        *("chipsim/layout/tables.py", "chipsim/random/counter_based.py", "chipsim/neurons/lif.py"),
        *("learning_circuit/tandem.py", "host/gradients/local/gradient.py"),
    }
    assert set(map(Path, known)) <= set(SOURCES)


def test_the_key_is_of_the_sources_not_of_their_place(packages):
    key = jit.sources_key(packages)
    assert len(key) == 16 and int(key, 16) >= 0
    assert key == jit.sources_key(ROOT)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_the_key_changes_with_every_kernel_source(packages, source):
    before = jit.sources_key(packages)
    text = (packages / source).read_bytes()
    try:
        (packages / source).write_bytes(text + b"# edited\n")
        assert jit.sources_key(packages) != before
        (packages / source).write_bytes(text)
        (packages / source).rename(packages / source.with_name("renamed.py"))
        assert jit.sources_key(packages) != before
    finally:
        (packages / source.with_name("renamed.py")).unlink(missing_ok=True)
        (packages / source).write_bytes(text)
    assert jit.sources_key(packages) == before


@pytest.mark.parametrize("what", ["numba version", "python version", "processor"])
def test_the_key_changes_with_the_compiler_and_the_machine(packages, monkeypatch, what):
    before = jit.sources_key(packages)
    if what == "numba version":
        monkeypatch.setattr(jit.numba, "__version__", "0.0")
    elif what == "python version":
        monkeypatch.setattr(jit.platform, "python_version", lambda: "2.7.18")
    else:
        monkeypatch.setattr(jit.llvm, "get_host_cpu_name", lambda: "z80")
    assert jit.sources_key(packages) != before


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path / "chosen"))
    assert jit.cache_root() == tmp_path / "chosen"
    monkeypatch.delenv("CHIPSIM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert jit.cache_root() == tmp_path / "xdg" / "chipsim"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert jit.cache_root() == tmp_path / "home" / ".cache" / "chipsim"


def test_the_kernel_folder_carries_the_key(monkeypatch, tmp_path):
    monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path))
    folder = jit._kernel_folder()
    assert folder == tmp_path / "kernels" / jit.sources_key(ROOT)
    assert folder.is_dir() and list(folder.iterdir()) == []  # the trial file is gone again


def test_kernels_of_sources_long_gone_are_removed(monkeypatch, tmp_path):
    monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path))
    for name, days in (("old", 90), ("recent", 5)):
        (tmp_path / "kernels" / name).mkdir(parents=True)
        (tmp_path / "kernels" / name / "kernel.nbc").write_text("")
        then = time.time() - days * 86_400
        os.utime(tmp_path / "kernels" / name, (then, then))
    mine = jit._kernel_folder()
    assert {folder.name for folder in (tmp_path / "kernels").iterdir()} == {"recent", mine.name}


def test_without_a_place_for_the_cache_kernels_still_run(monkeypatch, tmp_path):
    (tmp_path / "occupied").write_text("a file, not a folder")
    monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path / "occupied"))
    assert jit._kernel_folder() is None
    monkeypatch.setattr(jit, "KERNEL_FOLDER", None)
    assert jit.kernel(lambda x: x + 1)(2) == 3


# A kernel that compiles quickly, of one package, and a stage that it calls, of another: exp(-0) is one.
RUN_A_KERNEL = """
import numpy as np
from chipsim.die.ageing import _fade
faded, values, exponent = np.zeros(1, np.float32), np.ones(1, np.float32), np.zeros(1, np.float32)
_fade(faded, values, exponent, np.float32(0))
print(int(faded[0]), sum(_fade.stats.cache_hits.values()), sum(_fade.stats.cache_misses.values()))
"""


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_an_edited_callee_in_another_package_is_seen(tmp_path):
    """numba alone would run the old machine code: the edited file is not the one that holds the cached kernel."""
    copy_packages(tmp_path)
    environment = {**os.environ, "CHIPSIM_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}

    def run():
        done = subprocess.run(
            [sys.executable, "-c", RUN_A_KERNEL], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return tuple(map(int, done.stdout.split()))

    assert run() == (1, 0, 1)  # compiled
    assert run() == (1, 1, 0)  # from the disk
    callee = tmp_path / "chipsim" / "random" / "exponential.py"
    text = callee.read_text()
    edited = text.replace("return series * power", "return np.float32(2) * series * power")
    assert edited != text
    callee.write_text(edited)
    assert run() == (2, 0, 1)  # the new machine code
    callee.write_text(text)
    assert run() == (1, 1, 0)  # the old one is still there
