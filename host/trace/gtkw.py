"""How GTKWave lays a trace out: a group per neuron, voltages as analog curves, the whole trace in sight."""

from __future__ import annotations

import io
import math

from vcd.gtkw import GTKWFlag, GTKWSave

from host.trace.probe_run import Waveform
from host.trace.text import name_of
from host.trace.units import THRESHOLDS, Units
from host.trace.vcd import timestamp
from host.trace.waveform import SignalTimeline, Wave, waves

_ANALOG = GTKWFlag.analog_step
_LINES = {"membrane": 4}  # height of an analog curve; two lines for the others
_FRAMES = 3.5  # GTKWave's frames of 200 pixels that the whole trace shall take


def gtkw_text(waveform: Waveform, step_s: float, units: Units = THRESHOLDS) -> str:
    """A save file: ``gtkwave FILE.vcd FILE.gtkw`` shows every signal in the order of the path."""
    text = io.StringIO()
    save = GTKWSave(text)
    everything = waves(waveform)
    timeline = SignalTimeline.of(waveform)
    save.timestart(0)
    save.zoom_markers(-math.log2(timestamp(timeline.cycles, step_s) / _FRAMES))
    save.signals_width(180)
    save.sst_expanded(False)
    for wave in everything:
        if wave.scope == ("chip",):
            _show(save, wave, units)
    with save.group("phases", closed=True):
        for wave in everything:
            if wave.scope == ("chip", "phase"):
                _show(save, wave, units)
    for neuron in waveform.neurons:
        layer = ("chip", f"layer{neuron.layer}")
        mine = (*layer, f"neuron{neuron.neuron}")
        with save.group(name_of(neuron)):
            for wave in everything:
                if wave.scope in (layer, (*layer, "input"), mine) and wave.values.any():
                    _show(save, wave, units)
    return text.getvalue()


def _show(save: GTKWSave, wave: Wave, units: Units) -> None:
    name = ".".join((*wave.scope, units.shown(wave).name))
    if wave.kind != "real":
        save.trace(name, datafmt="signed" if wave.kind == "integer" else "bin")
        return
    save.trace(name, datafmt="real", extraflags=_ANALOG)
    for _ in range(_LINES.get(wave.name, 2) - 1):
        save.blank(analog_extend=True)
