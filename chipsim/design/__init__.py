"""What a chip is designed to be: layers, neurons, synapses, converters, noise. Settings and shapes, no die.

Read, in this order:

    layers        kinds of layers, and the shape of crossbars and neurons that follows from each
    dac           the converters that set leaks and thresholds
    spec          the whole chip as one frozen setting, with all that is refused
    integers      what a circuit of registers and adders cannot have
    adc           the converter through which a host reads membranes back
    pooling       average pooling as a crossbar of fixed weights
    plugins       what of a chip other packages may bring; `named_plugins`: which of it a spec names
    rules         the learning rule of a chip, what it asks of the host, and the settings of rules and neurons
    readable      numbers as a person writes them, and large things in few lines
    pixel_order   from channels first, as most software has it, to positions first, as a chip has it

May know: `learning_circuit` and `nonideality`, whose settings are part of a chip's. Never a die seed, a table or a
kernel: a design can be described where nothing is compiled.

To add a setting: a field with its unit in its name and a default that leaves other chips as they were; left out where
it is not set, as `NeuronSpec` leaves its younger ones out, so that hashes, files and frames stay as they were. Then
`tests/support/every_setting.py` and `tests/host/run/test_settings_take_effect.py` ask for a value of it, and for proof
that it changes a run. To add a kind of layer: its class and its shape in `layers`, what its positions see in
`chipsim/layout/receptive_fields.py`, where its synapses stand in `host/trace/synapse_lookup.py`, how it travels in
`chipsim/wire/messages/network_layout.py` and PROTOCOL.md, and its restatement in
`tests/witness/reference_image_layer.py`, with cases in `tests/chipsim/kernel/test_image_layers.py`.
"""

from chipsim.design.adc import Adc, AdcSpec
from chipsim.design.dac import Dac, LeakDac, ThresholdDac
from chipsim.design.errors import ChipError
from chipsim.design.integers import check_integers, no_circuit
from chipsim.design.layers import AnyLayer, AveragePool, Convolution, Dense, Flatten, LayerShape, shapes_of
from chipsim.design.named_plugins import check_announced, check_installed, names_in, plugin_classes, plugins_of
from chipsim.design.pixel_order import flattened_rows, from_image, kernel_rows, to_image
from chipsim.design.plugins import CHIP_GROUPS, LEARNING_RULES, NEURONS, NameOf
from chipsim.design.pooling import own_channel, pooling_weights
from chipsim.design.readable import readable, short_repr
from chipsim.design.rules import rule_named, rule_of, settings_of, told_broadcast, told_targets
from chipsim.design.spec import TARGET_BITS, ChipSpec, NeuronSpec, SynapseSpec, TargetBits, check_devices

__all__ = [
    "CHIP_GROUPS",
    "LEARNING_RULES",
    "NEURONS",
    "TARGET_BITS",
    "Adc",
    "AdcSpec",
    "AnyLayer",
    "AveragePool",
    "ChipError",
    "ChipSpec",
    "Convolution",
    "Dac",
    "Dense",
    "Flatten",
    "LayerShape",
    "LeakDac",
    "NameOf",
    "NeuronSpec",
    "SynapseSpec",
    "TargetBits",
    "ThresholdDac",
    "check_announced",
    "check_devices",
    "check_installed",
    "check_integers",
    "flattened_rows",
    "from_image",
    "kernel_rows",
    "names_in",
    "no_circuit",
    "own_channel",
    "plugin_classes",
    "plugins_of",
    "pooling_weights",
    "readable",
    "rule_named",
    "rule_of",
    "settings_of",
    "shapes_of",
    "short_repr",
    "to_image",
    "told_broadcast",
    "told_targets",
]
