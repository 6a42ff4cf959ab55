"""chipsim limit: by bisection on a database, whose content counts."""

import json

import pytest
from one_process import OneThread, one_thread
from small_runs import QUIET_FLAGS, end, everything_in, start

from host.studies import criterion, level_axis, yields
from host.sweep import SweepStore

AXIS = (
    "--axis",
    "mismatch",
    "--yield",
    "0.5",
    "--at-least",
    "0.7",
    "--dies",
    "8",
    "--between",
    "0,3",
    "--tolerance",
    "0.5",
)
FEWEST = ("--yield", "0.1", "--dies", "2")  # both of them good


@pytest.fixture
def limit(chipsim, monkeypatch, here, data_file):
    monkeypatch.setattr("host.studies.limit_run.local_workers", one_thread)
    # A loaded machine takes longer than the minute after which a log gets a line.
    monkeypatch.setattr("host.terminal.minute_lines.MinuteLines._talk", lambda self: None)

    def call(*arguments, out="l.sqlite", axis=AXIS):
        ended = chipsim("limit", "--dataset", data_file, *QUIET_FLAGS, *axis, "--out", out, *arguments, "--json")
        assert (ended.status, ended.err) == (0, "")
        return json.loads(ended.out)

    return call


def simulated_chips(path):
    with SweepStore.open(path) as store:
        return store._connection.execute("SELECT COUNT(*) FROM result").fetchone()[0]


def test_the_limit_and_what_it_rests_on(limit, here):
    told = limit("--before", "--dies", "16")
    assert told["moment"] == "before"
    assert 0 <= told["limit"] < told["fails_at"]
    levels = {entry["level"]: entry for entry in told["levels"]}
    assert sorted(told["simulated"]) == sorted(levels)
    assert levels[told["limit"]]["verdict"] == "passes"
    assert levels[told["limit"]]["at_least"] >= 0.5
    assert levels[told["fails_at"]]["verdict"] == "fails"
    assert told["claim"]["test_images"] == 60
    assert simulated_chips(here / "l.sqlite") == sum(entry["dies"] for entry in levels.values())
    with SweepStore.open(here / "l.sqlite") as store:
        [sweep] = store.sweeps()
        assert sweep.id == told["sweep"]
        rows = list(store.rows(sweep.id))
    assert {row.status for row in rows} == {"done"}, "dies that no verdict took are no part of the sweep"
    points = yields(rows, criterion("0.7", None))
    assert {point.point["mismatch"]: (point.good["before"], len(point.dies)) for point in points} == {
        level: (entry["good"], entry["dies"]) for level, entry in levels.items()
    }


def test_asked_again_nothing_runs_and_another_question_uses_what_is_there(limit, here):
    first = limit()
    again = limit()
    assert again == first | {"simulated": []}
    before = limit("--before")
    assert before["moment"] == "before"
    assert before["limit"] < first["limit"]
    more_dies = limit("--dies", "10")
    decided = {entry["level"] for entry in first["levels"] if entry["verdict"] != "undecided"}
    assert decided.isdisjoint(more_dies["simulated"])
    assert all(entry["dies"] == 10 for entry in more_dies["levels"] if entry["verdict"] == "undecided")


def test_the_axis_replaces_its_noise_and_leaves_the_others(limit, here):
    axis = ("--axis", "mismatch@weight", "--at-least", "0", *FEWEST, "--between", "0,0.5")
    told = limit("--noise", "mismatch:0.9@weight", "--noise", "thermal:0.1", axis=axis)
    assert told["whole_range"] == "passes"
    with SweepStore.open(here / "l.sqlite") as store:
        noises = [row.spec["noise"] for row in store.rows()]
    assert [noise[0] for noise in noises] == ["thermal:0.1"] * len(noises)
    assert {noise[1] for noise in noises} >= {"mismatch:0@weight", "mismatch:0.5@weight"}
    assert all(len(noise) == 2 for noise in noises)


def test_a_setting_with_whole_values(limit):
    told = limit("--noise", "ideal", axis=("--axis", "steps", "--between", "2,6", "--at-least", "0.8", *FEWEST))
    assert all(entry["level"] == int(entry["level"]) for entry in told["levels"])
    verdicts = {entry["level"]: entry["verdict"] for entry in told["levels"]}
    assert told["limit"] is None or {verdicts.get(told["limit"] + away) for away in (-1, 1)} & {"fails", "undecided"}


def test_a_worker_of_its_own_finds_the_same(limit, here, data_file):
    axis = ("--axis", "mismatch", "--at-least", "0", *FEWEST)
    expected = limit(axis=axis)
    flags = ("--dataset", data_file, *QUIET_FLAGS, *axis, "--workers", "1", "--out", "own.sqlite", "--json")
    ended = end(start("limit", *flags))
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out) == expected


def test_interrupted_it_says_how_to_go_on(limit, chipsim, here, data_file, monkeypatch):
    flags = ("--dataset", data_file, *QUIET_FLAGS, *AXIS, "--out", "l.sqlite", "--json")
    submitted = []

    def press_ctrl_c(executor, function, task):
        if len(submitted) == 6:
            raise KeyboardInterrupt
        submitted.append(task.key)
        return submit(executor, function, task)

    submit = OneThread.submit
    with monkeypatch.context() as patch:
        patch.setattr(OneThread, "submit", press_ctrl_c)
        ended = chipsim("limit", *flags)
    assert (ended.status, ended.out) == (130, "")
    assert ended.err == "chipsim: interrupted; what is stored in l.sqlite stays: the same command goes on\n"
    assert 4 <= simulated_chips(here / "l.sqlite") <= 6
    assert limit() == limit(out="never_interrupted.sqlite")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--at-least", "0.9"), "--axis"),
        (("--axis", "mismatch"), "--at-least 0.97"),
        (
            ("--axis", "missmatch", "--at-least", "0.9"),
            "unknown axis 'missmatch': did you mean 'mismatch'? choose a noise (mismatch, ",
        ),
        (("--axis", "mismatch@no", "--at-least", "0.9"), "no site 'no'"),
        (("--axis", "hidden", "--at-least", "0.9"), "unknown axis 'hidden'"),
        (("--axis", "steps", "--at-least", "0.9"), "--between LOW,HIGH"),
        (("--axis", "mismatch", "--at-least", "0.9", "--between", "1"), "not two numbers"),
        (("--axis", "mismatch", "--at-least", "0.9", "--between", "1,0"), "the smaller first"),
        (("--axis", "mismatch", "--at-least", "0.9", "--between=-1,1"), "level -1 is not a number of at least 0"),
        (("--axis", "silencing", "--at-least", "0.9", "--between", "0,2"), "from 0 to 1"),
        (("--axis", "quantization", "--at-least", "0.9", "--between", "2,8.5"), "whole levels only"),
        (("--axis", "mismatch", "--at-least", "0.9", "--yield", "99"), "--yield '99' is not between 0 and 1"),
        (("--axis", "mismatch", "--at-least", "0.9", "--tolerance", "0"), "--tolerance 0"),
        (("--axis", "mismatch", "--at-least", "0.9", "--noise", "mismatch:0.1@weight"), "given twice"),
        (("--axis", "mismatch", "--at-least", "0.9", "--dataset", "absent.npz"), "absent.npz"),
        (("--axis", "mismatch", "--at-least", "0.9", "--dies", "0"), "--dies"),
        (("--axis", "mismatch", "--at-least", "0.9", "--yield", "1"), "proven by no number of dies"),
        (("--axis", "mismatch", "--at-least", "0.9", "--yield", "0%"), "reached by any design"),
        (("--axis", "mismatch", "--at-least", "0.9", "--dies", "20"), "takes 377 dies at a level"),
        (("--axis", "mismatch", "--at-least", "0.9", "--yield", "99.9%", "--dies", "3000"), "--dies 3787 or more"),
        (("--axis", "mismatch", "--at-least", "0.9", "--out", "no/where.sqlite"), "no/where.sqlite"),
    ],
)
def test_refused_in_one_line_and_nothing_is_left(chipsim, here, arguments, told):
    ended = chipsim("limit", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert told in ended.err
    assert everything_in(here) == {}


def test_the_axes_by_name():
    assert level_axis("mismatch").ends == (0, 1)
    assert level_axis("silencing@output").ends == (0, 1)
    assert level_axis("quantization").whole
    assert (level_axis("steps").kind, level_axis("steps").whole) == ("setting", True)
    assert not level_axis("training.learning_rate").whole
