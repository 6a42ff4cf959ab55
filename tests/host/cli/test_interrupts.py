"""A Ctrl-C that hits a finalizer still ends the program."""

import subprocess
import sys

PROGRAM = """
import os, signal, sys, time
from host.cli.ctrl_c import keep_interrupts

class Interrupted:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)

class Broken:
    def __del__(self):
        raise ValueError("of the finalizer itself")

signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.argv[1] == "kept":
    keep_interrupts()
Broken()
began = time.monotonic()
try:
    Interrupted()
    time.sleep(20)
    print("ran on")
except KeyboardInterrupt:
    print("ended at once" if time.monotonic() - began < 15 else "slept on")
"""


def outcome_of(program, argument):
    return subprocess.run([sys.executable, "-c", program, argument], capture_output=True, text=True, timeout=60)


def test_python_alone_loses_it():
    """If this fails, Python passes such interrupts on by itself, and keep_interrupts can go."""
    lost = outcome_of(PROGRAM.replace("time.sleep(20)", "time.sleep(0.5)"), "lost")
    assert lost.stdout == "ran on\n" and "KeyboardInterrupt" in lost.stderr


def test_it_is_raised_again_and_other_defects_are_still_shown():
    kept = outcome_of(PROGRAM, "kept")
    assert kept.stdout == "ended at once\n"
    assert "KeyboardInterrupt" not in kept.stderr and "of the finalizer itself" in kept.stderr
