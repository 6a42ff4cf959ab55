"""Host and chip as two processes that are killed, interrupted, or run out of disk: nothing is left behind."""

import errno
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kills import PATIENCE_S, children_of, is_gone, linux, wait_until
from remote_runs import bits, folder_of, small_spec
from small_runs import SMALL_FLAGS, end, final, start, write_npz

from host.errors import LinkError
from host.files import write_arrays
from host.link.remote import RemoteSource, chip_process, connect
from host.run import run

LONG = (*SMALL_FLAGS, "--epochs", "40", "--set", "training.chunk=16", "--threads", "1", "--no-pictures")


@pytest.fixture(scope="module")
def data_file(tmp_path_factory):
    return write_npz(tmp_path_factory.mktemp("data") / "small.npz")


@pytest.fixture(scope="module")
def whole(data_file, tmp_path_factory):
    """What the long run ends with, in one process and undisturbed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert end(start("run", "--dataset", data_file, *LONG, "--out", folder)).status == 0
    return final(folder)


@linux
@pytest.mark.usefixtures("interruptible")
def test_chip_killed_host_killed_ctrl_c_and_to_the_end(data_file, whole, tmp_path, monkeypatch):
    """One run that all of it happens to: each time one line or none, no orphan, and the same bits in the end."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    checkpoint = tmp_path / "run" / "checkpoint.bin"

    process = start("run", "--dataset", data_file, *LONG, "--out", "run", "--chip-process")
    wait_until(checkpoint.exists, process)
    [chip] = children_of(process.pid)
    os.kill(chip, signal.SIGKILL)
    ended = end(process)
    assert (ended.status, ended.out) == (2, "")
    said = re.fullmatch(
        r"chipsim: lost the chip at ipc://\S+: the chip process was ended by signal SIGKILL; continue with:"
        r" chipsim (run --resume run --chip-process)\n",
        ended.err,
    )
    assert said, ended.err

    process = start(*shlex.split(said[1]))
    before = checkpoint.stat().st_mtime_ns
    wait_until(lambda: checkpoint.stat().st_mtime_ns != before, process)
    [chip] = children_of(process.pid)
    process.send_signal(signal.SIGKILL)
    assert end(process).status == -signal.SIGKILL
    wait_until(lambda: is_gone(chip))

    process = start(*shlex.split(said[1]))
    before = checkpoint.stat().st_mtime_ns
    wait_until(lambda: checkpoint.stat().st_mtime_ns != before, process)
    [chip] = children_of(process.pid)
    process.send_signal(signal.SIGINT)
    ended = end(process)
    assert (ended.status, ended.out) == (130, "")
    assert ended.err == "chipsim: interrupted; continue with: chipsim run --resume run --chip-process\n"
    assert is_gone(chip)

    ended = end(start(*shlex.split(said[1]), "--no-pictures"))
    assert (ended.status, ended.err) == (0, "")
    assert final(tmp_path / "run") == whole
    assert [path.name for path in tmp_path.iterdir()] == ["run"], "no socket and no folder of the chips is left"


def test_a_run_says_what_crossed_the_wire(data_file, tmp_path):
    out = tmp_path / "run"
    flags = ("run", "--dataset", data_file, *SMALL_FLAGS, "--out", out)
    ended = end(start(*flags, "--chip-process", "--timeline", "--json"))
    assert (ended.status, ended.err) == (0, "")
    link = json.loads(ended.out)["link"]
    assert link["chip"] == "a process of its own"
    assert link["bytes_down"] == sum(kind["bytes"] for kind in link["down"].values())
    assert link["windows"]["LEARN"] == 256
    assert link["bytes_per_sample"]["learning"]["down"] > 20, "targets alone are 20 bytes"
    assert "COUNTS" in link["up"] and link["up"]["LEARNED"]["bytes"] < 1500 * link["up"]["LEARNED"]["messages"]
    assert (out / "timeline.png").read_bytes().startswith(b"\x89PNG")
    assert end(start("report", out)).status == 0


def test_a_full_disk_at_the_checkpoint(tmp_path, monkeypatch):
    """The host cannot write what the chip sent; the chip's process ends, and --resume goes on."""
    spec = small_spec(tmp_path / "small.npz")
    expected = bits(run(spec))
    written = []
    real = write_arrays

    def full(path, arrays, facts):
        written.append(path)
        if len(written) == 5:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        real(path, arrays, facts)

    monkeypatch.setattr("host.run.folder.write_arrays", full)
    with chip_process(1) as child:
        for attempt in range(2):
            source = RemoteSource("a process of its own", lambda: connect(child.address, ended=child.ended))
            folder = folder_of(spec, tmp_path / "run")
            if attempt == 0:
                with pytest.raises(OSError, match="No space left"):
                    run(spec, folder=folder, source=source)
            else:
                assert bits(run(spec, folder=folder, source=source)) == expected
            source.close()


def test_a_chip_process_that_cannot_begin(monkeypatch):
    monkeypatch.setattr("host.link.remote.child._START_S", 30.0)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with chip_process(1) as child, pytest.raises(LinkError, match="did not begin to serve: .* ended with status 1"):
        _ = child.address


@linux
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_with_a_signal_even_with_a_host_connected(number):
    process = start("serve", "--bind", "tcp://127.0.0.1:*", "--threads", "1")
    line = process.stderr.readline()
    address = re.fullmatch(r"chipsim serve: listening at (\S+), 1 die, 1 threads each; Ctrl-C ends it\n", line)[1]
    with connect(address, timeout_s=20) as connection:
        process.send_signal(number)
        ended = end(process)
        assert ended.status == 0
        assert re.fullmatch(r"chipsim serve: session \w+ begins: chipsim\nchipsim serve: ends\n", ended.err)
        connection._timeout_s = 0.2


def test_a_chip_whose_parent_closes_the_line_ends(tmp_path):
    process = start("serve", "--child", "--threads", "1", stdin=subprocess.PIPE)
    address = process.stdout.readline().strip()
    socket = Path(address.removeprefix("ipc://"))
    assert socket.exists() and socket.parent.stat().st_mode & 0o077 == 0
    process.stdin.close()
    process.wait(PATIENCE_S)
    assert process.returncode == 0 and not socket.parent.exists()
    process.stdout.close()
    process.stderr.close()


def test_options_that_do_not_go_together(chipsim, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for flags, said in (
        (("--chip-address", "tcp://127.0.0.1:1", "--chip-process"), "name two chips: keep one"),
        (("--keys", "k"), "give --chip-address, too"),
        (("--impose-link",), "give --chip-process, too"),
        (("--impose-link", "--chip-process"), "give --chip, too"),
        (("--chip-address", "nonsense"), "is no address: write tcp://HOST:PORT"),
    ):
        ended = chipsim("run", *flags)
        assert ended.status == 2 and ended.err.count("\n") == 1 and said in ended.err, ended.err
    assert not list(tmp_path.iterdir())
