"""What the bench of training in the loop measures; no test asserts a time."""

import json

import pytest

from host.bench.in_the_loop import run_loop_bench
from host.bench.workload import synthetic_images
from host.data import shrunk
from host.errors import SettingError

SMALL = {"samples": 200, "repeats": 1, "min_seconds": 1e-4}


@pytest.fixture(autouse=True)
def no_data(monkeypatch):
    monkeypatch.delenv("CHIPSIM_DATA", raising=False)


def test_figures_of_each_thread_count_and_equal_bits():
    seen = []
    bench = run_loop_bench((1, 2), None, lambda *step: seen.append(step), **SMALL)
    assert [(figure.program, figure.threads) for figure in bench.figures] == [("chipsim", 1), ("chipsim", 2)]
    assert bench.same_bits
    assert all(figure.epoch_s > 0 and figure.images.best > 0 for figure in bench.figures)
    assert bench.bytes_read_back == 5735
    assert [(figure.program, figure.threads) for figure in bench.through_time] == [("chipsim", 1), ("chipsim", 2)]
    assert [done for done, _, _ in seen] == list(range(8)) and {total for _, total, _ in seen} == {8}
    facts = json.loads(json.dumps(bench.to_json()))
    assert facts["batch"] == 100 and facts["same_bits"] is True
    lines = bench.lines()
    assert sum("s an epoch" in line for line in lines) == 4
    assert len({reading.figure for reading in bench.readings()}) == 4


def test_an_unknown_peer_is_refused_before_anything_is_measured():
    with pytest.raises(SettingError, match="unknown peer 'jax': choose torch"):
        run_loop_bench((1,), "jax", **SMALL)


def test_torch_learns_the_same_task():
    pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
    from host.bench.in_the_loop_baseline import PROGRAM, TorchLoop
    from host.data import Encoder
    from host.gradients.in_the_loop import batches
    from host.settings import LoopSpec

    settings = LoopSpec(biases=False)
    bench = run_loop_bench((1,), "torch", **SMALL)
    assert [figure.program for figure in bench.figures] == ["chipsim", PROGRAM]
    images = shrunk(synthetic_images(1000))
    torch = TorchLoop(images, settings)
    torch.start(1)
    [batch] = batches(images, Encoder("log-latency", 256, 20, 1000, 1), 1, 0, 1000, 1000)
    before = float(torch._loss(batch))
    torch.learn()
    assert float(torch._loss(batch)) < before


def test_torch_takes_the_same_steps_through_time():
    pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
    from host.bench.through_time import TwinRun
    from host.bench.through_time_baseline import TorchThroughTime
    from host.settings import ThroughTimeSpec

    images = synthetic_images(256)
    ours, torch = TwinRun(1, images, ThroughTimeSpec()), TorchThroughTime(images, ThroughTimeSpec())
    ours.start()
    torch.start(1)
    ours.learn()
    torch.learn()
    assert torch.loss == pytest.approx(ours.loss, rel=1e-3), "after four steps of Adam"
