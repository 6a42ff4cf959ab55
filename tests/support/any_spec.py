"""Strategies of hypothesis for the spec of a run."""

from hypothesis import strategies as st

from chipsim import NeuronSpec, SynapseSpec
from chipsim.design import LeakDac, ThresholdDac
from host.settings import RunSpec, TeacherSpec, TrainingSpec
from learning_circuit import LearningCircuitSpec

positive = st.floats(1e-6, 1e6)
noises = st.lists(
    st.sampled_from(
        ["mismatch:0.25@weight", "mismatch:1e-3@leak,layer=1", "thermal:0.5", "quantization:4", "silencing:1@hidden"]
    ),
    unique=True,
    max_size=4,
)


@st.composite
def specs(draw):
    steps = draw(st.integers(2, 4096))
    circuit = st.builds(
        LearningCircuitSpec,
        accumulator_bits=st.integers(1, 24),
        error_gate=st.sampled_from(["linear", "sign", "ternary"]),
        dead_zone_counts=st.floats(0, 1e3),
        boxcar_width_th=positive,
        warm_up_steps=st.integers(0, steps - 1),
        update_accumulator_bits=st.integers(0, 14),
    )
    hidden = draw(st.lists(st.integers(1, 1_000_000), max_size=5).map(tuple))
    n_layers = len(hidden) + 1
    neuron = st.builds(
        NeuronSpec,
        kind=st.sampled_from(["if", "lif"]),
        tau_steps=positive | st.tuples(*[positive] * n_layers),
        threshold_th=st.floats(0.5, 1) | st.tuples(*[st.floats(0.5, 1)] * n_layers),
        leak_dac=st.builds(
            LeakDac, bits=st.none() | st.integers(1, 16), low_per_step=st.just(0.0), high_per_step=st.floats(1e6, 2e6)
        ),
        threshold_dac=st.builds(
            ThresholdDac, bits=st.none() | st.integers(1, 16), low_th=st.floats(0.1, 0.5), high_th=st.just(1.0)
        ),
        reset=st.sampled_from(["subtract", "subtract-before-leak", "zero"]),
        low_rail_th=st.floats(-1e6, 0),
        high_rail_th=st.floats(1, 1e6),
        readout=st.sampled_from(["spiking", "integrating"]),
    )
    teacher = st.builds(
        TeacherSpec,
        epochs=st.none() | st.integers(1, 500),
        norm=st.sampled_from(["neuron", "layer"]),
        norm_percentile=st.floats(50, 100),
    )
    training = st.builds(
        TrainingSpec,
        start=st.sampled_from(["teacher", "random"]),
        output_target=st.sampled_from(["label", "softmax", "logits"]),
        epochs=st.none() | st.integers(0, 500),
        learning_rate=st.none() | positive,
        validation_fraction=st.floats(0.01, 0.5),
        validation_samples=st.none() | st.integers(1, 10**6),
        checked_samples=st.none() | st.integers(1, 10**6),
        learned_samples=st.none() | st.integers(1, 10**6),
        shift_px=st.integers(0, 8),
        flip=st.booleans(),
        chunk=st.integers(1, 65536),
    )
    return draw(
        st.builds(
            RunSpec,
            dataset=st.sampled_from(["digits", "mnist", "mnist16", "yinyang"]) | st.text(),
            data_dir=st.none() | st.text(),
            scale=st.sampled_from(["auto", "type", "data", "feature", "0,16", "-1.5,1e+300"]),
            hidden=st.just(hidden),
            steps=st.just(steps),
            sequence_answer=st.sampled_from(["sum", "last"]),
            encoding=st.sampled_from(["rate", "bernoulli", "current", "latency", "log-latency"]),
            noise=noises.map(tuple),
            die=st.integers(0, 2**32 - 1),
            seed=st.integers(0, 2**32 - 1),
            neuron=neuron,
            synapse=st.builds(SynapseSpec, full_scale_th=st.none() | positive, bias_full_scale_th=st.none() | positive),
            learning_circuit=circuit,
            teacher=teacher,
            training=training,
        )
    )
