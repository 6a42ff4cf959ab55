"""What crosses the wire between host and chip, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_IN_PROCESS = "in process"
_NOTES = {"learning": ", no neuron's state among them", "inference": "", "read_back": ", neurons' state"}


def link_lines(link: Mapping[str, Any]) -> list[str]:
    """A few lines for the report of a run."""
    if link["chip"] == _IN_PROCESS:
        where = "none: the chip is in this process; one would have carried"
    else:
        where = f"chip {link['chip']};"
    lines = [
        f"wire         {where} {link['bytes_down']:,} bytes down in {_messages(link['down']):,} messages,"
        f" {link['bytes_up']:,} up in {_messages(link['up']):,}"
    ]
    lines += [f"  {way:<11}{_by_kind(link[way])}" for way in ("down", "up")]
    for name, note in _NOTES.items():
        each = link["bytes_per_sample"][name]
        if each is not None:
            what = name.replace("_", " ")
            lines.append(f"  {what:<11}{each['down']:,.1f} bytes down and {each['up']:,.1f} up per sample{note}")
    if link["resent_frames"] or link["damaged_frames"]:
        lines.append(
            f"  repaired   {link['resent_frames']:,} frames sent again, {link['damaged_frames']:,} came damaged"
        )
    return lines + _times(link)


def _by_kind(kinds: Mapping[str, Mapping[str, int]]) -> str:
    """The largest first."""
    largest = sorted(kinds.items(), key=lambda kind: (-kind[1]["bytes"], kind[0]))
    return "bytes (messages): " + ", ".join(f"{name} {c['bytes']:,} ({c['messages']:,})" for name, c in largest)


def _times(link: Mapping[str, Any]) -> list[str]:
    """How host, wire and chip waited for each other; there is nothing to say in process."""
    if (time := link.get("time")) is None:
        return []
    lines = [
        f"  time       the chip worked {time['chip_busy_s']:.2f} s and had nothing to do for {time['chip_waits']:.0%}"
        f" of {time['seconds']:.2f} s; {time['host_work_hidden']:.0%} of the host's work cost no time"
    ]
    if (imposed := link["imposed"]) is not None:
        share = imposed["stalled_s"] / time["seconds"] if time["seconds"] else 0.0
        lines.append(
            f"  imposed    {imposed['mbit_per_s']:g} Mbit/s, {imposed['latency_us']:g} us each way: {share:.0%} of the"
            " time went into waiting for the wire"
        )
    return lines


def _messages(kinds: Mapping[str, Mapping[str, int]]) -> int:
    return sum(kind["messages"] for kind in kinds.values())
