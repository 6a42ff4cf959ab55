"""The deck for ngspice: membrane, leak, clamps, synapses, reset and clocked comparator, and what drives them.

Signals that are digital on a chip run from 0 to 1 V, whatever the supply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from host.export.spice.column import Column, Synapse
from host.export.spice.models import Sources, gate_bias, synapse_subcircuit

_WIDTH = 110
_CLAMP_S = 0.1  # of rails, which hold whatever synapses deliver
STEPS_PER_STEP = 50  # at least, of the simulator in one of the network
# Within a window's last, additional step, as parts of it: membrane and comparator are cleared.
_CLEARED = (0.3, 0.9)


def starts_ns(column: Column) -> list[list[float]]:
    """When each step of each window begins. A window is followed by one more step, in which it is cleared."""
    step_ns, steps = column.schedule.step_ns, column.steps
    return [[(window * (steps + 1) + step) * step_ns for step in range(steps)] for window in range(column.windows)]


def end_ns(column: Column) -> float:
    return column.windows * (column.steps + 1) * column.schedule.step_ns


def sampled_ns(column: Column) -> float:
    """When in a step a membrane is what the comparator sees: pulses are over, edges included."""
    return column.schedule.compared_ns + 1.5 * column.schedule.edge_ns


def decided_ns(column: Column) -> float:
    """When in a step its spike is known, just before the next one begins."""
    return column.schedule.step_ns - column.schedule.edge_ns


def stimulus(column: Column) -> str:
    """Rows, reset, strobe and clear, as piecewise linear sources. Rows that deliver nothing are left out."""
    plan, starts = column.schedule, starts_ns(column)
    every = [start for window in starts for start in window]
    after = [window[-1] + plan.step_ns for window in starts]
    lines = [
        f"* What drives {_name(column)}: {column.windows} windows of {column.steps} steps, and a step to clear each"
    ]
    for synapse in column.synapses:
        active = [
            start
            for window, row in zip(starts, synapse.active, strict=True)
            for start, spikes in zip(window, row, strict=True)
            if spikes
        ]
        lines += _pulses(synapse.name, active, plan.pulse_ns, plan.edge_ns)
    lines += _pulses("reset", [*every, *after], plan.reset_ns, plan.edge_ns)
    lines += _pulses("strobe", every, (sampled_ns(column), plan.step_ns - 2 * plan.edge_ns), plan.edge_ns)
    cleared_ns = (_CLEARED[0] * plan.step_ns, _CLEARED[1] * plan.step_ns)
    lines += _pulses("clear", after, cleared_ns, plan.edge_ns)
    return _text(lines)


def _pulses(node: str, starts: Iterable[float], phase_ns: tuple[float, float], edge_ns: float) -> Iterator[str]:
    """Pulses of the phase's length at half their height, each from its step's beginning on."""
    points = ["0 0"]
    for start in sorted(starts):
        rises, falls = start + phase_ns[0], start + phase_ns[1]
        if rises > 0:
            points.append(f"{_ns(rises)} 0")
        points += [f"{_ns(rises + edge_ns)} 1", f"{_ns(falls)} 1", f"{_ns(falls + edge_ns)} 0"]
    yield from _wrapped(f"V{node} {node} 0 pwl(", points)


def _wrapped(head: str, points: Iterable[str]) -> Iterator[str]:
    line = head
    for point in points:
        if len(line) + len(point) > _WIDTH:
            yield line.rstrip()
            line = "+ "
        line += f"{point} "
    yield f"{line.rstrip()})"


def netlist(column: Column, sources: Sources, out: str) -> str:
    """The circuit. sources: how its currents are made; out: the file for membrane and comparator."""
    neuron, plan = column.chip.neuron, column.schedule
    low_v, high_v = (column.volts(rail) for rail in column.rails_th)
    step_ns = plan.step_ns / STEPS_PER_STEP
    lines = [
        f"* {_name(column)} of chip {_ascii(column.chip.name)}: {sources.told}",
        f".include {sources.library}",
        ".include stimulus.inc",
        f".param vdd={number(column.chip.process.supply_v)}",
        "Vdd vdd 0 {vdd}",
        f"Vrest rest 0 {number(neuron.resting_v)}",
        f"Vth vth 0 {number(column.volts(column.threshold_th))}",
        f"Cm vm 0 {number(column.capacitance_f)} ic={number(neuron.resting_v)}",
        *([f"Rleak vm rest {number(1 / column.leak_s)}"] if column.leak_s else ["* no leak"]),
        f"Brails vm 0 i='{_CLAMP_S}*(min(v(vm)-{number(low_v)},0)+max(v(vm)-{number(high_v)},0))'",
        "* synapses: row, membrane, and the current during a pulse",
        *gate_bias(column, sources),
        *(synapse_line(column, sources, synapse) for synapse in column.synapses),
        "* the comparator, its latch, and the reset in the step after a spike",
        "Xcomparator vm vth compared comparator",
        "Slatch compared spiked strobe 0 latch",
        "Clatch spiked 0 1p ic=0",
        "Bresets resets 0 v='v(spiked)>0.5 ? v(reset) : 0'",
        *_reset(column, sources),
        "* between windows",
        "Sclear vm rest clear 0 clear",
        "Sforget spiked 0 clear 0 clear",
        ".options method=gear reltol=1e-4 abstol=1e-13 vntol=1e-7",
        ".control",
        f"tran {number(step_ns)}n {_ns(end_ns(column))} 0 {number(step_ns)}n uic",
        "set wr_vecnames",
        "set wr_singlescale",
        f"wrdata {out} v(vm) v(spiked)",
        "quit",
        ".endc",
        ".end",
    ]
    return _text(lines)


def synapse_line(column: Column, sources: Sources, synapse: Synapse) -> str:
    subcircuit, value = synapse_subcircuit(column, sources, synapse.current_a)
    code = "" if synapse.code is None else f" $ code {synapse.code}"
    return f"X{synapse.name} {synapse.name} vm {subcircuit} {value}{code}"


def _reset(column: Column, sources: Sources) -> list[str]:
    if column.reset_a is None:
        return ["Sreset vm rest resets 0 clear"]
    subcircuit, value = synapse_subcircuit(column, sources, -column.reset_a)
    return [f"Xreset resets vm {subcircuit} {value}"]


def number(value: float) -> str:
    """Nine digits, whatever the machine."""
    return f"{value:.9g}"


def _ns(value: float) -> str:
    return f"{value:.10g}n"


def _name(column: Column) -> str:
    return f"neuron {column.layer}:{column.neuron}"


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
