"""A wire that is imposed, what crosses it, and the bench that compares."""

import itertools

import numpy as np
import pytest
from remote_runs import bits, small_spec, source_at
from servers import serving
from small_chips import lesson, spec_of, taught

from chipsim.physical import load
from host.bench import Workload, run_link_bench, synthetic_images
from host.link.remote import RemoteChip, WireSpeed, connect
from host.run import resolve, run
from host.teachers import scaled_teacher


def test_an_imposed_wire_takes_its_time_and_changes_no_bit(server):
    task = lesson(spec_of(), n_windows=50)
    snapshots, stalled = [], []
    for speed in (None, WireSpeed(1e6, 2e-3)):
        with connect(server.endpoint, speed=speed) as connection:
            chip = RemoteChip(connection, task.spec, 3)
            chip.program(task.weights)
            assert taught(task, chip).activity["synaptic_events"].sum() > 0
            snapshots.append({name: array.tobytes() for name, array in chip.snapshot().items()})
            stalled.append(connection.imposed.stalled_s)
            sent, answered = connection.traffic.total("down"), sum(c.messages for c in connection.traffic.up.values())
    assert snapshots[0] == snapshots[1]
    assert stalled[0] == 0
    assert stalled[1] > sent / 1e6 + 2 * 2e-3 * (answered - 2), "each byte, and both ways of each answer"
    assert connection.imposed.to_json() == {"mbit_per_s": 8.0, "latency_us": 2000.0, "stalled_s": round(stalled[1], 3)}


def test_every_byte_is_counted(server, monkeypatch):
    """What the host counts is what the server says that it received and sent."""
    monkeypatch.setattr("chipsim.wire.messages.requests._MOST_WINDOWS", 512)
    task = lesson(spec_of(), n_windows=700)
    with connect(server.endpoint) as connection:
        chip = RemoteChip(connection, task.spec, 3)
        chip.program(task.weights)
        result = chip.infer(task.events, task.windows)
        assert len(result.classes) == 700
        [session] = server._sessions.values()
        down, up = connection.traffic.down, connection.traffic.up
        assert session.bytes_received == sum(count.bytes for kind, count in down.items() if kind != "HELLO")
        assert session.bytes_sent == sum(count.bytes for kind, count in up.items() if kind != "WELCOME")
        per_window = connection.traffic.per_window("INFER")
        assert per_window == (down["INFER"].bytes / 700, up["INFERRED"].bytes / 700)
        assert down["INFER"].messages == 2 and "COUNTS" not in up
        assert connection.traffic.per_window("LEARN") is None


def test_a_run_on_a_server_is_the_run_in_process(tmp_path):
    spec = small_spec(tmp_path / "small.npz", noise=["mismatch:0.3", "quantization:4", "drift:0.1", "link:0.001"])
    with serving() as server:
        source = source_at(server.endpoint)
        outcome = run(spec, source=source)
        source.close()
    assert bits(outcome) == bits(run(spec))
    link = outcome.summary["link"]
    assert link["windows"] == {"LEARN": 256, "INFER": 21 * 22 + 2 * 60} | {
        kind: 0 for kind in link["windows"] if kind not in ("LEARN", "INFER")
    }


def test_the_physical_link_sets_the_words_and_the_latency():
    spec = resolve(None, {"chip": "cmos-180nm", "chip.link.bits_per_target": 5, "chip.link.latency_us": 3.5})
    assert spec.target_bits == 5
    assert spec.chip.link.latency_us == 3.5
    assert load("ideal").link.latency_us == 0.0


@pytest.fixture
def small_workload():
    rng = np.random.default_rng(3)
    samples = synthetic_images(64)
    sizes = (784, 12, 10)
    layers = [
        (rng.normal(0, n**-0.5, (n, m)).astype(np.float32), np.zeros(m, np.float32))
        for n, m in itertools.pairwise(sizes)
    ]
    teacher = scaled_teacher(layers, samples, "layer", 99.0)
    return Workload("strokes", samples, teacher, resolve(None, {"hidden": [12]}).design(784, 10), chunk=32)


def test_bench_link(small_workload):
    steps = []
    result = run_link_bench((1,), lambda *step: steps.append(step), workload=small_workload, passes=2, repeats=1)
    [figure] = result.figures
    assert figure.same_bits and 0 <= figure.hidden <= 1 and figure.behind_wire.best > 0
    assert result.bytes.up_neuron_state == 0
    assert 1 < result.bytes.ratio < 2, "header and tallies weigh more in small chunks, but nothing is free"
    assert result.to_json()["in_the_loop_bytes"] == 5120
    assert steps[-1][0] == steps[-1][1]
    text = "\n".join(result.lines())
    assert "bits: the same" in text and "5,120 (Cramer et al. 2022)" in text
