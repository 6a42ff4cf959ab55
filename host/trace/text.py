"""A trace in words: what was traced, and what the fab got wrong with each neuron."""

from __future__ import annotations

import math
from typing import Any

from chipsim.design import Dac
from chipsim.run import ABSTAINED, in_words
from host.terminal import table
from host.trace.probe_run import NeuronWaveform, Waveform

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"), (1e-12, "ps"), (1e-15, "fs"))


def unit_of(seconds: float) -> tuple[float, str]:
    """The unit that suits a time, and its length in seconds."""
    return next(((factor, name) for factor, name in _UNITS if seconds >= factor), _UNITS[-1])


def quantity(seconds: float) -> str:
    factor, unit = unit_of(seconds)
    return f"{seconds / factor:.4g} {unit}"


def name_of(neuron: NeuronWaveform) -> str:
    return f"layer {neuron.layer}, neuron {neuron.neuron}"


def error_lines(neuron: NeuronWaveform) -> list[str]:
    """What the fab got wrong with a neuron, a fact each; none if it is as designed."""
    wrong = neuron.errors
    found = []
    if "threshold" in wrong:
        fabricated, nominal = wrong.pop("threshold")
        figure = (
            f"{fabricated:.3f} th (designed {nominal:g})" if math.isfinite(fabricated) else "infinite: it never fires"
        )
        found.append(f"threshold {figure}")
        if wrong.get("reset_charge", (fabricated, 0.0))[0] in (fabricated, 0):  # the same error once more
            wrong.pop("reset_charge", None)
    if "boxcar_low" in wrong or "boxcar_high" in wrong:
        low, high = (neuron.fabricated[f"boxcar_{edge}"] for edge in ("low", "high"))
        want_low, want_high = (neuron.nominal[f"boxcar_{edge}"] for edge in ("low", "high"))
        found.append(f"boxcar {low:.3f} to {high:.3f} th (designed {want_low:g} to {want_high:g})")
    gains = {
        name.removeprefix("gain_"): fabricated for name, (fabricated, _) in wrong.items() if name.startswith("gain_")
    }
    for name, (fabricated, nominal) in wrong.items():
        if name not in ("boxcar_low", "boxcar_high") and name.removeprefix("gain_") not in gains:
            words, unit = _WORDS.get(name, (name.replace("_", " "), ""))
            found.append(f"{words} {fabricated:.3g}{unit} (designed {nominal:.3g})")
    if gains:
        found.append("weight gain " + ", ".join(f"{name} x{gain:.2f}" for name, gain in gains.items()))
    return found


def bias_lines(waveform: Waveform) -> list[str]:
    """Leak and threshold of each traced layer as they are set, if they are not the same nominal ones in all layers."""
    neuron, design = waveform.design.neuron, waveform.design
    usual = neuron.tau_steps, neuron.threshold_th, neuron.leak_dac.bits, neuron.threshold_dac.bits
    if not isinstance(usual[0], tuple) and usual[1:] == (1.0, None, None):
        return []
    lines = []
    for layer in dict.fromkeys(neuron.layer for neuron in waveform.neurons):
        tau, threshold = design.tau_steps[layer - 1], design.thresholds_th[layer - 1]
        facts = [f"threshold {threshold:.6g} th{_by_code(neuron.threshold_dac.converter, threshold)}"]
        if neuron.kind == "lif":
            leak = f"time constant {tau:.6g} steps" if math.isfinite(tau) else "no leak"
            facts.append(leak + _by_code(neuron.leak_dac.converter, 1 / tau))
        lines.append(f"layer {layer}: {', '.join(facts)}")
    return lines


def _by_code(dac: Dac | None, value: float) -> str:
    return "" if dac is None else f" (code {dac.code(value)} of 0 to {dac.top})"


_WORDS = {"decay": ("membrane kept per step", ""), "noise": ("membrane noise sigma", " th per step")}


def summary(waveform: Waveform, step_s: float, files: dict[str, str]) -> str:
    """What was traced, in a few lines."""
    spec = waveform.spec
    network = "-".join(map(str, waveform.design.layer_sizes))
    lines = [
        f"{waveform.data}, {network}, {spec.steps} steps of {quantity(step_s)}, {spec.encoding} encoding,"
        f" die {spec.die}",
        f"{'learning' if waveform.learns else 'inferring'}, after {waveform.learned_before:,} learned samples",
    ]
    for sample, label, answer in zip(waveform.samples, waveform.labels, waveform.classes, strict=True):
        lines.append(f"  {waveform.part} sample {sample}: class {label}, answered {in_words(answer)}")
    lines += [f"  {line}" for line in bias_lines(waveform)]
    for neuron in waveform.neurons:
        facts = [f"{int(neuron.spike.sum())} spikes"]
        if neuron.learns:
            facts.append(f"{int((neuron.pulse != 0).sum())} update pulses")
        lines.append(f"  {name_of(neuron)}: {', '.join(facts)}; {'; '.join(error_lines(neuron)) or 'as designed'}")
    return "\n".join([*lines, *table(files.items(), align="<")])


def facts(waveform: Waveform, step_s: float, files: dict[str, str]) -> dict[str, Any]:
    """The same for machines; an infinite figure (a threshold that is never met) and an answer that is none are None."""
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
        "step_s": step_s,
        "neurons": [
            {
                "layer": neuron.layer,
                "neuron": neuron.neuron,
                "rows": [neuron.row_name(row) for row in neuron.rows],
                "spikes": neuron.spike.sum(axis=1).tolist(),
                "update_pulses": (neuron.pulse != 0).sum(axis=1).tolist(),
                "made": {name: figure if math.isfinite(figure) else None for name, figure in neuron.fabricated.items()},
                "errors": error_lines(neuron),
            }
            for neuron in waveform.neurons
        ],
        **files,
    }
