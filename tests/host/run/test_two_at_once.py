"""Two that run in one folder: the second is told who the first is and changes nothing; locks end with processes."""

import os
import re
import signal
import subprocess
import sys

import pytest
from small_runs import SMALL_FLAGS, end, environment, everything_in, final, start

from host.errors import RunFolderError
from host.run.folder import RunFolder

WHO = rf"process {os.getpid()} on \S+ since \S+"

_HOLD = """
import sys, time
from pathlib import Path
from host.run import RunFolder
with RunFolder(Path(sys.argv[1])).alone():
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def finished(chipsim, here, data_file):
    assert chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "run").status == 0
    return here / "run"


def test_the_second_is_told_and_changes_nothing(chipsim, finished):
    (finished / "result.json").unlink()
    leftover = finished / ".checkpoint.bin.abc"  # the first one's, while it writes
    leftover.write_bytes(b"half")
    with RunFolder(finished).alone():
        assert not leftover.exists()
        leftover.write_bytes(b"half")
        before = everything_in(finished)
        ended = chipsim("run", "--resume", "run")
        assert (ended.status, ended.out) == (2, "")
        assert re.fullmatch(
            rf"chipsim: run is being run by {WHO}: wait until it ends, or start another run\n", ended.err
        )
        assert everything_in(finished) == before
    assert chipsim("run", "--resume", "run").status == 0
    assert not [path for path in finished.iterdir() if path.name.startswith(".")]


def test_as_a_library_too(finished):
    one, other = RunFolder(finished), RunFolder(finished)
    with one.alone(), one.alone(), pytest.raises(RunFolderError, match=f"is being run by {WHO}"), other.alone():
        pass
    with other.alone():
        assert (finished / ".lock").exists()
    assert not (finished / ".lock").exists()


def test_a_lock_ends_with_its_process(chipsim, finished):
    """However that ends; its file stays, and is in nobody's way."""
    whole = final(finished)
    (finished / "result.json").unlink()
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(finished)], env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    assert f"is being run by process {holder.pid} on " in chipsim("run", "--resume", "run").err
    holder.send_signal(signal.SIGKILL)
    holder.wait(60)
    holder.stdout.close()
    assert (finished / ".lock").exists()
    assert chipsim("run", "--resume", "run").status == 0
    assert final(finished) == whole and not (finished / ".lock").exists()


def test_a_new_run_holds_its_folder(here, data_file):
    """From before it learns until it has ended."""
    endless = ("--epochs", "3000", "--set", "training.chunk=16", "--threads", "1")
    process = start("run", "--dataset", data_file, *SMALL_FLAGS, *endless, "--out", "run")
    lock = here / "run" / ".lock"
    while not (lock.exists() and lock.read_bytes()):
        assert process.poll() is None, process.communicate()
    ended = end(start("run", "--resume", "run"))
    assert (ended.status, f"is being run by process {process.pid} on " in ended.err) == (2, True), ended
    process.send_signal(signal.SIGKILL)
    assert end(process).status == -signal.SIGKILL
