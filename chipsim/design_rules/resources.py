"""Rules about what the chip has: rows, columns, cores, and the link to the host."""

from __future__ import annotations

from chipsim.cost import EventCounts, LinkFormat, link_bytes, sample_time
from chipsim.design import ChipError
from chipsim.design_rules.design import Design
from chipsim.design_rules.finding import RuleLimits
from chipsim.design_rules.registry import Verdict, rule
from chipsim.physical import Array, PhysicalSpec, columns_per_neuron, place_layers, rows_per_input


@rule(
    "fan-in",
    quantity="rows of the widest layer, bias included, over those whose currents can add up",
    unit="",
    limits=RuleLimits("at most", error=1.0),
    applies_to="physical specs",
)
def fan_in(design: Design) -> Verdict | None:
    if design.physical is None:
        return None
    array = design.physical.array
    rows = _rows(design.physical, design.fan_in)
    cores = array.cores if array.columns_chain else 1
    return Verdict(
        rows / (cores * array.core_rows),
        f"a fan-in of {design.fan_in} takes {rows} rows; {cores} core{'s, chained, have' if cores > 1 else ' has'}"
        f" {cores * array.core_rows}",
        f"core_rows {-(-rows // cores)}, a narrower layer, or columns that chain over {_row_parts(array, rows)} cores",
    )


@rule(
    "columns",
    quantity="columns that the network takes over those of all cores",
    unit="",
    limits=RuleLimits("at most", error=1.0),
    applies_to="physical specs",
)
def columns(design: Design) -> Verdict | None:
    if design.physical is None:
        return None
    array = design.physical.array
    needed = sum(
        shape.crossbars
        * _row_parts(array, _rows(design.physical, shape.rows))
        * shape.columns
        * columns_per_neuron(design.physical)
        for shape in design.chip.shapes
    )
    have = array.cores * array.core_columns
    return Verdict(
        needed / have,
        f"neurons take {needed} columns, one or two in each core that their inputs stand in; there are {have}",
        f"{-(-needed // array.core_columns)} cores or more, wider cores, or narrower layers",
    )


@rule(
    "cores",
    quantity="cores that the network takes over those of the chip",
    unit="",
    limits=RuleLimits("at most", error=1.0),
    applies_to="physical specs",
)
def cores(design: Design) -> Verdict | None:
    """As `chipsim map` places it; where that finds no place, with no core shared by two layers."""
    if design.physical is None:
        return None
    array = design.physical.array
    try:
        used = place_layers(design.physical, design.chip.shapes).cores_used
        return Verdict(used / array.cores, f"{used} of {array.cores} cores are taken", f"{array.cores} cores do")
    except ChipError as refusal:
        neurons_per_core = max(1, array.core_columns // columns_per_neuron(design.physical))
        needed = sum(
            shape.crossbars
            * _row_parts(array, _rows(design.physical, shape.rows))
            * -(-shape.columns // neurons_per_core)
            for shape in design.chip.shapes
        )
        needed = max(needed, array.cores + 1)
        return Verdict(needed / array.cores, str(refusal), f"{needed} cores, or narrower layers")


def _rows(physical: PhysicalSpec, n_in: int) -> int:
    """Rows of a layer's inputs and, where it takes one, of the bias."""
    return (n_in + int(physical.array.bias == "row")) * rows_per_input(physical)


def _row_parts(array: Array, rows: int) -> int:
    """Cores among which a layer's rows are divided."""
    return -(-rows // array.core_rows)


@rule(
    "link-bandwidth",
    quantity="part of the time that the chip waits for the link while learning",
    unit="",
    limits=RuleLimits("at most", note=0.0, warning=0.1, error=0.75),
    applies_to="physical specs",
)
def link_bandwidth(design: Design) -> Verdict | None:
    if design.physical is None:
        return None
    chip = design.chip
    nothing = (0.0,) * chip.n_layers
    expected = EventCounts(
        design.row_rate * chip.layer_sizes[0] * chip.presentation_steps, nothing, nothing, nothing, nothing
    )
    sent = link_bytes(
        chip,
        expected,
        LinkFormat.of(chip, design.physical),
        constant_current=design.constant_current,
        learning=True,
    ).total
    time = sample_time(chip, design.physical, sent)
    needed = design.physical.link.bandwidth_mbit_per_s * time.link_us / time.window_us
    return Verdict(
        time.stall_fraction,
        f"a sample's spikes and targets are {sent:,.0f} bytes, {time.link_us:.3g} us on the link, but the chip is done"
        f" with a sample after {time.window_us:.3g} us",
        f"bandwidth_mbit_per_s {needed:.0f}, fewer bits per event, or fewer input spikes",
    )
