"""A database is one file: what is copied is whole, or it is told."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hand_made_rows import PLAN, result
from small_runs import environment

from host.sweep import SweepStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s.sqlite"


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
        "from hand_made_rows import PLAN, result\nfrom host.sweep import SweepStore\n"
        "store = SweepStore.create(Path(sys.argv[1]))\nstore.add_sweep('abc', {}, PLAN)\n"
        "store.record([result(PLAN[0][1]), result(PLAN[1][1])])\nos._exit(9)\n"
    )
    support = str(Path(__file__).parents[2] / "support")
    subprocess.run([sys.executable, "-c", program, str(path), support], env=environment(), check=False)


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
    with SweepStore.create(path) as store:  # the sweep that goes on, which has nothing to tell
        assert [row.status for row in store.rows()] == ["done", "done", "missing"]
    assert statuses(path) == ["done", "done", "missing"]
    assert caplog.messages == []
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
