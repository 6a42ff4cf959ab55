"""Learning circuits in integers on a die: what no error may do to them, their step words and their shift registers.

What is computed: `learning_circuit.integer_tandem`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chipsim.design import ChipError, ChipSpec
from chipsim.layout import ColumnBlock
from chipsim.neurons import NeuronModel
from learning_circuit import LearningCircuitSpec, state_after, step_words
from nonideality import LayerErrors


def check_circuit(circuit: LearningCircuitSpec, neuron: NeuronModel, errors: LayerErrors, layer: int) -> None:
    """Raises ChipError if a layer, from 1, has errors that such a circuit cannot have, whichever effect made them.

    What the design itself refuses, by the names of its settings: `chipsim.design.integers`.
    """
    asked = f"learning_circuit.arithmetic 'integer' in layer {layer}"
    if neuron.competes:
        raise ChipError(f"{asked}: neuron {neuron.name!r} competes, which such circuits do not know: choose lif")
    if errors.weight_bits is None:
        raise ChipError(f"{asked} writes codes, and weights are analog: set synapse.weight_bits, such as 6")
    factors = (errors.pulse_gain, errors.pulse_up_gain, errors.pulse_down_gain)
    scaled = any(np.any(factor != 1) for factor in factors) or np.any(errors.cycle_noise)
    curved = errors.step_up is not None or errors.step_down is not None
    if scaled or curved or np.any(errors.write_noise):
        raise ChipError(f"{asked} adds whole increments, and a noise makes them unequal: leave that noise out")
    if circuit.comparison == "digital" and np.any(errors.comparator_offset):
        raise ChipError(
            f"{asked}: a noise shifts the comparator, and learning_circuit.comparison is 'digital': leave that noise"
            " out, or set comparison to analog"
        )


def with_step_words(
    spec: ChipSpec, moments: NDArray[np.float32], layers: Sequence[Sequence[ColumnBlock]]
) -> list[NDArray[np.float32]]:
    """Of each layer (S, 2 + words): its moments (n_layers, S, 2), and behind them the words of each window.

    Raises ChipError if a learning rate is below 0: a step word has no sign.
    """
    if (moments[:, :, 0] < 0).any():
        raise ChipError(
            f"a learning rate of {moments[:, :, 0].min():g} has no step word, which learning_circuit.arithmetic"
            " 'integer' needs: give 0 or more"
        )
    circuit = spec.learning_circuit
    return [
        np.hstack([each, step_words(circuit, each[:, 0], blocks[0].synapses.lsb, spec.steps)])
        for each, blocks in zip(moments, layers, strict=True)
    ]


def set_registers(spec: ChipSpec, blocks: Sequence[ColumnBlock], start: NDArray[np.uint32], windows: int) -> None:
    """Put a layer's shift registers where they are after so many windows that the die has learned from.

    start: (columns,), where they were when it was programmed.
    """
    circuit = spec.learning_circuit
    if circuit.has_registers:
        now = state_after(start, circuit.lfsr_bits, windows * spec.steps * circuit.dither_bits)
        for block in blocks:
            block.registers[: block.n_columns] = now[block.columns]
