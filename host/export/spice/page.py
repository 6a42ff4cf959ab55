"""README and Makefile of a deck."""

from __future__ import annotations

import textwrap

from chipsim.design import readable
from host.export.spice.column import Column
from host.export.spice.models import Sources

_WIDTH = 118
_MAKEFILE = """\
# make: the deck against the model; make real: the column in SystemVerilog; make finite: what finite sources do to it.
NGSPICE ?= ngspice
PYTHON ?= python3
IVERILOG ?= iverilog
VVP ?= vvp

.PHONY: spice real finite clean
spice:
\trm -f membrane.dat
\t$(NGSPICE) -b neuron.cir > ngspice.log 2>&1
\t$(PYTHON) compare.py .

real:
\t$(IVERILOG) -g2012 -o neuron_real.vvp neuron_real.sv neuron_real_tb.sv
\t$(VVP) -N neuron_real.vvp

# Shown, not matched: status 1 of the comparison is what may come of it.
finite:
\trm -rf finite
\tmkdir finite
\t$(NGSPICE) -b neuron_finite.cir > finite/ngspice.log 2>&1
\tmv membrane_finite.dat finite/membrane.dat
\tcp expected.csv finite
\t-$(PYTHON) compare.py finite

clean:
\trm -rf membrane.dat ngspice.log neuron_real.vvp finite
"""


def makefile() -> str:
    return _MAKEFILE


def page(column: Column, ideal: Sources, real: Sources) -> str:
    """What the deck is, what it assumes, and what it leaves out."""
    chip, plan = column.chip, column.schedule
    leak = f"{readable(1e9 * column.leak_s, 4)} nS to {readable(chip.neuron.resting_v)} V" if column.leak_s else "none"
    coded = column.synapses[0].code is not None
    figures = [
        ("windows, steps of each", f"{column.windows}, {column.steps}"),
        ("synapses that deliver something", f"{len(column.synapses)}"),
        ("membrane", f"{readable(1e15 * column.capacitance_f)} fF"),
        ("leak", leak),
        ("threshold", f"{readable(column.volts(column.threshold_th), 5)} V"),
        ("rails", " to ".join(f"{readable(column.volts(rail), 5)} V" for rail in column.rails_th)),
        ("one LSB" if coded else "a weight of one threshold", f"{readable(1e9 * column.unit_a, 5)} nA"),
        ("reset", _phase(plan.reset_ns)),
        ("pulse", _phase(plan.pulse_ns)),
        ("comparison", f"at {readable(plan.compared_ns)} ns of {readable(plan.step_ns)} ns"),
        ("left of a charge at the comparison", readable(column.charge_left, 6)),
        ("left of a reset", readable(column.reset_left, 6)),
    ]
    table = "".join(f"| {name} | {value} |\n" for name, value in figures)
    return f"""\
# Neuron {column.layer}:{column.neuron} of chip {chip.name} for ngspice

    make            # ngspice, and its voltages against the model's: PASS or FAIL, and the exit status
    make real       # the same column in SystemVerilog, its membrane a real number: iverilog
    make finite     # with sources that are not ideal: shown, not matched

| file | what it is |
| --- | --- |
| `neuron.cir` | membrane, leak, clamps, synapses, reset, clocked comparator |
| `models.lib` | sources, switches, comparator: {ideal.told}; generic, no foundry's |
| `stimulus.inc` | rows, reset, strobe and clear, in steps of the network |
| `expected.csv` | the model's membrane in V at each comparison, and its spikes |
| `compare.py` | holds `membrane.dat` against it: at most 0.01 th and 2 % rms, 19 of 20 counts equal, no warning |
| `neuron_finite.cir`, `models_finite.lib` | the same, {real.told} |
| `neuron_real.sv`, `neuron_real_tb.sv`, `charges.txt`, `steps.txt` | the column and a bench for iverilog |

| figure | value |
| --- | --- |
{table}
{_assumed(column)}
{_left_out(column)}

What the model and this deck take as ideal:

- The comparator is clocked: it looks once a step, so a neuron fires at most once in it. One that runs free would fire
  earlier, and now and then twice.
- Rails are perfect clamps.
- Synapses are ideal current sources; `make finite` shows others.
- Between windows membrane and comparator are cleared, which takes a step here and no time in the model.
"""


def _assumed(column: Column) -> str:
    assumed = column.schedule.assumed
    if not assumed:
        return "All phases of a step are as the chip states them."
    names = ", ".join(f"`{name}`" for name, _ in assumed)
    lines = "\n".join(f"    {name} = {readable(ns)}" for name, ns in assumed)
    said = f"The chip does not state {names}. Assumed is what follows; in the chip's file it would act in every run:"
    return f"{_filled(said)}\n\n{lines}"


def _left_out(column: Column) -> str:
    said = "The neuron is that of the run's die, with all that is frozen in it."
    if column.left_out:
        noises = ", ".join(f"`{text}`" for text in column.left_out)
        said += f" Left out is what a run draws anew in every step: {noises}."
    return _filled(said)


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _phase(phase_ns: tuple[float, float]) -> str:
    return f"{readable(phase_ns[0])} to {readable(phase_ns[1])} ns"
