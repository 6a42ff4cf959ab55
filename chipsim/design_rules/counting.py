"""Rules about counters and clocks."""

from __future__ import annotations

from chipsim.cost import cycles_available, layer_cycles, rows_of_updates, rows_per_core
from chipsim.design_rules.design import Design
from chipsim.design_rules.finding import RuleLimits
from chipsim.design_rules.registry import Verdict, rule
from learning_circuit import Rows


@rule(
    "accumulator-overflow",
    quantity="largest count of an accumulator over the steps of a window",
    unit="",
    limits=RuleLimits("at least", note=1.0, warning=0.5, error=0.25),
)
def accumulator_overflow(design: Design) -> Verdict:
    bits, steps = design.chip.learning_circuit.accumulator_bits, design.chip.steps
    return Verdict(
        (2**bits - 1) / steps,
        f"spikes beyond {2**bits - 1} are not counted: strong neurons look alike, and those above their target are"
        " never taught",
        f"accumulator_bits {steps.bit_length()} counts all {steps} steps; or at most {2**bits - 1} steps",
    )


@rule(
    "step-cycles",
    quantity="clock cycles of a learning step over those in a step period",
    unit="",
    limits=RuleLimits("at most", warning=0.8, error=1.0),
    applies_to="physical specs",
)
def clock_cycles(design: Design) -> Verdict | None:
    if design.physical is None:
        return None
    active = [design.row_rate * shape.rows * shape.positions for shape in design.chip.shapes]
    updates = rows_of_updates(design.chip)
    cycles = [
        layer_cycles(design.physical, shape, rows, updates if shape.learns else ())
        for shape, rows in zip(design.chip.shapes, active, strict=True)
    ]
    needed, available = max(cycles), cycles_available(design.physical)
    busiest = design.chip.shapes[cycles.index(needed)]
    rows = rows_per_core(design.physical, design.row_rate * busiest.rows, busiest.rows) * busiest.visits
    timing = design.physical.timing
    return Verdict(
        needed / available,
        f"{rows:.0f} spikes a step into a core, delivered, and {_written(updates)} written, need {needed:.0f} cycles,"
        f" but a step has {available:.0f}: the last ones come too late",
        f"step_period_ns {1.25 * needed / timing.clock_mhz * 1e3:.0f}, or clock_mhz"
        f" {1.25 * needed / timing.step_period_ns * 1e3:.0f}, or fewer cycles per row",
    )


def _written(updates: tuple[Rows, ...]) -> str:
    rows = {
        Rows.SPIKES: "their rows",
        Rows.TRACES: "rows with traces",
        Rows.OFFSET_TRACES: "all rows",
        Rows.ALL: "all rows",
    }
    return " and ".join(rows[each] for each in updates)
