"""A trace in words: what was traced, and what the fab got wrong with each neuron."""

from __future__ import annotations

import math
from typing import Any

from host.trace.probe_run import NeuronTrace, Trace

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"), (1e-12, "ps"), (1e-15, "fs"))


def unit_of(seconds: float) -> tuple[float, str]:
    """The unit that suits a time, and its length in seconds."""
    return next(((factor, name) for factor, name in _UNITS if seconds >= factor), _UNITS[-1])


def quantity(seconds: float) -> str:
    factor, unit = unit_of(seconds)
    return f"{seconds / factor:.4g} {unit}"


def name_of(neuron: NeuronTrace) -> str:
    return f"layer {neuron.layer}, neuron {neuron.neuron}"


def error_lines(neuron: NeuronTrace) -> list[str]:
    """What the fab got wrong with a neuron, a fact each; none if it is as designed."""
    wrong = neuron.errors
    found = []
    if "threshold" in wrong:
        made, designed = wrong.pop("threshold")
        figure = f"{made:.3f} th (designed {designed:g})" if math.isfinite(made) else "infinite: it never fires"
        found.append(f"threshold {figure}")
        if wrong.get("reset_charge", (made, 0.0))[0] in (made, 0):  # the same error once more
            wrong.pop("reset_charge", None)
    if "boxcar_low" in wrong or "boxcar_high" in wrong:
        low, high = (neuron.made[f"boxcar_{edge}"] for edge in ("low", "high"))
        want_low, want_high = (neuron.designed[f"boxcar_{edge}"] for edge in ("low", "high"))
        found.append(f"boxcar {low:.3f} to {high:.3f} th (designed {want_low:g} to {want_high:g})")
    gains = {name.removeprefix("gain_"): made for name, (made, _) in wrong.items() if name.startswith("gain_")}
    for name, (made, designed) in wrong.items():
        if name not in ("boxcar_low", "boxcar_high") and name.removeprefix("gain_") not in gains:
            words, unit = _WORDS.get(name, (name.replace("_", " "), ""))
            found.append(f"{words} {made:.3g}{unit} (designed {designed:.3g})")
    if gains:
        found.append("weight gain " + ", ".join(f"{name} x{gain:.2f}" for name, gain in gains.items()))
    return found


_WORDS = {"decay": ("membrane kept per step", ""), "noise": ("membrane noise sigma", " th per step")}


def report(trace: Trace, step_s: float, files: dict[str, str]) -> str:
    """What was traced, in a few lines."""
    spec = trace.spec
    network = "-".join(map(str, trace.chip_spec.layer_sizes))
    lines = [
        f"{trace.data}, {network}, {spec.steps} steps of {quantity(step_s)}, {spec.encoding} encoding, die {spec.die}",
        f"{'learning' if trace.learns else 'inferring'}, after {trace.learned_before:,} learned samples",
    ]
    for sample, label, answer in zip(trace.samples, trace.labels, trace.classes, strict=True):
        lines.append(f"  {trace.part} sample {sample}: class {label}, answered {answer}")
    for neuron in trace.neurons:
        facts = [f"{int(neuron.spike.sum())} spikes"]
        if neuron.learns:
            facts.append(f"{int((neuron.pulse != 0).sum())} update pulses")
        lines.append(f"  {name_of(neuron)}: {', '.join(facts)}; {'; '.join(error_lines(neuron)) or 'as designed'}")
    return "\n".join([*lines, *(f"{what:<10}{path}" for what, path in files.items())])


def facts(trace: Trace, step_s: float, files: dict[str, str]) -> dict[str, Any]:
    """The same for machines; an infinite figure (a threshold that is never met) is None."""
    return {
        "spec_hash": trace.spec.hash(),
        "die_seed": trace.spec.die,
        "dataset": trace.data,
        "part": trace.part,
        "samples": list(trace.samples),
        "labels": trace.labels.tolist(),
        "classes": trace.classes.tolist(),
        "learns": trace.learns,
        "learned_before": trace.learned_before,
        "steps": trace.spec.steps,
        "step_s": step_s,
        "neurons": [
            {
                "layer": neuron.layer,
                "neuron": neuron.neuron,
                "rows": [neuron.row_name(row) for row in neuron.rows],
                "spikes": neuron.spike.sum(axis=1).tolist(),
                "update_pulses": (neuron.pulse != 0).sum(axis=1).tolist(),
                "made": {name: figure if math.isfinite(figure) else None for name, figure in neuron.made.items()},
                "errors": error_lines(neuron),
            }
            for neuron in trace.neurons
        ],
        **files,
    }
