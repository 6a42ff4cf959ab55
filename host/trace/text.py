"""A trace in words: what was traced, and what the fab got wrong with each neuron."""

from __future__ import annotations

import math
from typing import Any

from chipsim.design import Dac, readable
from chipsim.execution import ABSTAINED
from host.terminal import table
from host.trace.probe_run import NeuronWaveform, Waveform
from host.trace.units import THRESHOLDS, Units
from host.trace.waveform import SignalTimeline, Wave, neuron_waves

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"), (1e-12, "ps"), (1e-15, "fs"))


def unit_of(seconds: float) -> tuple[float, str]:
    """The unit that suits a time, and its length in seconds."""
    return next(((factor, name) for factor, name in _UNITS if seconds >= factor), _UNITS[-1])


def quantity(seconds: float) -> str:
    factor, unit = unit_of(seconds)
    return f"{seconds / factor:.4g} {unit}"


def name_of(neuron: NeuronWaveform) -> str:
    return f"layer {neuron.layer}, neuron {neuron.neuron}"


def error_lines(neuron: NeuronWaveform, units: Units = THRESHOLDS) -> list[str]:
    """What the fab got wrong with a neuron, a fact each; none if it is as designed."""
    wrong = neuron.errors
    found = []
    volts = units.voltage
    if "threshold" in wrong:
        fabricated, nominal = wrong.pop("threshold")
        figure = (
            f"{units.level(fabricated)} {volts.symbol} (designed {volts.text(nominal)})"
            if math.isfinite(fabricated)
            else "infinite: it never fires"
        )
        found.append(f"threshold {figure}")
        if wrong.get("reset_charge", (fabricated, 0.0))[0] in (fabricated, 0):  # the same error once more
            wrong.pop("reset_charge", None)
    if "boxcar_low" in wrong or "boxcar_high" in wrong:
        low, high = (units.level(neuron.fabricated[f"boxcar_{edge}"]) for edge in ("low", "high"))
        want_low, want_high = (volts.text(neuron.nominal[f"boxcar_{edge}"]) for edge in ("low", "high"))
        found.append(f"boxcar {low} to {high} {volts.symbol} (designed {want_low} to {want_high})")
    gains = {
        name.removeprefix("gain_"): fabricated for name, (fabricated, _) in wrong.items() if name.startswith("gain_")
    }
    for name, (fabricated, nominal) in wrong.items():
        if name not in ("boxcar_low", "boxcar_high") and name.removeprefix("gain_") not in gains:
            made, meant = (readable(units.figure(name, value), 3) for value in (fabricated, nominal))
            words = _WORDS.get(name, name.replace("_", " "))
            found.append(f"{words} {made}{_unit_of_figure(neuron, name, units)} (designed {meant})")
    if gains:
        found.append("weight gain " + ", ".join(f"{name} x{gain:.2f}" for name, gain in gains.items()))
    return found


def _unit_of_figure(neuron: NeuronWaveform, name: str, units: Units) -> str:
    symbol = units.symbol(name, neuron.figure_units.get(name, ""))
    return f" {symbol}" if symbol else ""


def bias_lines(waveform: Waveform, units: Units = THRESHOLDS) -> list[str]:
    """Leak and threshold of each traced layer as they are set, if they are not the same nominal ones in all layers."""
    neuron, design = waveform.design.neuron, waveform.design
    usual = neuron.tau_steps, neuron.threshold_th, neuron.leak_dac.bits, neuron.threshold_dac.bits
    if not isinstance(usual[0], tuple) and usual[1:] == (1.0, None, None):
        return []
    lines = []
    for layer in dict.fromkeys(neuron.layer for neuron in waveform.neurons):
        tau, threshold = design.tau_steps[layer - 1], design.thresholds_th[layer - 1]
        set_to = f"{units.voltage.text(threshold)} {units.voltage.symbol}"
        facts = [f"threshold {set_to}{_by_code(neuron.threshold_dac.converter, threshold)}"]
        if neuron.kind == "lif":
            lasts = f"{readable(tau)} steps" if units.name == "th" else quantity(tau * units.step_s)
            leak = f"time constant {lasts}" if math.isfinite(tau) else "no leak"
            facts.append(leak + _by_code(neuron.leak_dac.converter, 1 / tau))
        lines.append(f"layer {layer}: {', '.join(facts)}")
    return lines


def _by_code(dac: Dac | None, value: float) -> str:
    return "" if dac is None else f" (code {dac.code(value)} of 0 to {dac.top})"


_WORDS = {
    "decay": "membrane kept per step",
    "noise": "membrane noise sigma",
    "first_noise": "first step's membrane noise sigma",
}


def summary(waveform: Waveform, step_s: float, files: dict[str, str], units: Units = THRESHOLDS) -> str:
    """What was traced, in a few lines."""
    spec = waveform.spec
    network = "-".join(map(str, waveform.design.layer_sizes))
    lines = [
        f"{waveform.data}, {network}, {spec.steps_text} of {quantity(step_s)}, {spec.encoding} encoding,"
        f" die {spec.die}",
        f"{'learning' if waveform.learns else 'inferring'}, after {waveform.learned_before:,} learned samples",
        *([] if units.name == "th" else [units.sentence()]),
    ]
    for sample, label, answer in zip(waveform.samples, waveform.labels, waveform.classes, strict=True):
        said = "no answer" if answer == ABSTAINED else f"answered {answer}"
        lines.append(f"  {waveform.part} sample {sample}: class {label}, {said}")
    lines += [f"  {line}" for line in bias_lines(waveform, units)]
    for neuron in waveform.neurons:
        facts = [f"{int(neuron.spike.sum())} spikes"]
        if neuron.learns:
            facts.append(f"{int((neuron.pulse != 0).sum())} update pulses")
        lines.append(
            f"  {name_of(neuron)}: {', '.join(facts)}; {'; '.join(error_lines(neuron, units)) or 'as designed'}"
        )
    return "\n".join([*lines, *table(files.items(), align="<")])


def facts(waveform: Waveform, step_s: float, files: dict[str, str], units: Units = THRESHOLDS) -> dict[str, Any]:
    """The same for machines; an infinite figure (a threshold that is never met) is None."""
    return {
        "spec_hash": waveform.spec.hash(),
        "die_seed": waveform.spec.die,
        "dataset": waveform.data,
        "part": waveform.part,
        "samples": list(waveform.samples),
        "labels": waveform.labels.tolist(),
        "classes": [None if answer == ABSTAINED else answer for answer in waveform.classes.tolist()],
        "learns": waveform.learns,
        "learned_before": waveform.learned_before,
        "steps": waveform.spec.steps,
        **({"windows": waveform.spec.windows} if waveform.spec.windows > 1 else {}),
        "step_s": step_s,
        "units": _units_json(units),
        "neurons": [
            {
                "layer": neuron.layer,
                "neuron": neuron.neuron,
                "rows": [neuron.row_name(row) for row in neuron.rows],
                "spikes": neuron.spike.sum(axis=1).tolist(),
                "update_pulses": (neuron.pulse != 0).sum(axis=1).tolist(),
                "made": {
                    name: units.figure(name, figure) if math.isfinite(figure) else None
                    for name, figure in neuron.fabricated.items()
                },
                "made_units": {
                    name: symbol
                    for name in neuron.fabricated
                    if (symbol := units.symbol(name, neuron.figure_units.get(name, "")))
                },
                "signals": _signals(waveform, neuron, units),
                "errors": error_lines(neuron, units),
            }
            for neuron in waveform.neurons
        ],
        **files,
    }


def _units_json(units: Units) -> dict[str, Any]:
    """Which units these are; of those of a chip, what a threshold is."""
    plain = {"name": units.name, "voltage": units.voltage.symbol, "current": units.current.symbol}
    plain["charge"] = units.charge.symbol
    if units.name == "th":
        return plain
    charge_fc = units.charge.factor
    return plain | {"resting_v": units.voltage.rest, "swing_v": units.voltage.factor, "threshold_charge_fc": charge_fc}


def _signals(waveform: Waveform, neuron: NeuronWaveform, units: Units) -> dict[str, str]:
    """Unit of each signal of a neuron that has one, by the signal's name in the file."""
    timeline = SignalTimeline.of(waveform)
    named = {
        units.shown(wave).name: _unit_of_wave(waveform, wave, neuron, units) for wave in neuron_waves(neuron, timeline)
    }
    return {name: unit for name, unit in named.items() if unit}


def _unit_of_wave(waveform: Waveform, wave: Wave, neuron: NeuronWaveform, units: Units) -> str:
    if wave.name == "count" and neuron.integrating:  # membrane over threshold
        return ""
    if wave.name.startswith("code_"):
        return "LSB"
    if wave.name.startswith("residue_"):
        return f"LSB/{2**waveform.design.learning_circuit.update_accumulator_bits}"
    return units.symbol(wave.name, wave.unit)
