"""The convolutional bench on a tiny network: what it reports, not how fast."""

import json

import numpy as np
import pytest

from chipsim.layers import Convolution, Dense, Flatten
from host.bench_conv import run_conv_bench
from host.bench_conv_limit import visits_of
from host.bench_conv_workload import conv_workload, small_network, vgg11
from host.errors import HostError

LAYERS = (Convolution(channels=4, kernel=(3, 3), stride=(8, 8)), Flatten(), Dense(units=10))


def test_report():
    result = run_conv_bench((1, 2), repeats=1, min_seconds=0.0, workloads=[conv_workload("tiny", LAYERS, 3)])
    assert [(f.mode, f.threads) for f in result.figures] == [("infer", 1), ("learn", 1), ("infer", 2), ("learn", 2)]
    assert all(f.images_per_s.best > 0 and f.share > 0 for f in result.figures)
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


def test_unknown_peer():
    with pytest.raises(HostError, match="torch"):
        run_conv_bench(peer="brian", workloads=[conv_workload("tiny", LAYERS, 1)])


def test_networks():
    """The layouts as published, and activity like a trained network's."""
    small = conv_workload("small", small_network(), 1)
    assert small.spec.layer_sizes == (3072, 32768, 16384, 16384, 8192, 128, 10)
    assert all(0.02 < float(np.mean(target)) < 0.2 for target in small.targets[:-1])
    assert conv_workload("VGG-11", vgg11(), 1).spec.layer_sizes[1:] == (
        *(65536, 32768, 65536, 16384, 32768, 8192, 8192, 2048),
        *(512, 512, 10),
    )
