"""One sample, or a few, through chosen neurons: every signal of their learning path on the hardware's time axis.

Read, in this order:

    probe_run        the run, its probes, and what they showed of each neuron
    synapse_lookup   where a neuron's figures and synapses stand in the arrays of its layer
    waveform         when each signal takes which value: a step has six cycles, one per stage
    units            thresholds, or the volts, nanoamperes and femtocoulombs of a chip
    vcd              waveforms as a file that every viewer opens; `gtkw`: how GTKWave lays it out
    text             what was traced, in words

May know: `run`, `methods`, `training`, `data`, `settings`, the host's errors; of `chipsim` the interface, `design`,
`die` for what was fabricated, `layout`, `physical`. Tracing changes no result: probes copy what kernels have computed.

To add a signal: first in the chip (see `chipsim.kernel`), then in `probe_run`, its cycle in `waveform`, its quantity in
`units`, its panel in `host/plots/trace_plot.py`. The tests are `tests/host/trace/test_trace.py`, by the reference
model, and `test_trace_files.py` and `test_trace_units.py`, by a reader of waveforms that is not ours.
"""

from host.trace.gtkw import gtkw_text
from host.trace.probe_run import NeuronWaveform, Waveform, trace
from host.trace.text import error_lines, facts, name_of, quantity, summary, unit_of
from host.trace.units import THRESHOLDS, Units, shown_in, units_of
from host.trace.vcd import vcd_text
from host.trace.waveform import STAGES, SignalTimeline, waves

__all__ = [
    "STAGES",
    "THRESHOLDS",
    "NeuronWaveform",
    "SignalTimeline",
    "Units",
    "Waveform",
    "error_lines",
    "facts",
    "gtkw_text",
    "name_of",
    "quantity",
    "shown_in",
    "summary",
    "trace",
    "unit_of",
    "units_of",
    "vcd_text",
    "waves",
]
