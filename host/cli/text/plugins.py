"""What there is in each group of plug-ins, from which package, and whether it can be used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chipsim.design import CHIP_GROUPS
from host.data import DATA_SOURCES, ENCODERS
from host.methods import TRAINING_METHODS
from host.terminal import table
from nonideality import ListedPlugin, PluginGroup, groups_found


def plugin_groups() -> dict[str, PluginGroup[Any]]:
    """All groups that there are, by name, with what they check plug-ins against."""
    return {**CHIP_GROUPS, **{each.group: each for each in (TRAINING_METHODS, ENCODERS, DATA_SOURCES)}}


def _listed() -> Iterator[ListedPlugin]:
    """Everything in every group, and what other packages offer in groups that there are not. Loads all."""
    groups = plugin_groups()
    for group in groups.values():
        yield from group.listing()
    problem = f"chipsim has no such group: offer it in one of {', '.join(groups)}"
    for name in groups_found():
        if name not in groups:
            unknown: PluginGroup[Any] = PluginGroup(name, what="plug-in", error=ValueError)
            for each in unknown.names():
                yield from (ListedPlugin(offer, None, problem) for offer in unknown.offers(each))


def _entry(listed: ListedPlugin) -> dict[str, Any]:
    return {
        **listed.plugin._asdict(),
        "source": listed.source,
        "state": "ok" if listed.problem is None else "broken",
        "why": listed.problem,
    }


def plugins_json() -> str:
    return json.dumps({"groups": list(plugin_groups()), "plugins": [_entry(each) for each in _listed()]})


def plugins_text() -> str:
    """A heading per group, a line per name."""
    by_group: dict[str, list[list[str]]] = {name: [] for name in plugin_groups()}
    for listed in _listed():
        plugin = listed.plugin
        state = "ok" if listed.problem is None else f"broken: {listed.problem}"
        by_group.setdefault(plugin.group, []).append([plugin.name, f"{plugin.package} {plugin.version}", state])
    lines = []
    for group, rows in by_group.items():
        lines += [group, *(table(rows, align="<", indent=2) or ["  none"]), ""]
    lines.append("Another package adds to a group by an entry point in its pyproject.toml; see host/PLUGINS.md.")
    return "\n".join(lines)
