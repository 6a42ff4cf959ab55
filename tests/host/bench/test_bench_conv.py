"""The convolutional bench on a tiny network: what it reports, not how fast."""

import json

import numpy as np
import pytest

from chipsim.design import Convolution, Dense, Flatten
from host.bench.conv import run_conv_bench
from host.bench.conv_roofline import ImageRoofline, add, add_plainly, visits_of, write, write_plainly
from host.bench.conv_workload import conv_workload, small_network, vgg11
from host.bench.roofline import lists_of_spikes
from host.errors import HostError

LAYERS = (Convolution(channels=4, kernel=(3, 3), stride=(8, 8)), Flatten(), Dense(units=10))


def test_report():
    result = run_conv_bench((1, 2), repeats=1, min_seconds=0.0, workloads=[conv_workload("tiny", LAYERS, 3)])
    assert [(f.mode, f.threads) for f in result.figures] == [("infer", 1), ("learn", 1), ("infer", 2), ("learn", 2)]
    assert all(f.images_per_s.best > 0 and f.share > 0 for f in result.figures)
    infer, learn, infer_on_two, learn_on_two = result.figures
    assert infer.scaling is None and learn.scaling is None
    for one, two in ((infer, infer_on_two), (learn, learn_on_two)):
        assert two.speedup == pytest.approx(two.images_per_s.best / one.images_per_s.best)
        assert two.scaling == pytest.approx(two.share / one.share)
        assert any(f"{two.speedup:.2f} {two.limit_speedup:>6.2f}" in line for line in result.lines())
    [network] = result.networks
    assert network.synapses == 27 * 4 + 64 * 10 and network.neurons == 64 + 10
    # A constant current is added once per window while weights rest: 27 rows at each of 16 positions.
    assert network.synapses_added["infer"] == pytest.approx(27 * 4 * 16 + 16 * 64 * network.spike_rates[0] * 10)
    assert network.synapses_written["infer"] == 0 < network.synapses_written["learn"]
    assert json.loads(json.dumps(result.to_json()))["networks"][0]["network"] == "tiny"
    assert any("tiny" in line for line in result.lines())


def test_limit_visits_what_the_positions_see():
    [shape, *_] = conv_workload("tiny", LAYERS, 1).spec.shapes
    spikes = np.random.default_rng(0).random((2, shape.n_in)) < 0.1
    visits = visits_of(shape, spikes.astype(np.uint8))
    image = spikes.reshape(2, 32, 32, 3)
    expected = [
        image[t, y : y + 3, x : x + 3].ravel() for t in (0, 1) for y in range(0, 30, 8) for x in range(0, 30, 8)
    ]
    rows = [visits.rows[begin:end].tolist() for [begin], [end] in zip(visits.begin, visits.end, strict=True)]
    assert rows == [np.flatnonzero(seen).tolist() for seen in expected]


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
def test_limit_touches_every_row(constant_current):
    rng = np.random.default_rng(1)
    seen = (rng.random((5, 12)) < 0.4).astype(np.uint8)
    visits = lists_of_spikes(seen[:, None])
    amplitude = np.full(len(visits.rows) if constant_current else 0, 0.5, np.float32)
    scale = np.float32(0.5 if constant_current else 1)
    weight = rng.integers(-4, 5, (13, 32)).astype(np.float32)  # small whole numbers: sums are exact in any order
    gain, pulse = np.ones((1, 32), np.float32), np.arange(32, dtype=np.float32)
    for kernel in (add, add_plainly):
        current = np.full(32, np.nan, np.float32)
        kernel(current, weight, gain, pulse, amplitude, *visits, 2)
        assert np.array_equal(current, scale * (seen[-1].astype(np.float32) @ weight[:-1]))
    for kernel in (write, write_plainly):
        written = weight.copy()
        kernel(np.zeros(32, np.float32), written, gain, pulse, amplitude, *visits, 2)
        times = 2 * np.append(seen.sum(axis=0), 0)[:, None]
        assert np.array_equal(written, weight + scale * times * pulse)


@pytest.mark.parametrize("n_columns", [10, 70])
@pytest.mark.parametrize("threads", [1, 2])
def test_limit_counts_what_its_programs_touch(n_columns, threads):
    visits = lists_of_spikes(np.ones((3, 1, 1 << 16), np.uint8))  # a round outweighs what a run has to last
    roofline = ImageRoofline((1 << 16) + 1, n_columns, visits, False, threads)
    arrangements = {name.partition(", ")[2] for name in roofline.programs}
    several_blocks = n_columns > 64
    assert ("blocks" in arrangements) == several_blocks
    assert ("divided" in arrangements) == (several_blocks and threads == 2)
    for name, program in roofline.programs.items():
        crossbars = 1 if name.endswith("divided") else threads
        assert program.synapses % (3 * (1 << 16) * n_columns * crossbars) == 0 < program.synapses
        program.run()


def test_unknown_peer():
    with pytest.raises(HostError, match="torch"):
        run_conv_bench(baseline="brian", workloads=[conv_workload("tiny", LAYERS, 1)])


def test_networks():
    """The layouts as published, and activity like a trained network's."""
    small = conv_workload("small", small_network(), 1)
    assert small.spec.layer_sizes == (3072, 32768, 16384, 16384, 8192, 128, 10)
    assert all(0.02 < float(np.mean(target)) < 0.2 for target in small.targets[:-1])
    assert conv_workload("VGG-11", vgg11(), 1).spec.layer_sizes[1:] == (
        *(65536, 32768, 65536, 16384, 32768, 8192, 8192, 2048),
        *(512, 512, 10),
    )
