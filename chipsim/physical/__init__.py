"""The chip in physical units, and what the model makes of it.

Read, in this order:

    table        what figures are made of, and the tables that hold them; `figures`: energies and areas
    spec         every figure of a chip, its unit in its name; none has a default
    digital      what of it is said of a circuit of registers and adders
    presets/     the chips that come along, each figure with its source; none has a [bias], as their layers are alike
    loading      reads a preset or a file; what is wrong is said in one line with its line number, see `toml_lines`
    derive       from volts, farads and bits to the numbers of the model, one function and one formula each
    settings     what a run takes of it: settings and noise
    left_out     sentences about what the model leaves out, and about fields that change nothing
    placement    on which cores, rows and columns a network stands

May know: `design` and `learning_circuit`. Never a die or a kernel: what a chip means is known before one is made.

To add a figure: a field with its unit in `spec` or `figures`, a line with its source in every preset, its formula in
`derive` with its text beside it, its effect in `settings`, or a sentence in `left_out` that names it: nothing is
dropped in silence, as `tests/chipsim/physical/test_left_out.py` finds out. The test is a value worked out by hand in
`tests/chipsim/physical/test_derive.py`. To add a preset: a file in `presets/` whose first comment says what it is, and
its name in `loading`; the tests of this room then run over it.
"""

from chipsim.physical.derive import (
    QUANTITIES,
    columns_per_neuron,
    derive,
    ktc_sigma_th,
    phases_ns,
    rows_per_input,
    signed_bits,
    swing_v,
)
from chipsim.physical.digital import DIGITAL
from chipsim.physical.left_out import not_modelled
from chipsim.physical.loading import PRESETS, load, load_table, preset_text, summary, validated
from chipsim.physical.placement import Placement, place, place_layers
from chipsim.physical.settings import noise_of, settings_of
from chipsim.physical.spec import Array, PhysicalSpec
from chipsim.physical.toml_lines import key_lines

__all__ = [
    "DIGITAL",
    "PRESETS",
    "QUANTITIES",
    "Array",
    "PhysicalSpec",
    "Placement",
    "columns_per_neuron",
    "derive",
    "key_lines",
    "ktc_sigma_th",
    "load",
    "load_table",
    "noise_of",
    "not_modelled",
    "phases_ns",
    "place",
    "place_layers",
    "preset_text",
    "rows_per_input",
    "settings_of",
    "signed_bits",
    "summary",
    "swing_v",
    "validated",
]
