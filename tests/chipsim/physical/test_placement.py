"""Where networks stand on cores, by hand and by invariants; what does not fit is told what would."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from physical_chips import chip

from chipsim import ChipError
from chipsim.physical import load
from chipsim.physical.placement import place


def rectangles(placement):
    return [
        (t.layer, t.core, (t.first_row, t.rows), (t.first_column, t.columns), t.first_neuron, t.neurons)
        for t in placement.tiles
    ]


ANALOG = {"weight_bits": 4, "unit_synaptic_charge_fc": 5.0}


def cores(sign="signed_column", **figures):
    """Cores of 8 rows x 8 columns, four of them, unless said otherwise."""
    return chip(synapse=ANALOG | {"weight_sign": sign}, **figures)


def test_a_network_that_fits_one_core_along_its_diagonal():
    # 3 inputs and a bias for 4 neurons; then 4 inputs and a bias, for which the first core has 4 rows left: too few
    placement = place(cores(), (3, 4, 3))
    assert rectangles(placement) == [(1, 1, (0, 4), (0, 4), 0, 4), (2, 2, (0, 5), (0, 3), 0, 3)]
    placement = place(cores(core_rows=9), (3, 4, 3))
    assert rectangles(placement) == [(1, 1, (0, 4), (0, 4), 0, 4), (2, 1, (4, 5), (4, 3), 0, 3)]
    assert placement.cores_used == 1
    assert placement.column_use == 7 / 32
    assert placement.cell_use == (4 * 4 + 5 * 3) / 72


def test_shared_rows_and_a_neurons_own_bias_take_no_rows():
    placement = place(cores(rows_shared=True, bias="neuron"), (8, 5, 3))
    assert rectangles(placement) == [(1, 1, (0, 8), (0, 5), 0, 5), (2, 1, (0, 5), (5, 3), 0, 3)]
    assert placement.column_use == 8 / 32


def test_a_signed_weight_takes_two_columns_or_two_rows():
    assert rectangles(place(cores("differential_pair"), (3, 4))) == [(1, 1, (0, 4), (0, 8), 0, 4)]
    assert rectangles(place(cores("paired_rows"), (3, 4))) == [(1, 1, (0, 8), (0, 4), 0, 4)]


def test_rows_and_columns_beyond_a_core_go_to_others():
    # 9 inputs and a bias are 8 + 2 rows; 10 neurons are 8 + 2 columns. The last corner fits beside nothing else.
    placement = place(cores(), (9, 10))
    assert rectangles(placement) == [
        (1, 1, (0, 8), (0, 8), 0, 8),
        (1, 2, (0, 2), (0, 8), 0, 8),
        (1, 3, (0, 8), (0, 2), 8, 2),
        (1, 4, (0, 2), (0, 2), 8, 2),
    ]
    assert [(t.first_input, t.inputs) for t in placement.tiles] == [(0, 8), (8, 2), (0, 8), (8, 2)]


def test_rows_stay_in_pairs():
    # A core of 7 rows holds three pairs.
    placement = place(cores("paired_rows", core_rows=7, bias="neuron"), (4, 1))
    assert [(t.first_input, t.inputs, t.rows) for t in placement.tiles] == [(0, 3, 6), (3, 1, 2)]


def test_the_last_core_is_filled_before_a_network_is_refused():
    shared = {"rows_shared": True, "bias": "neuron", "cores": 2}
    # 6 + 6 + 4 columns of 16: the last layer is cut in two, 2 + 2.
    placement = place(cores(**shared), (8, 6, 6, 4))
    assert rectangles(placement)[2:] == [(3, 1, (0, 6), (6, 2), 0, 2), (3, 2, (0, 6), (6, 2), 2, 2)]
    with pytest.raises(ChipError, match="cores = 3 would do"):
        place(cores(**shared), (8, 6, 6, 5))


def test_the_published_network_fills_brainscales2_exactly():
    placement = place(load("brainscales2"), (256, 246, 10))
    assert placement.cores_used == placement.cores == 4
    assert placement.column_use == 1
    assert sum(t.columns for t in placement.tiles) == 512  # neuron circuits
    for sizes in ((256, 247, 10), (257, 246, 10), (256, 246, 11)):
        with pytest.raises(ChipError, match="does not fit brainscales2"):
            place(load("brainscales2"), sizes)


@pytest.mark.parametrize("preset", ["ideal", "rram", "cmos-180nm"])
def test_the_other_presets_hold_the_networks_of_the_examples(preset):
    for sizes in ((64, 128, 64, 10), (784, 256, 10), (4, 120, 3)):
        place(load(preset), sizes)


def test_without_chaining_the_fan_in_is_the_rows():
    place(cores(columns_chain=False), (7, 8))
    with pytest.raises(ChipError) as error:
        place(cores(columns_chain=False), (7, 8, 2))
    message = str(error.value)
    assert "network 7-8-2 does not fit plain: layer 2 has a fan-in of 8" in message
    assert "8 rows take at most 7 and the bias" in message
    assert "enlarge core_rows to 9, or set columns_chain = true" in message
    place(cores(columns_chain=False, core_rows=9), (7, 8, 2))
    place(cores(columns_chain=True), (7, 8, 2))


def test_too_few_cores_are_told_how_many_would_do():
    with pytest.raises(ChipError) as error:
        place(cores(), (20, 9, 4))
    # 21 rows in 3 parts, 9 neurons in 2: 6 cores; then 10 rows in 2 parts: 2.
    message = str(error.value)
    assert "it has 4 cores of 8 rows x 8 columns, for 7 inputs and a bias and 8 neurons each" in message
    assert "cores = 8 would do (6 + 2, layer by layer)" in message
    place(cores(cores=8), (20, 9, 4))


@pytest.mark.parametrize(
    "spec",
    [cores(core_rows=1), cores("paired_rows", core_rows=3), cores("differential_pair", core_columns=1)],
    ids=["bias alone", "bias pair alone", "half a pair"],
)
def test_a_core_too_small_for_any_synapse(spec):
    with pytest.raises(ChipError, match="enlarge the core"):
        place(spec, (1, 1))


@pytest.mark.parametrize("sizes", [(), (3,), (3, 0), (-1, 3)])
def test_no_network(sizes):
    with pytest.raises(ChipError, match="at least two widths"):
        place(cores(), sizes)


def test_a_huge_network_is_refused_at_once():
    with pytest.raises(ChipError, match="would do"):
        place(load("cmos-180nm"), (10**6, 10**6, 10**6))


@given(
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=4),
    sign=st.sampled_from(["signed_column", "differential_pair", "paired_rows"]),
    rows=st.integers(4, 20),
    columns=st.integers(2, 20),
    n_cores=st.integers(1, 30),
    shared=st.booleans(),
    bias=st.sampled_from(["row", "neuron"]),
)
def test_every_synapse_stands_in_one_cell_and_what_would_do_does(sizes, sign, rows, columns, n_cores, shared, bias):
    figures = {"core_rows": rows, "core_columns": columns, "rows_shared": shared, "bias": bias}
    try:
        placement = place(cores(sign, cores=n_cores, **figures), sizes)
    except ChipError as error:
        would_do = int(str(error).partition("cores = ")[2].split()[0])
        assert would_do > n_cores
        placement = place(cores(sign, cores=would_do, **figures), sizes)
    synapses = set()
    cells = set()
    drivers = {}
    for t in placement.tiles:
        assert 1 <= t.core <= placement.cores
        assert t.first_row + t.rows <= rows
        assert t.first_column + t.columns <= columns
        assert t.rows == t.inputs * (2 if sign == "paired_rows" else 1)
        assert t.columns == t.neurons * (2 if sign == "differential_pair" else 1)
        for i in range(t.first_input, t.first_input + t.inputs):
            for n in range(t.first_neuron, t.first_neuron + t.neurons):
                assert (t.layer, i, n) not in synapses
                synapses.add((t.layer, i, n))
        for r in range(t.first_row, t.first_row + t.rows):
            if not shared:
                assert drivers.setdefault((t.core, r), (t.layer, t.first_input)) == (t.layer, t.first_input)
            for c in range(t.first_column, t.first_column + t.columns):
                assert (t.core, r, c) not in cells
                cells.add((t.core, r, c))
    wanted = (bias == "row", *sizes)
    assert len(synapses) == sum((n_in + wanted[0]) * n_out for n_in, n_out in pairwise(sizes))
    assert placement.cell_use == pytest.approx(len(cells) / (placement.cores_used * rows * columns))
