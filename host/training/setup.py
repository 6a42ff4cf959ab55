"""All that is known before a die is touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chipsim import Chip, ChipSpec, NeuronSpec
from chipsim.design import short_repr
from host.data import Augmentation, Dataset, Encoder, Samples
from host.settings import RunSpec
from host.teachers import Layer, Teacher
from host.training.evaluation import most_shown
from host.training.progress import Progress
from host.training.starts import converted

_CHUNK_VALUES = 8_000_000  # inputs and targets, 32 MB


@dataclass(frozen=True)
class Learned:
    """What was learned before there was a die, see `host.methods.through_time`."""

    neuron: NeuronSpec  # with the leaks and thresholds that dies are set to
    start: list[Layer | None]  # what learning began with, over the threshold of its layer
    progress: Progress


@dataclass(frozen=True)
class Setup:
    """All that is known before a die is touched."""

    __repr__ = short_repr

    spec: RunSpec  # with nothing left open
    dataset: Dataset
    train: Samples  # learned from
    valid: Samples  # looked at in each check
    teacher: Teacher
    start: Callable[[Setup], list[Layer | None]]  # what the method lets a die begin with
    given_teacher: bool = False  # whether the teacher is a caller's own, of which the spec says nothing
    learned: Learned | None = None

    @property
    def design(self) -> ChipSpec:
        design = self.spec.design_of(self.teacher.network.design_settings())
        return design if self.learned is None else design.model_copy(update={"neuron": self.learned.neuron})

    @property
    def learning_rate(self) -> float:
        assert self.spec.training.learning_rate is not None, "open settings are filled in by complete()"
        return self.spec.training.learning_rate

    @property
    def learning_windows(self) -> Setup:
        """As a die learns on chip: in windows of `training.window_steps`, its warm-up the same share of them.

        The teacher is the same, and so are its rates if its activations mean any number of steps.
        """
        spec = self.spec
        steps = spec.training.window_steps
        if steps is None:
            return self
        warm_up = round(spec.learning_circuit.warm_up_steps * steps / spec.steps)
        circuit = spec.learning_circuit.model_copy(update={"warm_up_steps": min(warm_up, steps - 1)})
        return replace(self, spec=spec.model_copy(update={"steps": steps, "learning_circuit": circuit}))

    @property
    def augmentation(self) -> Augmentation:
        """How training images are changed before they are learned from."""
        training = self.spec.training
        return Augmentation(self.dataset.image_shape, training.shift_px, training.flip, self.spec.seed)

    @property
    def presentations(self) -> int:
        """How many samples the chip will learn from, counting repeats."""
        return len(self.train) * (self.spec.training.epochs or 0)

    @property
    def chunk(self) -> int:
        """Samples sent at a time: fewer where a network has very many neurons, each with a target in each window."""
        values = sum(self.teacher.sizes) * self.spec.windows
        return max(1, min(self.spec.training.chunk, _CHUNK_VALUES // values))

    def encoder(self, chunk: int, buffers: int = 1) -> Encoder:
        """Of the run's samples, so many at a time. buffers: results that are valid at the same time."""
        spec = self.spec
        return Encoder(spec.encoding, self.dataset.n_in, spec.steps, chunk, spec.seed, buffers, spec.windows)

    def looking_encoder(self) -> Encoder:
        """For looking at a chip, see `evaluate`: one chunk at a time."""
        return self.encoder(most_shown(self.spec.windows))

    def start_weights(self) -> list[Layer | None]:
        """What a die is programmed with before anything is learned."""
        return self._delivered(self.start(self))

    def converted_weights(self) -> list[Layer | None]:
        """The teacher's weights for this chip."""
        return self._delivered(converted(self.teacher, self.spec))

    def _delivered(self, layers: Sequence[Layer | None]) -> list[Layer | None]:
        """Weights with which a spike's charge in all is as given, however slowly its current decays.

        As given over the threshold of its layer, that is: a neuron of half the threshold needs half the charge.
        """
        neuron = self.design.neuron
        factors = [np.float32(neuron.charge_per_step * neuron.threshold_th_of(n)) for n in range(len(layers))]
        return [layer and (layer[0] * f, layer[1] * f) for layer, f in zip(layers, factors, strict=True)]

    def chip(self, spec: ChipSpec, weights: Sequence[Layer | None], threads: int) -> Chip:
        """The run's die, made by `spec` and programmed."""
        return self.chip_of(spec, self.spec.die, weights, threads)

    @staticmethod
    def chip_of(spec: ChipSpec, die: int, weights: Sequence[Layer | None], threads: int) -> Chip:
        chip = Chip(spec, die, threads)
        chip.program(weights)
        return chip
