"""A numba that was never tried is refused by name, unless it is asked for."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numba
import pytest

from chipsim.simd import ANY_NUMBA
from chipsim.simd.accepted_numba import BEFORE, FIRST, refusal

ROOT = Path(__file__).resolve().parents[3]
# Python in which numba says that it is of another version.
OTHER = "import numba; numba.__version__ = {!r}; from host.cli import main; main()"


def started(version, *arguments, **environment):
    command = [sys.executable, "-c", OTHER.format(version), *arguments]
    environment = {name: value for name, value in os.environ.items() if name != ANY_NUMBA} | environment
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def versions(bounds):
    return ".".join(map(str, bounds))


def test_the_bounds_are_those_that_pip_keeps_to():
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert f"numba>={versions(FIRST)},<{versions(BEFORE)}" in needed


def test_what_was_tried():
    assert refusal(numba.__version__) is None
    assert refusal(versions(FIRST) + ".0") is refusal(f"{BEFORE[0]}.{BEFORE[1] - 1}.9") is None


@pytest.mark.parametrize(
    "version", ["0.1.0", f"{FIRST[0]}.{FIRST[1] - 1}.9", versions(BEFORE) + ".0rc1", "1.0", "9", ""]
)
def test_what_was_not(version):
    why = refusal(version)
    assert why.startswith(f"numba {version} was never tried") and why.isprintable()
    assert f"pip install 'numba>={versions(FIRST)},<{versions(BEFORE)}', or set {ANY_NUMBA}=1" in why


@pytest.mark.parametrize("command", [["run"], ["serve"], ["bench"]])
def test_a_command_ends_in_one_line(command):
    ended = started("99.1.0", *command)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(r"chipsim: numba 99\.1\.0 was never tried with this chipsim[^\n]+\n", ended.stderr), (
        ended.stderr
    )


def test_the_doctor_tells_and_goes_on():
    ended = started("99.1.0", "doctor")
    assert ended.returncode == 1
    assert "numba 99.1.0 was never tried" in ended.stdout and "Traceback" not in ended.stdout + ended.stderr


def test_it_is_tried_all_the_same_where_that_is_asked_for():
    command = "import numba; numba.__version__ = '99.1.0'; import chipsim.simd; print('here')"
    for value, said in (("1", "here\n"), ("0", ""), ("", "")):
        environment = {**os.environ, ANY_NUMBA: value}
        ended = subprocess.run(
            [sys.executable, "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert ended.stdout == said, ended.stderr


def test_help_needs_no_compiler():
    assert started("99.1.0", "--help").returncode == 0
