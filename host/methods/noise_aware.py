"""Noise-aware training: offline, every batch on another die with the expected imperfections, then programmed.

The dies are drawn afresh for each batch and none of them is one that a run can name: batch k of seed s learns on die
2^32 (s + 1) + k, and those of --die lie below 2^32. Forward, the batch sees what that die would deliver: gains, stuck
and few-bit weights, thresholds, leaks, dead neurons, membrane noise. Backward, each weight's gradient carries its
synapse's gain, and rounding passes it unchanged (straight through). Training with the hardware's noise so that weights
survive their transfer: Joshi et al. 2020, Nature Communications 11, 2473 (phase-change memory, artificial networks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim import SynapseSpec
from chipsim.die import FabricatedLayer, fabricate, full_scale_of
from host.data import Encoder
from host.gradients.local import Batch, Twin, programmed_blocks
from host.methods.offline_ltl import OfflineLtl, TwinLearner, ideal_twin
from host.settings import METHODS, RunSpec
from host.teachers import Layer, of_dense
from host.training import CHUNK, Chunk, Setup, evaluate
from nonideality import parse_all

_FIRST = 1 << 32  # beyond all dies that a run can name
_VALIDATION = 1 << 31  # of the dies of a seed, those from here on are for looking
_VALIDATION_DIES = 4
_NOT_INJECTED = ("read", "drift", "link")


@dataclass(frozen=True)
class NoisyTwinLearner(TwinLearner):
    """A twin whose every batch runs on a die of its own."""

    twin: Twin

    def correct(self) -> NDArray[np.bool_]:
        """Each of a few dies answers for its share of the validation samples."""
        setup, spec = self.setup, self.setup.spec
        correct = np.zeros(len(setup.valid), np.bool_)
        encoder = Encoder(spec.encoding, setup.dataset.n_in, spec.steps, CHUNK, spec.seed)
        for number in range(min(_VALIDATION_DIES, len(correct))):
            share = np.arange(number, len(correct), _VALIDATION_DIES)
            chip = setup.chip_of(setup.design, self._die(_VALIDATION + number), self.layers(), self.threads)
            samples = setup.valid.subset(share)
            correct[share] = evaluate(chip, samples, encoder).classes == samples.labels
        return correct

    def learn_piece(self, piece: Chunk, batches: list[Batch], rates: NDArray[np.float32]) -> int:
        host_macs = 0
        scales: list[SynapseSpec] = []
        for start, stop in batches:
            fabricated = fabricate(self.setup.design, self._die(self.twin.steps))
            layers = of_dense(self.layers())
            scales = scales or _scales(fabricated, layers, self.setup.spec.synapse)
            blocks = programmed_blocks(fabricated, layers, scales)
            host_macs += self.twin.learn(piece, [(start, stop)], rates, blocks)
        return host_macs

    def _die(self, number: int) -> int:
        return _FIRST * (self.setup.spec.seed + 1) + number


class NoiseAware(OfflineLtl):
    """Weights that suffer little on the dies of a design, whichever die they are then written into."""

    name = "noise-aware"
    meaning = METHODS["noise-aware"]
    sees_noise = True

    takes_images = False

    def check(self, spec: RunSpec) -> None:
        super().check(spec)
        for noise in parse_all(spec.noise):
            if noise.effect.name in _NOT_INJECTED:
                raise ValueError(
                    f"method {self.name} cannot inject noise {noise.effect.name}: leave it out, or take --method"
                    " on-chip-ltl, which learns on the die itself"
                )

    def model(self, setup: Setup, threads: int) -> NoisyTwinLearner:
        return NoisyTwinLearner(setup, ideal_twin(setup, threads), threads)


def _scales(fabricated: Sequence[FabricatedLayer], layers: Sequence[Layer], given: SynapseSpec) -> list[SynapseSpec]:
    """Each layer's weight range as it would be programmed now: found once for a chunk, since the search is long."""
    found = []
    for (weight, bias), layer in zip(layers, fabricated, strict=True):
        scale = given
        if layer.weight_bits is not None:
            top = 2 ** (layer.weight_bits - 1) - 1
            bias_scale = full_scale_of(bias, top) if bias.any() else None
            scale = SynapseSpec(
                full_scale_th=given.full_scale_th or full_scale_of(weight, top),
                bias_full_scale_th=given.bias_full_scale_th or bias_scale,
            )
        found.append(scale)
    return found
