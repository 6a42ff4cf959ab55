"""chipsim yield: the table, JSON, CSV, commands that replay a die, and what is refused."""

import csv
import io
import json
import shlex

import pytest
from small_runs import SMALL, everything_in
from stored_runs import result_of, write_sweep

from host.run import resolve

PROVEN = 0.0374  # by two of four, at any time
POINTS = ({"mismatch": 0.1}, {"mismatch": 0.5})


@pytest.fixture
def database(here):
    """Two points of four dies; at the second, one has failed and one is missing."""
    rows = []
    accuracies = [((0.97, 0.98), (0.98, 0.99), (0.96, 0.97), (0.95, 0.97)), ((0.60, 0.97), (0.70, 0.96))]
    for point, found in zip(POINTS, accuracies, strict=True):
        noise = [f"mismatch:{point['mismatch']}"]
        for die, (before, after) in enumerate(found, start=1):
            spec = resolve(None, {"noise": noise, "die": die})
            rows.append((point, result_of("m", spec, before=before, after=after, ideal=0.98)))
    failed = resolve(None, {"noise": noise, "die": 3})
    rows.append(
        (POINTS[1], result_of("m", failed, status="failed", message="no", **dict.fromkeys(("teacher", "ideal"))))
    )
    rows.append((POINTS[1], "m-die-4-01234567"))
    write_sweep(here / "sweep.sqlite", "abc", rows)
    return "sweep.sqlite"


def test_json(chipsim, database):
    ended = chipsim("yield", database, "--at-least", "97%", "--json")
    assert (ended.status, ended.err) == (0, "")
    told = json.loads(ended.out)
    assert (told["sweep"], told["other_sweeps"]) == ("abc", [])
    assert told["wanted"] == {"accuracy": 0.97, "relative_to_ideal": False, "meaning": "accuracy of at least 97 %"}
    little, much = told["points"]
    assert (little["point"], little["dies"], little["failed"], little["missing"]) == (POINTS[0], 4, 0, 0)
    assert (much["point"], much["dies"], much["failed"], much["missing"]) == (POINTS[1], 2, 1, 1)
    before = {"good": 2, "dies": 4, "yield": 0.5, "mean": 0.965, "worst": 0.95, "worst_die": 4}
    assert little["before"] == before | {
        "mean": pytest.approx(0.965),
        "claims": {
            "confidence": 0.95,
            "fixed_plan": {"at_least": pytest.approx(0.0976, abs=1e-4), "method": "Clopper-Pearson, one-sided"},
            "any_time": {"at_least": pytest.approx(PROVEN, abs=1e-4), "method": "beta-binomial mixture, one-sided"},
        },
    }
    assert little["test_images"] == 100
    assert told["dies_to_claim"] == [
        {"yield": 0.99, "fixed_plan": 299, "any_time": 377},
        {"yield": 0.999, "fixed_plan": 2995, "any_time": 3787},
    ]
    assert (little["after"]["yield"], much["before"]["yield"], much["after"]["yield"]) == (1, 0, 0.5)
    assert [(entry["point"], entry["die"]) for entry in told["worst"]] == [(POINTS[0], 3), (POINTS[1], 2)]
    assert told["worst"][1]["command"] == "chipsim run --noise=mismatch:0.5 --die=2"


def test_within_the_ideal(chipsim, database):
    told = json.loads(chipsim("yield", database, "--within", "0.01", "--json").out)
    assert told["wanted"]["relative_to_ideal"]
    assert [point["after"]["good"] for point in told["points"]] == [4, 1]


def test_csv(chipsim, database):
    ended = chipsim("yield", database, "--at-least", "0.97", "--csv")
    assert (ended.status, ended.err) == (0, "")
    little, much = csv.DictReader(io.StringIO(ended.out))
    assert (little["mismatch"], little["dies"], little["good_before"], little["yield_after"]) == (
        "0.1",
        "4",
        "2",
        "1.0",
    )
    assert (much["failed"], much["missing"], much["worst_die_after"]) == ("1", "1", "2")
    assert float(little["proven_fixed_plan_before"]) == pytest.approx(0.0976, abs=1e-4)
    assert float(little["proven_any_time_before"]) == pytest.approx(PROVEN, abs=1e-4)
    assert little["test_images"] == "100"


def test_the_table_and_what_is_not_counted(chipsim, database):
    ended = chipsim("yield", database, "--at-least", "0.97", "--worst", "2")
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    [row] = [line.split() for line in lines if line.startswith("  mismatch 0.5 ")]
    assert " ".join(row) == "mismatch 0.5 2 98.00 0.0 0.0 0.0 65.00 60.00 50.0 2.5 0.6 96.50 96.00"
    assert "Both hold for these 100 test images, each figure on its own." in lines
    assert "To claim 99 % takes 299 dies, planned, or 377 at any time, all of them good." in lines
    assert "not counted at mismatch 0.5: 1 failed and 1 missing" in lines
    assert sum("chipsim run" in line for line in lines) == 4
    assert "chipsim run" not in chipsim("yield", database, "--at-least", "0.97", "--worst", "0").out


def test_the_last_sweep_or_any(chipsim, database, here):
    spec = resolve(None, {})
    write_sweep(here / database, "later", [({}, result_of("base", spec, before=0.5, after=0.9))])
    told = json.loads(chipsim("yield", database, "--at-least", "0.9", "--json").out)
    assert (told["sweep"], told["other_sweeps"], told["points"][0]["point"]) == ("later", ["abc"], {})
    table = chipsim("yield", database, "--at-least", "0.9").out
    assert "also in this database: abc (--sweep)" in table
    assert "the base" in table
    told = json.loads(chipsim("yield", database, "--at-least", "0.9", "--sweep", "abc", "--json").out)
    assert (told["sweep"], len(told["points"])) == ("abc", 2)


def test_a_point_without_any_result(chipsim, here):
    write_sweep(here / "s.sqlite", "abc", [({"steps": 4}, "s-die-1-01234567")])
    told = json.loads(chipsim("yield", "s.sqlite", "--at-least", "0.9", "--json").out)
    assert told["points"][0]["after"] == {
        "good": 0,
        "dies": 0,
        "yield": None,
        "claims": None,
        "mean": None,
        "worst": None,
        "worst_die": None,
    }
    assert "not counted at steps 4: 1 missing" in chipsim("yield", "s.sqlite", "--at-least", "0.9").out
    assert chipsim("yield", "s.sqlite", "--at-least", "0.9", "--csv").out.splitlines()[1].startswith("4,0,0,1,,,0,")


def test_the_printed_command_gives_the_same_figures(chipsim, here, data_file):
    """With settings that have a flag and settings that have none."""
    overrides = SMALL | {
        "dataset": str(data_file),
        "neuron.low_rail_th": -0.5,
        "learning_circuit.dead_zone_counts": 0.5,
    }
    rows = []
    for die in (1, 2, 3):
        rows.append(({"mismatch": 0.5}, result_of("m", resolve(None, overrides | {"die": die}))))
    write_sweep(here / "it's a sweep.sqlite", "abc", rows)
    told = json.loads(chipsim("yield", "it's a sweep.sqlite", "--at-least", "0.5", "--worst", "3", "--json").out)
    assert len({entry["before"] for entry in told["worst"]}) > 1
    for entry in told["worst"]:
        program, *arguments = shlex.split(entry["command"])
        assert program == "chipsim"
        summary = json.loads(chipsim(*arguments, "--json").out)
        assert summary["die_seed"] == entry["die"]
        assert {name: summary["accuracy"][name] for name in ("ideal", "before", "after")} == {
            name: entry[name] for name in ("ideal", "before", "after")
        }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("sweep.sqlite",), "--at-least 0.97"),
        (("sweep.sqlite", "--at-least", "0.97", "--within", "0.1"), "--within 0.01"),
        (("sweep.sqlite", "--at-least", "97"), "did you mean 97%?"),
        (("sweep.sqlite", "--within", "much"), "not a number"),
        (("sweep.sqlite", "--at-least", "0.9", "--sweep", "no"), "holds no sweep 'no': choose abc"),
        (("absent.sqlite", "--at-least", "0.9"), "absent.sqlite does not exist"),
        (("notes.txt", "--at-least", "0.9"), "notes.txt is not a sweep database"),
        (("sweep.sqlite", "--at-least", "0.9", "--json", "--csv"), "leave one out"),
        (("sweep.sqlite", "--at-least", "0.9", "--worst", "-1"), "--worst"),
    ],
)
def test_refused_in_one_line(chipsim, database, here, arguments, told):
    (here / "notes.txt").write_text("no database, only a note that is long enough to be taken for one, perhaps\n")
    before = everything_in(here)
    ended = chipsim("yield", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert told in ended.err
    after = everything_in(here)  # SQLite's readers may leave an empty journal
    assert {name: content for name, content in after.items() if not name.endswith(("-shm", "-wal"))} == before
