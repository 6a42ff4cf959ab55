"""A training that is killed, at any moment, goes on by the same command to the same file."""

import time

import pytest
from small_runs import end, start

pytest.importorskip("torch", reason="needs PyTorch (extra torch)")

FLAGS = ("--dataset", "digits", "--arch", "8s2,fc16", "--epochs", 12, "--average", "ema", "--threads", 1)


def test_a_killed_training_goes_on_to_the_same_bits(here):
    def training(out):
        return start("teacher", "train", *FLAGS, "--out", out)

    assert end(training("whole.onnx")).status == 0
    checkpoint, kills = here / "killed.onnx.checkpoint", 0
    for delay_s in (0.0, 0.05, 0.3):
        killed = training("killed.onnx")
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else None
        while killed.poll() is None and (not checkpoint.exists() or checkpoint.stat().st_mtime_ns == before):
            time.sleep(0.001)
        time.sleep(delay_s)
        killed.kill()
        kills += end(killed).status == -9
    assert kills
    last = end(training("killed.onnx"))
    assert last.status == 0, last.err
    assert (here / "killed.onnx").read_bytes() == (here / "whole.onnx").read_bytes()
    assert {path.name for path in here.iterdir()} == {"killed.onnx", "whole.onnx"}
