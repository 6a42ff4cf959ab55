"""A chip that states all phases of a step, for decks."""

import re
from pathlib import Path
from typing import Any

from chipsim.physical import PhysicalSpec, load

# A step of 400 ns with a leak of five steps, so that what leaks within one matters.
TIMING: dict[str, Any] = {
    "step_period_ns": 400.0,
    "reset_start_ns": 10.0,
    "reset_width_ns": 60.0,
    "pulse_start_ns": 90.0,
    "comparator_ns": 40.0,
}
CHANGED: dict[str, dict[str, Any]] = {
    "neuron": {"leak_conductance_ns": 3850.0, "low_rail_v": 0.3},
    "synapse": {"pulse_width_ns": 250.0, "unit_synapse_current_na": 400.0},
    "timing": TIMING,
}


def own_chip(**changes: dict[str, Any]) -> PhysicalSpec:
    """cmos-180nm with some figures changed; None leaves one out."""
    tables = load("cmos-180nm").to_table() | {"name": "own"}
    for changed in (CHANGED, changes):
        for table, figures in changed.items():
            tables[table] = {k: v for k, v in (tables[table] | figures).items() if v is not None}
    return PhysicalSpec.model_validate(tables)


def changed_deck(folder: Path, pattern: str, replaced: str) -> None:
    """neuron.cir with one figure changed."""
    deck = folder / "spice" / "neuron.cir"
    text, times = re.subn(pattern, replaced, deck.read_text(), flags=re.MULTILINE)
    assert times == 1
    deck.write_text(text)
