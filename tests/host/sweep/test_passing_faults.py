"""Passing faults of a machine lose a task, which is tried again; what is wrong with a task fails it."""

import errno
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
from pydantic_core import PydanticSerializationError
from small_runs import write_idx, write_npz
from small_sweeps import at_once, small_request

from host.errors import DataError
from host.faults import is_passing
from host.run import digest_of, resolve
from host.sweep import SweepStore, Workers, local, missing, run_tasks, worker
from host.sweep.local import LocalExecutor
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
    SystemError("<built-in function where> returned NULL without setting an exception"),
    PackageNotFoundError("numpy"),
    ModuleNotFoundError("No module named 'numpy.fft'", name="numpy.fft"),
    told_otherwise(os_error(errno.ENFILE)),
    told_otherwise(MemoryError()),
    PydanticSerializationError("Error calling function `_without_what_is_unset`: MemoryError: "),
]
LASTING = [
    ValueError("no such corner"),
    os_error(errno.ENOENT),
    os_error(errno.EACCES),
    ImportError("No module named 'acme'"),
    ModuleNotFoundError("No module named 'acme'", name="acme"),
    ModuleNotFoundError("No module named 'numpy.acme'", name="numpy.acme"),
    ImportError("cannot import name 'acme' from 'numpy'", name="numpy"),
    told_otherwise(ValueError("not a zip file")),
    RuntimeError("does not converge"),
    PydanticSerializationError("Unable to serialize unknown type: <class 'object'>"),
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


def test_a_folder_that_cannot_be_looked_at_just_now(tmp_path, monkeypatch):
    """No other kind of data set is made of it, nor is it missing."""
    write_idx(tmp_path / "idx")
    [(_, task), *_] = small_request(tmp_path / "idx", dies=(1,)).plan()
    worker._made_here.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", refusing(errno.EIO, os.stat, "idx"))
        result, _ = worker.run_task(task)
    assert result.status == "lost" and "Input/output error" in result.message


def refusing(number, real, name):
    """A function of `os` that fails for paths with this name in them."""

    def call(path, *arguments, **more):
        if name in str(path):
            raise os_error(number)
        return real(path, *arguments, **more)

    return call


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.EACCES])
def test_colour_images_whose_header_cannot_be_read_just_now(tmp_path, monkeypatch, number):
    """They are refused: as data of another kind they would get other settings, and other results."""
    pixels = np.random.default_rng(1).random((20, 4, 4, 3))
    path = write_npz(
        tmp_path / "x.npz", x_train=pixels, y_train=np.arange(20) % 3, x_test=pixels, y_test=np.arange(20) % 3
    )
    suited = resolve(None, {"dataset": str(path)})
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refusing(number, os.open, "x.npz"))
        with pytest.raises(DataError, match=os.strerror(number)):
            resolve(None, {"dataset": str(path)})
    assert resolve(None, {"dataset": str(path)}) == suited
    path.write_bytes(b"no zip file")
    assert resolve(None, {"dataset": str(path)}) != suited  # told when the data are loaded


def double(value):
    return 2 * value


def test_what_fails_on_the_way_to_a_worker_is_no_other_tasks_answer(monkeypatch):
    with LocalExecutor(1) as executor:
        assert executor.submit(double, 1).result(100) == 2
        with monkeypatch.context() as patch:
            patch.setattr(local.pickle, "loads", lambda content: raises_no_memory())
            with pytest.raises(MemoryError):
                executor.submit(double, 2).result(100)
        assert executor.submit(double, 3).result(100) == 6
        with pytest.raises(RuntimeError, match="pickle"):
            executor.submit(of_no_use_elsewhere, 1).result(100)
        with pytest.raises(TypeError):
            executor.submit(double).result(100)
        with pytest.raises((AttributeError, pickle.PicklingError)):
            executor.submit(lambda: 3).result(100)
        assert executor.submit(double, 4).result(100) == 8


def raises_no_memory():
    raise MemoryError


def of_no_use_elsewhere(value):
    return lambda: value
