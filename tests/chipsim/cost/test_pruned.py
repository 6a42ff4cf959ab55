"""What a pruned layer takes, by hand: three inputs, three neurons, four synapses left, one row and one column empty."""

import numpy as np
import pytest
from competing_chips import competing_spec
from small_chips import spec_of

from chipsim.cost import pruned_layer
from chipsim.cost.area import bias_rows
from chipsim.physical import PRESETS, load

KEPT = np.array([[1, 1, 0], [0, 0, 0], [1, 1, 0], [0, 1, 0]], np.uint8)
ROW_SPIKES, SPIKES = np.array([2.0, 5.0, 1.0, 0.5]), np.array([1.0, 3.0, 0.0])


def test_each_kind_of_array_is_counted_as_what_it_is():
    layer = pruned_layer(KEPT, ROW_SPIKES, SPIKES)
    unpruned, plain, listening = layer.unpruned, layer.plain_crossbar, layer.address_listening
    assert (unpruned.rows, unpruned.columns, unpruned.places) == (4, 3, 12)
    assert (plain.rows, plain.columns, plain.places) == (3, 2, 6)
    assert (listening.rows, listening.columns, listening.places) == (3, 2, 5)
    assert [each.synaptic_events for each in (unpruned, plain, listening)] == [8.5 * 3, 3.5 * 2, 2 * 3 + 0.5]
    assert [each.writes_per_spike for each in (unpruned, plain, listening)] == [4, 3, (2 + 3 * 3) / 4]
    assert layer.left == 5 and layer.address_bits == 2
    assert layer.address_pays_below == pytest.approx(0.2)


def test_in_physical_units_places_cost_area_and_events_energy():
    chip = load(PRESETS[0])
    told = pruned_layer(KEPT, ROW_SPIKES, SPIKES).to_json(spec_of(), chip)
    for name in ("unpruned", "plain_crossbar", "address_listening"):
        each = told[name]
        assert each["synapses_mm2"] == pytest.approx(each["places"] * chip.area.synapse_um2 / 1e6)
        low, high = chip.energy.synaptic_event_pj
        assert each["synapses_nj"] == pytest.approx([each["synaptic_events"] * pj / 1e3 for pj in (low, high)])
        assert each["cores"] == 1
    assert "cores" not in pruned_layer(KEPT, ROW_SPIKES, SPIKES).to_json(spec_of(), None)["unpruned"]


def test_silence_writes_nothing():
    layer = pruned_layer(KEPT, 0 * ROW_SPIKES, 0 * SPIKES)
    assert layer.address_listening.writes_per_spike == layer.plain_crossbar.synaptic_events == 0


def test_unipolar_synapses_have_no_bias_that_takes_a_row():
    for name in PRESETS:
        chip = load(name)
        assert bias_rows(competing_spec(), chip) == 0
        assert bias_rows(spec_of(), chip) == (chip.array.bias == "row")
