"""What crossed the wire between host and chip, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def link_lines(link: Mapping[str, Any]) -> list[str]:
    """A few lines for the report of a run."""
    if not link["counted"]:
        return ["wire         none: the chip is in this process; --chip-process counts what would cross one"]
    learning, inference = link["bytes_per_sample"]["learning"], link["bytes_per_sample"]["inference"]
    lines = [
        f"wire         chip {link['chip']}; {link['bytes_down']:,} bytes down in {_messages(link['down']):,} messages,"
        f" {link['bytes_up']:,} up in {_messages(link['up']):,}"
    ]
    for name, each in (("learning", learning), ("inference", inference)):
        if each is not None:
            nothing = ", no neuron's state among them" if name == "learning" else ""
            lines.append(f"  {name:<11}{each['down']:,.1f} bytes down and {each['up']:,.1f} up per sample{nothing}")
    if link["resent_frames"] or link["damaged_frames"]:
        lines.append(
            f"  repaired   {link['resent_frames']:,} frames sent again, {link['damaged_frames']:,} came damaged"
        )
    lines.append(
        f"  time       the chip worked {link['chip_busy_s']:.2f} s and had nothing to do for {link['chip_waits']:.0%}"
        f" of {link['seconds']:.2f} s; {link['host_work_hidden']:.0%} of the host's work cost no time"
    )
    if (imposed := link["imposed"]) is not None:
        share = imposed["stalled_s"] / link["seconds"] if link["seconds"] else 0.0
        lines.append(
            f"  imposed    {imposed['mbit_per_s']:g} Mbit/s, {imposed['latency_us']:g} us each way: {share:.0%} of the"
            " time went into waiting for the wire"
        )
    return lines


def _messages(kinds: Mapping[str, Mapping[str, int]]) -> int:
    return sum(kind["messages"] for kind in kinds.values())
