"""NIR graphs mean what their writers mean: the same spikes as a plain simulation of the nodes, or a refusal."""

import itertools

import numpy as np
import pytest
from plain_spikes import simulated
from small_chips import events_of

from chipsim import Chip
from chipsim.design import from_image
from host.errors import TeacherError
from host.teachers.nir.read import read_nir

nir = pytest.importorskip("nir", reason="needs the package nir (extra nir)")

STEPS, SAMPLES, STEP_S = 14, 12, 1e-3
RESETS = ("subtract", "subtract-before-leak", "zero")


def rng_array(*shape, seed=0, mean=0.1, deviation=0.4):
    return np.random.default_rng(seed).normal(mean, deviation, shape)


def dense(n_in, n_out, seed=0):
    return nir.Affine(rng_array(n_out, n_in, seed=seed), rng_array(n_out, seed=seed + 1, deviation=0.1))


def conv(c_in, c_out, side=3, stride=1, padding=0, seed=0):
    return nir.Conv2d(
        (9, 9), rng_array(c_out, c_in, side, side, seed=seed), stride, padding, 1, 1, rng_array(c_out) / 4
    )


def each(*sides, value=1.0):
    return np.full(sides, value)


def if_(*sides):
    return nir.IF(each(*sides, value=1 / STEP_S), each(*sides), each(*sides, value=0))


def lif(*sides, tau=4e-3, r=4.0, threshold=1.0):
    zero = each(*sides, value=0)
    return nir.LIF(each(*sides, value=tau), each(*sides, value=r), zero, each(*sides, value=threshold), zero)


def cuba(*sides):
    zero = each(*sides, value=0)
    taus = each(*sides, value=3e-3), each(*sides, value=5e-3)
    return nir.CubaLIF(*taus, each(*sides, value=4.0), zero, each(*sides), zero, each(*sides, value=0.8))


def pool(kind, kernel, stride=None, padding=0):
    two = [
        np.array([side, side]) if np.isscalar(side) else np.array(side) for side in (kernel, stride or kernel, padding)
    ]
    return getattr(nir, kind)(*two)


def inner(nodes, back=None):
    """A graph within the graph; back: a node that leads from its last one to its first one."""
    named = {"in": nir.Input(np.array([1])), **{f"m{number}": node for number, node in enumerate(nodes)}}
    named["out"] = nir.Output(np.array([1]))
    edges = list(itertools.pairwise(named))
    if back is not None:
        named["back"] = back
        edges += [(f"m{len(nodes) - 1}", "back"), ("back", "m0")]
    return nir.NIRGraph(named, edges, type_check=False)


FLAT = nir.Flatten(np.array([1, 1, 1]), 0, -1)


def saved(tmp_path, nodes, sides):
    named = {"input": nir.Input(np.array(sides)), **{f"n{number}": node for number, node in enumerate(nodes)}}
    named["output"] = nir.Output(np.array([1]))
    keys = list(named)
    nir.write(tmp_path / "n.nir", nir.NIRGraph(named, list(itertools.pairwise(keys)), type_check=False))
    return tmp_path / "n.nir"


def random_inputs(shape, seed=1):
    return np.random.default_rng(seed).random((STEPS, SAMPLES, *shape)) < 0.4


def counts_of(read, inputs):
    chip = Chip(read.design(STEPS), die_seed=1)
    chip.program(read.network.weights)
    flat = [from_image(x) if x.ndim == 4 else x for x in inputs]
    result = chip.infer(events_of(np.stack(flat, axis=1)), np.arange(SAMPLES))
    return result.counts[-1] if read.neuron.readout == "spiking" else result.membrane


def check(tmp_path, nodes, shape, sides=None, resets=RESETS, integration="euler"):
    """Reads the nodes' file; `shape` is that of the data, `sides` what the file's input says."""
    path, inputs = saved(tmp_path, nodes, sides or shape), random_inputs(shape)
    for reset in resets:
        read = read_nir(path, step_s=STEP_S, reset=reset, integration=integration)
        theirs = simulated(nodes, inputs, STEP_S, reset, integration)
        mine = counts_of(read, inputs)
        if read.neuron.readout == "spiking":
            assert theirs.max() > 2
            assert np.array_equal(mine, theirs), reset
        else:
            assert np.allclose(mine, theirs, rtol=1e-4, atol=1e-4), reset
    return read


@pytest.mark.parametrize("integration", ["euler", "exponential"])
@pytest.mark.parametrize("neurons", [lif, cuba])
def test_a_threshold_is_taken_off_before_or_after_the_leak(tmp_path, neurons, integration):
    nodes = [dense(9, 8), neurons(8), dense(8, 5, seed=3), neurons(5)]
    check(tmp_path, nodes, (9,), integration=integration)
    inputs = random_inputs((9,))
    before, after = (simulated(nodes, inputs, STEP_S, reset) for reset in RESETS[:2])
    assert (before != after).mean() > 0.3, "the two are not told apart"


POOLED = {
    "mean, then dense": [conv(2, 3, padding=1), if_(3, 6, 6), pool("AvgPool2d", 2), FLAT, dense(27, 4), if_(4)],
    "sum, then convolved": [
        conv(2, 3, padding=1),
        lif(3, 6, 6),
        pool("SumPool2d", 2),
        conv(3, 4, 2),
        if_(4, 2, 2),
        FLAT,
        dense(16, 4),
        lif(4),
    ],
    "sum that tiles, then convolved with padding": [
        pool("SumPool2d", 2),
        conv(2, 4, padding=1),
        if_(4, 3, 3),
        FLAT,
        dense(36, 4),
        if_(4),
    ],
    "windows that overlap": [
        conv(2, 3),
        if_(3, 4, 4),
        pool("AvgPool2d", 2, 1),
        conv(3, 4, 2),
        if_(4, 2, 2),
        FLAT,
        dense(16, 4),
        if_(4),
    ],
    "padded": [conv(2, 3), if_(3, 4, 4), pool("AvgPool2d", 2, 2, 1), FLAT, dense(27, 4), if_(4)],
    "pools in a row": [pool("SumPool2d", 2, 1), pool("AvgPool2d", 2, 2), FLAT, dense(8, 4), if_(4)],
    "before its neurons": [conv(2, 3), pool("AvgPool2d", 2), lif(3, 2, 2), FLAT, dense(12, 4), if_(4)],
    "with neurons of its own": [
        conv(2, 3),
        if_(3, 4, 4),
        pool("SumPool2d", 2),
        lif(3, 2, 2),
        FLAT,
        dense(12, 4),
        if_(4),
    ],
    "uneven windows and rows left over": [
        conv(2, 3, padding=1),
        if_(3, 6, 6),
        pool("SumPool2d", (4, 3), (1, 2)),
        FLAT,
        dense(18, 4),
        if_(4),
    ],
    "scaled, then a mean of all": [
        conv(2, 3),
        if_(3, 4, 4),
        nir.Scale(rng_array(3, 1, 1, mean=2)),
        pool("AvgPool2d", 4),
        FLAT,
        dense(3, 4),
        if_(4),
    ],
}


@pytest.mark.parametrize("name", POOLED)
def test_pools_are_part_of_the_layer_beside_them(tmp_path, name):
    read = check(tmp_path, POOLED[name], (2, 6, 6), resets=("subtract",))
    assert all(shape.learns for shape in read.network.shapes), "a pool has neurons of its own"
    assert any("Pool2d" in note and "folded into" in note for note in read.fidelity.notes) or "own" in name


SCALED = {
    "spikes": [dense(9, 8), if_(8), nir.Scale(rng_array(8, mean=1.5)), dense(8, 5, seed=3), if_(5)],
    "sums": [dense(9, 8), nir.Scale(rng_array(8, mean=1.5)), if_(8), dense(8, 5, seed=3), lif(5)],
    "inputs": [nir.Scale(rng_array(9, mean=2.0)), dense(9, 8), lif(8), dense(8, 5, seed=3), if_(5)],
}


@pytest.mark.parametrize("name", SCALED)
def test_scales_become_weights(tmp_path, name):
    check(tmp_path, SCALED[name], (9,), resets=("subtract",))


def test_graphs_within_the_graph_are_part_of_the_chain(tmp_path):
    nodes = [dense(9, 8), lif(8), dense(8, 5, seed=3), lif(5)]
    path = saved(tmp_path, [nodes[0], inner([nodes[1], inner(nodes[2:3])]), nodes[3]], (9,))
    inputs = random_inputs((9,))
    read = read_nir(path, step_s=STEP_S, reset="zero", integration="euler")
    assert np.array_equal(counts_of(read, inputs), simulated(nodes, inputs, STEP_S, "zero"))


OUTPUTS = {
    "LI": lambda: nir.LI(each(5, value=4e-3), each(5, value=2.0), each(5, value=0)),
    "I": lambda: nir.I(each(5, value=1 / STEP_S)),
    "CubaLI": lambda: nir.CubaLI(each(5, value=3e-3), each(5, value=5e-3), each(5), each(5, value=0), each(5)),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_that_do_not_fire_are_read_by_their_membranes(tmp_path, name):
    hidden = cuba(8) if name == "CubaLI" else lif(8)
    nodes = [dense(9, 8), hidden, dense(8, 5, seed=3), OUTPUTS[name]()]
    assert check(tmp_path, nodes, (9,), resets=("subtract", "zero")).neuron.readout == "integrating"


AXES = {
    "a batch of one": ([dense(9, 8), if_(8)], (9,), (1, 9)),
    "time": ([dense(9, 8), if_(8)], (9,), (40, 9)),
    "both": ([dense(9, 8), if_(8)], (9,), (1, 1, 9)),
    "with parameters that have them, too": ([dense(9, 8), if_(1, 8)], (9,), (1, 9)),
    "of images": ([conv(2, 3), if_(3, 2, 2), FLAT, dense(12, 4), if_(4)], (2, 4, 4), (1, 2, 4, 4)),
    "of images that are flattened but for them": (
        [nir.Flatten(np.array([1, 2, 4, 4]), 1, -1), dense(32, 8), if_(8)],
        (2, 4, 4),
        (1, 2, 4, 4),
    ),
}


@pytest.mark.parametrize("name", AXES)
def test_axes_of_batch_and_time_are_left_out(tmp_path, name):
    nodes, shape, sides = AXES[name]
    read = check(tmp_path, nodes, shape, sides, resets=("subtract",))
    assert f"input axes {list(sides[: len(sides) - len(shape)])} of batch or time are left out" in read.fidelity.notes


def test_an_infinite_time_constant_is_no_leak(tmp_path):
    endless = {"tau": np.inf, "r": np.inf}
    path = saved(tmp_path, [dense(9, 8), lif(8, **endless), dense(8, 5, seed=3), lif(5)], (9,))
    read = read_nir(path, step_s=STEP_S, reset="zero", integration="euler")
    assert [np.float32(np.exp(-1 / tau)) for tau in read.neuron.tau_steps] == [1, np.float32(0.75)]
    as_if = [dense(9, 8), if_(8), dense(8, 5, seed=3), lif(5)]
    inputs = random_inputs((9,))
    assert np.array_equal(counts_of(read, inputs), simulated(as_if, inputs, STEP_S, "zero"))
    for changes, words in [
        ({"tau": np.inf, "r": 1.0}, "no input moves the membrane"),
        ({"r": np.inf}, "r holds infinity where the time constant is finite"),
        ({"tau": -np.inf, "r": np.inf}, "choose shorter steps|r holds infinity"),
    ]:
        path = saved(tmp_path, [dense(9, 8), lif(8, **changes)], (9,))
        with pytest.raises(TeacherError, match=words):
            read_nir(path, step_s=STEP_S, reset="zero", integration="euler")


def test_a_time_constant_of_one_step_forgets_all(tmp_path):
    """By Euler's rule a = 0, as snnTorch writes beta = 0."""
    check(tmp_path, [dense(9, 8), lif(8, tau=STEP_S, r=1.0), dense(8, 5, seed=3), lif(5)], (9,))


def test_several_spikes_a_step_are_told_where_they_could_be(tmp_path):
    def told(weight, reset):
        path = saved(tmp_path, [nir.Linear(np.full((3, 4), weight)), if_(3)], (4,))
        return read_nir(path, step_s=STEP_S, reset=reset, integration="euler").fidelity.lines()

    [several] = told(0.5, "subtract")
    assert several.startswith("exact, provided that the source fires once a step at most")
    assert "a step may bring 2 thresholds" in several
    assert told(0.25, "subtract") == told(0.5, "zero") == ["exact"]


def test_a_synapses_gain_of_1_is_told_where_exporters_write_it_unasked(tmp_path):
    def told(w_in):
        node = cuba(8)
        node.w_in = each(8, value=w_in)
        read = read_nir(saved(tmp_path, [dense(9, 8), node], (9,)), step_s=STEP_S, reset="zero", integration="euler")
        return read.fidelity.lines()[0]

    assert told(1.0).startswith("exact, provided that CubaLIF 'n1' means its w_in of 1")
    assert told(0.8) == "exact"


REFUSED = {
    "overlapping windows, then padding": (
        [conv(2, 3, padding=1), if_(3, 6, 6), pool("SumPool2d", 3, 1), conv(3, 4, padding=1), if_(4, 4, 4), FLAT],
        (2, 6, 6),
        ["Conv2d 'n3'", "let the pool's windows tile the image"],
    ),
    "rows left over, then padding": (
        [conv(2, 3, padding=1), if_(3, 6, 6), pool("SumPool2d", 4, 4), conv(3, 4, padding=1), if_(4, 1, 1)],
        (2, 6, 6),
        ["Conv2d 'n3'", "leave out the padding"],
    ),
    "a pool at the end": (
        [conv(2, 3), if_(3, 4, 4), pool("AvgPool2d", 4)],
        (2, 6, 6),
        ["ends with convolution"],
    ),
    "a pool larger than its image": ([pool("AvgPool2d", 9), FLAT, dense(2, 3), if_(3)], (2, 6, 6), ["'n0'", "not fit"]),
    "a pool of nothing": ([pool("AvgPool2d", 0, 1), FLAT, dense(2, 3), if_(3)], (2, 6, 6), ["'n0'", "kernel (0, 0)"]),
    "LI in the middle": (
        [dense(9, 5), nir.LI(each(5), each(5), each(5, value=0)), dense(5, 3), if_(3)],
        (9,),
        ["Affine 'n2'", "LI 'n1', which never fires and must be last"],
    ),
    "LI that rests elsewhere": (
        [dense(9, 5), nir.LI(each(5), each(5), each(5))],
        (9,),
        ["LI 'n1'", "rests at a v_leak"],
    ),
    "a scale at the end": ([dense(9, 5), if_(5), nir.Scale(each(5))], (9,), ["Scale 'n2'", "no layer follows"]),
    "a scale of another size": ([dense(9, 5), nir.Scale(each(4)), if_(5)], (9,), ["Scale 'n1'", "scales (4,)"]),
    "recurrence in an inner graph": (
        [dense(9, 5), inner([if_(5)], back=dense(5, 5))],
        (9,),
        ["graph 'n1': IF 'm0' leads to", "without recurrence"],
    ),
    "parameters that differ along the batch": (
        [dense(9, 5), nir.IF(np.arange(1.0, 11).reshape(2, 5), each(2, 5), each(2, 5, value=0))],
        (2, 9),
        ["IF 'n1'", "differ along a batch or time"],
    ),
    "axes that no layer takes": ([dense(9, 5), if_(5)], (1, 2, 3, 4), ["its first layer takes none of these axes"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_exact_is_refused_by_name(tmp_path, name):
    nodes, sides, words = REFUSED[name]
    with pytest.raises(TeacherError) as error:
        read_nir(saved(tmp_path, nodes, sides), step_s=STEP_S, reset="subtract", integration="euler")
    for word in words:
        assert word in str(error.value)
