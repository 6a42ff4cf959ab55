"""Which plug-ins a run uses."""

from __future__ import annotations

from typing import Any

from chipsim.design import plugins_of
from host.data import DATA_SOURCES, ENCODERS
from host.methods import TRAINING_METHODS
from host.training import Setup
from nonideality import Plugin, PluginGroup


def plugins_used(setup: Setup) -> list[Plugin]:
    """What a run takes from packages other than chipsim: those of its chip, its encoding, its method, its data set."""
    spec = setup.spec
    named: list[tuple[PluginGroup[Any], str]] = [
        (ENCODERS, spec.encoding),
        (TRAINING_METHODS, spec.training.method),
        (DATA_SOURCES, spec.dataset),
    ]
    of_host = (group.plugin(name) for group, name in named if group.offers(name))  # a data set may be a file
    return [*plugins_of(setup.design), *(plugin for plugin in of_host if plugin is not None)]
