"""The neuron models by name, and the one that a layer of a chip has."""

from __future__ import annotations

from functools import lru_cache

from chipsim.design import NEURONS, NeuronSpec
from chipsim.neurons.homeostasis import AdaptiveThreshold, WinnerTakeAll
from chipsim.neurons.lif import IntegrateAndFire, LeakyIntegrateAndFire
from chipsim.neurons.model import NeuronModel
from chipsim.neurons.readout import Readout

NEURONS.provide(
    NeuronModel,
    ("summary", "source", "fields"),
    (IntegrateAndFire, LeakyIntegrateAndFire, AdaptiveThreshold, WinnerTakeAll),
)


def neuron_named(name: str) -> NeuronModel:
    """Raises ChipError with the valid names, or if it cannot be loaded."""
    neuron: NeuronModel = NEURONS.make(name)
    return neuron


def neuron_of(spec: NeuronSpec, is_readout: bool) -> NeuronModel:
    """Of a layer. is_readout: one that only integrates; it leaks as a lif neuron does, or not at all."""
    if not is_readout:
        return neuron_named(spec.kind)
    like = LeakyIntegrateAndFire() if spec.kind == LeakyIntegrateAndFire.name else IntegrateAndFire()
    return Readout(like, spec.readout == "integrating-max")


@lru_cache
def formulas_named(name: str) -> NeuronModel:
    """A model whose formulas are those that a plan names: what it integrates and fires by, whatever its tables hold."""
    return Readout(LeakyIntegrateAndFire(), False) if name == Readout.name else neuron_named(name)


def formulas_of(neuron: NeuronModel) -> str:
    return neuron.formulas or neuron.name
