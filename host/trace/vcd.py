"""A trace as a value change dump (IEEE 1364-2005, section 18), which GTKWave and every other waveform viewer opens."""

from __future__ import annotations

import io
import math
from typing import Any

from vcd import VCDWriter

from chipsim import __version__
from chipsim.execution import in_words
from host.trace.probe_run import Waveform
from host.trace.text import bias_lines, error_lines, name_of
from host.trace.units import THRESHOLDS, Units
from host.trace.waveform import STAGES, SignalTimeline, waves

_FINEST = -15  # the smallest time unit of a VCD is a femtosecond
_RESOLUTION = 6  # decades between the step period and the time unit: cycles are sixths of a step, no round figure
_UNITS = {0: "s", -3: "ms", -6: "us", -9: "ns", -12: "ps", -15: "fs"}


def time_unit(step_s: float) -> int:
    """The decimal exponent of the file's time unit, in seconds: a millionth of a step, a femtosecond at least."""
    return max(_FINEST, min(0, math.floor(math.log10(step_s)) - _RESOLUTION))


def timestamp(cycle: int, step_s: float) -> int:
    """When a cycle begins, in time units, rounded."""
    return round(cycle * step_s / len(STAGES) / 10.0 ** time_unit(step_s))


def vcd_text(waveform: Waveform, step_s: float, units: Units = THRESHOLDS) -> str:
    """The file. Real variables have all digits: in thresholds they give the chip's float32 back, in `units`, too."""
    text = io.StringIO()
    exponent = time_unit(step_s)
    decade = exponent % 3
    timescale = f"{10**decade} {_UNITS[exponent - decade]}"
    # No date: the same run gives the same file.
    with VCDWriter(
        text, timescale, date="", comment="\n".join(_comment(waveform, step_s, units)), version=f"chipsim {__version__}"
    ) as writer:
        changes: list[tuple[int, int, Any, Any]] = []
        for number, wave in enumerate(map(units.shown, waves(waveform))):
            size = 1 if wave.kind == "wire" else None
            read = float if wave.kind == "real" else int
            values = [read(value) for value in wave.values]
            variable = writer.register_var(wave.scope, wave.name, wave.kind, size, init=values[0])
            changes += [(int(at), number, variable, value) for at, value in zip(wave.at[1:], values[1:], strict=True)]
        for neuron in waveform.neurons:
            scope = ("chip", f"layer{neuron.layer}", f"neuron{neuron.neuron}", "die")
            for name, figure in neuron.fabricated.items():
                shown = units.figure_name(name, neuron.figure_units.get(name, ""))
                writer.register_var(scope, shown, "real_parameter", init=units.figure(name, figure))
        changes.sort(key=lambda change: change[:2])
        for at, _, variable, value in changes:
            writer.change(variable, timestamp(at, step_s), value)
        writer.close(timestamp(SignalTimeline.of(waveform).cycles, step_s))
    return text.getvalue()


def _comment(waveform: Waveform, step_s: float, units: Units) -> list[str]:
    spec = waveform.spec
    shown = ", ".join(
        f"{sample} (class {label}, answered {in_words(answer)})"
        for sample, label, answer in zip(waveform.samples, waveform.labels, waveform.classes, strict=True)
    )
    lines = [
        f"{waveform.data}, {'-'.join(map(str, waveform.design.layer_sizes))}, {spec.steps_text}, {spec.encoding}"
        f" encoding, die {spec.die}, seed {spec.seed}, spec {spec.hash()}",
        f"noise: {', '.join(spec.noise) or 'none'}",
        f"{waveform.part} samples {shown}; {'learning' if waveform.learns else 'inferring'} after"
        f" {waveform.learned_before} learned samples",
        f"A step takes {step_s:g} s and has the stages {', '.join(STAGES)}, a sixth of it each.",
        f"{units.sentence()}; counts are spikes.",
    ]
    return (
        lines
        + [f"as set, {line}" for line in bias_lines(waveform, units)]
        + [
            f"{name_of(neuron)}: {'; '.join(error_lines(neuron, units)) or 'as designed'}"
            for neuron in waveform.neurons
        ]
    )
