"""examples/through_time_table.py: its lines are runs that there can be, what is stored is not run again, its table."""

import importlib.util
import json
import sys

import numpy as np
import pytest
from small_runs import ROOT

from host.run import resolve


@pytest.fixture
def module(monkeypatch):
    name = "through_time_table"
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def row(line, seed, die=None, after=98.0, **more):
    facts = {"before": 90.0, "ideal": 99.0, "energy_nj": [1.0, 10.0], "hidden_spikes": 50.0, "validation": [90.0, 98.0]}
    settings = {"seed": seed, "die": seed if die is None else die}
    return facts | {"line": line, "settings": settings, "after": after, "bytes_up_per_sample": 0.0} | more


def test_its_lines_are_runs(module):
    for name, line in module.LINES.items():
        spec = resolve(None, line.settings)
        assert spec.steps == int(name.split("-")[1])
        assert line.against is None or line.against in module.LINES
        assert len(set(line.runs())) == len(line.runs()) == (line.dies or line.seeds)


def test_what_is_stored_is_not_run_again_and_a_torn_line_is(module, monkeypatch, tmp_path, capsys):
    ran = []

    def measured(settings, threads):
        ran.append((settings["steps"], settings["seed"]))
        return {name: value for name, value in row("", 1).items() if name not in ("line", "settings")}

    def call(*more):
        monkeypatch.setattr(sys, "argv", ["table", "--out", str(tmp_path), "--lines", "digits-2,digits-5", *more])
        module.main()
        return capsys.readouterr().out

    monkeypatch.setattr(module, "measured", measured)
    first = call()
    assert sorted(ran) == [(steps, seed) for steps in (2, 5) for seed in (1, 2, 3)]
    assert call("--table") in first and len(ran) == 6
    runs = tmp_path / "runs.jsonl"
    kept = runs.read_text().splitlines()
    runs.write_text("\n".join(kept[:-1]) + "\n" + kept[-1][:30])
    assert call("--table").count("| 2 |") == 1, "the torn run is none"
    again = call()
    assert len(ran) == 7 and ran[-1] == ran[-2], "the killed run alone"
    assert call("--table") in again and len([json.loads(text) for text in runs.read_text().splitlines()[-1:]]) == 1


def test_the_table_by_hand(module):
    """Student's t of 0.975 and two degrees of freedom is 4.303; the standard error of 97, 98, 99 is 0.577."""
    ideal = [row("digits-5", seed, after=96.0 + seed) for seed in (1, 2, 3)]
    fixed = [row("digits-5-fixed", seed, after=95.0 + seed) for seed in (1, 2, 3, 4)]
    dies = [row("digits-5-dies", 1, die, after=96.0 + die) for die in (1, 2, 3)]
    text = module.table([row("digits-5", 1, after=1.0), *ideal, *fixed, *dies]).splitlines()
    assert text[2].startswith("| digits 64-128-64-10, T = 5, ideal | 3 | 98.00 +- 2.48 | 98.5 |"), "the latest counts"
    assert "| 3 | 98.00 +- 2.48 | ideal - 0.5 | 90.00 +- 0.00 | 1.00 +- 2.48 | 1 to 10 | 50 |" in "\n".join(text)
    assert text[-1].endswith("leak and threshold fixed: 1.00 +- 0.00 points, n = 3")


def test_how_stable_training_in_the_loop_was(module):
    runs = [
        row("digits-16-spikes-none", seed, validation=[90.0, 90.0 - seed], bytes_up_per_sample=404.0)
        for seed in (1, 2, 3)
    ]
    told = module.table(runs).splitlines()[-1]
    assert told.endswith(
        "validation fell by up to 3.0 points below its best; by at most 1 in 1 of 3; 404 bytes up per sample"
    )


def test_how_far_training_fell(module):
    assert module.below_best([90.0, 95.0, 93.5, 96.0, 95.5]) == 1.5
    assert module.below_best([90.0, 91.0]) == 0


def test_what_is_chosen_sees_no_test_image(module, monkeypatch, tmp_path, capsys):
    rng = np.random.default_rng(3)
    points = rng.random((60, 4))
    labels = (points[:, 0] > points[:, 1]).astype(int)
    path = tmp_path / "data.npz"
    np.savez(path, x_train=points, y_train=labels, x_test=points, y_test=labels)
    small = {"dataset": str(path), "hidden": [5], "training.epochs": 2, "teacher.epochs": 5}
    monkeypatch.setitem(module.LINES, "digits-5", module.Line("small", module.TRAINED | small))
    monkeypatch.setattr(module, "run", lambda *_: pytest.fail("a run reads test images"))
    changes = ["--validate", "2", "--set", "through_time.batch=16"]
    monkeypatch.setattr(sys, "argv", ["table", "--out", str(tmp_path), "--lines", "digits-5", *changes])
    module.main()
    assert "digits-5 {'through_time.batch': 16}: validation" in capsys.readouterr().out
