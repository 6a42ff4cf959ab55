"""kill -9 of the main process, of a worker, of both, at any moment; a Dask worker that is killed; Ctrl-C."""

import json
import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from dask_clusters import DaskCluster
from kills import PATIENCE_S, linux, wait_until, wait_until_gone, workers_of
from small_runs import QUIET_FLAGS, end, start
from small_sweeps import NOISES, tables

from host.sweep import SweepStore, Workers, request_of, run_sweep

# Tasks of some tens of milliseconds.
TRAINING = {"hidden": (7,), "steps": 6, "training.epochs": 12, "training.learning_rate": 0.05, "teacher.epochs": 200}
FLAGS = (*QUIET_FLAGS, "--epochs", "12", *NOISES, "--dies", "12")


@pytest.fixture
def never_killed(data_file, tmp_path):
    """The database of a sweep in this process, which nobody killed."""
    noise = ["thermal:0.1", "mismatch:0,0.2,0.5"]
    request = request_of({**TRAINING, "dataset": str(data_file), "noise": noise}, None, (), False, "12")
    with SweepStore.create(tmp_path / "whole.sqlite") as store, ThreadPoolExecutor(1) as executor:
        run_sweep(request, store, Workers(executor, 1))
    return tables(tmp_path / "whole.sqlite")


def count(path):
    """Tasks stored so far."""
    if not path.exists():
        return 0
    return len(tables(path)["task"]) if path.stat().st_size > 4096 else 0


def kill(process, whom, rng):
    victims = workers_of(process)
    if whom != "main" and victims:
        os.kill(rng.choice(victims), signal.SIGKILL)
    if whom != "worker":
        process.kill()
    return victims


@linux
def test_kill_9_at_random_moments_changes_no_row(here, data_file, never_killed):
    """Six times, once enough rows are stored, now the main process, now a worker, now both."""
    rng = random.Random(20261121)
    path = here / "s.sqlite"
    total = len(never_killed["task"])
    command = ("sweep", "--dataset", data_file, *FLAGS, "--workers", "2", "--out", path, "--json")
    kills = [(rng.randint(0, total - 8), whom) for whom in ("main", "worker", "both", "worker", "main", "worker")]
    process = start(*command)
    hits = 0
    for rows, whom in sorted(kills):
        give_up = time.monotonic() + PATIENCE_S
        while process.poll() is None and (count(path) < rows or not workers_of(process)):
            assert time.monotonic() < give_up
            time.sleep(0.005)
        time.sleep(rng.random() / 20)
        hits += process.poll() is None
        victims = kill(process, whom, rng)
        if whom != "worker":
            process.communicate()
            wait_until_gone(victims)
            process = start(*command)
    ended = end(process)
    assert hits >= 2, "the sweep was too short to be killed"
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out)["failed"] == 0
    assert tables(path) == never_killed


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_keeps_what_is_stored_and_says_how_to_go_on(here, data_file):
    path = here / "s.sqlite"
    process = start(
        *("sweep", "--dataset", data_file, *FLAGS, "--dies", "5000", "--workers", "1", "--out", "s.sqlite"),
        start_new_session=True,
    )
    give_up = time.monotonic() + PATIENCE_S
    while count(path) < 2:
        assert process.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to main process and workers
    ended = end(process)
    assert (ended.status, ended.out) == (130, "")
    assert ended.err == "chipsim: interrupted; what is stored in s.sqlite stays: the same command goes on\n"
    assert count(path) >= 2
    assert os.listdir(here) == ["s.sqlite"]


def test_a_dask_cluster_that_loses_a_worker_gives_the_same_rows(here, data_file, never_killed, tmp_path):
    path = here / "s.sqlite"
    with DaskCluster(tmp_path, 2) as cluster:
        cluster.wait_for(2)
        process = start("sweep", "--dataset", data_file, *FLAGS, "--dask", cluster.address, "--out", path, "--json")
        wait_until(lambda: count(path) >= 5, process)
        cluster.workers[0].kill()
        ended = end(process)
    assert (ended.status, ended.err) == (0, "")
    assert tables(path) == never_killed
