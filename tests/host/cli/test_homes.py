"""Machines that lack what most have: a home, a user's name, a compiler; caches that somebody else could change."""

import os
import subprocess
import sys

import pytest
from small_runs import end, environment, start

# As in a container that runs under a number of its own.
NOBODY = """
import os, pwd, sys
for name in ("HOME", "CHIPSIM_CACHE", "XDG_CACHE_HOME", "USER", "LOGNAME"):
    os.environ.pop(name, None)
def unknown(number):
    raise KeyError(f"getpwuid(): uid not found: {number}")
pwd.getpwuid = unknown
"""
WHERE = "from chipsim.simd import KERNEL_FOLDER, cache_root; print(cache_root(), KERNEL_FOLDER)"


def python(code, **changes):
    return subprocess.run(
        [sys.executable, "-c", code], env=environment(**changes), capture_output=True, text=True, timeout=120
    )


def test_no_home_and_no_name(tmp_path):
    """What can be made again is kept under the user's number, where nobody else can write."""
    done = python(NOBODY + WHERE, TMPDIR=str(tmp_path))
    root = tmp_path / f"chipsim-{os.getuid()}"
    assert done.stderr == "" and done.stdout.startswith(f"{root} {root}/kernels/")
    assert root.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770])
def test_kernels_are_not_taken_from_where_others_can_write(tmp_path, mode):
    """They would be run as code."""
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels").chmod(mode)
    os.chown(tmp_path / "kernels", -1, 12345) if mode == 0o770 and os.geteuid() == 0 else None
    done = python(WHERE, CHIPSIM_CACHE=str(tmp_path))
    if mode == 0o1777:  # a folder of one's own in a sticky one cannot be moved away
        assert done.stderr == "" and " None" not in done.stdout
        return
    assert done.stdout == f"{tmp_path} None\n"
    assert done.stderr.count("\n") == 1 and f"chipsim: {tmp_path}/kernels can be written by others" in done.stderr
    told = python(
        "from host.cli import main; import sys; sys.argv = ['chipsim', 'doctor']; main()", CHIPSIM_CACHE=str(tmp_path)
    )
    assert f"{tmp_path}/kernels can be written by others, so kernels are compiled at every start" in told.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_kernels_are_not_taken_from_somebody_else(tmp_path):
    (tmp_path / "kernels").mkdir()
    os.chown(tmp_path / "kernels", 12345, -1)
    done = python(WHERE, CHIPSIM_CACHE=str(tmp_path))
    assert done.stdout == f"{tmp_path} None\n"
    assert f"chipsim: {tmp_path}/kernels belongs to another user (number 12345), and what" in done.stderr


CHIPS_RUN = ("run", "sweep", "trace", "compare", "limit --axis mismatch", "sensitivity", "serve", "bench")


@pytest.mark.parametrize("command", CHIPS_RUN)
def test_without_a_compiler(chipsim, here, monkeypatch, command):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    ended = chipsim(*command.split())
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == (
        "chipsim: NUMBA_DISABLE_JIT=1 is set, and a chip's kernels run as machine code alone: unset NUMBA_DISABLE_JIT\n"
    )


@pytest.mark.parametrize("value", ["", "0", "none"])
def test_what_leaves_the_compiler_on(chipsim, here, monkeypatch, value):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", value)
    assert "no such" in chipsim("run", "--threads", "1", "--config", "no such").err


def test_what_needs_no_compiler():
    ended = end(start("noise", env=environment(NUMBA_DISABLE_JIT="1")))
    assert (ended.status, ended.err) == (0, "")
