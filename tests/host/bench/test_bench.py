"""The bench measures what it says, on the work the chip really does. Nothing here looks at how fast anything is."""

import json
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from chipsim import ChipSpec, Probe
from host.bench.dense import NOISES, run_bench
from host.bench.reading import Speed
from host.bench.roofline import (
    LayerRoofline,
    _add,
    _add_plainly,
    _write,
    _write_plainly,
    lists_of_events,
    lists_of_spikes,
)
from host.bench.runs import Bench, digest, encoded
from host.bench.summary import MODES, KernelFigure
from host.bench.timing import TimedTask, time_in_turns
from host.bench.workload import Workload, synthetic_images
from host.data import Samples
from host.errors import HostError, SettingError
from host.settings import ENCODINGS
from host.teachers import RectifiedLayers, Teacher, dense_network

THREADS = (1, 2)


@pytest.fixture(scope="module")
def workload():
    rng = np.random.default_rng(5)
    sizes = (20, 32, 3)
    layers = [
        (rng.normal(0.05, 0.2, (n_in, n_out)).astype(np.float32), rng.normal(0, 0.05, n_out).astype(np.float32))
        for n_in, n_out in pairwise(sizes)
    ]
    raw = (255 * rng.random((64, sizes[0])) ** 2).astype(np.uint8)
    samples = Samples(raw, rng.integers(0, 3, 64), 0, 255)
    spec = ChipSpec(layer_sizes=sizes, steps=16)
    return Workload(
        "noise",
        samples,
        Teacher(dense_network(layers), RectifiedLayers(layers), [np.ones(n, np.float32) for n in sizes[1:]]),
        spec,
        chunk=16,
        learning_rate=0.01,
    )


@pytest.fixture(scope="module")
def report(workload):
    return run_bench(THREADS, workload=workload, repeats=2, min_seconds=1e-4)


def test_every_figure_is_there(report):
    wanted = {(mode, n) for mode in MODES for n in THREADS}
    assert {(figure.mode, figure.threads) for figure in report.kernel} == wanted
    assert {(scaling.mode, scaling.threads) for scaling in report.scaling} == {(mode, 2) for mode in MODES}
    assert {(run.mode, run.threads) for run in report.end_to_end} == {
        (m, n) for m in ("infer", "learn") for n in THREADS
    }
    assert {(cost.noise, cost.mode) for cost in report.noise} == {(n, m) for n in NOISES for m in ("infer", "learn")}
    assert all((cost.updates > 0) == (cost.mode == "learn") for cost in report.noise)
    assert [limit.threads for limit in report.limits] == list(THREADS)
    assert set(report.encoders) == set(ENCODINGS)
    assert report.peer is None


def test_report_is_json_and_text(report):
    facts = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert facts["same_bits"] is True
    assert facts["kernel"][0]["samples_per_s"]["best"] == report.kernel[0].samples_per_s.best
    text = "\n".join(report.lines())
    for words in (*MODES.values(), *NOISES, *ENCODINGS, "the machine's limit", "memory growth", "bits: the same"):
        assert words in text


def test_a_share_is_the_limits_time_over_the_chips(report):
    for figure in report.kernel:
        assert figure.share == pytest.approx(figure.samples_per_s.best / figure.limit_samples_per_s.best)
    one, two = (next(f for f in report.kernel if f.mode == "learn" and f.threads == n) for n in THREADS)
    scaling = next(s for s in report.scaling if s.mode == "learn")
    assert scaling.chip == pytest.approx(two.samples_per_s.best / one.samples_per_s.best)
    assert scaling.machine == pytest.approx(two.limit_samples_per_s.best / one.limit_samples_per_s.best)


def test_the_work_is_what_the_chip_counted(workload, report):
    results = Bench(workload, workload.spec, 1).run(encoded(workload), learns=True)
    counted = np.sum([result.activity["synaptic_events"] for result in results], axis=0) / 64
    written = np.sum([result.work["synapses_written"] for result in results], axis=0) / 64
    assert report.workload.synaptic_events["learn"] == pytest.approx(counted)
    assert report.workload.synapses_written["learn"] == pytest.approx(written)
    assert written.sum() > 0
    assert sum(report.workload.synapses_written["infer"]) == 0
    assert sum(report.workload.synapses_written["learn_all"]) > written.sum()


def test_the_limit_adds_the_same_rows(workload):
    chunks = encoded(workload)
    results = Bench(workload, workload.spec, 1).run(chunks, False, (Probe(1, tuple(range(32))),))
    counted = np.sum([result.activity["synaptic_events"] for result in results], axis=0)
    lists = [
        lists_of_events([chunk.events for chunk in chunks]),
        lists_of_spikes(np.concatenate([result.spikes[1] for result in results])),
    ]
    shapes = [(21, 32), (33, 3)]
    for spikes, shape, events in zip(lists, shapes, counted, strict=True):
        for threads in THREADS:
            roofline = LayerRoofline(np.zeros(shape, np.float32), spikes, 8, threads)
            assert roofline.rows_added * shape[1] == threads * events
            assert 0 < roofline.rows_written < roofline.rows_added


def test_the_limit_loops_touch_every_row():
    rng = np.random.default_rng(1)
    spikes = (rng.random((3, 5, 12)) < 0.4).astype(np.uint8)
    lists = lists_of_spikes(spikes)
    weight = rng.integers(-4, 5, (13, 16)).astype(np.float32)  # small whole numbers: sums are exact in any order
    for add in (_add, _add_plainly):
        current = np.full(16, np.nan, np.float32)
        add(current, weight, *lists)
        assert np.array_equal(current, spikes[-1].sum(axis=0).astype(np.float32) @ weight[:-1])
    pulse = np.arange(16, dtype=np.float32)
    writes = np.append(spikes[:, 2:].sum(axis=(0, 1)), 0)[:, None]
    written = weight.copy()
    _write(written, pulse, *lists, 2)
    assert np.array_equal(written, weight + writes * pulse)
    written = weight.copy()
    _write_plainly(written, pulse, *lists, 2)
    assert np.array_equal(written, weight + writes * pulse)


def test_bits_are_compared(workload, report):
    chunks = encoded(workload)
    digests = []
    for threads in THREADS:
        bench = Bench(workload, workload.spec, threads)
        digests.append(digest([(bench.chip, bench.run(chunks, learns=True))]))
    assert digests[0] == digests[1]
    weights = [(w.copy(), b.copy()) for w, b in bench.chip.weights()]
    weights[0][0][0, 0] = np.nextafter(weights[0][0][0, 0], np.float32(9))
    bench.restore()
    results = bench.run(chunks, learns=True)
    bench.chip.program(weights)
    assert digest([(bench.chip, results)]) != digests[0]

    broken = replace(report, bits={1: "a", 2: "b"})
    assert broken.same_bits is False
    assert "THEY DIFFER" in "\n".join(broken.lines())
    assert replace(report, bits={1: "a"}).same_bits is None


def test_end_to_end_learns_what_the_kernel_figure_learns(workload):
    followed, at_once = (Bench(workload, workload.spec, 1) for _ in range(2))
    followed.follow(len(workload.samples))
    at_once.run(encoded(workload), learns=True)
    for name, array in at_once.chip.snapshot().items():
        assert np.array_equal(array, followed.chip.snapshot()[name])


def test_every_repeat_learns_from_the_same_weights(workload):
    bench = Bench(workload, workload.spec, 1)
    before = bench.chip.snapshot()
    seen = []
    task = TimedTask("learn", lambda: bench.run(encoded(workload), True), bench.restore)
    watched = replace(task, work=lambda: (seen.append(bench.chip.snapshot()), task.work()))
    time_in_turns([watched], 2, 1e-9, lambda text: None)
    assert len(seen) == 4
    assert all(np.array_equal(one[name], before[name]) for one in seen for name in before)


def test_tasks_take_turns():
    order = []
    tasks = [
        TimedTask("a", lambda: order.append("a")),
        TimedTask("b", lambda: order.append("b"), lambda: order.append("ready")),
    ]
    seconds = []
    timings = time_in_turns(tasks, 3, 1e-9, seconds.append)
    assert order == ["a", "a", "ready", "b", "ready", "b"] + ["a", "ready", "b"] * 3
    assert seconds == ["a", "b"] * 4
    assert all(len(timing.seconds) == 3 for timing in timings.values())


def test_disturbed_figures_and_unknown_memory_are_said(report):
    limits = [replace(report.limits[0], cores=1.0), replace(report.limits[1], cores=1.1)]
    memory = replace(report.memory, peak_bytes=None, growth_per_chunk_bytes=None)
    text = "\n".join(replace(report, limits=limits, memory=memory).lines())
    assert text.count("cores were free") == 1
    assert "only 1.1 cores" in text
    assert "not measurable" in text


def test_progress_reaches_its_end(workload):
    calls = []
    run_bench((1,), None, lambda *call: calls.append(call), workload=workload, repeats=1, min_seconds=1e-5)
    assert [done for done, _, _ in calls] == list(range(len(calls)))
    assert {total for _, total, _ in calls} == {len(calls)}


def test_synthetic_images_are_like_mnist():
    images = synthetic_images(500)
    values = images.values(slice(None))
    assert values.shape == (500, 784)
    assert values.mean() == pytest.approx(0.13, abs=0.005)
    assert (values > 0).mean() == pytest.approx(0.19, abs=0.01)
    assert np.array_equal(images.raw, synthetic_images(500).raw)
    assert set(images.labels) == set(range(10))


def test_missing_torch_is_one_line_before_anything_is_measured(monkeypatch, workload):
    monkeypatch.setitem(sys.modules, "torch", None)

    def progress(done, total, text):
        raise AssertionError("measured something first")

    with pytest.raises(HostError, match=r"pip install 'chipsim\[torch\]'") as error:
        run_bench((1,), "torch", progress, workload=workload)
    assert "\n" not in str(error.value)


def test_unknown_peer_names_the_choices(workload):
    with pytest.raises(SettingError, match="unknown peer 'jax': choose torch"):
        run_bench((1,), "jax", workload=workload)


def test_torch_computes_the_same(workload, report):
    pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
    from host.bench.torch_baseline import PROGRAMS, THREADS, measure_torch

    ours = KernelFigure("learn", 2, Speed(1000, 900), 0, Speed(1, 1), 0, 0)
    baseline = measure_torch(workload, ours, lambda *call: None, batches=(1, 16, 4096), repeats=1, min_seconds=1e-4)
    assert baseline.equal_counts > 0.99
    assert [(f.program, f.threads) for f in baseline.figures] == [(p, n) for p in PROGRAMS for n in THREADS]
    for figure in baseline.figures:
        assert figure.best_batch in (1, 16)
        assert figure.times_faster_batch_1 == pytest.approx(1000 / figure.batch_1.best)
    full = replace(report, peer=baseline)
    json.dumps(full.to_json(), allow_nan=False)
    assert "times faster chipsim learns on 2 threads" in "\n".join(full.lines())
