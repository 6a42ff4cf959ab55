"""What pyproject.toml allows of other packages is tried: the oldest in lowest.txt, the newest in constraints.txt."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TRIED = ("onnx", "nir", "dask", "parquet", "test")  # extras; what the others need is too large, or checks only
NEEDED = [
    need
    for text in [
        *PROJECT["dependencies"],
        *(text for extra in TRIED for text in PROJECT["optional-dependencies"][extra]),
    ]
    if (need := Requirement(text)).name != "chipsim"
]


def pinned(name):
    lines = (ROOT / name).read_text().split()
    return {plain(package): Version(version) for package, version in (line.split("==") for line in lines)}


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("need", NEEDED, ids=str)
def test_both_ends_are_tried(need):
    [least] = [each.version for each in need.specifier if each.operator == ">="]
    assert pinned("tests/lowest.txt")[plain(need.name)] == Version(least), "raise both together"
    assert pinned("constraints.txt")[plain(need.name)] in need.specifier


def test_numba_is_bounded_on_both_sides():
    [numba] = [need for need in NEEDED if need.name == "numba"]
    assert {each.operator for each in numba.specifier} == {">=", "<"}
