"""Noise that can hit nothing on a chip, and why: what it writes on the sheet of errors is read by no circuit there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import numpy as np

from chipsim.design import LEARNING_RULES, NEURONS, ChipSpec, LayerShape, rule_of, told_targets
from chipsim.neurons import neuron_named
from learning_circuit import Rows
from nonideality import EFFECTS, LayerErrors, Noise

Role = Literal["hidden", "output"]
_ROLES: tuple[Role, ...] = ("hidden", "output")
_TRIED = 64  # rows and columns of a sheet on which an effect is tried


class Use(NamedTuple):
    """What a chip is used for."""

    learns: bool = True  # on chip
    ages: bool = True  # learns, or rests


class IdleNoise(NamedTuple):
    """One site of a noise that hits nothing."""

    number: int  # of the noise within the spec, from 0
    site: str
    why: str


class _Layer(NamedTuple):
    spec: ChipSpec
    number: int  # from 0
    use: Use

    @property
    def shape(self) -> LayerShape:
        return self.spec.shapes[self.number]

    @property
    def role(self) -> Role:
        return "output" if self.number == self.spec.n_layers - 1 else "hidden"

    @property
    def fires(self) -> bool:
        return self.role == "hidden" or self.spec.neuron.outputs_fire


def idle_noises(spec: ChipSpec, use: Use) -> list[IdleNoise]:
    """Every site of every noise that hits nothing whatever its level. Raises NoiseError if an effect is broken.

    What an effect writes is found by trying it; one that writes nothing at its level is not judged.
    """
    found = []
    for number, noise in enumerate(spec.noises):
        layers = [_Layer(spec, n, use) for n in range(spec.n_layers) if noise.layer in (None, n + 1)]
        for site in noise.sites:
            written = {role: _written(noise, site, role) for role in _ROLES}
            why = _why(layers, written)
            if why and any(written.values()):
                found.append(IdleNoise(number, site, why))
    return found


def _why(layers: list[_Layer], written: Mapping[Role, set[str]]) -> str | None:
    """Why none of `layers` reads what is written for its role; None if one does."""
    reasons: dict[str, None] = {}
    for layer in layers:
        names = written[layer.role]
        if not names:
            reasons[f"it leaves {layer.role} layers alone"] = None
        for name in sorted(names):
            why = _UNREAD[name](layer) if name in _UNREAD else None
            if why is None and name not in _DETAILS:
                return None
            if why is not None:
                reasons[why] = None
    return " and ".join(reasons)


def _written(noise: Noise, site: str, role: Role) -> set[str]:
    """Names of what this noise changes on a sheet."""
    sheet, ideal = (LayerErrors(_TRIED, _TRIED, role) for _ in range(2))
    with EFFECTS.blamed(noise.effect.name, "fails"):
        noise.effect.fill(site, sheet, np.random.default_rng(0))
    return {name for name, value in vars(sheet).items() if not np.array_equal(value, vars(ideal)[name])}


# Each returns why a layer does not read something, or None if it does. What other packages make may read anything.


def _leak(layer: _Layer) -> str | None:
    neuron = layer.spec.neuron
    if layer.fires and NEURONS.plugin(neuron.kind) is not None:
        return None
    leaks = neuron.kind != "if" and math.isfinite(neuron.tau_steps_of(layer.number))
    return None if leaks else "neurons do not leak"


def _exponential_current(layer: _Layer) -> str | None:
    return "charge arrives within a step" if layer.spec.neuron.synapse_tau_steps is None else None


def _counter(layer: _Layer) -> str | None:
    return None if layer.fires else "a readout that does not fire counts nothing"


def _learning(layer: _Layer) -> str | None:
    if not layer.use.learns:
        return "nothing is learned on chip"
    return None if layer.shape.learns else "a pooling layer does not learn"


def _rule_of_ours(layer: _Layer) -> bool:
    return LEARNING_RULES.plugin(layer.spec.learning_circuit.rule) is None


def _rule_reads(layer: _Layer, field: str) -> bool:
    """Whether it has that field among its own; what other packages bring may read anything."""
    rule = rule_of(layer.spec.learning_circuit)
    return not _rule_of_ours(layer) or field in {each.name for each in rule.fields}


def _boxcar(layer: _Layer) -> str | None:
    if not _rule_reads(layer, "boxcar_low"):
        return "the learning rule has no boxcar"
    if _rule_of_ours(layer) and not layer.fires:
        return "a readout without a threshold has no boxcar"
    return _learning(layer)


def _error_comparator(layer: _Layer) -> str | None:
    return _learning(layer) if _rule_reads(layer, "comparator_offset") else "the learning rule compares no counts"


def _traces(layer: _Layer) -> str | None:
    return "input rows keep no traces" if layer.spec.learning_circuit.trace_tau_steps is None else _learning(layer)


def _offset_traces(layer: _Layer) -> str | None:
    circuit = layer.spec.learning_circuit
    takes = Rows.OFFSET_TRACES in rule_of(circuit).rows(circuit)
    return _learning(layer) if takes else "the learning rule takes nothing off traces"


def _neuron_reads(layer: _Layer, field: str) -> bool:
    """As `_rule_reads`."""
    kind = layer.spec.neuron.kind
    if layer.fires and NEURONS.plugin(kind) is not None:
        return True
    return layer.fires and field in {each.name for each in neuron_named(kind).fields}


def _adapting(layer: _Layer) -> str | None:
    """Thresholds move while the layer learns, and are at rest what they were programmed to be."""
    return _learning(layer) if _neuron_reads(layer, "theta") else "thresholds do not adapt"


def _competing(layer: _Layer) -> str | None:
    return None if _neuron_reads(layer, "margin_offset") else "neurons do not compete"


def _targets(layer: _Layer) -> str | None:
    told = told_targets(layer.spec)[layer.number]
    return _learning(layer) or (None if told else "the learning rule is told no targets")


def _first(layer: _Layer) -> str | None:
    return "only events of the first layer cross the link" if layer.number > 0 else None


def _programmed(layer: _Layer) -> str | None:
    return None if layer.shape.learns else "the equal weights of a pooling layer fit any number of bits"


def _time(layer: _Layer) -> str | None:
    return None if layer.use.ages else "no time passes: nothing is learned on chip, and it does not rest"


_UNREAD: Mapping[str, Callable[[_Layer], str | None]] = {
    "time_constant_gain": _leak,
    "synapse_time_constant_gain": _exponential_current,
    "missed_counts": _counter,
    "boxcar_low_gain": _boxcar,
    "boxcar_high_gain": _boxcar,
    "boxcar_low_offset": _boxcar,
    "boxcar_high_offset": _boxcar,
    "comparator_offset": _error_comparator,
    "trace_time_constant_gain": _traces,
    "trace_offset_gain": _offset_traces,
    "theta_step_gain": _adapting,
    "theta_leak_gain": _adapting,
    "margin_offset": _competing,
    "pulse_gain": _learning,
    "pulse_up_gain": _learning,
    "pulse_down_gain": _learning,
    "cycle_noise": _learning,
    "write_noise": _learning,
    "step_up": _learning,
    "step_down": _learning,
    "target_bit_errors": _targets,
    "spike_bit_errors": _first,
    "drift_exponent": _time,
    "weight_bits": _programmed,
}
_DETAILS = ("drift_t0_s", "window_s")  # say nothing by themselves
