"""The lines of the page on sweeps for a cluster: nobody from elsewhere reaches what asks for no certificate."""

import os
import re
import subprocess
import sys
import time

import pytest
from small_runs import ROOT

psutil = pytest.importorskip("psutil", reason="comes with the extra dask")
pytest.importorskip("distributed", reason="the extra dask")

PATIENCE_S = 90
PAGE = ROOT / "host" / "sweep" / "README.md"
LINES = [line.split("#")[0].split() for line in PAGE.read_text().splitlines() if "dask" in line]
COMMANDS = [line for line in LINES if line[:2] in (["dask", "scheduler"], ["dask", "worker"])]
HERE = [line for line in COMMANDS if "$TLS" not in line]


def test_each_line_is_local_or_asks_for_certificates():
    assert len(HERE) == 2 and len(COMMANDS) == 4
    for line in COMMANDS:
        assert re.fullmatch(r"127\.0\.0\.1:\d+", line[line.index("--dashboard-address") + 1]), "it listens by itself"
        if line in HERE:
            assert line[line.index("--host") + 1] == "127.0.0.1"
        else:
            assert not any(word.startswith("tcp:") for word in line)
    text = PAGE.read_text()
    assert re.findall(r"tcp://(?!127\.0\.0\.1:)\S*8786", text) == []
    assert "runs any code for whoever reaches it" in " ".join(text.split())


def listening(process):
    """Addresses at which a process and its children listen."""
    found = set()
    for each in (process, *process.children(recursive=True)):
        found |= {at.laddr.ip for at in each.net_connections("tcp") if at.status == psutil.CONN_LISTEN}
    return found


def test_the_local_lines_listen_to_this_machine_alone(tmp_path):
    """As they stand, but for the ports."""
    scheduler, worker = (
        [re.sub(r":8787$", ":0", word) for word in line[1:]] for line in sorted(HERE, key=lambda line: line[1])
    )
    processes = []

    def begin(arguments, said):
        log = tmp_path / f"{len(processes)}.log"
        with log.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
                stdout=file,
                stderr=file,
                cwd=tmp_path,
                env={**os.environ, "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "info"},
            )
        processes.append(psutil.Process(process.pid))
        give_up = time.monotonic() + PATIENCE_S
        while not (found := re.search(said, log.read_text())):
            assert process.poll() is None and time.monotonic() < give_up, log.read_text()
            time.sleep(0.1)
        return found[1]

    try:
        address = begin([*scheduler, "--port", "0"], r"Scheduler at:\s+(\S+)")
        begin([address if word.startswith("tcp:") else word for word in worker], r"Registered to:\s+(\S+)")
        for process in processes:
            assert listening(process) == {"127.0.0.1"}
    finally:
        for process in reversed(processes):
            for each in (*process.children(recursive=True), process):
                each.kill()
            process.wait(30)
