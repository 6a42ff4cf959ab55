"""What commands print, as text and as JSON: results in, lines out.

`run` is the result of a run, and its details; `data` how its data were read, `cost` its costs; `catalogue` lists
noises, methods and data sets, `plugins` which package each is of; `derived`, `placement` and `check` are about chips in
physical units.

May know: the rooms whose results it tells (`run`, `methods`, `data`, `link.traffic`, `settings`;
`chipsim.design_rules`, `chipsim.design`, `chipsim.physical`, `nonideality`). Never a flag. Only `check` looks at the
terminal, for its width and whether it has colours.

To add a line: what it says belongs into the JSON object, too, and into a test of its command in `tests/host/cli/`.
"""

from host.cli.text.catalogue import data_json, data_text, methods_json, methods_text, noise_json, noise_text
from host.cli.text.check import report_json, show
from host.cli.text.data import got_json, got_text, scaling_text
from host.cli.text.derived import derived_json, derived_text
from host.cli.text.placement import map_json, map_text
from host.cli.text.plugins import plugin_groups, plugins_json, plugins_text
from host.cli.text.run import details_text, result_text

__all__ = [
    "data_json",
    "data_text",
    "derived_json",
    "derived_text",
    "details_text",
    "got_json",
    "got_text",
    "map_json",
    "map_text",
    "methods_json",
    "methods_text",
    "noise_json",
    "noise_text",
    "plugin_groups",
    "plugins_json",
    "plugins_text",
    "report_json",
    "result_text",
    "scaling_text",
    "show",
]
