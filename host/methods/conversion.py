"""Conversion: the teacher's weights, scaled so that activations become rates. Nothing is learned.

- Normalisation by a percentile of the activations: Rueckauer et al. 2017 (Frontiers in Neuroscience 11, 682), who make
  the largest activation of Diehl et al. 2015 (IJCNN) robust so; percentile and grouping are `teacher.norm_percentile`
  and `teacher.norm`.
- Threshold balancing by the largest current that a layer receives from the spiking layer below: Sengupta et al. 2019
  (Frontiers in Neuroscience 13, 95). Thresholds are the chip's, so weights are divided by what a threshold would be.
  Weights here are over the threshold of their layer; `Setup` and `_twin` make charges of them.
- Bias correction by the mean difference between wanted and found activity, layer after layer: Li et al. 2021 (ICML,
  arXiv 2106.06984), here in rates: a bias of x moves a subtractive neuron's rate by x spikes per step.
- Initial membrane of half a threshold: Bu et al. 2022 (AAAI, arXiv 2202.01440). A chip discharges its membranes before
  each window, so the charge comes with the bias, th / (2 T) more per step, which is the shift of Deng and Gu 2021
  (ICLR, arXiv 2103.00476).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chipsim import Chip, Probe, Result
from host.data import Encoder, encoding_named
from host.methods.effort import Effort, n_weights, programming_bytes
from host.methods.method import Job, Method, of_dense
from host.methods.on_chip_ltl import learning_die
from host.settings import METHODS, RunSpec
from host.teachers import Layer, Teacher
from host.training import LearningDie, Progress, Setup, converted, train

_CURRENT_SAMPLES = 128  # at most: every column's current at every step is looked at
_LEARNING_RATE = 1e-3  # of nothing: a run's spec leaves no setting open


class Conversion(Method):
    """The die is programmed once; what it then does is before and after."""

    name = "conversion"
    meaning = METHODS["conversion"]

    def epochs(self, spec: RunSpec, n_train: int) -> int:
        return 0

    def learning_rate(self, spec: RunSpec) -> float:
        return _LEARNING_RATE

    def check(self, spec: RunSpec) -> None:
        if spec.training.epochs:
            raise ValueError(
                f"method conversion learns nothing, so training.epochs = {spec.training.epochs} cannot be: leave it out"
            )
        for name in spec.training.augments:
            raise ValueError(f"method conversion learns nothing, so no image is changed for it: leave {name} out")
        if spec.training.start != "teacher":
            raise ValueError("method conversion starts from the teacher's weights: leave training.start at teacher")
        if spec.neuron.kind != "if":
            raise ValueError(
                f"method conversion needs neurons whose rate follows their input; {spec.neuron.kind} neurons leak:"
                " use --neuron if, or a method that learns, such as on-chip-ltl"
            )
        if encoding_named(spec.encoding).latency:
            raise ValueError(
                f"method conversion needs inputs as rates or currents, not encoding {spec.encoding}: use rate,"
                " bernoulli or current"
            )

    def start_weights(self, setup: Setup) -> list[Layer | None]:
        wanted = setup.spec.conversion
        teacher = setup.teacher
        if wanted.balancing == "current":
            teacher = balanced(setup, teacher)
        layers = converted(teacher, setup.spec)
        return _corrected(setup, teacher, of_dense(layers)) if wanted.bias_correction else layers

    def learn(self, job: Job) -> None:
        train(
            learning_die(LearningDie, job.setup, job.chip),
            job.progress,
            epoch=len(job.setup.train),
            presentations=0,
            learning_rate=job.setup.learning_rate,
            save=job.save,
            tick=job.tick,
        )

    def effort(self, setup: Setup, progress: Progress) -> Effort:
        """The twin's work for balancing and correction is counted as if all its inputs were active."""
        wanted, window = setup.spec.conversion, setup.spec.steps * setup.teacher.macs_per_sample
        layers, shown = setup.design.n_layers, min(wanted.samples, len(setup.train))
        balancing = layers * min(shown, _CURRENT_SAMPLES) * window if wanted.balancing == "current" else 0
        correcting = shown * (layers * window + setup.teacher.macs_per_sample) if wanted.bias_correction else 0
        return Effort(
            samples=0,
            die_samples=0,
            activity=progress.activity,
            bytes_down=programming_bytes(setup.design),
            bytes_up=0.0,
            weights_programmed=n_weights(setup.design),
            host_macs=balancing + correcting,
        )


def balanced(setup: Setup, teacher: Teacher) -> Teacher:
    """The teacher with y_norm of each hidden layer such that the largest current is one threshold per step."""
    *hidden, output = teacher.activation_scales
    scales = [*(np.full_like(scale, scale.max()) for scale in hidden), output]
    for layer in range(len(scales) - 1):
        twin = _twin(setup, replace(teacher, activation_scales=scales).normalised())
        probe = Probe(layer + 1, tuple(range(len(scales[layer]))))
        current = _shown(setup, twin, _CURRENT_SAMPLES, [probe]).signals[layer + 1].current
        threshold = np.float32(setup.design.neuron.threshold_th_of(layer))
        largest = np.percentile(current.max(axis=1) / threshold, setup.spec.teacher.norm_percentile)
        scales[layer] = (scales[layer] * np.float32(max(largest, 1e-6))).astype(np.float32)
    return replace(teacher, activation_scales=scales)


def _corrected(setup: Setup, teacher: Teacher, layers: list[Layer]) -> list[Layer | None]:
    """Biases shifted by the mean error of each neuron's rate, from the first layer to the last."""
    n = setup.spec.conversion.samples
    target = setup.spec.training.output_target
    samples = slice(0, n)
    wanted = teacher.targets(setup.train.values(samples), setup.train.labels[samples], target)
    of_rates = [target for target in wanted if target is not None]
    for number, (weight, bias) in enumerate(layers):
        found = _shown(setup, _twin(setup, layers), n, []).counts[number] / np.float32(setup.spec.steps)
        shift = (of_rates[number] - found).mean(axis=0).astype(np.float32)
        layers = [*layers[:number], (weight, bias + shift), *layers[number + 1 :]]
    return list(layers)


def _twin(setup: Setup, layers: Sequence[Layer | None]) -> Chip:
    thresholds = [np.float32(setup.design.neuron.threshold_th_of(n)) for n in range(len(layers))]
    charges = [layer and (layer[0] * th, layer[1] * th) for layer, th in zip(layers, thresholds, strict=True)]
    return setup.chip(setup.design.ideal(), charges, 1)


def _shown(setup: Setup, twin: Chip, n: int, probes: list[Probe]) -> Result:
    """What the twin does with the first n training samples."""
    values = setup.train.values(slice(0, n))
    windows = np.arange(len(values), dtype=np.int64)
    encoder = Encoder(setup.spec.encoding, setup.dataset.n_in, setup.spec.steps, len(values), setup.spec.seed)
    return twin.infer(encoder.encode(values, windows), windows, probes)
