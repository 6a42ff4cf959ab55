"""What a host reads back of every neuron: membranes through the converter, spikes as they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError
from small_chips import assert_same_result, every_neuron, lesson, programmed, spec_of

from chipsim import AdcSpec, ChipError, NeuronSpec
from chipsim.design import Adc
from chipsim.kernel import convert

NEURON = {"low_rail_th": -2.0, "high_rail_th": 3.0}
NOISE = ("mismatch:0.3", "thermal:0.2", "quantization:5", "silencing:0.1")


@pytest.mark.parametrize("readout", ["spiking", "integrating"])
@pytest.mark.parametrize("threads", [1, 3])
def test_reads_what_probes_see_and_changes_nothing(readout, threads):
    spec = spec_of((7, 70, 20, 3), noise=NOISE, neuron={**NEURON, "readout": readout})
    sent = lesson(spec, n_windows=80)
    chip = programmed(spec, sent.weights, threads=threads)
    probed = chip.infer(sent.events, sent.windows, every_neuron(spec))
    converter = AdcSpec(bits=6)
    result, read = chip.read_back(sent.events, sent.windows, converter)
    assert_same_result(result, probed)
    for layer, n in enumerate(spec.layer_sizes[1:]):
        low, high = (-3.0, 3.0) if layer == 2 and readout == "integrating" else (-2.0, 3.0)
        made = read.adcs[layer]
        assert (made.low, made.lsb, made.top) == (low, np.float32((high - low) / 63), 63)
        seen = np.clip(probed.probed_membranes[layer + 1], low, high)
        assert np.abs(made.membrane(read.codes[layer])[:, :, :n] - seen).max() <= 0.5001 * made.lsb
    for layer, events in enumerate(read.spikes, start=1):
        for s, t in np.ndindex(events.begin.shape):
            rows = events.rows[s, events.begin[s, t] : events.end[s, t]]
            assert rows.tolist() == np.nonzero(probed.spikes[layer][s, t])[0].tolist()


@given(
    membrane=hnp.arrays(np.float32, 16, elements=st.floats(-1e6, 1e6, width=32)),
    bits=st.integers(2, 8),
    low=st.floats(-8, 0),
    width=st.floats(0.5, 16),
)
def test_a_code_is_the_nearest_inside_the_range(membrane, bits, low, width):
    top = 2**bits - 1
    made = Adc(np.float32(low), np.float32(width / top), np.float32(top))
    codes = np.zeros(16, np.uint8)
    convert(codes, membrane, made)
    exact = np.clip((membrane.astype(np.float64) - made.low) / made.lsb, 0, top)
    assert np.abs(codes - exact).max() <= 0.5 + 1e-3


def test_a_range_of_its_own():
    made = AdcSpec(low_th=-0.5, high_th=1.5).of(NeuronSpec(), integrating=False)
    assert made.membrane(np.array([0, 255], np.uint8)).tolist() == [-0.5, 1.5]


def test_an_empty_range_is_refused():
    with pytest.raises(ValidationError, match="low_th 2 must be below high_th 1"):
        AdcSpec(low_th=2, high_th=1)
    spec = spec_of(neuron=NEURON)
    sent = lesson(spec)
    chip = programmed(spec, sent.weights)
    with pytest.raises(ChipError, match="a range from 3.5 to 3 th is empty: set converter low_th below high_th"):
        chip.read_back(sent.events, sent.windows, AdcSpec(low_th=3.5))
