"""Imports run one way: host -> chipsim -> {learning_circuit, nonideality}; the leaves do not know each other."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {
    "host": {"host", "chipsim", "learning_circuit", "nonideality"},
    "chipsim": {"chipsim", "learning_circuit", "nonideality"},
    "learning_circuit": {"learning_circuit"},
    "nonideality": {"nonideality"},
}
OURS = {*MAY_IMPORT, "tests", "examples"}
MODULES = sorted(path.relative_to(ROOT) for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py"))


def packages_imported(source, package):
    """Top-level names of every import in `source`, wherever it stands; a relative import is of the package itself."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(package if node.level else node.module.split(".")[0])
    return found


def test_every_package_is_looked_at():
    assert {path.parts[0] for path in MODULES} == MAY_IMPORT.keys()


def test_the_reader_finds_imports_anywhere():
    source = (
        "import os.path\ndef f():\n    from host.data.datasets import x\n    import chipsim as c\nfrom . import y\n"
    )
    assert packages_imported(source, "nonideality") == {"os", "host", "chipsim", "nonideality"}


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_run_one_way(path):
    package = path.parts[0]
    wrong = packages_imported((ROOT / path).read_text(), package) & OURS - MAY_IMPORT[package]
    assert not wrong, f"{path} imports {', '.join(sorted(wrong))}"
