"""A placement as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from chipsim.physical import Placement
from host.terminal import table


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
        *_tiles(placement),
    ]
    visits = [f"layer {n} visits {each:,} positions in turn" for n, each in enumerate(placement.visits, 1) if each > 1]
    if visits:
        lines += ["", f"each column serves a neuron at every position that it visits: {', '.join(visits)}"]
    return "\n".join(
        [
            *lines,
            "",
            *table(
                [
                    ["columns taken", f"{placement.column_use:.1%}", "of the chip"],
                    ["synapse cells taken", f"{placement.cell_use:.1%}", "of the cores used"],
                ],
                align="<><",
            ),
        ]
    )


def _tiles(placement: Placement) -> list[str]:
    core_cells = placement.core_rows * placement.core_columns
    rows = [
        [
            str(tile.layer),
            str(tile.core),
            _span(tile.first_input, tile.inputs),
            _span(tile.first_neuron, tile.neurons),
            _span(tile.first_row, tile.rows),
            _span(tile.first_column, tile.columns),
            f"{tile.rows * tile.columns / core_cells:.1%}",
        ]
        for tile in placement.tiles
    ]
    return table(rows, ("layer", "core", "inputs", "neurons", "rows", "columns", "of the core"), align=">")


def _span(first: int, count: int) -> str:
    return f"{first}-{first + count - 1}"
