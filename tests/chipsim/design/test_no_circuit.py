"""What a learning circuit in integers cannot have is refused in one line that names the setting to change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from small_chips import spec_of

from chipsim import ChipError, ChipSpec, SynapseSpec
from chipsim.design import Dense, no_circuit
from chipsim.die import fabricate
from learning_circuit import LearningCircuitSpec

INTEGERS = {"arithmetic": "integer"}
BITS = {"weight_bits": 6}
# what is asked -> words of the one line
REFUSED = {
    "traces": ({"circuit": {"trace_tau_steps": 3.0}}, "leave trace_tau_steps out"),
    "a measured device": ({"circuit": {"pulse_steps": ((1.0, 0.5), (0.5, 1.0))}}, "keep one"),
    "another rule": ({"circuit": {"rule": "stdp"}}, "not of 'stdp'"),
    "a dead zone that no counter holds": ({"circuit": {"dead_zone_counts": 256}}, "choose at most 255"),
    "more dither than a register": ({"circuit": {"dither": "lfsr", "dither_bits": 17}}, "choose at most 16"),
    "wide target accumulators": ({"circuit": {"accumulator_bits": 10}}, "choose target_bits 15 or less"),
    "analog weights": ({"synapse": {}}, "weights are analog: set synapse.weight_bits"),
    "an analog layer": ({"synapse": {}, "noise": ("quantization:4,layer=1", "quantization:4,layer=3")}, "in layer 2"),
    "a readout": ({"neuron": {"readout": "integrating"}}, "set readout to spiking"),
    "two LSBs": ({"synapse": BITS | {"bias_full_scale_th": 0.5}}, "asks for another one: leave it out"),
    "pulse errors": ({"noise": ("pulse:0.1",)}, "noise pulse scales pulses"),
    "asymmetry": ({"noise": ("asymmetry:0.1",)}, "noise asymmetry scales pulses"),
    "cycles": ({"noise": ("cycle:0.1",)}, "noise cycle scales pulses"),
    "digital counters off": ({"circuit": {"comparison": "digital"}, "noise": ("comparator:1",)}, "is 'digital'"),
    "bits said twice": ({"noise": ("quantization:4",)}, "synapse.weight_bits 6 and noise quantization:4"),
    "devices": ({"noise": ("write:0.1",)}, "write is an error of analog devices, synapse.weight_bits 6"),
}


def integers(**asked):
    return spec_of(**{"synapse": BITS, **asked, "circuit": INTEGERS | asked.get("circuit", {})})


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line(case):
    asked, words = REFUSED[case]
    with pytest.raises(ValidationError) as caught:
        integers(**asked)
    [error] = caught.value.errors()
    assert words in error["msg"] and "\n" not in error["msg"], error["msg"]


def test_layers_on_images_are_refused():
    with pytest.raises(ValidationError, match="is for dense layers, and this chip has layers on images"):
        ChipSpec(
            input_shape=(1, 4, 4),
            layers=({"kind": "average_pool", "kernel": 2}, {"kind": "flatten"}, Dense(units=3)),
            synapse=SynapseSpec(**BITS),
            learning_circuit=LearningCircuitSpec(**INTEGERS),
        )


def test_all_reasons_are_told_of_a_model_at_once():
    spec = spec_of(
        circuit={"trace_tau_steps": 3.0}, neuron={"readout": "integrating"}, noise=("pulse:0.1", "cycle:0.1")
    )
    parts = spec.learning_circuit, spec.neuron, spec.synapse, spec.target_bits, spec.noises, spec.n_layers
    reasons = list(no_circuit(*parts))
    assert [word for word in ("traces", "analog", "converter", "pulse", "cycle") if word in " ".join(reasons)]
    assert len(reasons) == 5 and not any("\n" in reason for reason in reasons)


def test_a_neuron_that_competes_is_refused():
    with pytest.raises(ChipError, match="'winner_take_all' competes"):
        fabricate(integers(neuron={"kind": "winner_take_all"}), die_seed=1)


def test_codes_of_sixteen_bits_have_a_sign():
    circuit = {"rule": "stdp", "trace_tau_steps": 3.0}
    with pytest.raises(ChipError, match="synapse.weight_bits 16 are for weights of either sign.*choose 15 or less"):
        fabricate(spec_of(circuit=circuit, synapse={"weight_bits": 16}), die_seed=1)


def test_bits_of_a_layer():
    assert [integers().weight_bits_of(layer) for layer in (1, 3)] == [6, 6]
    noise = ("quantization:5,layer=1", "quantization:3,layer=2", "mismatch:0.1")
    assert [spec_of(noise=noise).weight_bits_of(layer) for layer in (1, 2, 3)] == [5, 3, None]
    assert spec_of().weight_bits_of(1) is None and integers().ideal().weight_bits_of(1) is None
    assert integers(noise=("mismatch:0.1",)).as_designed().noise == ()
    assert spec_of(noise=noise).as_designed().noise == noise[:2]


@given(
    accumulator=st.integers(1, 24),
    target=st.integers(2, 16),
    dead_zone=st.floats(0, 1e6),
    dither=st.integers(0, 24),
    lfsr=st.sampled_from([16, 24, 32]),
)
def test_any_widths_are_a_circuit_or_refused(accumulator, target, dead_zone, dither, lfsr):
    circuit = {"accumulator_bits": accumulator, "dead_zone_counts": dead_zone, "dither": "lfsr", "dither_bits": dither}
    fits = accumulator + target - 1 <= 24 and dead_zone <= 2**accumulator - 1 and dither <= lfsr
    try:
        spec = integers(target_bits=target, circuit=circuit | {"lfsr_bits": lfsr})
    except ValidationError:
        assert not fits
    else:
        assert fits and ChipSpec.model_validate_json(spec.model_dump_json()) == spec
