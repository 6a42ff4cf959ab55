"""The notebooks run from top to bottom, each as a new user runs it: in an empty folder, in a process of its own."""

import json
import subprocess
import sys

import pytest
from notebooks import code_cells
from small_runs import ROOT, environment

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
# What is printed last, or nearly.
TELLS = {
    "designers_day": "RunSpec(",
    "own_effect_and_rule": "hot_corner: level -1 is not a number",
    "robustness_study": "chipsim ",
}


def test_they_are_those_that_are_told_of():
    assert [path.stem for path in NOTEBOOKS] == sorted(TELLS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_are_stored_without_outputs(path):
    book = json.loads(path.read_text())
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in book["cells"]]
    assert len(set(ids)) == len(ids) > 8
    for cell in book["cells"]:
        assert cell["source"] and cell["cell_type"] in ("markdown", "code")
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
    assert path.stat().st_size < 50_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, here):
    if "table(" in "".join(code_cells(path)):
        pytest.importorskip("pandas", reason="extra pandas")
    (here / "delta_rule").symlink_to(ROOT / "examples" / "delta_rule")  # as in examples/, where they stand
    command = [sys.executable, ROOT / "tests" / "support" / "notebooks.py", path]
    ended = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    assert TELLS[path.stem] in ended.stdout
    assert all(line.startswith("chipsim: ") for line in ended.stderr.splitlines()), (
        "a slow machine's minute lines alone"
    )
