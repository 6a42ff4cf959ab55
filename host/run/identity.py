"""What a run is known by: all that decides its bits, however its paths were typed, under whole hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from chipsim.design import LEARNING_RULES, NEURONS, rule_of
from chipsim.neurons import neuron_named
from host.data import ENCODERS, encoding_named
from host.methods import find, plugin_sources
from host.run.plugins import plugins_named
from host.settings import TRAINING_METHODS, RunSpec, deciding_settings
from nonideality import EFFECTS, PluginGroup, parse_all

_OF_A_TRAINED_TEACHER = ("hidden", "seed", "teacher")  # settings that decide its weights, beside the data


def canonical(value: Any) -> str:
    """JSON text that is the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest_of(value: Any) -> str:
    """Sixty-four hex digits over a JSON value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def settings_without_places(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a spec's settings, as JSON values, that decide what a run finds on the data that it is given."""
    return {name: value for name, value in deciding_settings(settings).items() if name != "dataset"}


def identity_of(spec: RunSpec, data_digest: str) -> dict[str, str]:
    """The parts that decide what a run finds, each as a hash: its settings, its data, the plug-ins and what they read.

    spec: with nothing left open. Raises what a plug-in raises that cannot be loaded or cannot tell what it reads.
    """
    return {
        "spec": digest_of(settings_without_places(spec.model_dump(mode="json"))),
        "data set": data_digest,
        "set of plug-ins": digest_of(_plugins(spec)),
    }


def key_of(identity: Mapping[str, str]) -> str:
    """One whole hash over the parts of an identity."""
    return digest_of(dict(identity))


def teacher_recipe(spec: RunSpec, data_digest: str) -> str:
    """A hash over what should give one teacher: of runs that share it, all follow the same network, bit for bit."""
    settings = settings_without_places(spec.model_dump(mode="json"))
    if spec.teacher.method == "through-time":  # on its chip, from a teacher of either kind
        return digest_of([data_digest, {**settings, "noise": [], "die": 0}])
    if spec.teacher.file is None:
        trained = {name: settings[name] for name in _OF_A_TRAINED_TEACHER}
        shown = spec.training.learned_samples  # whose activations are looked at in a teacher's digest
        return digest_of([data_digest, trained, spec.training.held_out, *([] if shown is None else [shown])])
    return digest_of([data_digest, {**settings, "noise": [], "die": 0}])


def _plugins(spec: RunSpec) -> list[list[str]]:
    """Who each is that another package offers, with the sources of its package; and what each reads that reads data."""
    foreign = []
    for group, name in plugins_named(spec):
        plugin = group.plugin(name)
        if plugin is not None:
            kind: Any = group.get(name)
            foreign.append([*plugin, plugin_sources(kind)])
    return foreign + _read_data(spec)


def _read_data(spec: RunSpec) -> list[list[str]]:
    """Name and fingerprint of each part that reads data of its own. Of a data set the samples themselves count."""
    parts: list[tuple[PluginGroup[Any], str, Any]] = [
        *((EFFECTS, noise.effect.name, noise.effect) for noise in parse_all(spec.noise)),
        (LEARNING_RULES, spec.learning_circuit.rule, rule_of(spec.learning_circuit)),
        (NEURONS, spec.neuron.kind, neuron_named(spec.neuron.kind)),
        (ENCODERS, spec.encoding, encoding_named(spec.encoding)),
        (TRAINING_METHODS, spec.training.method, find(spec.training.method)),
    ]
    found = []
    for group, name, part in parts:
        with group.blamed(name, "cannot tell what it reads"):
            text = part.fingerprint()
            if not isinstance(text, str):
                raise TypeError(f"fingerprint() gives a {type(text).__name__}, not a text")
        if text:
            found.append([group.group, name, text])
    return found
