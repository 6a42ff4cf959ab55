"""A placement as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from chipsim.physical.placement import Placement


def map_json(placement: Placement) -> str:
    return json.dumps(
        {
            **asdict(placement),
            "cores_used": placement.cores_used,
            "column_use": placement.column_use,
            "cell_use": placement.cell_use,
        }
    )


def map_text(placement: Placement) -> str:
    """One line per tile; counted from 0 but for layers and cores."""
    lines = [
        f"network {'-'.join(map(str, placement.layer_sizes))} on {placement.chip}:"
        f" {placement.cores_used} of {placement.cores} cores of {placement.core_rows} rows x"
        f" {placement.core_columns} columns",
        "",
        f"{'layer':>5} {'core':>5} {'inputs':>11} {'neurons':>11} {'rows':>11} {'columns':>11} {'of the core':>12}",
    ]
    core_cells = placement.core_rows * placement.core_columns
    for tile in placement.tiles:
        spans = (
            _span(tile.first_input, tile.inputs),
            _span(tile.first_neuron, tile.neurons),
            _span(tile.first_row, tile.rows),
            _span(tile.first_column, tile.columns),
        )
        share = tile.rows * tile.columns / core_cells
        lines.append(f"{tile.layer:>5} {tile.core:>5} {' '.join(f'{span:>11}' for span in spans)} {share:>12.1%}")
    visits = [f"layer {n} visits {each:,} positions in turn" for n, each in enumerate(placement.visits, 1) if each > 1]
    if visits:
        lines += ["", f"each column serves a neuron at every position that it visits: {', '.join(visits)}"]
    return "\n".join(
        [
            *lines,
            "",
            f"columns taken        {placement.column_use:>6.1%} of the chip",
            f"synapse cells taken  {placement.cell_use:>6.1%} of the cores used",
        ]
    )


def _span(first: int, count: int) -> str:
    return f"{first}-{first + count - 1}"
