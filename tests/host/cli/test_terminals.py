"""What commands say can be read on terminals of any width, without colours, and in any encoding."""

import io
import os
import pty
import struct
import subprocess
import sys
import termios
from fcntl import ioctl

import pytest
from small_runs import SMALL_FLAGS, all_shown, environment

from host.cli.streams import _Kept, _text

COMMANDS = {
    "noise": ["noise"],
    "methods": ["methods"],
    "data": ["data"],
    "derived": ["spec", "cmos-180nm", "--derived"],
    "map": ["map", "--network", "784,256,10", "--chip", "cmos-180nm"],
    "check": ["check", "cmos-180nm", "--network", "784,256,10"],
    "help": ["limit", "--help"],
}


def too_wide(text: str, width: int) -> list[str]:
    """Lines that are wider, but for those whose last word had no room, and commands."""
    return [
        line
        for line in text.splitlines()
        if len(line) > width and "chipsim " not in line and len(line.rsplit(" ", 1)[0].rstrip()) >= width // 2
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_is_wider_than_the_terminal_and_nothing_is_left_out(chipsim, here, monkeypatch, name):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "500")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    whole = chipsim(*COMMANDS[name])
    assert "\x1b" not in whole.out
    for width in (40, 80):
        monkeypatch.setenv("COLUMNS", str(width))
        ended = chipsim(*COMMANDS[name])
        assert ended.status == whole.status
        assert too_wide(ended.out, width) == []
        assert "\x1b" not in ended.out
        if name != "help":
            assert set(ended.out.split()) == set(whole.out.split())


def on_terminal(columns: int, *arguments: object, **changes: str) -> tuple[int, bytes]:
    """Status and all that a command shows on a terminal."""
    master, terminal = pty.openpty()
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "host.cli", *map(str, arguments)]
    process = subprocess.Popen(command, env=environment(**changes), stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = all_shown(master)
    return process.wait(60), shown


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_run_on_a_narrow_terminal(here, data_file, encoding):
    """One that can neither move its cursor nor show more than ASCII; and one that can."""
    term = "dumb" if encoding == "ascii" else "xterm"
    flags = ("run", "--dataset", data_file, *SMALL_FLAGS, "--no-pictures", "--out", "run")
    status, shown = on_terminal(40, *flags, TERM=term, PYTHONIOENCODING=encoding, COLUMNS="40")
    text = shown.decode(encoding)
    assert status == 0
    result = text[text.rindex("accuracy on") :]
    assert too_wide(result, 40) == []
    assert [line.split()[0] for line in result.splitlines() if line.startswith("  ") and "%" in line][:4] == [
        "teacher",
        "ideal",
        "before",
        "after",
    ]
    assert ("\x1b" in text) == (term == "xterm")


def test_letters_that_cannot_be_encoded_become_plain_ones():
    out = io.BytesIO()
    text = _text(_Kept(out, tries_again=False), io.TextIOWrapper(io.BytesIO(), encoding="ascii"), line_buffering=True)
    print("1.5 \u00b5s, 10\u207b\u00b3 th \u2026 \u4e2d", file=text)
    text.flush()
    assert out.getvalue() == b"1.5 us, 10^-3 th ... \\u4e2d\n"
