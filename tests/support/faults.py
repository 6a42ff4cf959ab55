"""Commands while the n-th allocation or the n-th call of the file system fails, as SQLite tries itself.

A `Zygote` is a process in which `faults.c` sleeps and chipsim is loaded; it forks a child for every try, which is awake
from the command's begin on.
"""

import errno
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from small_runs import ROOT, Ended, environment, said

SUPPORT = Path(__file__).parent
PATIENCE_S = 300
_PANIC = re.compile(r"\n?thread '.*' panicked at .*\n.*\nnote: run with .*\n")


class Fault(NamedTuple):
    """What fails. kind: files, python or numpy; n: which call, from 1 (0: none, they are only counted)."""

    kind: str
    n: int
    lasting: bool = False  # from then on, or once
    number: int = errno.ENOSPC  # of files
    least: int = 0  # bytes of an allocation that counts
    folders: tuple[str, ...] = ()  # whose files count; none: all

    def told(self):
        what = errno.errorcode[self.number] if self.kind == "files" else f"{self.kind} >= {self.least} bytes"
        return f"{what}, call {self.n}{' and all after it' if self.lasting else ''}"


class Try(NamedTuple):
    """How a command ended while something failed."""

    ended: Ended
    failed: str  # the first call that failed; empty: none

    def wrong(self):
        """What must not be, whatever fails; None: all is well."""
        status, err = self.ended.status, self.ended.err
        panic = _PANIC.search(err)  # Rust, as in pydantic, says of itself what it thinks of a failed allocation
        lines = said(err if panic is None else err[: panic.start()] + err[panic.end() :])
        if status == "hangs":
            return "hangs"
        if status not in (0, 1, 2):
            return f"ended with {status}: {err[-300:]}"
        if "Traceback" in err or "Exception ignored" in err:
            return f"a traceback: {err[-1500:]}"
        if len(lines) > 1 or (status == 2 and not "".join(lines).startswith("chipsim: ")):
            return f"{len(lines)} lines: {err[-500:]}"
        return None


def build(folder):
    """The shared object that makes calls fail. Raises OSError, subprocess.CalledProcessError without a C compiler."""
    library = folder / "faults.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, SUPPORT / "faults.c", "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return library


class Zygote:
    """Forks children that run commands. library: of `build`, None where nothing is to fail; warm: commands as
    (arguments, folder) that it runs itself before.
    """

    def __init__(self, library, folder, warm=(), modules=("host.cli",), **changes):
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, SUPPORT / "fault_zygote.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(**({"LD_PRELOAD": str(library)} if library else {}), **changes),
            bufsize=0,
        )
        self._buffer = b""
        commands = [{"arguments": list(map(str, line)), "folder": str(where)} for line, where in warm]
        self._say({"path": [str(ROOT), str(SUPPORT)], "warm": commands, "modules": modules})
        assert self._hear(3 * PATIENCE_S) == {"ready": True}

    def _say(self, message):
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    def _hear(self, seconds):
        """The next message, or None."""
        give_up = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0, give_up - time.monotonic())):
                    return None
                content = os.read(self._process.stdout.fileno(), 1 << 16)
                assert content, "the zygote is gone"
                self._buffer += content
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def start(self, *arguments, folder, fault=None, **changes):
        """Begin a command in `folder`. One at a time."""
        streams = [os.devnull, str(self._folder / "out"), str(self._folder / "err")]
        told = self._folder / "told"
        for path in (*streams[1:], told):
            Path(path).unlink(missing_ok=True)
        job = {"arguments": list(map(str, arguments)), "folder": str(folder), "environment": changes}
        self._say({**job, "streams": streams, "told": str(told), "fault": fault and fault._asdict()})
        return self._hear(PATIENCE_S)["started"]

    def end(self, pid, patience_s=PATIENCE_S):
        """Wait for the command that `start` began."""
        message = self._hear(patience_s)
        hangs = message is None
        if hangs:
            os.kill(pid, signal.SIGKILL)
            message = self._hear(PATIENCE_S)
        out, err, told = (
            (self._folder / name).read_text(errors="replace") if (self._folder / name).exists() else ""
            for name in ("out", "err", "told")
        )
        return Try(Ended("hangs" if hangs else message["status"], out, err), told)

    def run(self, *arguments, folder, fault=None, patience_s=PATIENCE_S, **changes):
        return self.end(self.start(*arguments, folder=folder, fault=fault, **changes), patience_s)

    def killed(self, seconds, *arguments, folder, **changes):
        """Run a command and kill it by SIGKILL so many seconds after its begin. Returns whether it was still there."""
        pid = self.start(*arguments, folder=folder, **changes)
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return self.end(pid).ended.status == -signal.SIGKILL

    def close(self):
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def spread(calls, tries, rng):
    """Numbers from 1 to `calls`: the first and the last ones, and others by chance in equal parts between."""
    if calls <= tries:
        return list(range(1, calls + 1))
    edges = [1 + calls * k // tries for k in range(tries + 1)]
    return sorted({1, calls, *(rng.randrange(a, b) for a, b in pairwise(edges))})
