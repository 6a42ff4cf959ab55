"""What a run cost: the counts that its accuracy came with, put through the cost model, as data and as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from host.terminal import table


def cost_lines(cost: Mapping[str, Any]) -> list[str]:
    """The same as a table with a column for each phase."""
    phases = [phase for phase in ("inference", "learning") if cost[phase] is not None]
    rows = []
    figures = [cost[phase] for phase in phases]

    def row(name: str, cells: list[str]) -> None:
        rows.append([f"  {name}", *cells])

    row("synaptic events", [f"{each['synaptic_events']:,.0f}" for each in figures])
    row("spikes fired", [f"{each['spikes']:,.1f}" for each in figures])
    row("weight updates", [f"{each['weight_updates']:,.0f}" for each in figures])
    row("latency, steps", [f"{each['latency_steps']:,}" for each in figures])
    row("link bytes", [f"{each['link_bytes']['total']:,.0f}" for each in figures])
    if cost["chip"] is not None:
        row("latency", [_time(each["latency_us"]) for each in figures])
        row("clock cycles", [f"{each['clock_cycles']:,.0f}" for each in figures])
        row("samples per second", [f"{each['samples_per_s']:,.0f}" for each in figures])
        row("waiting for the link", [f"{each['stall_fraction']:.0%}" for each in figures])
        row("energy", [_range(each["energy_nj"]["low"], each["energy_nj"]["high"]) for each in figures])
        for number, part in enumerate(figures[0]["energy_nj"]["parts"]):
            shares = [each["energy_nj"]["parts"][number]["share"] for each in figures]
            row(f"  {part['name']}", [f"{share:.1%}" for share in shares])
    lines = table(rows, ("cost per sample", *phases))
    if cost["chip"] is not None:
        lines += _area_lines(cost["area_mm2"])
    return lines + _dac_lines(cost)


def _area_lines(area: Mapping[str, Mapping[str, float]]) -> list[str]:
    network, chip = area["network"], area["chip"]
    dacs = f", bias DACs {network['bias_dacs']:.3g}" if "bias_dacs" in network else ""
    return [
        f"area         {network['total']:.3g} mm2 of the chip's {chip['total']:.3g} mm2: synapses"
        f" {network['synapses']:.3g}, neurons {network['neurons']:.3g}, learning circuits"
        f" {network['learning_circuits']:.3g}{dacs} mm2"
    ]


def _dac_lines(cost: Mapping[str, Any]) -> list[str]:
    """Which converters are counted, and whether energy and area are those of them, too."""
    dacs = cost.get("bias_dacs", ())
    if not dacs:
        return []
    listed = ", ".join(
        f"{each['count']} of {each['bits']} bits for the {each['sets']} ({each['low']:g} to {each['high']:g}"
        f" {each['unit']})"
        for each in dacs
    )
    left_out = []
    if cost["chip"] is not None:
        parts = [part["name"] for part in cost["inference"]["energy_nj"]["parts"]] if cost["inference"] else ()
        left_out += [] if "bias DACs" in parts else ["energy (dac_power_uw)"]
        left_out += [] if "bias_dacs" in cost["area_mm2"]["network"] else ["area (dac_area_um2)"]
    note = f"; not in {' and '.join(left_out)}, for which the chip gives no figure" if left_out else ""
    return [f"bias DACs    {listed}, one per layer{note}"]


def _time(us: float) -> str:
    return f"{us:,.3g} us" if us < 1e3 else f"{us / 1e3:,.3g} ms"


def _range(low_nj: float, high_nj: float) -> str:
    """An energy in the unit that suits its upper end."""
    scale, unit = next(((s, u) for s, u in ((1e6, "mJ"), (1e3, "uJ")) if high_nj >= s), (1.0, "nJ"))
    return f"{low_nj / scale:.3g} to {high_nj / scale:.3g} {unit}"
