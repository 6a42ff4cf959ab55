"""How a data set was read: the range found, what means 0 and 1, what validates, and what seems wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def data_lines(summary: Mapping[str, Any]) -> list[str]:
    """For the head of a run."""
    scaling, validation = summary["scaling"], summary["validation"]
    lines = [f"  {scaling_text(scaling)}"]
    if validation["own"]:
        lines.append(f"  validated on the data set's own {validation['samples']:,} samples, x_valid")
    return lines + [f"  warning: {note}" for note in scaling["warnings"]]


def scaling_text(scaling: Mapping[str, Any]) -> str:
    """scaling: see host.data.describe."""
    (low, high), (zero, one) = scaling["found"], scaling["used"]
    read = f"{zero:g} to {one:g} is read as 0 to 1, for all inputs alike"
    if scaling["per_feature"]:
        read = "each input's own range is read as 0 to 1"
    return f"x_train goes from {low:g} to {high:g} ({scaling['type']}): {read} (--scale {scaling['setting']})"
