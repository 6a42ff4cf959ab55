"""The database: one writer, readers meanwhile, and files that are something else."""

import errno
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from small_runs import environment
from small_sweeps import A_SUMMARY
from stored_runs import NotRun

from host.errors import SweepError
from host.run import made_with
from host.sweep import LimitsMet, Result, SweepStore, Timing
from host.sweep.connection import APPLICATION_ID

PLAN = [
    ({"mismatch": 0.1}, NotRun.called("m-die-1-00000001")),
    ({"mismatch": 0.1}, NotRun.called("m-die-2-00000002")),
    ({"mismatch": 0.2}, NotRun.called("m-die-1-00000003")),
]
VERSION_1 = Path(__file__).with_name("version_1.sqlite")  # written by the chipsim that had it, and swept over six dies


def result(task, status="done", **changes):
    done = {"teacher": 0.9, "ideal": 1 / 3, "before": 0.1, "after": 0.8, "test_samples": 60, "summary": A_SUMMARY}
    given = ({"message": "bad corner"} if status == "failed" else done) | changes
    return Result(task.key, task.name, '{"steps":6}', task.die, status, **given), Timing(task.key, 2.0, "me")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s.sqlite"


def test_what_is_stored_is_read_while_the_writer_goes_on(path):
    with SweepStore.create(path) as writer, SweepStore.open(path) as reader:
        assert reader.sweeps() == []
        writer.add_sweep("abc", {"dies": [1, 2]}, PLAN)
        writer.add_sweep("abc", {"dies": [1, 2]}, PLAN)  # asked again
        writer.record([result(PLAN[0][1], limits=LimitsMet(2, (1, 3))), result(PLAN[2][1], status="failed")])
        [sweep] = reader.sweeps()
        assert (sweep.id, sweep.request) == ("abc", {"dies": [1, 2]})
        rows = list(reader.rows("abc"))
        assert rows == list(reader.rows())
        assert rows[0][:10] == (PLAN[0][1].name, {"mismatch": 0.1}, 1, "done", None, 0.9, 1 / 3, 0.1, 0.8, 60)
        assert (rows[0].key, rows[0].limits, rows[0].made_with) == (PLAN[0][1].key, (2, (1, 3)), made_with())
        assert rows[0].summary == json.loads(A_SUMMARY) | {"identity": rows[0].key}
        assert rows[0].spec == {"steps": 6}
        assert (rows[1].status, rows[1].die, rows[1].spec, rows[1].after) == ("missing", 2, None, None)
        assert (rows[2].status, rows[2].message, rows[2].summary) == ("failed", "bad corner", None)
        assert [reader.known(task.key).status for _, task in PLAN] == ["done", None, "failed"]
        assert reader.mean_seconds() == 2
        assert reader.points_of("abc", PLAN[2][1].key) == [{"mismatch": 0.2}]
        writer.record([result(PLAN[2][1])])  # tried again
        assert [row.status for row in reader.rows("abc")] == ["done", "missing", "done"]
    assert os.listdir(path.parent) == [path.name]
    assert rows[0].summary["network"] == [6, 7, 3], "rows outlive the store"


def test_a_task_of_two_sweeps_is_one_row(path):
    with SweepStore.create(path) as store:
        store.add_sweep("one", {"dies": [1]}, PLAN[:1])
        store.add_sweep("two", {"dies": [1, 2]}, PLAN)
        store.record([result(PLAN[0][1])])
        assert [row.key for row in store.rows()] == [task.key for _, task in PLAN]
        assert [row.status for row in store.rows("two")] == ["done", "missing", "missing"]
        with pytest.raises(SweepError, match="holds no sweep 'three': choose one, two"):
            list(store.rows("three"))


def test_the_second_writer_is_told_who_holds_it(path):
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom host.sweep import SweepStore\n"
        "store = SweepStore.create(Path(sys.argv[1]))\nprint('held', flush=True)\ntime.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    holder = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    for name in (path, path.parent / ".." / path.parent.name / path.name):
        with pytest.raises(SweepError, match=rf"is being written by process {holder.pid} on \S+ since 20\S+: wait"):
            SweepStore.create(name)
    SweepStore.open(path).close()
    holder.kill()
    holder.communicate()
    with SweepStore.create(path) as store:  # the lock has died with it
        assert store.sweeps() == []


def test_a_killed_holders_note_is_no_lock(path):
    """What kill -9 leaves: the file of the lock, with a note by a process that is gone."""
    lock = path.with_name(f"{path.name}.lock")
    lock.write_text('{"pid": 1, "host": "elsewhere", "since": "2026-01-01T00:00:00+00:00", "and": "a longer note"}')
    with SweepStore.create(path):
        assert json.loads(lock.read_text())["pid"] == os.getpid()
        with pytest.raises(SweepError, match=f"is being written by process {os.getpid()} on "):
            SweepStore.create(path)
    assert os.listdir(path.parent) == [path.name]


def test_a_holder_that_says_nothing_is_another_process(path):
    with FileLock(path.with_name(f"{path.name}.lock")):
        with pytest.raises(SweepError, match="is being written by another process: wait until it ends"):
            SweepStore.create(path)
        path.with_name(f"{path.name}.lock").unlink()  # as its holder does, who lets go of it afterwards
        SweepStore.create(path).close()


_TAKE_TURNS = """
import sys, time
from pathlib import Path
from host.errors import SweepError
from host.sweep.lock import WriterLock
path, turns, shared = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
while turns:
    try:
        lock = WriterLock.take(path)
    except SweepError:
        continue
    with shared.open("x"):  # fails if another writer is in here
        shared.unlink()
    lock.release()
    turns -= 1
"""


def test_two_processes_never_hold_it_at_once(path):
    """Each takes it and lets go of it, its file too, as fast as it can."""
    shared = path.with_name("shared")
    command = [sys.executable, "-c", _TAKE_TURNS, str(path), "300", str(shared)]
    processes = [subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
    assert os.listdir(path.parent) == []


def test_a_folder_where_no_file_can_be_made(path, monkeypatch):
    def refuse(*arguments, **more):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SweepError, match=f"cannot make {path}: Permission denied; choose another --out"):
        SweepStore.create(path)


def other_database(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.close()


def newer(path):
    SweepStore.create(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 7")
    connection.close()


WRONG = {
    "is not a sweep database": lambda path: path.write_bytes(b"no database at all " * 100),
    "is an SQLite database but no sweep": other_database,
    "of version 7, of a newer chipsim; this one knows version 2: use the chipsim that wrote it": newer,
    "of version 1, of an older chipsim; this one knows": lambda path: shutil.copyfile(VERSION_1, path),
    "is no file": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("says", WRONG)
@pytest.mark.parametrize("enter", [SweepStore.create, SweepStore.open])
def test_files_that_are_something_else_stay_as_they_are(path, says, enter):
    WRONG[says](path)
    before = {file: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}
    with pytest.raises(SweepError, match=says) as raised:
        enter(path)
    assert "\n" not in str(raised.value)
    assert {file: file.read_bytes() for file in path.parent.iterdir() if file.is_file()} == before


def test_nothing_there(path):
    with pytest.raises(SweepError, match="does not exist: make one with chipsim sweep --out"):
        SweepStore.open(path)
    with pytest.raises(SweepError, match="No such file or directory; choose another --out"):
        SweepStore.create(path.parent / "no" / "folder.sqlite")
    path.touch()
    with pytest.raises(SweepError, match="holds no sweep yet"):
        SweepStore.open(path)
    SweepStore.create(path).close()  # a kill in the very first moment leaves an empty file
    assert SweepStore.open(path).sweeps() == []


def test_begun_and_killed_before_the_schema(path):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    SweepStore.create(path).close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    connection.close()


def test_a_full_disk_costs_nothing_that_is_stored(path):
    with SweepStore.create(path) as store:
        store.add_sweep("abc", {}, PLAN)
        store.record([result(PLAN[0][1])])
        [pages] = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(SweepError, match=r"cannot write .*full; what is stored stays: make room and ask again"):
            store.record([result(PLAN[1][1], summary=random.Random(1).randbytes(50_000).hex())])
        assert [row.status for row in store.rows("abc")] == ["done", "missing", "missing"]
        store._connection.execute("PRAGMA max_page_count = 1000")
        store.record([result(PLAN[1][1])])
    assert [row.status for row in SweepStore.open(path).rows()] == ["done", "done", "missing"]


def test_a_reader_in_a_folder_that_cannot_be_written(path):
    with SweepStore.create(path) as store:
        store.add_sweep("abc", {}, PLAN)
    path.parent.chmod(0o555)
    try:
        assert len(list(SweepStore.open(path).rows())) == 3
    finally:
        path.parent.chmod(0o755)


def copy(path, *endings):
    """The database, and files beside it, in a folder of their own."""
    folder = path.parent / f"copy{len(list(path.parent.iterdir()))}"
    folder.mkdir()
    for ending in ("", *endings):
        shutil.copyfile(f"{path}{ending}", folder / f"{path.name}{ending}")
    return folder / path.name


def killed(path):
    """A database whose sweep was killed when it had stored two rows, as it left its files."""
    program = (
        "import os, sys\nfrom pathlib import Path\nsys.path[:0] = sys.argv[2:]\n"
        "from test_sweep_store import PLAN, result\nfrom host.sweep import SweepStore\n"
        "store = SweepStore.create(Path(sys.argv[1]))\nstore.add_sweep('abc', {}, PLAN)\n"
        "store.record([result(PLAN[0][1]), result(PLAN[1][1])])\nos._exit(9)\n"
    )
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "support")]
    subprocess.run([sys.executable, "-c", program, str(path), *folders], env=environment(), check=False)


def statuses(path):
    with SweepStore.open(path) as store:
        return [row.status for row in store.rows()]


def test_a_copy_of_one_file_has_every_row(path, caplog):
    with SweepStore.create(path) as store:
        store.add_sweep("abc", {}, PLAN)
        store.record([result(task) for _, task in PLAN])
    assert statuses(copy(path)) == ["done"] * 3
    assert caplog.messages == []


def test_rows_that_a_killed_sweep_left_beside_its_file_are_taken_in_and_told(path, caplog):
    killed(path)
    assert path.with_name(f"{path.name}-wal").stat().st_size > 0
    with_both, alone = copy(path, "-wal"), copy(path)
    assert statuses(with_both) == ["done", "done", "missing"]
    assert caplog.messages == [f"chipsim: what a killed sweep had left in s.sqlite-wal is now part of {with_both}"]
    assert os.listdir(with_both.parent) == ["s.sqlite"]
    caplog.clear()
    assert statuses(copy(with_both)) == ["done", "done", "missing"]
    assert caplog.messages == []
    with SweepStore.create(path) as store:  # the sweep that goes on
        assert [row.status for row in store.rows()] == ["done", "done", "missing"]
    assert statuses(path) == ["done", "done", "missing"]
    assert alone.exists()


def test_a_copy_without_the_rows_beside_it_is_told_every_time(path, caplog):
    with SweepStore.create(path) as store:
        store.add_sweep("abc", {}, PLAN)
        store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.record([result(PLAN[0][1])])
        taken = copy(path)
        for _ in range(2):
            caplog.clear()
            assert statuses(taken) == ["missing"] * 3
            [message] = caplog.messages
            assert message.startswith(
                f"chipsim: {taken} was copied while it was written, or after its sweep was killed"
            )
            assert message.endswith("copy both, or ask again for what is missing")
        assert statuses(path) == ["done", "missing", "missing"], "the sweep that goes on is let alone"
        store.record([result(PLAN[1][1])])
    assert statuses(path) == ["done", "done", "missing"]


def test_a_reader_that_stays_longer_than_the_writer_leaves_one_whole_file(path, caplog):
    writer = SweepStore.create(path)
    writer.add_sweep("abc", {}, PLAN)
    reader = SweepStore.open(path)
    assert len(list(reader.rows())) == 3
    writer.record([result(PLAN[0][1])])
    writer.close()
    reader.close()
    assert os.listdir(path.parent) == [path.name]
    assert statuses(copy(path)) == ["done", "missing", "missing"]
    assert caplog.messages == []


SPOILED = {
    "UPDATE result SET after = 1e308": "its accuracy 'after' is 1e+308, which is no number from 0 to 1",
    "UPDATE result SET before = 'much'": "its accuracy 'before' is 'much', which is no number from 0 to 1",
    "UPDATE result SET ideal = NULL": "its accuracy 'ideal' is None",
    "UPDATE result SET teacher = -0.1": "its accuracy 'teacher' is -0.1",
    "UPDATE result SET test_samples = 'all'": "its test_samples are 'all', which is no whole number from 1",
    "UPDATE result SET test_samples = 0": "its test_samples are 0",
    "UPDATE result SET summary = NULL": "its summary cannot be read",
    "UPDATE result SET summary = x'0001'": "its summary cannot be read: it is cut short",
    "UPDATE result SET summary = substr(summary, 1, length(summary) - 3)": "it is cut short",
    "UPDATE result SET summary = x'00ff00'": "its summary cannot be read: it needs dictionary 255",
    "UPDATE result SET summary = 'text'": "its summary cannot be read",
    "UPDATE result SET summary = spec": "its summary cannot be read: accuracy: Field required",
    "UPDATE dictionary SET text = x'00'": "its summary cannot be read: it is damaged",
    "DELETE FROM dictionary": "its summary cannot be read: it needs dictionary",
    "UPDATE result SET silent_layers = 'all'": "it says 2 and 'all' of what met its limit",
    "UPDATE task SET die = 'nine'": "its key or its die, 'nine', is none",
    "UPDATE task SET die = -1": "its key or its die, -1, is none",
    "UPDATE task SET key = x'00'": "its key or its die, 1, is none",
}


@pytest.mark.parametrize("statement", SPOILED)
def test_a_row_that_says_what_no_run_has_found_is_named(path, statement):
    with SweepStore.create(path) as store:
        store.add_sweep("abc", {}, PLAN[:1])
        store.record([result(PLAN[0][1], limits=LimitsMet(2, (1,)))])
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute(statement)
    connection.commit()
    connection.close()
    with SweepStore.open(path) as store, pytest.raises(SweepError) as raised:
        for row in store.rows():
            assert row.summary and row.spec
    assert str(raised.value).startswith("row m-die-1-00000001: ")
    assert SPOILED[statement] in str(raised.value)
    assert "\n" not in str(raised.value)


ABSURD = {
    "what is no JSON": "{",
    "nested too deeply": "[" * 100_000,
    "no object": "[1]",
    "no figure": A_SUMMARY.replace('"code_writes":0', '"code_writes":NaN'),
    "more than any chip": A_SUMMARY.replace('"saturation":{}', '"saturation":{},"cost":{"x":1e308}'),
    "text for a count": A_SUMMARY.replace('"weight_updates":1', '"weight_updates":"1"'),
    "a count below 0": A_SUMMARY.replace('"train_samples":1', '"train_samples":-1'),
    "a count beyond 64 bits": A_SUMMARY.replace('"train_samples":1', f'"train_samples":{2**63}'),
    "a number of 10,000 digits": A_SUMMARY.replace('"train_samples":1', f'"train_samples":{"9" * 10_000}'),
    "no network": A_SUMMARY.replace('"network":[6,7,3]', '"network":[]'),
}


@pytest.mark.parametrize("summary", ABSURD.values(), ids=ABSURD)
def test_an_absurd_summary_is_named(path, summary):
    with SweepStore.create(path) as store:
        store.record([result(PLAN[0][1], summary=summary)])
        [row] = store.rows_of([PLAN[0][1].key])
        with pytest.raises(SweepError, match=r"^row m-die-1-00000001: its summary cannot be read: [^\n]+$"):
            row.summary  # noqa: B018 - read when asked for


def test_what_a_terminal_would_obey_is_not_passed_on(path):
    with SweepStore.create(path) as store:
        store.record([result(PLAN[0][1], status="failed", message="\x1b[2Jgone\nand more")])
        [row] = store.rows_of([PLAN[0][1].key])
    assert row.message == "\N{REPLACEMENT CHARACTER}[2Jgone\N{REPLACEMENT CHARACTER}and more"


def test_a_row_of_other_settings_under_its_key_is_named(path):
    """Whatever two keys had in common: the stored spec has the last word."""
    with SweepStore.create(path) as store:
        store.record([result(PLAN[0][1])])
        assert store.holds(PLAN[0][1], '{"steps": 6}') == "done"
        with pytest.raises(SweepError, match="row m-die-1-00000001: .*"):
            store.holds(PLAN[0][1], '{"steps": 7}')


def test_a_sweep_is_called_by_as_many_digits_as_tell_it_apart(path):
    keys = ["0123456789ab", "0123456789cd", "ffff456789ab"]
    with SweepStore.create(path) as store:
        names = [store.add_sweep(key, {"number": number}, PLAN) for number, key in enumerate(keys)]
        assert names == ["01234567", "0123456789c", "ffff4567"]  # as it was when each was added
        assert [sweep.id for sweep in store.sweeps()] == ["0123456789a", "0123456789c", "ffff4567"]
        assert [store.key_of(name) for name in ("0123456789a", "0123456789c", "ff", keys[1])] == [*keys, keys[1]]
        for wrong, says in (("0123456789", "2 sweeps '0123456789'"), ("%", "no sweep '%'")):
            with pytest.raises(SweepError, match=f"holds {says}: choose 0123456789a, 0123456789c, ffff4567"):
                store.key_of(wrong)
