"""Passing faults of a machine lose a task, which is tried again; what is wrong with a task fails it."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from small_sweeps import at_once, small_request

from host.errors import DataError
from host.run import digest_of
from host.sweep import SweepStore, Workers, missing, run_tasks, worker
from host.sweep.faults import is_passing
from host.sweep.task import Task


def os_error(number):
    return OSError(number, os.strerror(number))


def told_otherwise(error):
    """As a reader of files tells it: in one line, of another type."""
    try:
        try:
            raise error
        except Exception as reason:
            raise DataError(f"data.npz cannot be read ({reason})") from None
    except DataError as told:
        return told


PASSING = [
    MemoryError("3 GB"),
    os_error(errno.EMFILE),
    os_error(errno.ENOSPC),
    os_error(errno.EIO),
    ImportError("/lib/x.so: cannot open shared object file: Too many open files"),
    RuntimeError("can't start new thread"),
    told_otherwise(os_error(errno.ENFILE)),
    told_otherwise(MemoryError()),
]
LASTING = [
    ValueError("no such corner"),
    os_error(errno.ENOENT),
    os_error(errno.EACCES),
    ImportError("No module named 'acme'"),
    told_otherwise(ValueError("not a zip file")),
    RuntimeError("does not converge"),
]


def test_which_faults_pass():
    assert [is_passing(error) for error in PASSING] == [True] * len(PASSING)
    assert [is_passing(error) for error in LASTING] == [False] * len(LASTING)


@pytest.fixture
def in_thread():
    with ThreadPoolExecutor(1) as executor:
        yield Workers(executor, 1)


class Machine:
    """Fails the first tries of die 2."""

    def __init__(self, tries):
        self.tries, self.tried = tries, 0

    def __call__(self, task):
        if task.die == 2 and self.tried < self.tries:
            self.tried += 1
            return worker.ended(task, "lost", "Too many open files"), at_once(task)[1]
        return at_once(task)


def test_a_lost_task_is_tried_again_and_asked_for_again_run_again(tmp_path, in_thread):
    tasks = [Task(digest_of(die), f"x-die-{die}-0", die, "{}", None, None) for die in (1, 2, 3)]
    with SweepStore.create(tmp_path / "s.sqlite") as store:
        for tries, found in ((2, "done"), (9, "done")):  # once done it is not asked for again
            machine = Machine(tries)
            run_tasks(missing(tasks, store), store, in_thread, run=machine)
            assert store.known(tasks[1].key).status == found
        assert machine.tried == 0
    with SweepStore.create(tmp_path / "t.sqlite") as store:
        machine = Machine(3)
        run_tasks(missing(tasks, store), store, in_thread, run=machine)
        [row] = store.rows_of([tasks[1].key])
        assert (machine.tried, row.status, row.message) == (3, "lost", "Too many open files")
        assert list(missing(tasks, store)) == [tasks[1]]
        run_tasks(missing(tasks, store), store, in_thread, run=machine)
        assert store.known(tasks[1].key).status == "done"


@pytest.mark.parametrize("error", [MemoryError("3 GB"), os_error(errno.EMFILE)], ids=["memory", "files"])
def test_a_machine_that_cannot_read_the_data_just_now(data_file, monkeypatch, error):
    [(_, task), *_] = small_request(data_file, dies=(1,)).plan()
    worker._made_here.cache_clear()

    def fails(*arguments, **more):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("host.data.formats.open_file", fails)
        result, _ = worker.run_task(task)
    assert (result.status, result.teacher) == ("lost", None)
    assert "\n" not in result.message


def test_a_point_that_could_not_be_planned_is_no_failure(data_file):
    """Its data could not be read just then, say."""
    [(_, task), *_] = small_request(data_file, dies=(1,)).plan()
    result, _ = worker.run_task(task._replace(design=None, data=None))
    assert result.status == "lost"
    assert "has one now: ask again" in result.message
