"""Which plug-ins a chip's spec names, and whether they are here in the same version."""

from __future__ import annotations

from collections.abc import Iterable

from chipsim.design.errors import ChipError
from chipsim.design.plugins import CHIP_GROUPS, LEARNING_RULES, NEURONS
from chipsim.design.spec import ChipSpec
from nonideality import EFFECTS, Plugin


def names_in(spec: ChipSpec) -> list[tuple[str, str]]:
    """(group, name) of everything in a spec that a plug-in may bring, ours included; each once, in order."""
    named = [(EFFECTS.group, noise.effect.name) for noise in spec.noises]
    named += [(LEARNING_RULES.group, spec.learning_circuit.rule), (NEURONS.group, spec.neuron.kind)]
    return list(dict.fromkeys(named))


def plugins_of(spec: ChipSpec) -> tuple[Plugin, ...]:
    """What a spec needs of other packages, with package and version. Loads nothing."""
    found = (CHIP_GROUPS[group].plugin(name) for group, name in names_in(spec))
    return tuple(plugin for plugin in found if plugin is not None)


def plugin_classes(spec: ChipSpec) -> list[type]:
    """The classes of these plug-ins, for `chipsim.simd.plugin_sources_key`."""
    return [CHIP_GROUPS[plugin.group].get(plugin.name) for plugin in plugins_of(spec)]


def check_installed(plugins: Iterable[Plugin]) -> None:
    """Raises ChipError, in one line, if one that another process names is not here in the same version."""
    for wanted in plugins:
        if wanted.group not in CHIP_GROUPS:
            raise ChipError(
                f"plug-in {wanted.name!r} is of {wanted.group}, which no chip has: choose from {', '.join(CHIP_GROUPS)}"
            )
        group = CHIP_GROUPS[wanted.group]
        here = group.offers(wanted.name)
        if wanted in here and len(here) == 1:
            continue
        fix = f"pip install '{wanted.package}=={wanted.version}' where this server runs"
        there = " and ".join(f"{offer.package} {offer.version}" for offer in here)
        found = (
            f"this server has it of {there}: have one version on both" if here else "this server lacks it: install it"
        )
        raise ChipError(
            f"{group.what} {wanted.name!r} is of {wanted.package} {wanted.version} at the host, and {found}, such as by"
            f" {fix}"
        )


def check_announced(spec: ChipSpec, plugins: Iterable[Plugin]) -> None:
    """Raises ChipError if `spec` needs a plug-in here that is not among those which another process named."""
    for plugin in plugins_of(spec):
        if plugin not in plugins:
            raise ChipError(
                f"{CHIP_GROUPS[plugin.group].what} {plugin.name!r} is of {plugin.package} {plugin.version} at this"
                " server, and of no such package at the host: install the same packages on both"
            )
