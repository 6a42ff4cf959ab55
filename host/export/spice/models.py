"""What a deck's sources, switches and comparator are made of: formulas, or transistors of level 1 by a card of our own.

No foundry's figures: the card is that of a textbook, near what a 0.18 um process has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from host.errors import ExportError
from host.export.spice.column import Column

Devices = Literal["behavioural", "level1"]

_VTO_V = 0.45
_KP_N, _KP_P = 170e-6, 60e-6  # A / V^2
_OVERDRIVE_V = 0.15  # of a mirror at one LSB, whatever its current: synapses are that many times as wide
_SWITCH_RATIO = 20.0  # of a synapse's switch, W / L for each LSB
_LEAST_SINK_V = 0.2  # across a sink: its overdrive and the switch
_SHOWN_EARLY_V = 10.0  # where the chip states no Early voltage


@dataclass(frozen=True)
class Sources:
    """How currents are made. early_v, headroom_v: of sources that are not ideal; 0: they are."""

    devices: Devices
    library: str  # the file that describes them
    early_v: float = 0.0
    headroom_v: float = 0.0

    @property
    def told(self) -> str:
        kind = "formulas" if self.devices == "behavioural" else "transistors of level 1"
        return f"{kind}, ideal sources" if not self.early_v else f"{kind}, Early voltage {self.early_v:g} V"


def ideal_sources(column: Column, devices: Devices) -> Sources:
    """Raises ExportError where transistors would have no room."""
    if devices == "level1":
        low_v = column.volts(column.rails_th[0])
        if low_v < _LEAST_SINK_V:
            raise ExportError(
                f"--devices level1: low_rail_v = {low_v:g} leaves transistors that sink current less than"
                f" {_LEAST_SINK_V:g} V: choose --devices behavioural, or shift the chip's voltages up"
            )
    return Sources(devices, "models.lib")


def real_sources(column: Column, devices: Devices) -> Sources:
    """As the chip states them, or as an example."""
    synapse = column.chip.synapse
    return Sources(devices, "models_finite.lib", synapse.early_voltage_v or _SHOWN_EARLY_V, synapse.headroom_v or 0.0)


def synapse_subcircuit(column: Column, sources: Sources, current_a: float) -> tuple[str, str]:
    """The subcircuit of a source (or, of a negative current, a sink), and its value."""
    kind = "source" if current_a > 0 else "sink"
    if sources.devices == "behavioural":
        return kind, f"i={abs(current_a):.9g}"
    return kind, f"ratio={abs(current_a) / column.unit_a:.9g}"


def gate_bias(column: Column, sources: Sources) -> list[str]:
    """The mirrors' inputs, one LSB each."""
    if sources.devices == "behavioural":
        return []
    return [
        f"Iup gate_up 0 {column.unit_a:.9g}",
        f"Idown vdd gate_down {column.unit_a:.9g}",
        "Xmirrors gate_up gate_down mirrors",
    ]


def library(column: Column, sources: Sources) -> str:
    """Models and subcircuits, `source` and `sink` with pins row and out, `comparator` with pins plus, minus and out."""
    common = [
        f"* {sources.told}",
        ".model latch sw(vt=0.5 vh=0.1 ron=1k roff=1e12)",
        ".model clear sw(vt=0.5 vh=0.1 ron=100 roff=1e12)",
    ]
    lines = _formulas(column, sources) if sources.devices == "behavioural" else _transistors(column, sources)
    return "".join(f"{line}\n" for line in [*common, *lines])


def _formulas(column: Column, sources: Sources) -> list[str]:
    """A row's signal times the current; of finite sources times what the voltage across them makes of it."""
    if not sources.early_v:
        of_source, of_sink = ("G1 0 out row 0 {i}", "G1 out 0 row 0 {i}")
    else:
        middle_v = column.volts(column.threshold_th / 2)
        slope = f"(v(out)-{middle_v:.9g})/{sources.early_v:.9g}"
        above, below = (
            (f"*tanh(max({{vdd}}-v(out),0)/{sources.headroom_v:.9g})", f"*tanh(max(v(out),0)/{sources.headroom_v:.9g})")
            if sources.headroom_v
            else ("", "")
        )
        of_source = f"B1 0 out i='{{i}}*v(row)*(1-{slope}){above}'"
        of_sink = f"B1 out 0 i='{{i}}*v(row)*(1+{slope}){below}'"
    return [
        ".subckt source row out i=0",
        of_source,
        ".ends",
        ".subckt sink row out i=0",
        of_sink,
        ".ends",
        ".subckt comparator plus minus out",
        "B1 out 0 v='0.5+0.5*tanh((v(plus)-v(minus))/50u)'",
        ".ends",
    ]


def _transistors(column: Column, sources: Sources) -> list[str]:
    wide = {"up": 2 * column.unit_a / (_KP_P * _OVERDRIVE_V**2), "down": 2 * column.unit_a / (_KP_N * _OVERDRIVE_V**2)}
    slope = 1 / sources.early_v if sources.early_v else 0.0
    driver = "tanh(20*(v(row)-0.5))"  # a row's, steep, so that a switch is on for as long as its pulse at half height
    return [
        "* generic cards: a textbook's long transistors, no foundry's; without capacitances of their own",
        f".model nmirror nmos(level=1 vto={_VTO_V} kp={_KP_N} lambda={slope:.9g})",
        f".model pmirror pmos(level=1 vto=-{_VTO_V} kp={_KP_P} lambda={slope:.9g})",
        f".model nch nmos(level=1 vto={_VTO_V} kp={_KP_N} lambda=0)",
        f".model pch pmos(level=1 vto=-{_VTO_V} kp={_KP_P} lambda=0)",
        ".global vdd gate_up gate_down",
        "* mirrors: one LSB sets the gates, a synapse is as many times as wide",
        ".subckt mirrors up down",
        f"M1 up up vdd vdd pmirror w={wide['up']:.9g}u l=1u",
        f"M2 down down 0 0 nmirror w={wide['down']:.9g}u l=1u",
        ".ends",
        ".subckt source row out ratio=1",
        f"E1 gate 0 vol='{{vdd}}*(0.5-0.5*{driver})'",
        f"M1 drain gate_up vdd vdd pmirror w={{ratio*{wide['up']:.9g}u}} l=1u",
        f"M2 out gate drain vdd pch w={{ratio*{_SWITCH_RATIO:g}u}} l=1u",
        ".ends",
        ".subckt sink row out ratio=1",
        f"E1 gate 0 vol='{{vdd}}*(0.5+0.5*{driver})'",
        f"M1 drain gate_down 0 0 nmirror w={{ratio*{wide['down']:.9g}u}} l=1u",
        f"M2 out gate drain 0 nch w={{ratio*{_SWITCH_RATIO:g}u}} l=1u",
        ".ends",
        *_comparator(column),
    ]


def _comparator(column: Column) -> list[str]:
    """A differential pair on a mirror, and two inverters; of the kind that has room at the threshold."""
    low = column.volts(column.threshold_th) < _VTO_V + 0.25
    pair, load, rail, far, tail = ("pch", "nch", "vdd", "0", "I1 vdd tail 10u") if low else (
        "nch", "pch", "0", "vdd", "I1 tail 0 10u"
    )  # fmt: skip
    return [
        ".subckt comparator plus minus out",
        tail,
        f"M1 left plus tail {rail} {pair} w=20u l=1u",
        f"M2 first minus tail {rail} {pair} w=20u l=1u",
        f"M3 left left {far} {far} {load} w=10u l=1u",
        f"M4 first left {far} {far} {load} w=10u l=1u",
        "C1 first 0 20f",
        "M5 second first 0 0 nch w=2u l=1u",
        "M6 second first vdd vdd pch w=6u l=1u",
        "C2 second 0 10f",
        "M7 third second 0 0 nch w=2u l=1u",
        "M8 third second vdd vdd pch w=6u l=1u",
        "C3 third 0 10f",
        "E1 out 0 third 0 {1/vdd}",
        ".ends",
    ]
