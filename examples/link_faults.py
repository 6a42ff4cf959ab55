"""What a wire, a chip and a host can do wrong while a die learns, done on purpose: what is noticed, what is lost?

    python examples/link_faults.py [--injections 5]

Each fault is injected so many times into small runs whose die is in another process or behind a wire that damages what
it carries. A run that repairs itself goes on; one that cannot ends with one line and is resumed. In the end the bits
are compared with those of an undisturbed run.
"""

import argparse
import errno
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest.mock import patch

from chipsim.server import Server, ServerSettings
from chipsim.wire import HEADER_BYTES, Hello, Limits, open_header
from host.errors import LinkError
from host.files import write_arrays
from host.link.remote import FRAME_FAULTS, FaultyWire, RemoteSource, chip_process, connect
from host.run import NullListener, RunFolder, resolve, run

SETTINGS = {
    "hidden": (16,),
    "steps": 8,
    "noise": ["mismatch:0.3", "thermal:0.1"],
    "training.epochs": 2,
    "training.chunk": 16,
    "teacher.epochs": 20,
}
EVERY = 23  # frames, between two injections
LEARNED = 100  # samples, after which something goes wrong


@dataclass
class Row:
    """One line of the table."""

    kind: str
    injected: int = 0
    detected: int = 0
    how: str = ""
    equal: bool = True


@contextmanager
def serving(**settings):
    """A chip server in a thread."""
    with Server(ServerSettings(**({"bind": "tcp://127.0.0.1:*"} | settings))) as server:
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield server
        server.stop()
        thread.join()


class At(NullListener):
    """Does something once so many samples are learned."""

    def __init__(self, samples, act):
        self._samples, self._act = samples, act

    def learning(self, done, total, accuracy):
        if done >= self._samples and self._act is not None:
            act, self._act = self._act, None
            act()


def bits(outcome):
    """Everything that a run learned and found out."""
    return {name: array.tobytes() for name, array in outcome.progress.arrays().items()}, outcome.facts


def learn_at(address, spec, folder=None, listener=None, timeout_s=20.0, ended=None):
    """A run whose die is at `address`."""
    source = RemoteSource(f"at {address}", lambda: connect(address, timeout_s=timeout_s, ended=ended))
    try:
        return run(spec, folder=folder, listener=listener, source=source)
    finally:
        source.close()


def damaged_frames(kind, direction, spec, expected, wanted):
    """Frames that suffer, every EVERY-th one, in as many runs as it takes."""
    row = Row(f"frame {kind}, {'to the chip' if direction == 'down' else 'to the host'}", how="sent again")
    while row.injected < wanted:
        here = 0

        def carry(its_direction, number, frame):
            nonlocal here
            envelope, _ = open_header(frame[:HEADER_BYTES], Limits())
            mine = its_direction == direction and envelope.sequence > 0  # greetings and goodbyes are not counted
            if mine and number % EVERY == 3 and row.injected + here < wanted:
                here += 1
                return FRAME_FAULTS[kind](frame)
            return [frame]

        with serving() as server, FaultyWire(server.endpoint, carry) as wire:
            outcome = learn_at(wire.address, spec)
        link = outcome.summary["link"]
        if kind == "duplicated":  # the chip counts those that it did not carry out twice, the host sees its own
            seen = server.seen["repeated"] if direction == "down" else link["repeated_frames"]
        elif kind == "lost":
            seen = link["resent_frames"]
        else:
            seen = server.seen["damaged"] + link["damaged_frames"]
        row.injected += here
        row.detected += min(here, seen)
        row.equal &= bits(outcome) == expected
    if kind == "duplicated":
        row.how = "ignored"
    return row


def broken_off(kind, spec, expected, wanted, break_off):
    """break_off(spec, path) ends a run with an error after a while; it is resumed on a chip in order."""
    row = Row(kind, how="one line, --resume")
    for _ in range(wanted):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run"
            row.injected += 1
            row.detected += break_off(spec, path)
            with serving() as server:
                outcome = learn_at(server.endpoint, spec, RunFolder.open(path)[0])
            row.equal &= bits(outcome) == expected
    return row


def ends_with_a_line(call):
    """Whether `call` raises a LinkError or OSError of one line."""
    try:
        call()
    except (LinkError, OSError) as error:
        return "\n" not in str(error)
    return False


def chip_killed(spec, path):
    with chip_process(1) as child:
        act = At(LEARNED, lambda: os.kill(child.pid, signal.SIGKILL))
        return ends_with_a_line(
            lambda: learn_at(child.address, spec, RunFolder.create(spec, path), act, ended=child.ended)
        )


def wire_fails(how):
    def fail(spec, path):
        with serving() as server:
            wire = FaultyWire(server.endpoint)
            try:
                act = At(LEARNED, getattr(wire, how))
                return ends_with_a_line(
                    lambda: learn_at(wire.address, spec, RunFolder.create(spec, path), act, timeout_s=0.7)
                )
            finally:
                wire.cut()

    return fail


def host_killed(spec, path):
    """The run is a process of its own with a chip process of its own; neither may be left."""
    folder = RunFolder.create(spec, path)
    command = [
        sys.executable,
        "-m",
        "host.cli",
        "run",
        "--resume",
        str(folder.path),
        "--chip-process",
        "--threads",
        "1",
    ]
    host = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (path / "checkpoint.bin").exists() and host.poll() is None:
        time.sleep(0.005)
    chips = subprocess.run(["ps", "-o", "pid=", "--ppid", str(host.pid)], capture_output=True, text=True).stdout.split()
    host.kill()
    host.wait()
    for _ in range(1000):
        if not any(Path(f"/proc/{chip}").exists() for chip in chips):
            return True
        time.sleep(0.01)
    return False


def disk_full(spec, path):
    written = []

    def write(path, arrays, facts):
        written.append(path)
        if len(written) == 7:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_arrays(path, arrays, facts)

    with patch("host.run.folder.write_arrays", write), serving() as server:
        return ends_with_a_line(lambda: learn_at(server.endpoint, spec, RunFolder.create(spec, path)))


def turned_away(kind, spec, expected, wanted, second):
    """A second connection is refused while a first one learns, undisturbed."""
    row = Row(kind, how="turned away")
    with serving() as server:
        for _ in range(wanted):
            answers = []

            def knock(answers=answers):
                answers.append(ends_with_a_line(lambda: second(server.endpoint)))

            row.equal &= bits(learn_at(server.endpoint, spec, listener=At(LEARNED, knock))) == expected
            row.injected += 1
            row.detected += answers == [True]
    return row


def of_another_version(address):
    newer = partial(Hello, oldest=8, newest=9)
    with patch("host.link.remote.connection.Hello", newer):
        connect(address).close()


def table(wanted):
    """All rows, one after the other."""
    spec = resolve(None, SETTINGS)
    expected = bits(run(spec))
    for kind in FRAME_FAULTS:
        for direction in ("down", "up"):
            yield damaged_frames(kind, direction, spec, expected, wanted)
    for kind, break_off in (
        ("chip process killed", chip_killed),
        ("wire cut", wire_fails("cut")),
        ("wire frozen", wire_fails("freeze")),
        ("host killed", host_killed),
        ("disk full at the snapshot", disk_full),
    ):
        yield broken_off(kind, spec, expected, wanted, break_off)
    yield turned_away("two hosts at once", spec, expected, wanted, lambda address: connect(address).close())
    yield turned_away("another version", spec, expected, wanted, of_another_version)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--injections", type=int, default=5, help="of each kind")
    print("| fault | injected | detected | then | results equal | data lost |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in table(parser.parse_args().injections):
        equal, lost = ("yes", "none") if row.equal else ("NO", "SOME")
        print(f"| {row.kind} | {row.injected} | {row.detected} | {row.how} | {equal} | {lost} |", flush=True)
