"""The host's model of a chip, trained batch by batch: every layer follows its own targets, nothing goes back between.

A column of a layer depends on the layer's input alone, so its forward pass, its gradient and its step of Adam can run
for many batches before the next layer or the next column starts: blocks of columns share the threads, and the bits are
the same on any number of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec
from chipsim.design import SynapseSpec
from chipsim.die import FabricatedLayer, program_layer
from chipsim.execution import Threads, learning
from chipsim.layout import (
    ColumnBlock,
    SpikeLists,
    fields_of,
    new_masks,
    padded_width,
    room_for_spikes,
    split,
    with_crossbars,
)
from chipsim.neurons import formulas_of
from chipsim.simd import aligned
from host.gradients.local.adam import MACS_PER_WEIGHT, adam_block, corrections
from host.gradients.local.gradient import Window, gradient_kernel, new_window
from host.teachers import Layer
from host.training import Chunk

Batch = tuple[int, int]  # first window of a chunk, end
Blocks = list[list[ColumnBlock]]  # of each layer
_NEVER_FULL = np.float32(1 << 24)  # the host counts all spikes
_RANGES = 6  # pieces that a chunk's batches are dealt into, so that layers overlap


@dataclass(frozen=True)
class _Trained:
    """What is learned of a block of columns, and room to learn in."""

    weight: NDArray[np.float32]  # (n_in + 1, n), the host's own, biases last
    first: NDArray[np.float32]  # moments of Adam
    second: NDArray[np.float32]
    gradient: NDArray[np.float32]
    window: Window


class Twin:
    """Weights of every layer with Adam's moments, in blocks of columns."""

    def __init__(
        self,
        spec: ChipSpec,
        fabricated: Sequence[FabricatedLayer],
        weights: Sequence[Layer],
        width_th: float,
        threads: int,
    ) -> None:
        """fabricated: an ideal die of `spec`; width_th: p of Eq. 8 in thresholds."""
        self.spec = spec
        self.blocks = programmed_blocks(fabricated, weights, [spec.synapse] * spec.n_layers)
        self.steps = 0  # of Adam
        self._width = np.float32(width_th)
        self._threads = Threads(threads)
        self._fields = [fields_of(shape) for shape in spec.shapes]
        self._neurons = [formulas_of(layer.neuron) for layer in fabricated]
        self._trained = [
            [_trained(neuron, block, spec.steps) for block in layer]
            for neuron, layer in zip(self._neurons, self.blocks, strict=True)
        ]
        self._spike_bits: list[NDArray[np.uint16]] = []
        self._spike_lists: list[SpikeLists] = []

    def layers(self) -> list[Layer]:
        """Weights (n_in, n_out) and biases (n_out,), to program a chip with."""
        whole = [self._joined(layer, "weight") for layer in range(self.spec.n_layers)]
        return [(weight[:-1], weight[-1]) for weight in whole]

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """All that learning changes, as copies."""
        arrays: dict[str, NDArray[Any]] = {"steps": np.array([self.steps], np.int64)}
        for layer in range(self.spec.n_layers):
            for name in _LEARNED:
                arrays[f"layer{layer + 1}.{name}"] = self._joined(layer, name)
        return arrays

    def restore(self, snapshot: Mapping[str, NDArray[Any]]) -> None:
        self.steps = int(snapshot["steps"][0])
        for layer, blocks in enumerate(self.blocks):
            for block, trained in zip(blocks, self._trained[layer], strict=True):
                for name in _LEARNED:
                    array = getattr(trained, name)
                    array[:, : block.n_columns] = snapshot[f"layer{layer + 1}.{name}"][:, block.columns]

    def learn(
        self, piece: Chunk, batches: Sequence[Batch], rates: NDArray[np.float32], blocks: Blocks | None = None
    ) -> int:
        """Learn from batches of a chunk, one step of Adam each; returns the multiply-accumulates that this took.

        rates: (S,), of which each batch takes its first window's; blocks: those of another die, whose weights are then
        what that die delivers of the twin's.
        """
        blocks = blocks or self.blocks
        targets = [_whole_vectors(target) for target in piece.targets if target is not None]
        self._reserve(len(piece.windows))
        inputs = [piece.events, *(sent.events for sent in self._spike_lists)]
        first_step = self.steps
        host_macs: list[int] = []

        def run_block(layer: int, number: int, first: int, end: int) -> None:
            block, trained = blocks[layer][number], self._trained[layer][number]
            gradient = gradient_kernel(self._neurons[layer])
            for at in range(first, end):
                start, stop = batches[at]
                active = gradient(
                    with_crossbars(block),
                    self._fields[layer],
                    trained.gradient,
                    inputs[layer],
                    self._spike_bits[layer],
                    piece.windows,
                    targets[layer],
                    self._width,
                    trained.window,
                    start,
                    stop,
                )
                adam_block(
                    trained.weight,
                    trained.gradient,
                    block.synapses.gain,
                    trained.first,
                    trained.second,
                    rates[start],
                    np.float32(1 / (stop - start)),
                    *corrections(first_step + at + 1),
                )
                host_macs.append(int(block.n_columns) * (2 * int(active) + MACS_PER_WEIGHT * len(trained.weight)))

        def gather(layer: int, first: int, end: int) -> None:
            self._spike_lists[layer].gather(self._spike_bits[layer], batches[first][0], batches[end - 1][1])

        size = -(-len(batches) // _RANGES)
        ranges = [(start, min(start + size, len(batches))) for start in range(0, len(batches), size)]
        self._threads.run(learning(ranges, [len(layer) for layer in blocks], run_block, gather, {}))
        self.steps += len(batches)
        return sum(host_macs)

    def _joined(self, layer: int, name: str) -> NDArray[np.float32]:
        parts = zip(self.blocks[layer], self._trained[layer], strict=True)
        return np.concatenate([getattr(trained, name)[:, : block.n_columns] for block, trained in parts], axis=1)

    def _reserve(self, n_windows: int) -> None:
        """Room for the spikes of a chunk, kept from chunk to chunk."""
        if self._spike_bits and self._spike_bits[0].shape[1] >= n_windows:
            return
        steps, shapes = self.spec.steps, self.spec.shapes
        self._spike_bits = [new_masks(n_windows, steps, shape.n_out) for shape in shapes]
        self._spike_lists = [room_for_spikes(shape, n_windows, steps, to_image=False) for shape in shapes[:-1]]


_LEARNED = ("weight", "first", "second")  # fields of _Trained


def programmed_blocks(
    fabricated: Sequence[FabricatedLayer], weights: Sequence[Layer], synapses: Sequence[SynapseSpec]
) -> Blocks:
    """A die's layers with `weights` written into them, as `Chip.program` lays out ideal ones; synapses: a layer's."""
    blocks = []
    for layer, (w, b), synapse in zip(fabricated, weights, synapses, strict=True):
        synapses, state = program_layer(w, b, layer.gain, layer.weight_bits, 0, synapse, layer.stuck)
        no_pulses = layer.circuit.update._replace(imperfect=False)  # Adam writes here, and needs the gains as a table
        seen = layer.tables._replace(accumulator_full=_NEVER_FULL, peak=np.float32(0))  # as the host counts
        whole = layer._replace(tables=seen, circuit=layer.circuit._replace(update=no_pulses, reads=False))
        blocks.append(split(whole.block(1, synapses, state), layer.places))
    return blocks


def _trained(neuron: str, block: ColumnBlock, steps: int) -> _Trained:
    """The twin's own blocks deliver what is learned: one array is both."""
    weight = block.state.weight
    first, second, gradient = (aligned(weight.shape, np.float32) for _ in range(3))
    return _Trained(weight, first, second, gradient, new_window(neuron, weight.shape[1], len(weight) - 1, steps))


def _whole_vectors(target: NDArray[np.float32]) -> NDArray[np.float32]:
    """Targets (S, n_out) as wide as a layer's blocks."""
    wide = np.zeros((len(target), padded_width(target.shape[1])), np.float32)
    wide[:, : target.shape[1]] = target
    return wide
