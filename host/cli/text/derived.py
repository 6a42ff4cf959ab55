"""A chip in physical units and what the model makes of it, as text and as JSON."""

from __future__ import annotations

import json
from typing import Any

from chipsim.design import readable
from chipsim.physical import QUANTITIES, PhysicalSpec, derive, not_modelled, settings_of
from host.terminal import table


def derived_json(spec: PhysicalSpec) -> str:
    values = derive(spec)
    return json.dumps(
        {
            "chip": spec.name,
            "derived": {
                quantity.name: {
                    "value": values[quantity.name],
                    "unit": quantity.unit,
                    "formula": quantity.formula,
                    "meaning": quantity.meaning,
                }
                for quantity in QUANTITIES
            },
            "settings": settings_of(spec),
            "not_modelled": not_modelled(spec),
        }
    )


def derived_text(spec: PhysicalSpec) -> str:
    """Every derived number with its formula, then what a run takes from them, then what a run leaves out."""
    rows = []
    for quantity, value in zip(QUANTITIES, derive(spec).values(), strict=True):
        shown = "none" if value is None else f"{readable(value)} {quantity.unit}".rstrip()
        rows += [[quantity.name, shown, quantity.meaning], ["", "", f"= {quantity.formula}"]]
    lines = [
        f"chip {spec.name}: the numbers of the model; th is the swing from rest to threshold",
        *table(rows, align="<", indent=2),
    ]
    lines += ["", "settings that chipsim run --chip takes from them, unless a flag or --config says otherwise"]
    for name, setting in settings_of(spec).items():
        if name != "noise":
            lines.append(f"  {name} = {_setting(setting)}")
        else:
            lines += [f"  --noise={noise}" for noise in setting] or ["  no noise"]
    return "\n".join([*lines, "", "not modelled", *(f"  {sentence}" for sentence in not_modelled(spec))])


def _setting(value: Any) -> str:
    """As TOML has it, numbers as a person writes them."""
    if isinstance(value, list):
        return f"[{', '.join(map(_setting, value))}]"
    return readable(value) if isinstance(value, float) else json.dumps(value)
