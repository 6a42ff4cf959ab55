"""CIFAR-10 in full, on a few made-up images: what is done is not done again, what was stopped goes on."""

import json
import sys

import numpy as np
import pytest

import chipsim


@pytest.fixture
def call(full, cifar, monkeypatch, capsys):
    """The example with a teacher that is there: stdout and stderr."""

    def called(*more, only="six-ideal,six-mismatch-die?"):
        given = ["--six", cifar / "teacher.onnx", "--data-dir", cifar, "--out", cifar / "out", "--threads", 1]
        monkeypatch.setattr(sys, "argv", ["cifar10_in_full.py", *map(str, given), "--only", only, *map(str, more)])
        full.main()
        return capsys.readouterr()

    return called


def results(folder):
    return {path.stem: json.loads(path.read_text()) for path in (folder / "out").glob("*.json")}


def test_a_line_is_a_job_with_a_key_that_is_done_once(call, cifar, monkeypatch):
    first = call()
    stored = results(cifar)
    assert set(stored) == {"six-ideal", "six-mismatch-die1", "six-mismatch-die2", "six-mismatch-die3"}
    one = stored["six-mismatch-die2"]
    assert one["settings"]["die"] == 2 and one["settings"]["noise"] == ["mismatch:0.2@weight", "mismatch:0.2@threshold"]
    assert (one["settings"]["training.validation_samples"], one["validation_samples"]) == (3, 1), (
        "a tenth, a fifth of it"
    )
    assert one["curve"][0][0] == 0 and one["curve"][-1] == [27, one["epochs"][-1]] and len(one["epochs"]) == 2
    assert one["test_samples"] == 30 and len(one["spec_hash"]) == 8 and one["versions"]["chipsim"] and "commit" in one
    assert len({json.dumps(each["accuracy"]["before"]) for each in stored.values()}) > 1, "dies differ"
    ideal, mismatch = [line for line in first.out.splitlines() if line.startswith("| six layers")]
    below = 100 * (stored["six-ideal"]["accuracy"]["teacher"] - stored["six-ideal"]["accuracy"]["after"])
    assert f"| {below:.2f} (wanted: 1 at most) |" in ideal
    after = np.mean([stored[f"six-mismatch-die{die}"]["accuracy"]["after"] for die in (1, 2, 3)])
    assert "mean of 3 dies" in mismatch and f"| {100 * after:.2f} |" in mismatch
    assert "IF neurons (there: LIF)" in first.out and "part 1 of 5, 30 training images" in first.out
    monkeypatch.setattr(chipsim, "run", lambda **_: pytest.fail("run again"))
    assert call() == (first.out, "")
    assert "six-ideal               done" in call("--list").out


def test_what_was_stopped_goes_on_and_what_has_changed_is_run_anew(call, cifar, monkeypatch):
    real, asked = chipsim.run, []

    def stopped(**given):
        asked.append(given)
        if "resume" not in given:
            real(**given)
            (given["out"] / "result.json").unlink()  # as if it had been killed at its end
            raise KeyboardInterrupt
        return real(**given)

    monkeypatch.setattr(chipsim, "run", stopped)
    ended = call(only="six-ideal")
    assert "stopped; the same command goes on" in ended.err and "1 of 1 lines are missing" in ended.err
    assert "| six layers, ideal die | not measured |" in ended.out and not results(cifar)
    call(only="six-ideal")
    assert asked[1]["resume"] == asked[0]["out"] and set(results(cifar)) == {"six-ideal"}
    content = (cifar / "teacher.onnx").read_bytes()
    (cifar / "teacher.onnx").write_bytes(content + b"\x72\x00")  # an empty documentation field
    monkeypatch.setattr(chipsim, "run", real)
    before = results(cifar)["six-ideal"]["asked"]
    call(only="six-ideal")
    assert results(cifar)["six-ideal"]["asked"] != before


def test_no_job_begins_when_the_time_is_up(call, cifar, monkeypatch):
    monkeypatch.setattr(chipsim, "run", lambda **_: pytest.fail("begun"))
    ended = call("--budget", 0)
    assert "4 of 4 lines are missing" in ended.err and not results(cifar)


def test_a_job_ends_when_the_time_is_up(full):
    with pytest.raises(KeyboardInterrupt), full.Budget(0.2 / 60).spent_on_a_job():
        while True:
            pass
    with full.Budget(None).spent_on_a_job(), full.Budget(60).spent_on_a_job():
        pass


def test_the_lines_are_those_of_the_table(full):
    keys = [line.key for line in full.lines()]
    assert len(keys) == len(set(keys)) == 24
    dies = {line.row: line.dies for line in full.lines()}
    assert dies == {
        **{f"six-{noise}": 3 for noise in ("mismatch", "thermal", "silencing", "all-four")},
        **dict.fromkeys(("six-ideal", "six-quantization"), 1),
        **{
            f"{row}-{noise}": 1
            for row in ("random", "lif", "steps8", "steps4", "vgg11")
            for noise in ("ideal", "mismatch")
        },
    }
    random = next(line for line in full.lines() if line.key == "random-ideal")
    assert (random.settings["training.start"], random.settings["training.epochs"]) == ("random", 5)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (("--only", "seven-*"), "no such line; choose from six-ideal"),
        (("--budget", "-1"), "give minutes from 0"),
        (("--budget", "nan"), "give minutes from 0"),
        (("--vgg11", "nowhere.onnx"), "nowhere.onnx is no file"),
        (("--data-dir", "nowhere"), "cifar10 not found"),
    ],
)
def test_mistakes_are_told_in_one_line(call, capsys, here, monkeypatch, wrong, words):
    monkeypatch.delenv("CHIPSIM_DATA", raising=False)
    with pytest.raises(SystemExit) as ended:
        call(*wrong)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]
    assert not (here / "cifar10-in-full").exists()
