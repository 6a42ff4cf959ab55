"""chipsim sweep as a user meets it: table, JSON, plan, exit status, and one line for what is wrong."""

import json
import os

import pytest
from small_runs import QUIET_FLAGS, everything_in
from small_sweeps import NOISES, tables

from host.sweep import SweepStore


@pytest.fixture
def sweep(chipsim, here, data_file):
    def call(*arguments):
        return chipsim("sweep", "--dataset", data_file, *QUIET_FLAGS, *arguments)

    return call


def test_a_sweep_then_its_table_again_and_the_plan_of_a_larger_one(sweep, here):
    plan = sweep(*NOISES, "--dies", "2", "--workers", "1", "--plan", "--json")
    assert (plan.status, plan.err) == (0, "")
    told = json.loads(plan.out)
    assert (told["tasks"], told["missing"], told["workers"]) == (6, 6, 1)
    assert told["seconds"] == pytest.approx(6 * told["seconds_per_task"])
    assert told["seconds"] > 0
    assert told["source"].startswith("calibrated just now")
    assert everything_in(here) == {}, "a plan leaves nothing"

    ended = sweep(*NOISES, "--dies", "2", "--workers", "1", "--json")
    assert (ended.status, ended.err) == (0, "")
    told = json.loads(ended.out)
    assert (told["database"], told["tasks"], told["ran"], told["failed"]) == ("sweep.sqlite", 6, 6, 0)
    assert [point["point"] for point in told["points"]] == [{"mismatch": 0}, {"mismatch": 0.2}, {"mismatch": 0.5}]
    rows = list(SweepStore.open(here / "sweep.sqlite").rows(told["sweep"]))
    for point in told["points"]:
        mine = [row for row in rows if row.point == point["point"]]
        assert [row.die for row in mine] == [1, 2]
        assert point["before"] == pytest.approx(sum(row.before for row in mine) / 2)
        assert point["worst_after"] == min(row.after for row in mine)

    before = tables(here / "sweep.sqlite")
    ended = sweep(*NOISES, "--dies", "2", "--workers", "1")
    assert (ended.status, ended.err) == (0, "")
    first, empty, head, *lines = ended.out.splitlines()
    assert first.startswith(f"sweep {told['sweep']} in sweep.sqlite: 6 tasks, 0 run now in ")
    assert (empty, head.split()) == ("", ["point", "dies", "ideal", "before", "after", "worst", "after"])
    assert [line.split()[:2] for line in lines] == [["mismatch", level] for level in ("0", "0.2", "0.5")]
    assert tables(here / "sweep.sqlite") == before

    plan = sweep(*NOISES, "--dies", "1-3,9", "--plan").out.splitlines()
    assert plan[0] == "12 tasks, 6 stored in sweep.sqlite"
    assert plan[2].split() == ["mismatch", "0", "4", "dies,", "2", "to", "run"]
    assert plan[-1].endswith("(mean of the stored tasks)")


def test_failed_tasks_are_shown_and_the_exit_status_says_so(sweep, here):
    grid = ("--axis", "steps=4,8", "--axis", "learning_circuit.warm_up_steps=2,6", "--cross", "--workers", "1")
    for _ in range(2):
        ended = sweep(*grid)
        assert (ended.status, ended.err) == (1, "")
        assert "1 tasks failed; run them again with --retry-failed:" in ended.out
        assert "warm_up_steps 6 leaves no step to learn in" in ended.out
    told = json.loads(sweep(*grid, "--retry-failed", "--json").out)
    assert (told["ran"], told["failed"]) == (1, 1)
    assert [each["message"] for each in told["failures"]] == [
        "warm_up_steps 6 leaves no step to learn in: keep it below steps (4)"
    ]


WRONG = {
    ("--axis", "steps="): "axis steps has no value: write for example steps=VALUE,VALUE",
    ("--axis", "stepps=4,8"): "unknown setting 'stepps': did you mean 'steps'?",
    ("--axis", "steps=4,1"): "steps = 1: input should be greater than or equal to 2",
    ("--axis", "steps=4,banana", "--cross"): "steps = 'banana'",
    ("--axis", "steps=4,8", "--axis", "steps=16"): "axis steps is given twice: put all its values into one list",
    ("--noise", "mismatch:0.1,0.2", "--noise", "mismatch:0.3,0.4"): "axis mismatch is given twice",
    ("--noise", "mismatch:0.1,0.2", "--noise", "mismatch:0.3"): "mismatch@weight is given twice",
    ("--noise", "mismatch:0.1,"): "a level is missing between the commas",
    ("--axis", "dataset=digits,nowhere"): "unknown data set 'nowhere': choose digits",
    ("--dies", "0"): "'0' is not a whole number from 1",
    ("--dies", "3", "--die", "4"): "--die and --dies both say which dies",
    ("--dask", "tcp://127.0.0.1:1", "--workers", "2"): "with --dask the cluster has its own",
    ("--workers", "0"): "Invalid value for '--workers'",
    ("--dask", "nonsense://x"): "no Dask scheduler answers at nonsense://x",
    ("--out", "no/where/s.sqlite"): "No such file or directory; choose another --out",
}


@pytest.mark.parametrize(("arguments", "says"), WRONG.items(), ids=[" ".join(each) for each in WRONG])
def test_bad_input_is_one_line_and_leaves_nothing(sweep, here, arguments, says):
    ended = sweep(*arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert says in ended.err
    assert everything_in(here) == {}


def test_a_file_that_is_no_sweep_stays(sweep, here):
    (here / "notes.txt").write_text("not a database, but dear to somebody" * 100)
    before = everything_in(here)
    for extra in ((), ("--plan",)):
        ended = sweep("--out", "notes.txt", *extra)
        assert (ended.status, ended.out) == (2, "")
        assert ended.err == "chipsim: notes.txt is not a sweep database: name another file\n"
        assert everything_in(here) == before


def test_two_sweeps_on_one_file(sweep, here):
    with SweepStore.create(here / "sweep.sqlite"):
        ended = sweep("--noise", "mismatch:0.1,0.2")
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"is being written by process {os.getpid()} on " in ended.err


def test_a_chip_in_physical_units_has_axes_too(sweep, here):
    chip = ("--chip", "rram", "--steps", "6", "--axis", "chip.neuron.threshold_v=0.45,0.5")
    ended = sweep(*chip, "--dies", "1", "--workers", "1", "--json")
    assert (ended.status, ended.err) == (0, "")
    rows = list(SweepStore.open(here / "sweep.sqlite").rows())
    assert [row.point["chip.neuron.threshold_v"] for row in rows] == [0.45, 0.5]
    assert [row.spec["chip"]["neuron"]["threshold_v"] for row in rows] == [0.45, 0.5]
    assert all(row.status == "done" and "chip-" in row.task for row in rows)
    assert rows[0].spec["neuron"]["high_rail_th"] != rows[1].spec["neuron"]["high_rail_th"]


def test_a_hidden_layer_that_says_nothing_and_accumulators_that_fill_are_told(sweep, chipsim, here):
    """Whatever accuracy such a chip has."""
    dead = ("--noise", "silencing:1,layer=1", "--set", "learning_circuit.accumulator_bits=2")
    ended = sweep(*dead, "--dies", "2", "--workers", "1", "--json")
    assert (ended.status, ended.err) == (0, "")
    told = json.loads(ended.out)
    silent = "all dies: hidden layer 1 did not spike once after learning in 2 of 2 dies"
    assert silent in told["doubts"]
    assert told["points"][0]["silent_layers"] == {"1": 2}
    full = told["points"][0]["accumulators_full"]
    assert (f"all dies: spike accumulators were full in {full} of 2 dies" in told["doubts"]) == (full > 0)
    assert silent in sweep(*dead, "--dies", "2", "--workers", "1").out
    assert chipsim("report", "sweep.sqlite", "-o", "r.html", "--csv", "r.csv").status == 0
    assert "Hidden layer 1 did not spike once after learning in 2 of 2 dies" in (here / "r.html").read_text()
    assert "[1]" in (here / "r.csv").read_text()
