"""What a pruned layer takes, by the kind of array that holds it: published savings depend on which one is meant.

- unpruned: a place for every synapse there might be; each active row meets all columns, each spike writes a whole one.
- plain crossbar: the same without rows and columns that have nothing left. A cut synapse keeps its place, and its row
  and column are driven all the same.
- address listening: a synapse holds the address of its row, so only what is left takes a place, meets spikes and is
  written. The address costs area, too: it pays as long as it takes less than `address_pays_below` synapses' area.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.cost.area import synapse_um2
from chipsim.design import ChipError, ChipSpec
from chipsim.physical import PhysicalSpec, place


@dataclass(frozen=True)
class ArrayCounts:
    """Of one kind of array."""

    rows: int  # of the tallest column
    columns: int
    places: int  # of synapses
    synaptic_events: float  # per sample: an active row meeting a synapse's place
    writes_per_spike: float  # mean over spikes: places that a spike writes


@dataclass(frozen=True)
class PrunedLayer:
    """The same layer in three kinds of array."""

    unpruned: ArrayCounts
    plain_crossbar: ArrayCounts
    address_listening: ArrayCounts
    address_bits: int  # that tell the layer's rows apart

    @property
    def left(self) -> int:
        return self.address_listening.places

    @property
    def address_pays_below(self) -> float:
        """Synapses' areas: with an address that takes as much, both arrays are equally large."""
        return self.plain_crossbar.places / self.left - 1

    def to_json(self, design: ChipSpec, physical: PhysicalSpec | None) -> dict[str, Any]:
        """As the first layer of `design`. With a chip in physical units, area of places, energy of events, cores."""
        kinds = {name: getattr(self, name) for name in ("unpruned", "plain_crossbar", "address_listening")}
        told = {
            name: asdict(each) | ({} if physical is None else _on(design, physical, each))
            for name, each in kinds.items()
        }
        return {
            "synapses": self.unpruned.places,
            "left": self.left,
            **told,
            "address_bits": self.address_bits,
            "address_pays_below": self.address_pays_below,
        }


def pruned_layer(kept: NDArray[np.uint8], row_spikes: NDArray[Any], spikes: NDArray[Any]) -> PrunedLayer:
    """kept: (rows, columns), 0 where a synapse is cut, not all of them; row_spikes: (rows,) spikes of a sample's window
    in each row, spikes: (columns,) those of each neuron, both in the mean.
    """
    is_left = kept != 0
    rows, columns = is_left.any(axis=1), is_left.any(axis=0)
    of_neuron, n_rows, n_columns = is_left.sum(axis=0), int(rows.sum()), int(columns.sum())
    share = spikes / max(float(spikes.sum()), 1e-30)
    driven = float(row_spikes.sum(dtype=np.float64))
    return PrunedLayer(
        ArrayCounts(len(kept), kept.shape[1], kept.size, driven * kept.shape[1], float(len(kept))),
        ArrayCounts(n_rows, n_columns, n_rows * n_columns, float(row_spikes @ rows) * n_columns, float(n_rows)),
        ArrayCounts(
            int(of_neuron.max()),
            n_columns,
            int(is_left.sum()),
            float(row_spikes @ is_left.sum(axis=1)),
            float(share @ of_neuron),
        ),
        max(1, (len(kept) - 1).bit_length()),
    )


def _on(design: ChipSpec, physical: PhysicalSpec, array: ArrayCounts) -> dict[str, Any]:
    low, high = physical.energy.synaptic_event_pj
    try:
        cores: int | None = place(physical, (array.rows, array.columns)).cores_used
    except ChipError:  # what was pruned may fit where the whole does not
        cores = None
    return {
        "synapses_mm2": array.places * synapse_um2(design, physical, 0) / 1e6,
        "synapses_nj": [array.synaptic_events * low / 1e3, array.synaptic_events * high / 1e3],
        "cores": cores,
    }
