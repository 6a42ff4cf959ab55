"""The n-th allocation fails, or the n-th call of the file system, once or from then on; n goes through a command.

Each time the command ends, with one line at most; no half-written file is believed; and run again without a fault it
finds the same bits. In the manner of SQLite's own tests (sqlite.org/testing.html, sections 3.1 and 3.2).
"""

import errno
import json
import random
import subprocess

import pytest
from fault_commands import (
    Loop,
    report_of_run,
    report_of_sweep,
    run,
    sweep,
    task,
    trace,
    train_teacher,
    warm_zygote,
)
from faults import Fault, build, spread
from small_runs import write_npz
from small_sweeps import small_request

FILES = [
    Fault("files", 0, lasting, number)
    for lasting in (False, True)
    for number in (errno.EIO, errno.ENOSPC, errno.EMFILE, errno.EACCES)
]
MEMORY = [
    Fault("python", 0),
    Fault("numpy", 0),
    Fault("python", 0, least=512),
    Fault("python", 0, lasting=True, least=512),  # small ones find room where others were
    Fault("numpy", 0, lasting=True, least=512),
]
TRIES = {"sweep": 40, "trace": 40}  # others 200


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_npz(tmp_path_factory.mktemp("data") / "small.npz")


@pytest.fixture(scope="module")
def zygote(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("zygote")
    try:
        library = build(folder)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a C compiler, and Linux")
    with warm_zygote(library, folder, data) as running:
        yield running


@pytest.fixture(scope="module")
def commands(zygote, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    for each in (run(data), sweep(data)):
        assert zygote.run(*each.arguments, folder=folder).ended.status == 0
    return {
        "run": run(data),
        "run on two threads": run(data, "--threads", "2"),
        "trace": trace(data),
        "report of a run": report_of_run(folder / "run"),
        "report of a sweep": report_of_sweep(folder / "s.sqlite"),
        "teacher train": train_teacher(data),
        "sweep": sweep(data),
    }


NAMES = ("run", "run on two threads", "trace", "report of a run", "report of a sweep", "teacher train", "sweep")


@pytest.mark.parametrize("fault", [*FILES, *MEMORY], ids=Fault.told)
@pytest.mark.parametrize("name", NAMES)
def test_commands(zygote, commands, tmp_path, name, fault):
    loop = Loop(zygote, commands[name], tmp_path)
    numbers = spread(loop.calls(fault), TRIES.get(name, 200), random.Random(f"{name} {fault.told()}"))
    wrong = [loop.wrong(fault._replace(n=n)) for n in numbers]
    assert list(filter(None, wrong)) == []


@pytest.mark.parametrize("name", ["run", "report of a sweep"])
def test_no_memory_at_all(zygote, commands, tmp_path, name):
    """Not even for what is to be said: it ends, and what it leaves is whole."""
    fault = Fault("python", 0, lasting=True)
    loop = Loop(zygote, commands[name], tmp_path)
    numbers = spread(loop.calls(fault), 200, random.Random(name))
    wrong = [loop.wrong(fault._replace(n=n), strict=False) for n in numbers]
    assert list(filter(None, wrong)) == []


@pytest.mark.parametrize("fault", [*FILES, *MEMORY], ids=Fault.told)
def test_a_workers_task(zygote, data, tmp_path, fault):
    """It is done, and with the same bits, or lost, which is tried again: never failed for good."""
    line = ("task", task(small_request(data, dies=(1,))))
    expected = json.loads(zygote.run(*line, folder=tmp_path).ended.out)
    assert expected["status"] == "done"
    calls = int(zygote.run(*line, folder=tmp_path, fault=fault).failed)
    wrong = []
    for n in spread(calls, 200, random.Random(fault.told())):
        tried = zygote.run(*line, folder=tmp_path, fault=fault._replace(n=n))
        found = json.loads(tried.ended.out or "{}")
        if tried.wrong() or (found != expected and found["status"] != "lost"):
            wrong.append((n, tried))
    assert wrong == []
