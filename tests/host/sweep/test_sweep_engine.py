"""The engine: the same rows wherever it runs, failing tasks, workers that die, few tasks in memory."""

import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import small_sweeps
from small_sweeps import Crowd, at_once, small_request, tables

from host.run import digest_of, made_with, run
from host.settings import RunSpec
from host.sweep import (
    Request,
    SweepStore,
    Workers,
    local_workers,
    noise_axis,
    run_specs,
    run_sweep,
    setting_axis,
)
from host.sweep.engine import missing, run_tasks
from host.sweep.listener import NullSweepListener
from host.sweep.task import Task


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s.sqlite"


@pytest.fixture
def in_thread():
    """One worker in this process."""
    with ThreadPoolExecutor(1) as executor:
        yield Workers(executor, 1)


def swept(request, path, workers):
    with SweepStore.create(path) as store:
        run_sweep(request, store, workers)
    return tables(path)


def fake_tasks(dies):
    return [Task(digest_of(die), f"fake-die-{die}-00000000", die, "{}", None, None) for die in dies]


def test_the_same_rows_as_run_and_on_any_number_of_workers(data_file, path, tmp_path, in_thread):
    request = small_request(data_file)
    rows = swept(request, path, in_thread)
    for count in (1, 2):
        with local_workers(count) as workers:
            assert swept(request, tmp_path / f"{count}.sqlite", workers) == rows
    stored = list(SweepStore.open(path).rows())
    assert [(row.point, row.die) for row in stored] == [({"mismatch": m}, die) for m in (0, 0.2, 0.5) for die in (1, 2)]
    for row in stored:
        spec = RunSpec.model_validate(row.spec)
        assert spec.noise == ("thermal:0.1", f"mismatch:{row.point['mismatch']}")
        outcome = run(spec)
        assert row.summary == json.loads(json.dumps(outcome.facts))
        accuracy = outcome.summary["accuracy"]
        assert (row.teacher, row.ideal, row.before, row.after) == tuple(accuracy.values())
        assert row.key == outcome.facts["identity"]
        assert row.task.endswith(f"-die-{row.die}-{row.key[:8]}")
        assert (row.teacher_digest, row.made_with) == (outcome.facts["teacher_digest"], made_with())
        assert not {"samples_per_s", "run_dir"} & row.summary.keys()


def test_asked_again_and_asked_for_more(data_file, path, in_thread):
    """Only what is missing is run; what is there stays as it is."""

    class Heard(NullSweepListener):
        def __init__(self):
            self.tasks = []

        def finished(self, result):
            self.tasks.append(result.key)

    counts = []
    for request in (
        small_request(data_file, dies=(1,)),
        small_request(data_file, dies=(1,)),
        small_request(data_file, dies=(1, 2), levels="0.2,0.5,0.7"),
    ):
        heard = Heard()
        with SweepStore.create(path) as store:
            run_sweep(request, store, in_thread, heard)
            run_sweep(request, store, in_thread, heard)
        assert len(set(heard.tasks)) == len(heard.tasks)
        counts.append(len(heard.tasks))
    assert counts == [3, 0, 4]
    with SweepStore.open(path) as store:
        assert len(store.sweeps()) == 2
        assert len(list(store.rows())) == 7


def test_specs_of_any_kind(data_file, path, in_thread):
    request = small_request(data_file)
    specs = [request.spec({"mismatch": 0.35}, die) for die in (7, 8, 7)]
    with SweepStore.create(path) as store:
        names = run_specs(specs, store, in_thread)
        assert names[0] == names[2] != names[1]
        assert [store.known(name).status for name in names] == ["done"] * 3
        assert store.sweeps() == []


def test_a_request_survives_its_json(data_file):
    request = small_request(data_file)
    again = Request.from_json(json.loads(json.dumps(request.to_json())))
    assert again.key == request.key
    assert list(again.plan()) == list(request.plan())
    assert again.spec({"mismatch": 0.123}, 5).noise == ("thermal:0.1", "mismatch:0.123")


def test_points_one_at_a_time_and_crossed(data_file):
    axes = (noise_axis("mismatch:0,0.2"), setting_axis("steps=4,8,16"))
    single = Request({"dataset": str(data_file)}, axes, False, (1,))
    assert list(single.points()) == [{"mismatch": 0}, {"mismatch": 0.2}, {"steps": 4}, {"steps": 8}, {"steps": 16}]
    assert single.spec({"steps": 4}, 1).noise == ()
    assert single.spec({"steps": 4}, 1).learning_circuit.warm_up_steps == 2  # a default that follows the axis
    crossed = Request({"dataset": str(data_file)}, axes, True, (1,))
    assert list(crossed.points()) == [{"mismatch": m, "steps": s} for m in (0, 0.2) for s in (4, 8, 16)]
    assert len({task.key for _, task in crossed.plan()}) == 6
    assert list(Request({}, (), False, (1, 2)).points()) == [{}]


def test_a_bad_corner_fails_alone(data_file, path, in_thread):
    axes = (setting_axis("steps=4,8"), setting_axis("learning_circuit.warm_up_steps=2,6"))
    request = Request(small_request(data_file).settings, axes, True, (1, 2))
    request.check()
    rows = swept(request, path, in_thread)
    assert [task[3] for task in rows["task"]].count("failed") == 2
    corner = {"steps": 4, "learning_circuit.warm_up_steps": 6}
    for row in SweepStore.open(path).rows():
        assert row.status == ("failed" if row.point == corner else "done")
        assert (row.message or "").startswith("warm_up_steps 6 leaves no step" if row.point == corner else "")
    assert swept(request, path, in_thread) == rows


def run_fakes(path, fake, tasks, workers, **options):
    """How each die ended: status and message."""
    with SweepStore.create(path) as store:
        run_tasks(missing(tasks, store, **options), store, workers, run=fake)
        rows = [row for row, _, _ in store.all_results()]
    return {row.die: (row.status, row.message) for row in rows}


def test_a_task_that_raises_is_recorded_and_not_retried_unless_asked(path, in_thread):
    tasks = fake_tasks(range(1, 6))
    ends = run_fakes(path, small_sweeps.raises, tasks, in_thread)
    assert ends == dict.fromkeys((1, 2, 4, 5), ("done", None)) | {3: ("failed", "ValueError: no such corner")}
    assert run_fakes(path, at_once, tasks, in_thread) == ends
    again = run_fakes(path, at_once, tasks, in_thread, retry_failed=True)
    assert again == dict.fromkeys(range(1, 6), ("done", None))


def test_a_task_that_kills_its_workers_takes_nobody_with_it(path):
    with local_workers(2) as workers:
        ends = run_fakes(path, small_sweeps.kills_its_worker, fake_tasks(range(1, 13)), workers)
    said = ("lost", "its worker died 3 times: killed, out of memory, or crashed")
    assert ends == {die: said if die == 3 else ("done", None) for die in range(1, 13)}


def test_a_killed_worker_costs_no_task(path, tmp_path):
    tasks = [task._replace(spec=str(tmp_path)) for task in fake_tasks((1, 2, 3))]
    with local_workers(2) as workers:
        ends = run_fakes(path, small_sweeps.kills_its_worker_once, tasks, workers)
    assert ends == dict.fromkeys((1, 2, 3), ("done", None))


def test_few_tasks_are_in_memory_at_a_time(path):
    crowd = Crowd()

    def endless():
        for task in fake_tasks(range(1, 301)):
            crowd.change(1)
            yield task

    def fake(task):
        crowd.change(-1)
        return at_once(task)

    with SweepStore.create(path) as store, ThreadPoolExecutor(3) as executor:
        run_tasks(endless(), store, Workers(executor, 3), run=fake)
    assert 1 < crowd.most <= 6


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_at_once_and_keeps_what_is_there(path):
    """The worker would sleep for a minute."""
    began = time.monotonic()
    timer = threading.Timer(1, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    with SweepStore.create(path) as store:
        store.record([at_once(fake_tasks([1])[0])])
        timer.start()
        with pytest.raises(KeyboardInterrupt), local_workers(1) as workers:
            run_tasks(iter([60]), store, workers, run=time.sleep)
    assert time.monotonic() - began < 30
    assert len(tables(path)["task"]) == 1


def test_data_that_differ_where_a_worker_runs(data_file, path, in_thread):
    """That says nothing of the task: another worker may have the right ones."""
    task = next(small_request(data_file).plan())[1]
    with SweepStore.create(path) as store:
        run_tasks([task._replace(data="0123456789abcdef")], store, in_thread)
        [(row, _, _)] = store.all_results()
    assert row.status == "lost"
    assert "holds other data" in row.message
