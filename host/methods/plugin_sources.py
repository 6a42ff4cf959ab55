"""A key over the sources of a plug-in's package, by which a run and what is kept of it are known."""

from __future__ import annotations

from functools import cache
from typing import Any

from chipsim.simd import plugin_sources_key


@cache
def plugin_sources(kind: Any) -> str:
    """Sixteen hex digits for the class of a plug-in; empty if it stands in no file: its version has to do then."""
    try:
        return plugin_sources_key([kind])
    except TypeError:
        return ""
