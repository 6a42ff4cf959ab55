"""The table of learning without a teacher, on a few made-up samples: what is stored is not run again."""

import json
import sys

import pytest

TITLE = "N = 100, 40,000 images (wanted: 85.5 / 86)"


@pytest.fixture
def call(plasticity, data_file, tmp_path, monkeypatch, capsys):
    """The example with small settings in place of its own: stdout and stderr."""
    small = {"dataset": data_file, "hidden": "[12]", "steps": 16, "training.learned_samples": 50}

    def called(*more):
        given = ["--out", tmp_path / "out", *(f"--set={name}={value}" for name, value in small.items()), *more]
        monkeypatch.setattr(sys, "argv", ["plasticity_table.py", *map(str, given)])
        plasticity.main()
        return capsys.readouterr()

    return called


def stored(folder):
    return [json.loads(path.read_text()) for path in sorted((folder / "out").glob("*.json"))]


def test_what_is_there_is_not_run_again(call, plasticity, tmp_path, monkeypatch):
    first = call("--only", "ideal-100")
    assert sorted(each["seed"] for each in stored(tmp_path)) == [1, 2, 3]
    means = [each["assignment"]["ideal"]["by_mean"] for each in stored(tmp_path)]
    assert f"| {TITLE} | 3 | ideal | {plasticity.interval(means)} |" in first.out
    monkeypatch.setattr(plasticity, "prepare", lambda *_: pytest.fail("run again"))
    assert call("--only", "ideal-100") == (first.out, "")
    assert "ideal-100          3 of 3" in call("--list").out


def test_dies_of_a_line_are_compared_with_one_ideal_chip(call, plasticity, tmp_path, monkeypatch):
    monkeypatch.setattr(plasticity, "DIES", 2)
    told = call("--only", "stuck-400").out
    one, other = stored(tmp_path)
    assert {one["die"], other["die"]} == {1, 2}
    assert one["assignment"]["ideal"] == other["assignment"]["ideal"]
    assert one["assignment"]["before"] != other["assignment"]["before"]
    for name in ("ideal", "before", "after", "transfer", "adapted"):
        assert f"| 2 | {name} |" in told


def test_what_is_cut_is_told(call, tmp_path):
    told = call("--only", "pruned-400", "--set", "stdp.prune.after=1", "--set", "stdp.prune.every=10").out
    assert all(0 < each["cut"] < 1 for each in stored(tmp_path))
    assert "% of synapses cut | 3 | ideal |" in told


def test_settings_are_chosen_on_images_held_out_and_other_seeds(call, plasticity, tmp_path, monkeypatch):
    monkeypatch.setattr(plasticity, "HELD_OUT", 20)
    call("--held-out", "--only", "ideal-100")
    assert sorted(each["seed"] for each in stored(tmp_path)) == [11, 12, 13]
    assert all(each["settings"]["training"]["validation_samples"] == 20 for each in stored(tmp_path))


def test_a_line_that_is_none_is_refused(call, capsys):
    with pytest.raises(SystemExit):
        call("--only", "ideal-7")
    assert "--only ideal-7 names none of ideal-100," in capsys.readouterr().err
