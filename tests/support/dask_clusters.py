"""A Dask scheduler and workers on the loopback, each a process of its own."""

import json
import subprocess
import sys

from kills import wait_until
from small_runs import environment


class DaskCluster:
    """`address` of the scheduler, the `workers`' processes."""

    def __init__(self, folder, workers):
        self._folder, self._file = folder, folder / "scheduler.json"
        self._scheduler = self._start("dask_scheduler", "--port", "0", "--host", "127.0.0.1")
        self.workers = [self.another_worker() for _ in range(workers)]
        wait_until(lambda: self._file.exists() and self._file.read_text(), self._scheduler)
        self.address = json.loads(self._file.read_text())["address"]

    def _start(self, kind, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.{kind}", "--no-dashboard", "--scheduler-file", self._file]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([*command, *arguments], env=environment(), **quiet)

    def another_worker(self):
        """A process that nobody starts again."""
        return self._start("dask_worker", "--nthreads", "1", "--no-nanny", "--local-directory", self._folder)

    def wait_for(self, workers):
        """Until that many are there, and no other."""
        from distributed import Client

        with Client(self.address, timeout=100) as client:
            wait_until(lambda: len(client.nthreads()) == workers, self._scheduler, every_s=0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (*self.workers, self._scheduler):
            process.kill()
            process.wait()
