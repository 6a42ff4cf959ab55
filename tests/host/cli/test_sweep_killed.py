"""kill -9 of the main process, of a worker, of both, at any moment; a Dask worker that is killed; Ctrl-C."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from small_runs import QUIET_FLAGS, end, environment, start
from small_sweeps import NOISES, tables

from host.sweep import SweepStore, Workers, request_of, run_sweep

PATIENCE_S = 100
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


def workers_of(process):
    """Process ids of a sweep's workers, by the parent that /proc names."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process.pid and b"spawn_main" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:  # it has just ended
            continue
    return found


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


def wait_until_gone(pids):
    give_up = time.monotonic() + PATIENCE_S
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < give_up, "workers outlive their sweep"
        time.sleep(0.01)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers by /proc")
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


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers, each a process of its own: address, the workers."""
    options = {"env": environment(), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--host", "127.0.0.1")
    file = tmp_path / "scheduler.json"
    processes = [subprocess.Popen([*dask, "--no-dashboard", "--scheduler-file", file], **options)]
    worker = (sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", file, "--nthreads", "1")
    processes += [
        subprocess.Popen([*worker, "--no-nanny", "--no-dashboard", "--local-directory", tmp_path], **options)
        for _ in range(2)
    ]
    give_up = time.monotonic() + PATIENCE_S
    while not (file.exists() and file.read_text()):
        assert all(process.poll() is None for process in processes)
        assert time.monotonic() < give_up
        time.sleep(0.02)
    yield json.loads(file.read_text())["address"], processes[1:]
    for process in processes:
        process.kill()
        process.wait()


def test_a_dask_cluster_that_loses_a_worker_gives_the_same_rows(here, data_file, never_killed, cluster):
    address, workers = cluster
    path = here / "s.sqlite"
    from distributed import Client

    with Client(address, timeout=PATIENCE_S) as client:
        client.wait_for_workers(2, timeout=PATIENCE_S)
    process = start("sweep", "--dataset", data_file, *FLAGS, "--dask", address, "--out", path, "--json")
    give_up = time.monotonic() + PATIENCE_S
    while count(path) < 5:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up
        time.sleep(0.005)
    workers[0].kill()
    ended = end(process)
    assert (ended.status, ended.err) == (0, "")
    assert tables(path) == never_killed
