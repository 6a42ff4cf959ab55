"""What goes wrong in silicon: one effect per file, a registry, and random streams with names. Knows no chip.

Read, in this order:

    errors      the sheet of a layer's errors, ideal at first: whatever an effect does, it writes there; `sheet_entry`
                says what may stand where
    effect      what an effect is: its sites, the meaning of its level, and how it fills the sheet
    comparator  the shortest effect; `mismatch` has several sites, `options` reads numbers besides the level,
                `typed_options` options of any type
    plugins     what other packages offer by name, of any kind: found without loading, loaded when it is asked for
    registry    which effects there are, those of other packages included
    grammar     how ``KIND:LEVEL[@SITE][,key=value...]`` is read
    filling     an effect writes on a sheet, which is then looked at; whose mistake it is, is said
    streams     a random stream of its own for each list of labels

All other files but `near` and `noise_error` are effects, one each. `chipsim.die` has them fill the sheets of a die; the
kernels read arrays that are made of the sheets, so no kernel is compiled again for an effect.

May know: nothing of ours, and no numba. Never how a chip computes: an effect that has to know that is none.

To add an effect: its file here and a line in `registry`; CONTRIBUTING.md has the recipe. Another package offers one
under the entry point group `chipsim.nonidealities` (`examples/threshold_gradient`). With it goes a test of its draws
against the distribution that it promises, in `tests/nonideality/`; that each entry explains itself, checks its level
and draws from its own stream alone is tested for all of them.

To add a site, which is an array of the sheet: see `chipsim.die`, which has to put it into the die's tables.
"""

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors, Place
from nonideality.filling import fill
from nonideality.grammar import Noise, parse, parse_all, settled
from nonideality.noise_error import NoiseError
from nonideality.plugins import ListedPlugin, Plugin, PluginGroup, groups_found, one_line
from nonideality.registry import EFFECTS, catalogue, effect_named
from nonideality.streams import stream, stream_key

__all__ = [
    "EFFECTS",
    "LayerErrors",
    "ListedPlugin",
    "Noise",
    "NoiseError",
    "Nonideality",
    "Place",
    "Plugin",
    "PluginGroup",
    "Site",
    "catalogue",
    "effect_named",
    "fill",
    "groups_found",
    "one_line",
    "parse",
    "parse_all",
    "settled",
    "stream",
    "stream_key",
]
