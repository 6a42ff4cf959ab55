"""Silicon area of a network's synapses, neurons and bias converters, and of all that the chip has."""

from __future__ import annotations

from dataclasses import dataclass

from chipsim.cost.dacs import bias_dacs
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
    synapses = sum(
        shape.crossbars * (shape.fan_in + bias_rows(spec, physical)) * shape.columns for shape in spec.shapes
    )
    return _area(physical, synapses, sum(spec.layer_sizes[1:]), sum(dacs.count for dacs in bias_dacs(spec)))


def bias_rows(spec: ChipSpec, physical: PhysicalSpec) -> int:
    """1 if the bias is a row of the array; unipolar synapses have none."""
    return int(physical.array.bias == "row" and not rule_of(spec.learning_circuit).unipolar)


def chip_area(physical: PhysicalSpec) -> AreaReport:
    """All cores. A signed synapse made of two devices takes two places of a core's array.

    A layer takes a core at least, so a core has a converter for each thing that is set by one.
    """
    array, sign = physical.array, physical.synapse.weight_sign
    places = array.cores * array.core_rows * array.core_columns
    neurons = array.cores * array.core_columns // (2 if sign == "differential_pair" else 1)
    dacs = array.cores * sum(dac is not None for dac in (physical.bias.leak_dac_ns, physical.bias.threshold_dac_v))
    return _area(physical, places // (1 if sign == "signed_column" else 2), neurons, dacs)


def _area(physical: PhysicalSpec, synapses: int, neurons: int, dacs: int) -> AreaReport:
    figures, dac_um2 = physical.area, physical.bias.dac_area_um2
    return AreaReport(
        synapses_mm2=synapses * figures.synapse_um2 / _UM2_PER_MM2,
        neurons_mm2=neurons * figures.neuron_um2 / _UM2_PER_MM2,
        learning_circuits_mm2=neurons * figures.learning_circuit_um2 / _UM2_PER_MM2,
        bias_dacs_mm2=None if dac_um2 is None else dacs * dac_um2 / _UM2_PER_MM2,
    )
