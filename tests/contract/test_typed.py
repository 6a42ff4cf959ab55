"""The packages say that they are typed, in a source tree and once installed."""

import tomllib
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = SETTINGS["tool"]["mypy"]["packages"]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_marker_is_there_and_goes_into_the_wheel(package):
    assert files(package).joinpath("py.typed").is_file()
    data = SETTINGS["tool"]["setuptools"]["package-data"]
    assert any(fnmatch("py.typed", pattern) for pattern in (*data.get("*", ()), *data.get(package, ())))


def test_files_of_a_wheel(monkeypatch):
    """As setuptools finds them; nothing is built."""
    pytest.importorskip("setuptools", reason="needs setuptools")
    from setuptools import Distribution

    monkeypatch.chdir(ROOT)
    data = SETTINGS["tool"]["setuptools"]["package-data"]
    everywhere = {"" if name == "*" else name: patterns for name, patterns in data.items()}  # setuptools' own name
    distribution = Distribution({"name": "chipsim", "packages": PACKAGES, "package_data": everywhere})
    build = distribution.get_command_obj("build_py")
    build.ensure_finalized()
    marked = {package for package, _, _, names in build.data_files if "py.typed" in names}
    assert marked == set(PACKAGES)
