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
from hand_made_rows import PLAN, result
from small_runs import environment
from small_sweeps import A_SUMMARY

from host.errors import SweepError
from host.run import made_with
from host.sweep import LimitsMet, SweepStore
from host.sweep.connection import APPLICATION_ID

VERSION_1 = Path(__file__).with_name("version_1.sqlite")  # written by the chipsim that had it, and swept over six dies


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
        assert rows[0][:10] == (PLAN[0][1].name, {"mismatch": 0.1}, 1, "done", None, 0.9, 0.9, 0.1, 0.8, 60)
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
