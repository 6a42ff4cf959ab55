"""Fixtures that all packages' tests share."""

import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from small_chips import lesson, spec_of
from small_runs import Ended

from host.cli import commands as cli

# Kernels may compile within the first example; what is drawn is the same in every run.
settings.register_profile("chipsim", deadline=None, derandomize=True, database=None)
settings.load_profile("chipsim")

# Files that take longest go first, so that no worker ends long after the others. The first two compile most kernels,
# and different ones: a worker that needs one of the other's waits for it.
LONGEST = (
    "contract/test_recorded_runs.py",
    "chipsim/kernel/test_by_hand.py",
    "chipsim/kernel/test_image_layers.py",
    "host/plots/test_plots.py",
    "chipsim/server/test_processes.py",
    "host/sweep/test_sweep_killed.py",
    "host/cli/test_interrupted.py",
    "host/sweep/test_sweep_engine.py",
    "host/compare/test_compare.py",
    "host/cli/test_cli.py",
    "host/trace/test_trace_files.py",
)


def pytest_collection_modifyitems(items):
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))


@pytest.fixture
def interruptible():
    """A shell starts what it puts into the background, children included, with Ctrl-C ignored."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.fixture
def rng():
    return np.random.default_rng(20221004)


@pytest.fixture
def small_lesson():
    """A 7-9-5-3 chip with everything that is random switched on, and three windows to learn."""
    noise = ("mismatch:0.3", "thermal:0.1", "silencing:0.2", "quantization:4")
    return lesson(spec_of(noise=noise))


@pytest.fixture
def chipsim(monkeypatch, capsys):
    """The command line in this process: chipsim("run", "--json") -> status, stdout, stderr."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["chipsim", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ending:
            cli.main()
        out, err = capsys.readouterr()
        return Ended(ending.value.code, out, err)

    return call
