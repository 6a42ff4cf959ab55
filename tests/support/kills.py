"""Processes that are killed: whose children they are, whether they are gone, and commands killed again and again."""

import os
import signal
import time
from pathlib import Path

import pytest
from small_runs import end

PATIENCE_S = 300

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")


def wait_until(true, process=None, every_s=0.002):
    """Fails if the process ends before."""
    give_up = time.monotonic() + PATIENCE_S
    while not true():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < give_up
        time.sleep(every_s)


def _state(pid):
    """Its letter and its parent, as /proc has them; None if it is gone."""
    try:
        letter, parent, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return letter, int(parent)


def is_gone(pid):
    state = _state(pid)
    return state is None or state[0] == "Z"


def children_of(pid):
    """Process ids of a process's children."""
    pids = [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
    states = {each: _state(each) for each in pids}
    return [each for each, state in states.items() if state is not None and state[0] != "Z" and state[1] == pid]


def workers_of(process):
    """Process ids of a sweep's workers."""
    found = []
    for pid in children_of(process.pid):
        try:
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
        except OSError:  # it has just ended
            continue
    return found


def wait_until_gone(pids):
    give_up = time.monotonic() + PATIENCE_S
    while not all(map(is_gone, pids)):
        assert time.monotonic() < give_up, "they outlive whoever started them"
        time.sleep(0.01)


def killed(process):
    process.send_signal(signal.SIGKILL)
    ended = end(process)
    assert ended.status == -signal.SIGKILL, "the run was too short to be killed"
    return ended


def seconds_of(begin, begun):
    """How long a command that nobody disturbs takes from the moment on at which `begun()`."""
    process = begin()
    wait_until(begun, process)
    at = time.monotonic()
    ended = end(process)
    assert ended.status == 0, ended
    return time.monotonic() - at


def killed_again_and_again(begin, begun, seconds, rng, tries, victims=lambda process: [process.pid]):
    """Begin a command `tries` times, and kill it by SIGKILL at a moment by chance within `seconds` after `begun()`.

    begin: makes the process; victims: process ids to kill. Returns how many times it was hit before its end; who is
    left over ends with it.
    """
    hits = 0
    for _ in range(tries):
        process = begin()
        try:
            wait_until(lambda process=process: begun() or process.poll() is not None, every_s=0.001)
            time.sleep(rng.uniform(0, seconds))
            others = children_of(process.pid)
            hits += process.poll() is None
            for pid in victims(process):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            end(process)
            wait_until_gone(others)
        finally:
            process.kill()
    return hits
