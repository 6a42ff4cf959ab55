"""NIR graphs onto the chip and back; the same spikes here as in the simulator that a graph came from."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_chips import events_of
from snntorch_networks import GOLDEN, STEP_S, STEPS, exported, networks

from chipsim import Chip, ChipSpec, NeuronSpec
from chipsim.design import from_image
from host.errors import TeacherError
from host.teachers.nir.read import read_nir
from host.teachers.nir.write import write_nir

nir = pytest.importorskip("nir", reason="needs the package nir (extra nir)")

RESETS = {"leaky": "subtract", "leaky-zero": "zero", "synaptic": "subtract", "conv": "subtract"}


def flat(images):
    """(S, ...) channels first as (S, n) in the chip's order."""
    return from_image(images) if images.ndim == 4 else images


def counts_here(path, reset, inputs):
    """inputs: (T, S, ...)."""
    read = read_nir(path, step_s=STEP_S, reset=reset, integration="euler")
    chip = Chip(read.design(len(inputs)), die_seed=1)
    chip.program(read.network.weights)
    events = events_of(np.stack([flat(each) for each in inputs], axis=1).astype(bool))
    return chip.infer(events, np.arange(inputs.shape[1])).counts


@pytest.mark.parametrize("name", RESETS)
def test_spikes_are_those_that_snntorch_counted(tmp_path, name):
    with np.load(GOLDEN) as golden:
        (tmp_path / "n.nir").write_bytes(golden[f"{name}/nir"].tobytes())
        counts = counts_here(tmp_path / "n.nir", RESETS[name], golden[f"{name}/inputs"])
        for number, mine in enumerate(counts):
            theirs = flat(golden[f"{name}/counts{number}"])
            assert theirs.max() > 1
            assert np.array_equal(mine, theirs), number


@pytest.mark.parametrize("name", RESETS)
def test_spikes_are_those_that_snntorch_counts_now(tmp_path, name):
    torch = pytest.importorskip("torch", reason="needs PyTorch and snnTorch; the golden file stands in for them")
    snn = pytest.importorskip("snntorch", reason="needs snnTorch; the golden file stands in for it")
    module, shape = networks(torch, snn)[name]
    inputs, theirs = exported(torch, snn, module, shape, tmp_path / "n.nir")
    for mine, each in zip(counts_here(tmp_path / "n.nir", RESETS[name], inputs), theirs, strict=True):
        assert np.array_equal(mine, flat(each))


def random_chip(neuron, sizes=(7, 6, 4), die=1, noise=(), seed=0):
    rng = np.random.default_rng(seed)
    chip = Chip(ChipSpec(layer_sizes=sizes, steps=STEPS, neuron=neuron, noise=noise), die)
    chip.program(
        [
            (rng.normal(0.15, 0.5, (n_in, n_out)).astype(np.float32), rng.normal(0.05, 0.1, n_out).astype(np.float32))
            for n_in, n_out in itertools.pairwise(sizes)
        ]
    )
    return chip


def random_events(n_in, seed=1):
    return events_of(np.random.default_rng(seed).random((20, STEPS, n_in)) < 0.4)


OPEN = {"low_rail_th": -1e6, "high_rail_th": 1e6}
RESET = ["subtract", "subtract-before-leak", "zero"]
NEURONS = st.one_of(
    st.builds(NeuronSpec, reset=st.sampled_from(RESET), **{k: st.just(v) for k, v in OPEN.items()}),
    st.builds(
        NeuronSpec,
        kind=st.just("lif"),
        tau_steps=st.floats(1.5, 40),
        synapse_tau_steps=st.one_of(st.none(), st.floats(1.5, 20)),
        reset=st.sampled_from(RESET),
        **{k: st.just(v) for k, v in OPEN.items()},
    ),
)


@given(NEURONS, st.sampled_from(["euler", "exponential"]), st.floats(1e-5, 1e-2), st.integers(0, 50))
@settings(max_examples=30, deadline=None)
def test_a_written_chip_is_read_back(tmp_path_factory, neuron, integration, step_s, seed):
    path = tmp_path_factory.mktemp("nir") / "chip.nir"
    chip = random_chip(neuron, seed=seed)
    write_nir(chip, path, step_s=step_s, integration=integration)
    read = read_nir(path, step_s=step_s, reset=neuron.reset, integration=integration)
    assert (read.neuron.kind, read.neuron.reset) == (neuron.kind, neuron.reset)
    if neuron.kind == "lif":
        assert read.neuron.tau_steps == pytest.approx(neuron.tau_steps, rel=1e-4)
        assert (read.neuron.synapse_tau_steps or 0) == pytest.approx(neuron.synapse_tau_steps or 0, rel=1e-4)
    for mine, theirs in zip(read.network.weights, chip.weights(), strict=True):
        assert all(np.allclose(a, b, rtol=1e-5, atol=1e-7) for a, b in zip(mine, theirs, strict=True))
    graph = nir.read(path)  # which checks its types
    assert len(graph.nodes) == 6


LAYERS = {
    "leaks": {"kind": "lif", "tau_steps": (8.0, 3.0)},
    "leaks and currents": {"kind": "lif", "tau_steps": (8.0, 3.0), "synapse_tau_steps": 4.0},
    "thresholds": {"threshold_th": (1.0, 0.5)},
    "both": {"kind": "lif", "tau_steps": (2.5, 20.0), "threshold_th": (1.0, 1.75)},
    "one without a leak": {"kind": "lif", "tau_steps": (1e9, 5.0)},
    "by converters": {"kind": "lif", "tau_steps": (9.0, 3.0), "leak_dac": {"bits": 5}, "threshold_dac": {"bits": 2}},
    "a converter that switches one off": {"kind": "lif", "tau_steps": (40.0, 2.0), "leak_dac": {"bits": 3}},
}


@pytest.mark.parametrize("integration", ["euler", "exponential"])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("name", LAYERS)
def test_layers_keep_their_leaks_and_thresholds(tmp_path, name, reset, integration):
    neuron = NeuronSpec(**LAYERS[name], reset=reset, **OPEN)
    chip = random_chip(neuron)
    write_nir(chip, tmp_path / "n.nir", step_s=1e-3, integration=integration)
    read = read_nir(tmp_path / "n.nir", step_s=1e-3, reset=reset, integration=integration)
    assert read.neuron.kind == neuron.kind
    for layer in range(2):
        if neuron.kind == "lif":
            mine, theirs = (np.exp(-1 / each.tau_steps_of(layer)) for each in (read.neuron, neuron))
            assert mine == pytest.approx(theirs, rel=1e-5)
        assert read.neuron.threshold_th_of(layer) == neuron.threshold_th_of(layer)
    for mine, theirs in zip(read.network.weights, chip.weights(), strict=True):
        assert all(np.allclose(a, b, rtol=1e-5, atol=1e-7) for a, b in zip(mine, theirs, strict=True))
    again = Chip(read.design(STEPS), die_seed=1)
    again.program(read.network.weights)
    for a, b in zip(*(each.infer(random_events(7), np.arange(20)).counts for each in (again, chip)), strict=True):
        assert b.max() > 1
        assert np.abs(a - b).max() <= 1 and (a == b).mean() > 0.98, "a sum may be rounded otherwise"


@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_a_die_is_written_with_its_frozen_errors(tmp_path, reset):
    """Mismatch, stuck synapses and dead neurons go with it: the ideal chip of the file spikes as the die does."""
    neuron = NeuronSpec(reset=reset, **OPEN)
    noise = ("mismatch:0.3@weight", "mismatch:0.3@threshold", "stuck:0.1", "silencing:0.3")
    die = random_chip(neuron, die=5, noise=noise)
    write_nir(die, tmp_path / "die.nir", step_s=1e-3, integration="exponential")
    read = read_nir(tmp_path / "die.nir", step_s=1e-3, reset=reset, integration="exponential")
    again = Chip(read.design(STEPS), die_seed=1)
    again.program(read.network.weights)
    windows = np.arange(20)
    mine, theirs = (chip.infer(random_events(7), windows).counts for chip in (again, die))
    ideal = random_chip(neuron).infer(random_events(7), windows).counts
    for a, b, c in zip(mine, theirs, ideal, strict=True):
        assert np.abs(a - b).max() <= 1, "a sum may be rounded otherwise, at most a spike"
        assert (a == b).mean() > 0.98
        assert (b != c).any(), "the errors changed nothing"


def nir_file(tmp_path, nodes, edges=None):
    keys = list(nodes)
    graph = nir.NIRGraph(nodes, edges or list(itertools.pairwise(keys)), type_check=False)
    nir.write(tmp_path / "n.nir", graph)
    return tmp_path / "n.nir"


def ones(*shape):
    return np.ones(shape)


def if_(n, **changes):
    return nir.IF(**({"r": 1e4 * ones(n), "v_threshold": ones(n), "v_reset": 0 * ones(n)} | changes))


def lif(n, **changes):
    parameters = {
        "tau": 1e-3 * ones(n),
        "r": ones(n),
        "v_leak": 0 * ones(n),
        "v_threshold": ones(n),
        "v_reset": 0 * ones(n),
    }
    return nir.LIF(**(parameters | changes))


def cuba(n):
    parameters = {"tau_mem": 1e-3, "tau_syn": 2e-3, "r": 1, "v_leak": 0, "v_threshold": 1, "v_reset": 0, "w_in": 1}
    return nir.CubaLIF(**{name: value * ones(n) for name, value in parameters.items()})


def dense(n_in, n_out):
    return nir.Affine(0.1 * ones(n_out, n_in), 0.1 * ones(n_out))


def chain(*nodes, n_in=4, n_out=3):
    named = {f"n{number}": node for number, node in enumerate(nodes)}
    return {"input": nir.Input(np.array([n_in])), **named, "output": nir.Output(np.array([n_out]))}


def test_thresholds_gains_and_resting_potentials_become_weights(tmp_path):
    node = lif(3, r=np.array([1.0, 2.0, 4.0]), v_threshold=np.array([2.0, 3.0, 1.5]), v_leak=ones(3), v_reset=ones(3))
    path = nir_file(tmp_path, chain(dense(4, 3), node))
    read = read_nir(path, step_s=1e-4, reset="zero", integration="euler")
    expected = 0.1 * 0.1 * np.array([1 / 1, 2 / 2, 4 / 0.5])  # weight, dt / tau, r / (threshold above rest)
    [(weights, bias)] = read.network.weights
    assert np.allclose(weights, np.tile(expected, (4, 1)))
    assert np.allclose(bias, expected)


def test_integration_and_step_decide_the_decay(tmp_path):
    path = nir_file(tmp_path, chain(dense(4, 3), lif(3)))
    for integration, a in (("euler", 0.9), ("exponential", np.exp(-0.1))):
        read = read_nir(path, step_s=1e-4, reset="zero", integration=integration)
        assert np.exp(-1 / read.neuron.tau_steps) == pytest.approx(a)
        assert np.allclose(read.network.weights[0][0], 0.1 * (1 - a))


def test_what_differs_by_layer_stays_the_layers_own(tmp_path):
    """Thresholds over that of the first layer; several in one layer go into the weights, as where all are alike."""
    first, second = lif(3, v_threshold=2 * ones(3)), lif(2, tau=3e-3 * ones(2), v_threshold=np.array([1.0, np.inf]))
    path = nir_file(tmp_path, chain(dense(4, 3), first, dense(3, 2), second, n_out=2))
    read = read_nir(path, step_s=1e-4, reset="zero", integration="euler")
    assert read.neuron.threshold_th == (1, 0.5)
    assert [np.exp(-1 / tau) for tau in read.neuron.tau_steps] == pytest.approx([0.9, 1 - 1 / 30])
    assert np.allclose(read.network.weights[0][0], 0.1 * 0.1 / 2)
    assert np.allclose(read.network.weights[1][0], [0.1 / 30 / 2, 0])  # one that never fires
    mixed = lif(2, v_threshold=np.array([1.0, 4.0]))
    read = read_nir(
        nir_file(tmp_path, chain(dense(4, 3), first, dense(3, 2), mixed, n_out=2)),
        step_s=1e-4,
        reset="zero",
        integration="euler",
    )
    assert read.neuron.threshold_th == 1 and isinstance(read.neuron.tau_steps, float)
    assert np.allclose(read.network.weights[1][0], [0.1 * 0.1, 0.1 * 0.1 / 4])


def test_an_integrator_beside_a_leaky_layer_does_not_leak(tmp_path):
    path = nir_file(tmp_path, chain(dense(4, 3), if_(3), dense(3, 3), lif(3)))
    read = read_nir(path, step_s=1e-4, reset="zero", integration="euler")
    assert read.neuron.kind == "lif"
    assert np.float32(np.exp(-1 / read.neuron.tau_steps_of(0))) == 1
    assert np.exp(-1 / read.neuron.tau_steps_of(1)) == pytest.approx(0.9)
    assert np.allclose(read.network.weights[0][0], 0.1 * 1e4 * 1e-4)


def recurrent():
    nodes = chain(dense(4, 3), if_(3))
    nodes["back"] = dense(3, 3)
    return nodes, [("input", "n0"), ("n0", "n1"), ("n1", "back"), ("back", "n1"), ("n1", "output")]


def per_position():
    threshold = ones(2, 4, 4)
    threshold[0, 1, 1] = 2
    conv = nir.Conv2d((4, 4), ones(2, 1, 1, 1), 1, 0, 1, 1, ones(2))
    return {
        "input": nir.Input(np.array([1, 4, 4])),
        "c": conv,
        "i": nir.IF(ones(2, 4, 4), threshold, 0 * threshold),
        "output": nir.Output(np.array([2, 4, 4])),
    }


REFUSED = {
    "recurrent": (recurrent, ["IF 'n1' leads to 'back', 'output'", "without recurrence"]),
    "unknown node": (
        lambda: chain(dense(4, 3), nir.Threshold(ones(3)), if_(3)),
        ["Threshold 'n1'", "Affine, Linear, Conv2d"],
    ),
    "no neurons": (lambda: chain(dense(4, 3)), ["put an IF, LIF or CubaLIF node last"]),
    "two matrices": (
        lambda: chain(dense(4, 5), dense(5, 3), if_(3)),
        ["Affine 'n1'", "put an IF, LIF or CubaLIF node right"],
    ),
    "neurons on neurons": (lambda: chain(dense(4, 3), if_(3), if_(3)), ["IF 'n2'", "directly"]),
    "other sizes": (lambda: chain(dense(4, 3), if_(3), dense(5, 3), if_(3)), ["takes 5 inputs, but gets 3"]),
    "too many neurons": (lambda: chain(dense(4, 3), if_(5)), ["IF 'n1'", "neurons (5,)"]),
    "stacked weights": (lambda: chain(nir.Linear(ones(3, 2, 2)), if_(3)), ["Linear 'n0'", "2 dimensions"]),
    "few biases": (lambda: chain(nir.Affine(ones(3, 4), ones(2)), if_(3)), ["Affine 'n0'", "biases (2,)"]),
    "NaN weights": (lambda: chain(nir.Linear(np.nan * ones(3, 4)), if_(3)), ["Linear 'n0'", "NaN"]),
    "NaN threshold": (lambda: chain(dense(4, 3), if_(3, v_threshold=np.nan * ones(3))), ["v_threshold holds NaN"]),
    "threshold at rest": (lambda: chain(dense(4, 3), if_(3, v_threshold=0 * ones(3))), ["always fire"]),
    "reset elsewhere": (lambda: chain(dense(4, 3), if_(3, v_reset=0.5 * ones(3))), ["v_reset differs from 0"]),
    "various taus": (
        lambda: chain(dense(4, 3), lif(3, tau=np.array([1e-3, 2e-3, 1e-3]))),
        ["tau goes from 0.001 to 0.002"],
    ),
    "tau below the step": (lambda: chain(dense(4, 3), lif(3, tau=1e-5 * ones(3))), ["choose shorter steps"]),
    "negative tau": (lambda: chain(dense(4, 3), lif(3, tau=-ones(3))), ["choose shorter steps"]),
    "two kinds of currents": (
        lambda: chain(dense(4, 3), lif(3), dense(3, 3), cuba(3)),
        ["CubaLIF 'n3'", "other synaptic currents than", "LIF 'n1'"],
    ),
    "thresholds far apart": (
        lambda: chain(dense(4, 3), if_(3, v_threshold=1e-9 * ones(3)), dense(3, 3), if_(3)),
        ["neuron.threshold_th 1e+09 of layer 2 lies above"],
    ),
    "a node left over": (lambda: chain(dense(4, 3), if_(3)) | {"spare": if_(3)}, ["IF 'spare'"]),
    "flatten of a part": (
        lambda: {
            "input": nir.Input(np.array([2, 4, 4])),
            "f": nir.Flatten(np.array([2, 4, 4]), 1, -1),
            "d": dense(16, 3),
            "i": if_(3),
            "output": nir.Output(np.array([3])),
        },
        ["Flatten 'f'", "flatten all"],
    ),
    "per position": (per_position, ["differ between the positions of a channel"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_chip_has_is_refused_by_name(tmp_path, name):
    make, words = REFUSED[name]
    made = make()
    path = nir_file(tmp_path, *(made if isinstance(made, tuple) else (made,)))
    with pytest.raises(TeacherError) as error:
        read_nir(path, step_s=1e-4, reset="zero", integration="euler")
    message = str(error.value)
    assert str(path) in message
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize("content", [None, b"", b"no HDF5 at all", "cut"])
def test_a_file_that_is_no_nir(tmp_path, content):
    path = tmp_path / "n.nir"
    if content == "cut":
        write_nir(random_chip(NeuronSpec()), path, step_s=1e-3, integration="euler")
        content = path.read_bytes()[:5000]
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TeacherError, match="cannot be read") as error:
        read_nir(path, step_s=1e-4, reset="zero", integration="euler")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("step_s", [0.0, -1e-3, np.nan, np.inf])
def test_a_step_has_a_length(tmp_path, step_s):
    with pytest.raises(TeacherError, match="length in seconds, above 0"):
        read_nir(tmp_path / "n.nir", step_s=step_s, reset="zero", integration="euler")


def test_what_nir_cannot_hold_is_not_written(tmp_path):
    for neuron, noise, words in [
        (NeuronSpec(readout="integrating"), (), "readout integrating"),
        (NeuronSpec(), ("pelgrom:0.5",), "another charge than the threshold"),
        (NeuronSpec(synapse_tau_steps=3.0), (), "layer 1: its membranes do not leak, and it has synaptic currents"),
    ]:
        with pytest.raises(TeacherError, match=words):
            write_nir(random_chip(neuron, noise=noise), tmp_path / "n.nir", step_s=1e-3, integration="euler")
    assert list(tmp_path.iterdir()) == []
