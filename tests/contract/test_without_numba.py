"""The leaves need no compiler: every module of theirs imports where there is no numba."""

import subprocess
import sys

import pytest
from house import MODULES, ROOT

REFUSE = """
import importlib, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("numba", "llvmlite"):
            raise ImportError(f"{name} is asked for")
sys.meta_path.insert(0, Refuse())
for name in sys.argv[1:]:
    importlib.import_module(name)
print(len(sys.argv) - 1)
"""


@pytest.mark.parametrize("package", ["learning_circuit", "nonideality"])
def test_imports_without_numba(package):
    modules = [module for module in MODULES if module.split(".")[0] == package]
    done = subprocess.run([sys.executable, "-c", REFUSE, *modules], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == f"{len(modules)}\n", done.stderr
    assert len(modules) > 5


def test_the_refusal_works():
    done = subprocess.run([sys.executable, "-c", REFUSE, "chipsim.simd"], cwd=ROOT, capture_output=True, text=True)
    assert "numba is asked for" in done.stderr or "llvmlite is asked for" in done.stderr
