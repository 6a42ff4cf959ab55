"""examples/rule_as_it_runs.py: the table in METHODS.md is made of stored figures, which are those of its settings."""

import importlib.util
import json
import sys

import numpy as np
import pytest
from small_runs import ROOT, SMALL

from host.run import resolve
from host.run import run as real_run


@pytest.fixture
def module():
    spec = importlib.util.spec_from_file_location("rule_as_it_runs", ROOT / "examples" / "rule_as_it_runs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_says_what_is_stored(module):
    figures = module.read_figures()
    assert json.loads(module.FIGURES.read_text()) == figures, "of these settings, and no others"
    for name, entry in figures.items():
        for start in module.STARTS:
            assert len(entry[start]) == len(figures[module.AS_IT_RUNS]["random"]) >= 10, name
    page = module.PAGE.read_text()
    assert module.put_into(page, module.table(figures)) == page
    assert page.count(module.BEGIN) == page.count(module.END) == 1


def test_an_interval_by_hand(module):
    """Student's t of 0.975 and two degrees of freedom is 4.303."""
    assert module.interval([1.0, 2.0, 3.0]) == f"2.0 +- {4.303 / np.sqrt(3):.1f}"
    assert module.interval([0.5, 0.5], "+") == "+0.5 +- 0.0"


def test_defaults_are_those_of_a_run(module):
    for start in module.STARTS.values():
        spec = resolve(None, start)
        assert (spec.steps, spec.learning_circuit.warm_up_steps) == (module.STEPS, module.WARM_UP)
        assert (spec.neuron.low_rail_th, spec.neuron.high_rail_th) == (0, 8)
        assert (spec.learning_circuit.error_gate, spec.learning_circuit.dead_zone_counts) == ("linear", 1)
    assert module.powers(1)["training.learning_rate"] == module.RATE


def test_it_runs_what_is_missing_and_makes_the_table(module, here, monkeypatch, capsys, data_file):
    seen = []

    def small(spec, threads):
        seen.append(spec)
        changes = {"noise": list(spec.noise), "training.start": spec.training.start, "seed": spec.seed, "die": spec.die}
        quick = SMALL | {"dataset": str(data_file), "training.epochs": 1, "teacher.epochs": 5}
        return real_run(resolve(None, quick | changes), threads)

    gate = {"learning_circuit.error_gate": "sign"}
    monkeypatch.setattr(module, "run", small)
    monkeypatch.setattr(module, "ROWS", (module.Row("gate", "theirs", "ours", "why", {"`sign`": gate}),))
    page = here / "page.md"
    page.write_text(f"above\n{module.BEGIN}\nold\n{module.END}\nbelow\n")
    for seeds, runs in ((2, 8), (2, 8)):
        arguments = ("--seeds", str(seeds), "--figures", str(here / "f.json"), "--page", str(page))
        monkeypatch.setattr(sys, "argv", ["rule_as_it_runs.py", *arguments])
        module.main()
        assert len(seen) == runs, "what is known is not run again"
    assert [(spec.seed, spec.die) for spec in seen] == [(1, 1)] * 4 + [(2, 2)] * 4
    assert {spec.learning_circuit.error_gate for spec in seen} == {"linear", "sign"}
    lines = page.read_text().splitlines()
    assert (lines[0], lines[1], lines[-2], lines[-1]) == ("above", module.BEGIN, module.END, "below")
    assert "mean of 2 seeds" in " ".join(lines)
    [row] = [line for line in lines if line.startswith("| gate |")]
    assert row.count("|") == 9 and row.count("+-") == 2
    stored = json.loads((here / "f.json").read_text())
    stored["gate: `sign`"]["settings"] = {}
    (here / "f.json").write_text(json.dumps(stored))
    assert module.read_figures(here / "f.json")["gate: `sign`"]["random"] == [], "of other settings"
    assert "seed 2, teacher, gate: `sign`: " in capsys.readouterr().out
