"""Streams that are closed, full, or have no reader: what a command does is done, and its exit status is right."""

import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_runs import SMALL_FLAGS, end, environment, everything_in, start

from host.cli import main
from host.link.remote import connect

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
STREAMS = {"stdout": 1, "stderr": 2}


def closed(number):
    return {"preexec_fn": lambda: os.close(number)}


def without_reader():
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def broken(stream, how):
    """Options of `start` under which a stream is as bad as `how` says."""
    if how == "closed":
        return closed(STREAMS[stream])
    return {stream: FULL.open("w") if how == "full" else without_reader()}


HOW = ("closed", "full", "without a reader")


@pytest.mark.parametrize("how", HOW)
def test_an_error_keeps_its_status(here, how):
    """Its line goes nowhere: never to stdout, which belongs to results."""
    ended = end(start("run", "--hiden", "3", **broken("stderr", how)))
    assert (ended.status, ended.out) == (2, "")


@pytest.mark.parametrize(("how", "why"), {"closed": "Bad file descriptor", "full": "No space left on device"}.items())
def test_an_output_that_is_lost_is_told(here, how, why):
    ended = end(start("noise", **broken("stdout", how)))
    assert (ended.status, ended.err) == (2, f"chipsim: cannot write the output: {why}\n")


def test_a_run_is_not_lost_with_what_it_says(here, data_file):
    """All streams bad from the start; everything is in the folder."""
    flags = ("run", "--dataset", data_file, *SMALL_FLAGS, "--out")
    assert end(start(*flags, "bad", stdin=subprocess.DEVNULL, stderr=without_reader(), **closed(1))).status == 2
    assert end(start(*flags, "good")).status == 0
    bad, good = everything_in(here / "bad"), everything_in(here / "good")
    assert bad.keys() == good.keys() and bad["checkpoint.bin"] == good["checkpoint.bin"]


def test_no_file_gets_the_number_of_a_closed_stream(here):
    """Or what a library says there would end up in it."""
    code = (
        "from host.cli.streams import keep_streams; keep_streams(); import os, sys; sys.stdout.write('lost');"
        "open('file', 'w').close(); os.write(2, b'a warning'); sys.stderr.write('a line')"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(), preexec_fn=lambda: os.closerange(0, 3), check=True)
    assert (here / "file").read_bytes() == b""


LISTS = (("noise",), ("methods",), ("data",), ("plugins",), ("spec", "ideal"), ("check", "ideal", "--network", "9,5,3"))


@pytest.mark.parametrize("arguments", LISTS, ids=lambda arguments: arguments[0])
@pytest.mark.parametrize("as_json", [False, True])
def test_every_list(monkeypatch, capfd, arguments, as_json):
    monkeypatch.setattr(sys, "argv", ["chipsim", *arguments, *(["--json"] if as_json else [])])
    stream = io.TextIOWrapper(FULL.open("wb", buffering=0))
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "__stdout__", stream)
    with pytest.raises(SystemExit) as ending:
        main()
    assert ending.value.code == 2
    assert capfd.readouterr().err == "chipsim: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("arguments", [("noise",), ("spec", "cmos-180nm")], ids=lambda arguments: arguments[0])
def test_letters_that_a_code_page_lacks(here, arguments):
    """And a file's name that is no text at all."""
    ended = end(start(*arguments, env=environment(PYTHONIOENCODING="cp437")))
    assert (ended.status, ended.err) == (0, "")
    ended = end(
        start(
            "run",
            "--dataset",
            b"no\xff\xe2\x82\xac.npz".decode("utf-8", "surrogateescape"),
            env=environment(PYTHONIOENCODING="cp437"),
        )
    )
    assert ended.status == 2 and ended.err.count("\n") == 1 and "no\\udcff\\u20ac.npz" in ended.err


def read_line(stream):
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(stream, 1)
    return line.decode()


def a_session(address):
    with connect(address, timeout_s=20) as connection:
        assert connection.welcome.in_flight > 0


SERVE = ("serve", "--threads", "1", "--bind")


@pytest.mark.parametrize("how", HOW)
def test_a_server_without_a_log(tmp_path, how):
    """From the start: it serves, and ends when it is told to."""
    address = f"ipc://{tmp_path}/chip"
    process = start(*SERVE, address, **broken("stderr", how))
    a_session(address)
    a_session(address)
    process.send_signal(signal.SIGTERM)
    assert end(process).status == 0


def test_a_log_that_is_no_longer_read_then_full_then_gone(tmp_path):
    """In the middle: a reader that stops, with no room left for the next lines, and then goes."""
    reading, writing = os.pipe()
    process = start(*SERVE, "tcp://127.0.0.1:*", stderr=writing)
    address = re.search(r"listening at (\S+),", read_line(reading))[1]
    os.set_blocking(writing, False)
    for size in (4096, 1):
        try:
            while True:
                os.write(writing, bytes(size))
        except BlockingIOError:
            pass
    os.set_blocking(writing, True)
    os.close(writing)
    a_session(address)
    a_session(address)
    os.close(reading)
    a_session(address)
    process.send_signal(signal.SIGTERM)
    assert end(process).status == 0


def test_a_chip_process_whose_parent_reads_nothing(tmp_path):
    """Its log is a pipe that the parent looks at when the chip has ended."""
    process = start("serve", "--child", "--threads", "1", stdin=subprocess.PIPE)
    address = process.stdout.readline().strip()
    for _ in range(3):
        a_session(address)
    process.stdin.close()
    process.stdin = None
    assert end(process).status == 0
