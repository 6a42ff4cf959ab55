"""A chip server of one's own: a child process that ends with this one, however this one ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select

from host.errors import LinkError

_START_S = 120.0  # a first start compiles the chip's kernels
_END_S = 5.0


class ChipProcess:
    """The child. `address` waits until it serves."""

    def __init__(self, threads: int) -> None:
        command = "from host.cli import main; main()"
        root = str(Path(__file__).resolve().parents[3])
        path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", command, "serve", "--child", "--threads", str(threads)],
            stdin=subprocess.PIPE,  # its end tells the child that this process is gone
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for the host, which then ends the child
        )
        self._address = ""

    @property
    def address(self) -> str:
        """Where it serves. Raises LinkError if it does not begin to."""
        if not self._address:
            assert self._process.stdout is not None, "it is a pipe"
            ready, _, _ = select([self._process.stdout], [], [], _START_S)
            self._address = self._process.stdout.readline().decode().strip() if ready else ""
            if not self._address:
                with suppress(subprocess.TimeoutExpired):  # it may be about to end
                    self._process.wait(_END_S if ready else 0)
                raise LinkError(f"the chip process did not begin to serve: {self.ended() or 'it is silent'}")
        return self._address

    def ended(self) -> str | None:
        """Why the process is no more; None while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        if status < 0:
            return f"the chip process was ended by signal {signal.Signals(-status).name}"
        assert self._process.stderr is not None, "it is a pipe"
        said = self._process.stderr.read().decode(errors="replace").strip().splitlines()
        return f"the chip process ended with status {status}" + (f": {said[-1]}" if said else "")

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        process = self._process
        assert process.stdin is not None, "it is a pipe"
        process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        if self._address.startswith("ipc://"):  # left behind by a child that was killed
            shutil.rmtree(Path(self._address.removeprefix("ipc://")).parent, ignore_errors=True)


@contextmanager
def chip_process(threads: int) -> Iterator[ChipProcess]:
    """A chip server in a process of its own, which has its dies run on so many threads."""
    child = ChipProcess(threads)
    try:
        yield child
    finally:
        child.stop()
