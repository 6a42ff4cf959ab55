"""Silicon area of a network's synapses, neurons and bias converters, and of all that the chip has.

A chip gives one figure for a learning circuit, or those of its cells, from which it follows by the widths of registers:
see `digital`, which also says what is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from chipsim.cost.dacs import bias_dacs
from chipsim.cost.digital import Widths, column, dither_source, learning_circuit, synapse, widths_of
from chipsim.design import ChipSpec, rule_of
from chipsim.physical import PhysicalSpec

_UM2_PER_MM2 = 1e6


@dataclass(frozen=True)
class AreaReport:
    """Square millimetres."""

    synapses_mm2: float
    neurons_mm2: float
    learning_circuits_mm2: float
    bias_dacs_mm2: float | None  # None: the chip gives no figure for them

    @property
    def total_mm2(self) -> float:
        return self.synapses_mm2 + self.neurons_mm2 + self.learning_circuits_mm2 + (self.bias_dacs_mm2 or 0.0)


def network_area(spec: ChipSpec, physical: PhysicalSpec) -> AreaReport:
    """What this network occupies. A bias that is a row of the array is a synapse per column."""
    bias, layers = bias_rows(spec, physical), list(enumerate(spec.shapes))
    synapses = sum(
        shape.crossbars * (shape.fan_in + bias) * shape.columns * synapse_um2(spec, physical, layer)
        for layer, shape in layers
    )
    neurons = sum(spec.layer_sizes[1:])
    circuits = sum(
        shape.n_out * _neuron_circuit_um2(spec, physical, layer)
        + shape.crossbars * shape.columns * _column_um2(spec, physical, layer)
        for layer, shape in layers
    )
    return _area(physical, synapses, neurons, circuits, sum(dacs.count for dacs in bias_dacs(spec)))


def bias_rows(spec: ChipSpec, physical: PhysicalSpec) -> int:
    """1 if the bias is a row of the array; unipolar synapses have none."""
    return int(physical.array.bias == "row" and not rule_of(spec.learning_circuit).unipolar)


def synapse_um2(spec: ChipSpec, physical: PhysicalSpec, layer: int) -> float:
    """One signed synapse of a layer, counted from 0, with what stores its code and residue."""
    figures = physical.area
    if not figures.of_cells:
        return figures.synapse_um2
    return figures.synapse_um2 + synapse(widths_of(spec, physical, layer)).um2(physical)


def _neuron_circuit_um2(spec: ChipSpec, physical: PhysicalSpec, layer: int) -> float:
    """The learning circuit of one neuron, without the update unit of its column."""
    figures = physical.area
    if figures.learning_circuit_um2 is not None:
        return figures.learning_circuit_um2
    assert figures.comparator_um2 is not None, "areas of cells are whole"
    widths: Widths = widths_of(spec, physical, layer)
    return (learning_circuit(widths) + dither_source(widths)).um2(physical) + 2 * figures.comparator_um2


def _column_um2(spec: ChipSpec, physical: PhysicalSpec, layer: int) -> float:
    """The update unit of one column."""
    return column(widths_of(spec, physical, layer)).um2(physical) if physical.area.of_cells else 0.0


def chip_area(spec: ChipSpec, physical: PhysicalSpec) -> AreaReport:
    """All cores, with the widths of the network's widest layer.

    A signed synapse made of two devices takes two places of a core's array. A layer takes a core at
    least, so a core has a converter for each thing that is set by one.
    """
    array, sign = physical.array, physical.synapse.weight_sign
    places = array.cores * array.core_rows * array.core_columns
    neurons = array.cores * array.core_columns // (2 if sign == "differential_pair" else 1)
    dacs = array.cores * sum(dac is not None for dac in (physical.bias.leak_dac_ns, physical.bias.threshold_dac_v))
    synapses = places // (1 if sign == "signed_column" else 2)
    layers = range(spec.n_layers)
    each = max(synapse_um2(spec, physical, layer) for layer in layers)
    circuit = max(_neuron_circuit_um2(spec, physical, layer) + _column_um2(spec, physical, layer) for layer in layers)
    return _area(physical, synapses * each, neurons, neurons * circuit, dacs)


def _area(physical: PhysicalSpec, synapses_um2: float, neurons: int, circuits_um2: float, dacs: int) -> AreaReport:
    dac_um2 = physical.bias.dac_area_um2
    return AreaReport(
        synapses_mm2=synapses_um2 / _UM2_PER_MM2,
        neurons_mm2=neurons * physical.area.neuron_um2 / _UM2_PER_MM2,
        learning_circuits_mm2=circuits_um2 / _UM2_PER_MM2,
        bias_dacs_mm2=None if dac_um2 is None else dacs * dac_um2 / _UM2_PER_MM2,
    )
