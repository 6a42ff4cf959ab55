"""Databases put together: whole or not at all, and nothing in silence."""

import json
import sqlite3

import pytest
from small_runs import everything_in
from small_sweeps import A_SUMMARY, summary_of, tables
from stored_runs import NotRun

from host.errors import SweepError
from host.run import MadeWith
from host.sweep import Merged, Result, SweepStore, Timing, merge_sweeps

TASKS = [NotRun.called(f"m-die-{die}-0000000{die}") for die in range(1, 6)]


def result(task, status="done", after=0.8, **changes):
    figures = {"teacher": 0.9, "ideal": 0.9, "before": 0.1, "after": after}
    done = {**figures, "test_samples": 60, "summary": summary_of(**figures)}
    given = (done if status == "done" else {"message": f"{status} once"}) | changes
    return Result(task.key, task.name, '{"teacher":{},"training":{}}', task.die, status, **given)


def write(path, sweep, found, planned=TASKS):
    """A sweep over `planned`, of which `found` has been run."""
    with SweepStore.create(path) as store:
        store.add_sweep(sweep, {"called": sweep}, [({"die": task.die}, task) for task in planned])
        store.record((each, Timing(each.key, 1.0, "here")) for each in found)
    return path


def test_sweeps_and_rows_of_both_and_what_both_have_once(tmp_path):
    one = write(tmp_path / "a.sqlite", "abc", [result(task) for task in TASKS[:3]])
    two = write(tmp_path / "b.sqlite", "abc", [result(task) for task in TASKS[2:4]])
    three = write(tmp_path / "c.sqlite", "def", [result(TASKS[4])], TASKS[3:])
    before = [path.read_bytes() for path in (one, two, three)]
    assert merge_sweeps([one, two, three], tmp_path / "all.sqlite") == Merged(2, 5, 1)
    with SweepStore.open(tmp_path / "all.sqlite") as store:
        assert [sweep.id for sweep in store.sweeps()] == ["abc", "def"]
        assert [row.status for row in store.rows("abc")] == ["done"] * 5, "each file has a part of it"
        assert [row.point for row in store.rows("def")] == [{"die": 4}, {"die": 5}]
    assert [path.read_bytes() for path in (one, two, three)] == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sqlite", "all.sqlite", "b.sqlite", "c.sqlite"]
    merge_sweeps([tmp_path / "all.sqlite"], tmp_path / "again.sqlite")
    assert tables(tmp_path / "again.sqlite") == tables(tmp_path / "all.sqlite")


def test_of_two_rows_the_one_that_says_more_stays(tmp_path):
    statuses = ("lost", "failed", "done")
    for first in statuses:
        for second in statuses:
            folder = tmp_path / f"{first}-{second}"
            folder.mkdir()
            files = [write(folder / f"{n}.sqlite", "abc", [result(TASKS[0], s)]) for n, s in enumerate((first, second))]
            merge_sweeps(files, folder / "all.sqlite")
            with SweepStore.open(folder / "all.sqlite") as store:
                [row] = store.rows_of([TASKS[0].key])
            assert row.status == max(first, second, key=statuses.index)


OTHER = {
    "accuracy": {"after": 0.7},
    "summary": {"summary": A_SUMMARY.replace('"weight_updates":1', '"weight_updates":2')},
    "teacher": {"recipe": "ab" * 32, "teacher_digest": "cd" * 16},
    "versions": {"made_with": MadeWith("0.0.9", "0.60.0", "2.0.0")},
}


@pytest.mark.parametrize("changes", OTHER.values(), ids=OTHER)
def test_different_things_under_one_key_are_told_and_nothing_is_merged(tmp_path, changes):
    one = write(tmp_path / "a.sqlite", "abc", [result(task) for task in TASKS[:2]])
    two = write(tmp_path / "b.sqlite", "abc", [result(TASKS[2]), result(TASKS[1], **changes)])
    before = everything_in(tmp_path)
    with pytest.raises(SweepError) as raised:
        merge_sweeps([one, two], tmp_path / "all.sqlite")
    assert str(one) in str(raised.value) and str(two) in str(raised.value)
    if "made_with" not in changes:
        assert "found different things under one key, in row m-die-2-00000002: " in str(raised.value)
    assert "\n" not in str(raised.value)
    assert everything_in(tmp_path) == before


def test_versions_are_mixed_on_purpose_and_told(tmp_path):
    one = write(tmp_path / "a.sqlite", "abc", [result(TASKS[0])])
    two = write(tmp_path / "b.sqlite", "abc", [result(TASKS[1], **OTHER["versions"])])
    with pytest.raises(SweepError, match=r"a\.sqlite holds rows made with .*b\.sqlite with chipsim 0\.0\.9, numba"):
        merge_sweeps([one, two], tmp_path / "all.sqlite")
    merge_sweeps([one, two], tmp_path / "all.sqlite", mix_versions=True)
    with SweepStore.open(tmp_path / "all.sqlite") as store:
        [told] = store.mixtures()
    assert "chipsim 0.0.9" in told


def test_a_damaged_row_is_named_and_nothing_is_left(tmp_path):
    one = write(tmp_path / "a.sqlite", "abc", [result(task) for task in TASKS])
    connection = sqlite3.connect(one)
    connection.execute("UPDATE result SET summary = x'0001' WHERE task = 4")
    connection.commit()
    connection.close()
    before = everything_in(tmp_path)
    with pytest.raises(SweepError, match="row m-die-4-00000004: its summary cannot be read"):
        merge_sweeps([one], tmp_path / "all.sqlite")
    assert everything_in(tmp_path) == before


def test_the_command(chipsim, here):
    write(here / "a.sqlite", "abc", [result(TASKS[0])])
    write(here / "b.sqlite", "abc", [result(TASKS[0]), result(TASKS[1])])
    ended = chipsim("sweep", "merge", "a.sqlite", "b.sqlite", "--out", "all.sqlite", "--json")
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out) == {"database": "all.sqlite", "sweeps": 1, "tasks": 2, "twice": 1}
    assert chipsim("sweep", "merge", "all.sqlite", "-o", "same.sqlite").out == (
        "same.sqlite: 1 sweeps, 2 tasks that were run\n"
    )


WRONG = {
    (
        "a.sqlite",
        "--out",
        "b.sqlite",
    ): "b.sqlite is there already: name a new file with --out, and b.sqlite among those",
    ("a.sqlite", "nowhere.sqlite", "--out", "c.sqlite"): "sweep database nowhere.sqlite does not exist",
    ("a.sqlite", "notes.txt", "--out", "c.sqlite"): "notes.txt is not a sweep database",
    ("a.sqlite", "--out", "no/c.sqlite"): "make it, or choose another --out",
    ("a.sqlite",): "Missing option '-o' / '--out'",
    (): "Missing argument 'DATABASES...'",
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_bad_input_is_one_line_and_leaves_nothing(chipsim, here, arguments):
    for name in ("a.sqlite", "b.sqlite"):
        write(here / name, "abc", [result(TASKS[0])])
    (here / "notes.txt").write_text("dear to somebody " * 100)
    before = everything_in(here)
    ended = chipsim("sweep", "merge", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert WRONG[arguments] in ended.err
    assert everything_in(here) == before


def test_options_of_a_sweep_are_nothing_for_merge(chipsim, here):
    ended = chipsim("sweep", "--dies", "3", "merge", "a.sqlite", "--out", "b.sqlite")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert "sweep merge takes no option of sweep: leave out --dies" in ended.err
    assert "sweep has no command 'mege': did you mean 'merge'?" in chipsim("sweep", "mege").err
