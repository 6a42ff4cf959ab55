"""Rows of other versions and teachers: refused, or mixed on purpose and told; workers that train another teacher."""

import json
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pytest
from small_runs import QUIET_FLAGS
from small_sweeps import at_once, small_request, tables

from host.errors import SweepError
from host.run import MadeWith, digest_of, made_with
from host.sweep import SweepStore, Workers, merge_sweeps, run_sweep, worker
from host.sweep.engine import run_tasks
from host.sweep.task import Task
from host.teachers import cached_teacher

OLD = MadeWith("0.0.9", "0.60.0", "2.0.0")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s.sqlite"


@pytest.fixture
def in_thread():
    with ThreadPoolExecutor(1) as executor:
        yield Workers(executor, 1)


class AtOnce(Executor):
    """Runs a task while it is handed out, so that two processors take turns in this process."""

    def submit(self, function, *arguments):
        future = Future()
        future.set_result(function(*arguments))
        return future


def made(die, **changes):
    """A result of nothing, and how long it took."""
    task = Task(digest_of(die), f"x-die-{die}-00000000", die, "{}", None, None)
    result, timing = at_once(task)
    return result._replace(**changes), timing


def test_rows_of_other_versions_are_gone_on_with_only_on_purpose_and_tell(
    data_file, path, in_thread, chipsim, tmp_path
):
    request = small_request(data_file, dies=(1,), levels="0.2,0.5")
    with SweepStore.create(path) as store:
        store.record([made(9, made_with=OLD)])
        with pytest.raises(SweepError) as raised:
            run_sweep(request, store, in_thread)
    assert str(raised.value) == (
        f"{path} holds rows made with chipsim 0.0.9, numba 0.60.0, numpy 2.0.0, not with {made_with()}: use those"
        " versions, name another --out, or add --mix-versions, which rows then tell"
    )
    with SweepStore.create(path, mix_versions=True) as store:
        sweep = run_sweep(request, store, in_thread)
        assert {row.made_with for row, _, _ in store.all_results()} == {OLD, made_with()}
        [told] = store.mixtures()
    assert told == f"rows were made with {OLD} and with {made_with()}"
    with SweepStore.create(path) as store:
        assert run_sweep(request, store, in_thread) == sweep, "nothing is missing, so nothing is mixed"
    assert json.loads(chipsim("yield", path, "--at-least", "0.5", "--json").out)["mixtures"] == [told]
    assert told in chipsim("yield", path, "--at-least", "0.5").out
    ended = chipsim("report", path, "-o", tmp_path / "r.html", "--csv", tmp_path / "r.csv")
    assert (ended.status, ended.err) == (0, "")
    assert f"R{told[1:]}." in (tmp_path / "r.html").read_text()
    assert f",{','.join(made_with())}\n" in (tmp_path / "r.csv").read_text()


def test_the_command_asks_for_the_flag(data_file, path, chipsim):
    with SweepStore.create(path) as store:
        store.record([made(9, made_with=OLD)])
    flags = ("sweep", "--dataset", data_file, *QUIET_FLAGS, "--workers", "1", "--out", path)
    ended = chipsim(*flags)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "add --mix-versions" in ended.err
    ended = chipsim(*flags, "--mix-versions", "--json")
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out)["mixtures"] == [f"rows were made with {OLD} and with {made_with()}"]


def test_a_worker_of_other_versions_loses_its_tasks(path, in_thread):
    """A cluster's worker that comes later is not asked before it works."""
    tasks = [Task(digest_of(die), f"x-die-{die}-0", die, "{}", None, None) for die in (1, 2)]

    def elsewhere(task):
        result, timing = at_once(task)
        return result._replace(made_with=OLD if task.die == 2 else made_with()), timing

    with SweepStore.create(path) as store:
        run_tasks(tasks, store, in_thread, run=elsewhere)
        ends = {row.die: (row.status, row.message) for row, _, _ in store.all_results()}
    assert ends[1] == ("done", None)
    assert ends[2][0] == "lost" and "numpy 2.0.0" in ends[2][1]


@pytest.fixture
def another_processor(monkeypatch):
    """Runs tasks where the same training gives weights of which one differs in its last bit."""

    def forget():
        worker._made_here.cache_clear()
        worker._following.cache_clear()

    def call(task, layers=None):
        def nearly(*arguments):
            [(first, bias), *others] = cached_teacher(*arguments)
            other = first.copy()
            other[0, 0] = np.nextafter(other[0, 0], np.float32(9))
            return [(other, bias), *others]

        forget()
        with monkeypatch.context() as patch:
            patch.setattr("host.run.setup.cached_teacher", nearly)
            ended = worker.run_task(task, layers)
        forget()
        return ended

    yield call
    worker._given.clear()


def test_a_worker_whose_training_gives_another_teacher_follows_the_one_it_is_sent(
    data_file, path, in_thread, another_processor, tmp_path
):
    request = small_request(data_file, dies=(1, 2), levels="0.2,0.5")
    with SweepStore.create(path) as store:
        run_sweep(request, store, in_thread)
        wanted = {row.key: row.teacher_digest for row, _, _ in store.all_results()}
    tasks = [task._replace(teacher=wanted[task.key]) for _, task in request.plan()]
    ended, _ = another_processor(tasks[0])
    assert ended.status == worker.OTHER_TEACHER
    with SweepStore.create(tmp_path / "there.sqlite") as store:
        run_tasks(tasks, store, Workers(AtOnce(), 1), run=another_processor)
    assert tables(tmp_path / "there.sqlite")["task"] == tables(path)["task"]


def test_what_another_processor_began_is_not_gone_on_with_in_silence(
    data_file, path, in_thread, another_processor, tmp_path
):
    request = small_request(data_file, dies=(1, 2), levels="0.2,0.5")
    plan = [task for _, task in request.plan()]
    with SweepStore.create(path) as store:
        store.record([another_processor(plan[0])])
        with pytest.raises(SweepError, match="as another processor rounds otherwise: .* or add --mix-versions"):
            run_sweep(request, store, in_thread)
    other = tmp_path / "other.sqlite"
    with SweepStore.create(other) as store:
        run_sweep(request, store, in_thread)
    with pytest.raises(SweepError, match="follow different teachers, .* that one training gave on different machines"):
        merge_sweeps([path, other], tmp_path / "both.sqlite")
    assert not (tmp_path / "both.sqlite").exists()
    with SweepStore.create(path, mix_versions=True) as store:
        run_sweep(request, store, in_thread)
        assert store.mixtures() == ["rows follow different teachers that one training gave on different machines"]
        assert len({row.teacher_digest for row in store.rows()}) == 2
