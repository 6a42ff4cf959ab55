"""Ctrl-C and kill -9 at any moment: one line or none, and a run that goes on to the same bits."""

import json
import re
import shlex
import signal

import pytest
from host_fixtures import NO_PICTURE
from kills import killed, wait_until
from small_runs import SMALL_FLAGS, end, everything_in, final, start

from host.plots import save_plots
from host.terminal import Console

LONG = (*SMALL_FLAGS, "--epochs", "150", "--set", "training.chunk=16", "--threads", "1", "--no-pictures")


@pytest.mark.usefixtures("interruptible")
def test_killed_again_and_again_then_ctrl_c_then_to_the_end(chipsim, here, data_file, tmp_path):
    assert chipsim("run", "--dataset", data_file, *LONG, "--out", tmp_path / "whole").status == 0
    run, checkpoint = here / "run", here / "run" / "checkpoint.bin"

    process = start("run", "--dataset", data_file, *LONG, "--out", "run")
    wait_until((run / "spec.toml").exists, process)
    killed(process)
    assert {path.name for path in run.iterdir()} >= {"spec.toml", "versions.json"}

    process = start("run", "--resume", "run")  # there may be no checkpoint yet
    wait_until(checkpoint.exists, process)
    killed(process)

    process = start("run", "--resume", "run")
    before = checkpoint.stat().st_mtime_ns
    wait_until(lambda: checkpoint.stat().st_mtime_ns != before, process)
    before = checkpoint.stat().st_mtime_ns
    wait_until(lambda: checkpoint.stat().st_mtime_ns != before, process)
    process.send_signal(signal.SIGINT)
    ended = end(process)
    assert (ended.status, ended.out) == (130, "")
    said = re.fullmatch(r"chipsim: interrupted; continue with: chipsim (run --resume run)\n", ended.err)
    assert said, ended.err
    assert not (run / "result.json").exists()

    ended = end(start(*shlex.split(said[1]), "--no-pictures"))
    assert (ended.status, ended.err) == (0, "")
    assert final(run) == final(tmp_path / "whole")


STAGES = {
    "loading data": False,
    "training the teacher": False,
    "ideal chip": True,
    "this die before learning": True,
    "learning: on-chip-ltl": True,
    "this die after learning": True,
    "drawing": True,
}


def interrupted_at(monkeypatch, stage):
    """Ctrl-C at the begin of a stage."""
    real = Console.stage

    def pressed(self, text):
        if text == stage:
            raise KeyboardInterrupt
        real(self, text)

    monkeypatch.setattr(Console, "stage", pressed)


@pytest.mark.parametrize(("stage", "goes_on"), STAGES.items())
def test_ctrl_c_at_every_stage(chipsim, here, data_file, stage, goes_on, monkeypatch):
    with monkeypatch.context() as patch:
        interrupted_at(patch, stage)
        ended = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "run")
    assert ended.status == 130
    told = stage == "drawing"  # the result comes first
    assert ("after" in ended.out) == told and (told or ended.out == "")
    if not goes_on:
        assert ended.err == "chipsim: interrupted\n"
        assert everything_in(here) == {}
        return
    what = " while drawing; the result is safe" if told else ""
    assert ended.err == f"chipsim: interrupted{what}; continue with: chipsim run --resume run\n"
    assert chipsim(*shlex.split(ended.err.split("continue with: chipsim ")[1])).status == 0
    assert chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "whole").status == 0
    assert final(here / "run") == final(here / "whole")
    assert (here / "run" / "accuracy.png").read_bytes() == NO_PICTURE


def test_ctrl_c_between_two_pictures_loses_no_result(chipsim, here, data_file, monkeypatch):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("host.plots.save_plots", save_plots)
    monkeypatch.setattr("host.plots.run_plots._raster", pressed)
    ended = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--json", "--out", "run")
    assert ended.status == 130
    assert ended.err == (
        "chipsim: interrupted while drawing; the result is safe; continue with: chipsim run --resume run\n"
    )
    assert json.loads(ended.out) == json.loads((here / "run" / "result.json").read_text())
    assert {"checkpoint.bin", "report.txt"} <= {path.name for path in (here / "run").iterdir()}
    assert not list((here / "run").glob("*.png")), "all or none"


def test_the_stages_are_all_there_are(chipsim, here, data_file, monkeypatch):
    """What a run says on its way, in this order, so that the test above leaves none out."""
    heard = []
    monkeypatch.setattr(Console, "stage", lambda self, text: heard.append(text))
    assert chipsim("run", "--dataset", data_file, *SMALL_FLAGS).status == 0
    assert heard == list(STAGES)


def test_ctrl_c_before_anything_began(chipsim, here, monkeypatch):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("host.run.resolve", pressed)
    ended = chipsim("run")
    assert ended.status == 130
    assert ended.err.strip() == "chipsim: interrupted"


def test_the_hint_holds_for_a_folder_with_a_space(chipsim, here, data_file, monkeypatch):
    with monkeypatch.context() as patch:
        interrupted_at(patch, "learning: on-chip-ltl")
        ended = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "my run")
    assert chipsim(*shlex.split(ended.err.split("continue with: chipsim ")[1])).status == 0
