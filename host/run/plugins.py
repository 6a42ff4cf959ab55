"""Which plug-ins a run uses."""

from __future__ import annotations

from typing import Any

from chipsim.design import LEARNING_RULES, NEURONS
from host.data import DATA_SOURCES, ENCODERS
from host.methods import TRAINING_METHODS
from host.settings import RunSpec
from nonideality import EFFECTS, Plugin, PluginGroup, parse_all


def plugins_used(spec: RunSpec) -> list[Plugin]:
    """What a run takes from packages other than chipsim: those of its chip, its encoding, its method, its data set."""
    found = (group.plugin(name) for group, name in plugins_named(spec))
    return [plugin for plugin in found if plugin is not None]


def plugins_named(spec: RunSpec) -> list[tuple[PluginGroup[Any], str]]:
    """Group and name of everything in a spec that a plug-in may bring, ours included; each once, in order."""
    named: list[tuple[PluginGroup[Any], str]] = [(EFFECTS, noise.effect.name) for noise in parse_all(spec.noise)]
    named += [
        (LEARNING_RULES, spec.learning_circuit.rule),
        (NEURONS, spec.neuron.kind),
        (ENCODERS, spec.encoding),
        (TRAINING_METHODS, spec.training.method),
        (DATA_SOURCES, spec.dataset),
    ]
    return list(dict.fromkeys((group, name) for group, name in named if group.offers(name)))  # a data set may be a file
