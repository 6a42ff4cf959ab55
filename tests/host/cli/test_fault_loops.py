"""The n-th allocation fails, or the n-th call of the file system, once or from then on; n goes through a command.

Each time the command ends, with one line at most; no half-written file is believed; and run again without a fault it
finds the same bits. In the manner of SQLite's own tests (sqlite.org/testing.html, sections 3.1 and 3.2).
"""

import errno
import json
import os
import random
import signal
import subprocess
from contextlib import suppress

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
AN_ALLOCATION = Fault("python", 0)
MEMORY = [
    AN_ALLOCATION,
    Fault("numpy", 0),
    Fault("python", 0, least=512),
    Fault("python", 0, lasting=True, least=512),  # small ones find room where others were; without, Python itself hangs
    Fault("numpy", 0, lasting=True, least=512),
]
SLOW = ("sweep", "trace")  # workers to start, a picture to draw


def numbers(name, fault, calls):
    """Which calls fail, one in a try: most tries go to single allocations, of which a command makes most."""
    most = {AN_ALLOCATION: 200, Fault("numpy", 0): 60}.get(fault, 12)
    return spread(calls, 4 if name in SLOW else most, random.Random(f"{name} {fault.told()}"))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_npz(tmp_path_factory.mktemp("data") / "small.npz")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    try:
        return build(tmp_path_factory.mktemp("library"))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a C compiler, and Linux")


@pytest.fixture(scope="module")
def zygote(tmp_path_factory, library, data):
    folder = tmp_path_factory.mktemp("zygote")
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
    if name == "teacher train":
        pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
    loop = Loop(zygote, commands[name], tmp_path)
    wrong = [loop.wrong(fault._replace(n=n)) for n in numbers(name, fault, loop.calls(fault))]
    assert list(filter(None, wrong)) == []


@pytest.mark.parametrize("fault", [*FILES, *MEMORY], ids=Fault.told)
def test_a_workers_task(zygote, data, tmp_path, fault):
    """It is done, and with the same bits, or lost, which is tried again: never failed for good."""
    line = ("task", task(small_request(data, dies=(1,))))
    expected = json.loads(zygote.run(*line, folder=tmp_path).ended.out)
    assert expected["status"] == "done"
    calls = int(zygote.run(*line, folder=tmp_path, fault=fault).failed)
    wrong = []
    for n in numbers("a worker", fault, calls):
        tried = zygote.run(*line, folder=tmp_path, fault=fault._replace(n=n))
        found = json.loads(tried.ended.out or "{}")
        if tried.wrong() or (found != expected and found["status"] != "lost"):
            wrong.append((n, tried))
    assert wrong == []


@pytest.fixture(scope="module")
def servers(tmp_path_factory, library, data):
    """Another zygote, for servers while the first one has the hosts."""
    folder = tmp_path_factory.mktemp("servers")
    with warm_zygote(library, folder, data, pictures=False) as running:
        yield running


@pytest.mark.parametrize("fault", [AN_ALLOCATION, Fault("numpy", 0), FILES[0]], ids=Fault.told)
def test_a_server(zygote, servers, data, tmp_path, fault):
    """The host hears in one line of what it has to know, and goes on with the next server."""
    command = run(data)
    whole = tmp_path / "whole"
    whole.mkdir()
    assert zygote.run(*command.arguments, folder=whole).ended.status == 0
    serve = ("serve", "--threads", "1", "--bind", f"ipc://{tmp_path}/chip")
    asked = ("--chip-address", f"ipc://{tmp_path}/chip")

    def served(arguments, folder, fault):
        """How the server and the host ended."""
        pid = servers.start(*serve, folder=tmp_path, fault=fault)
        host = zygote.run(*arguments, *asked, folder=folder)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        return servers.end(pid), host

    counting = tmp_path / "counting"
    counting.mkdir()
    calls, _ = served(command.arguments, counting, fault)
    wrong = []
    for n in spread(int(calls.failed), 12, random.Random(fault.told())):
        folder = tmp_path / f"{n}"
        folder.mkdir()
        server, host = served(command.arguments, folder, fault._replace(n=n))
        log = server.ended.err
        bad = host.wrong() or ("Traceback" in log and "SystemError" not in log) or server.ended.status not in (0, 2)
        _, again = served(command.again(folder, command.arguments), folder, None)
        if bad or again.wrong() or facts(command, folder) != facts(command, whole):
            wrong.append((n, server, host, again))
    assert wrong == []


def facts(command, folder):
    """What a run has found, wherever its die was."""
    try:
        return command.result(folder)
    except OSError as error:
        return error
