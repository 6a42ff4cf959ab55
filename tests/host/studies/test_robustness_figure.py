"""examples/robustness_figure.py, made small."""

import importlib.util
import sys

import pytest
from one_process import one_thread
from small_runs import ROOT

TINY = {"hidden": [6], "steps": 4, "training.epochs": 1, "teacher.epochs": 2}


@pytest.fixture
def example(monkeypatch, here):
    spec = importlib.util.spec_from_file_location("robustness_figure", ROOT / "examples" / "robustness_figure.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "local_workers", one_thread)
    monkeypatch.setitem(module.SETTINGS, "digits", TINY)
    return module


def test_a_row_per_level_and_a_picture(example, here, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["robustness_figure.py", "--dies", "2", "--few-levels", "--out", "r.sqlite"])
    tables = []
    for _ in range(2):  # the second time nothing is simulated
        example.main()
        head, rule, *rows, _, end = capsys.readouterr().out.splitlines()
        assert len({line.count("|") for line in (head, rule, *rows)}) == 1
        assert "16 chips" in end
        tables.append(rows)
    assert tables[0] == tables[1]
    assert [row.split("|")[1].strip() for row in tables[0]] == [
        f"{kind} {level:g}" for kind, levels in example.LEVELS.items() for level in levels[1::3]
    ]
    for row in tables[0]:
        dies, ideal, before, worst_before, after, worst_after = map(float, row.split("|")[2:-1])
        assert dies == 2
        assert 0 <= worst_before <= before <= 100
        assert 0 <= worst_after <= after <= 100
        assert 0 <= ideal <= 100
    assert (here / "r.png").read_bytes().startswith(b"\x89PNG")


def test_the_levels_of_mismatch_are_the_published_ones(example):
    assert example.LEVELS["mismatch"] == (0, 0.1, 0.2, 0.3, 0.5, 0.7)
    wanted = example.request("digits", 20, example.LEVELS)
    assert len(list(wanted.plan())) == 4 * 6 * 20
