"""The CIFAR-10 example on a few made-up images (needs the kernels of layers on images)."""

import json
import sys

import numpy as np
import pytest


def run(module, monkeypatch, cifar, *more):
    arguments = ["--teacher", cifar / "teacher.onnx", "--data-dir", cifar, "--out", cifar / "out", "--test", 20]
    monkeypatch.setattr(sys, "argv", ["cifar10.py", *map(str, arguments), *map(str, more)])
    module.main()


def test_it_measures_draws_and_remembers(cifar10, cifar, monkeypatch, capsys):
    run(cifar10, monkeypatch, cifar, "--images", 0, 6, "--dies", 2)
    out = capsys.readouterr().out
    assert "CIFAR-10 (Krizhevsky 2009): part 1 of 5" in out
    assert out.count("after 6 images") == 2
    assert {path.name for path in (cifar / "out").glob("*.png")} == {"accuracy.png", "confusion.png", "filters.png"}
    stored = json.loads((cifar / "out" / "results-20.json").read_text())
    assert len(stored["results"]) == 6
    assert all(np.sum(each["confusion"]) == 20 for each in stored["results"])
    learned = {(each["mismatch"], each["die"]): each["filters"] for each in stored["results"] if each["images"]}
    assert len({json.dumps(filters) for filters in learned.values()}) == 3, "every die learns its own"
    monkeypatch.setattr(cifar10, "measure", lambda *_: pytest.fail("measured again"))
    run(cifar10, monkeypatch, cifar, "--images", 0, 6, "--dies", 2)
    assert capsys.readouterr().out == out


@pytest.mark.parametrize("wrong", [("--test", 0), ("--images", -1), ("--dies", -1)])
def test_wrong_numbers_are_refused(cifar10, cifar, monkeypatch, capsys, wrong):
    with pytest.raises(SystemExit):
        run(cifar10, monkeypatch, cifar, *wrong)
    assert "--test is from 1 to 10000" in capsys.readouterr().err
