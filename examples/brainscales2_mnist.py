"""The experiment of BrainScaleS-2 (Cramer et al. 2022, PNAS 119, arXiv 2006.07239): 16 x 16 MNIST by spike latency.

python examples/brainscales2_mnist.py            # with CHIPSIM_DATA set to where MNIST is; an hour on two cores
python examples/brainscales2_mnist.py --quick    # a few thousand images, two epochs, one die: a minute

A network of 256-246-10 leaky neurons with exponential synaptic currents and weights of 6 bits and a sign learns in the
loop: the die runs, the host reads its spikes and membranes back through 8 bits, goes back through time with surrogate
gradients, and writes new weights. First an ideal twin learns from random weights, with an activity penalty that makes
it sparse. Dies with frozen mismatch at every site are programmed with its weights and go on learning in the loop for
as many epochs; a die keeps the mean of its weights over the second half of them. Then a twin learns with the published,
small penalty, free to fire. Last, the first die learns on chip by Local Tandem Learning, and sends nothing back.

Ours, where the paper does otherwise or says nothing: the rate of Adam falls linearly to zero over fewer epochs, the
surrogate is wider, the activity penalty larger, training images are turned by up to 8 degrees. Each neuron's surrogate
is centred on its own threshold as far as the read-back shows it: else neurons of low thresholds have next to no slope
where they fire, and the penalty cannot silence them. The converters' ranges are no wider than what there is to read,
so that 8 bits tell when a membrane nearly fired. They must not end at 0: a readout pushed below it would show its
highest membrane at the first step, where nothing is to blame for it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from chipsim import AdcSpec, Chip, ChipSpec, NeuronSpec, Probe, SynapseSpec
from host.cli import usable_cores
from host.data import Dataset, Encoder, Rotation, Samples, load
from host.errors import HostError
from host.gradients.in_the_loop import InTheLoop, WeightAverage, batches, bytes_read_back, gaussian_weights
from host.plots import BLUE, DASHES, GREEN, GREY, VERMILION
from host.run import cost_json, resolve, run
from host.settings import LoopSpec, LossSpec
from host.terminal import Console
from host.training import CHUNK, Score, evaluate

NETWORK = (256, 246, 10)
STEPS = 20
TAU_STEPS = 6 / 1.7  # of membranes and currents: 6 us, in steps of 1.7 us
NEURON = NeuronSpec(
    kind="lif",
    tau_steps=TAU_STEPS,
    synapse_tau_steps=TAU_STEPS,
    low_rail_th=-1.0,
    high_rail_th=3.0,
    readout="integrating-max",
)
FULL_SCALE_TH = 63 / 240  # a weight of one threshold has code 240, and the largest is 63
WEIGHTS = "quantization:7"  # 6 bits and a sign
MISMATCH = "mismatch:0.2"
RATE = 1.5e-3
STEEPNESS = 20.0  # of the surrogate; published: 50
CONVERTER = AdcSpec()  # from rail to rail; readouts from -3 to 3
ROTATION_DEG = 8.0
# Activity penalties: the published one, and ours that make a twin, and dies with mismatch, fire less than 20 spikes.
FREE, SPARSE, SPARSE_DIE = 5e-4, 0.08, 0.13
DIE_AVERAGE = 0.5  # share of the epochs, the last ones, over which a die's weights are averaged
LTL_EPOCHS = 3
SEED = 1

Weights = list[tuple[NDArray[np.float32], NDArray[np.float32]]]


@dataclass
class Trained:
    """A network that learned in the loop."""

    name: str
    chip: Chip
    weights: Weights
    accuracy: list[float] = field(default_factory=list)  # on the test set, at the start and after each epoch
    score: Score | None = None  # the last one
    seconds: float = 0.0  # of an epoch, tests left out

    def look(self, samples: Samples) -> None:
        self.score = evaluate(self.chip, samples, Encoder("log-latency", NETWORK[0], STEPS, CHUNK, SEED))
        self.accuracy.append(self.score.accuracy)

    def hidden_spikes(self, n: int) -> float:
        assert self.score is not None, "it was tested after every epoch"
        return int(self.score.activity["spikes"][0]) / n


def design(*noise: str) -> ChipSpec:
    synapse = SynapseSpec(full_scale_th=FULL_SCALE_TH)
    return ChipSpec(layer_sizes=NETWORK, steps=STEPS, neuron=NEURON, synapse=synapse, noise=(WEIGHTS, *noise))


def settings_of(penalty: float, of_die: bool) -> LoopSpec:
    return LoopSpec(
        thresholds="read-back" if of_die else "nominal",  # those of the twin are known
        biases=False,
        steepness=STEEPNESS,
        rotation_deg=ROTATION_DEG,
        loss=LossSpec(activity_penalty=penalty),
        converter=CONVERTER,
    )


def is_die(chip: Chip) -> bool:
    """Whether it has mismatch; the twin has not."""
    return chip.spec.noise != (WEIGHTS,)


def train(
    name: str, data: Dataset, chip: Chip, weights: Weights, penalty: float, epochs: int, show: Console
) -> Trained:
    """Train a die from these weights on, and test it before and after each epoch; what it keeps, after the last."""
    settings = settings_of(penalty, is_die(chip))
    loop = InTheLoop(chip, weights, settings, usable_cores())
    trained = Trained(name, chip, loop.weights)
    encoder = Encoder("log-latency", NETWORK[0], STEPS, settings.batch, SEED)
    rotation = Rotation(NETWORK[0], settings.rotation_deg, SEED)
    n = len(data.train)
    average = WeightAverage()
    averaged_from = epochs - round(DIE_AVERAGE * epochs) if is_die(chip) else epochs
    show.stage(name)
    trained.look(data.test)
    for epoch in range(epochs):
        began = time.perf_counter()
        for batch in batches(data.train, encoder, SEED, epoch * n, (epoch + 1) * n, settings.batch, rotation):
            done = int(batch.windows[0])
            loop.step(batch, RATE * (1 - done / (epochs * n)))
            if epoch >= averaged_from:
                average.add(loop.weights)
            show.learning(done, epochs * n, trained.accuracy[-1])
        trained.seconds = time.perf_counter() - began
        if epoch == epochs - 1 and average.steps:
            loop.go_on_from(average.layers())
        trained.look(data.test)
    return trained


def on_chip(data: Dataset, die: int, epochs: int, show: Console) -> dict[str, Any]:
    """The same task and errors by on-chip Local Tandem Learning, from a teacher's weights."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mnist16.npz"
        parts = {"train": data.train, "test": data.test}
        images = {f"x_{part}": samples.raw for part, samples in parts.items()}
        np.savez(path, **images, **{f"y_{part}": samples.labels for part, samples in parts.items()})
        settings = {
            "dataset": str(path),
            "hidden": [NETWORK[1]],
            "steps": STEPS,
            "encoding": "log-latency",
            "noise": [WEIGHTS, MISMATCH],
            "die": die,
            "training.epochs": epochs,
            **{f"neuron.{name}": value for name, value in NEURON.model_dump().items()},
            # Spikes of latencies are few and early: a trace of each keeps its row open to updates, and none are waited
            # for. Rates have a threshold to be measured with, so the outputs fire.
            "neuron.readout": "spiking",
            "learning_circuit.trace_tau_steps": TAU_STEPS,
            "learning_circuit.warm_up_steps": 1,
            "learning_circuit.dead_zone_counts": 0.5,
        }
        return run(resolve(None, settings), usable_cores(), listener=show).summary


def cost(trained: Trained, n: int) -> dict[str, Any]:
    """Time and energy of one inference by the cost model's BrainScaleS-2."""
    assert trained.score is not None, "it was tested after every epoch"
    physical = resolve(None, {"chip": "brainscales2"}).chip
    phases: Any = {"inference": (trained.score.activity, n)}
    inference: dict[str, Any] = cost_json(trained.chip.spec, physical, phases, constant_current=False)["inference"]
    return inference


def summary(trained: Trained, n: int) -> str:
    one = cost(trained, n)
    energy = f"{one['energy_nj']['low'] / 1e3:.2f} to {one['energy_nj']['high'] / 1e3:.2f} uJ"
    return (
        f"{trained.name:<20}{trained.accuracy[0]:>8.2%}{trained.accuracy[-1]:>9.2%}{trained.hidden_spikes(n):>9.1f}"
        f"{one['latency_us']:>9.1f} us{energy:>19}{trained.seconds:>9.1f} s"
    )


def plot(everyone: Sequence[Trained], data: Dataset, path: Path) -> None:
    """How accuracy grew, and one image on the first die: spikes in and between, and the readouts' membranes."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    growth, raster, membranes = figure.subplots(1, 3, width_ratios=(1.2, 1, 1))
    for trained in everyone:
        is_twin = not is_die(trained.chip)
        color, line = (BLUE if "sparse" in trained.name else GREEN, "-") if is_twin else (VERMILION, DASHES)
        label = trained.name if is_twin else "dies, mismatch 0.2"
        shown = growth.get_legend_handles_labels()[1]
        epochs = np.arange(len(trained.accuracy))
        growth.plot(epochs, trained.accuracy, color=color, ls=line, lw=1.2, label=None if label in shown else label)
    growth.axhline(0.975, color=GREY, lw=1)
    growth.annotate("published 97.5 %", (0, 0.975), xytext=(0, 3), textcoords="offset points", fontsize=8)
    growth.set(ylim=(0.5, 1), xlabel="epoch", ylabel="accuracy on the test images", title="trained in the loop")
    growth.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    growth.xaxis.set_major_locator(MaxNLocator(integer=True))
    growth.legend(frameon=False, fontsize=8)

    chip = everyone[1].chip
    values = data.test.values(slice(0, 1))
    events = Encoder("log-latency", NETWORK[0], STEPS, 1, SEED).encode(values, np.zeros(1, np.int64))
    probes = [Probe(1, tuple(range(NETWORK[1]))), Probe(2, tuple(range(NETWORK[2])))]
    result = chip.infer(events, np.zeros(1, np.int64), probes)
    t, row = spikes_of(events.rows[0], events.begin[0], events.end[0])
    raster.plot(t, row, "|", color=GREY, ms=4, label=f"{len(t)} input spikes")
    t, row = np.nonzero(result.spikes[1][0])
    raster.plot(t, row, "o", color=BLUE, ms=4, label=f"{len(t)} hidden spikes")
    raster.set(xlim=(-0.5, STEPS - 0.5), xlabel="step", ylabel="row or neuron", title="one image")
    raster.legend(frameon=False, fontsize=8, loc="upper right")
    label = int(data.test.labels[0])
    for digit, trace in enumerate(result.probed_membranes[2][0].T):
        membranes.plot(trace, color=VERMILION if digit == label else GREY, lw=2 if digit == label else 1)
    membranes.set(xlim=(0, STEPS - 1), xlabel="step", ylabel="membrane, th", title=f"readouts; that of {label} in red")
    for axes in (growth, raster, membranes):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130)


def spikes_of(
    rows: NDArray[Any], begin: NDArray[np.int32], end: NDArray[np.int32]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Steps and rows of a window's events."""
    return np.repeat(np.arange(len(begin)), end - begin), rows[: end[-1]]


def main() -> None:
    parser = argparse.ArgumentParser(description="BrainScaleS-2's MNIST experiment on simulated dies.")
    parser.add_argument("--data-dir", help="where MNIST is looked for, before CHIPSIM_DATA")
    parser.add_argument("--epochs", type=int, help="over the training images [24]")
    parser.add_argument("--dies", type=int, help="with mismatch, from 1 on [5]")
    parser.add_argument("--quick", action="store_true", help="3,000 images, 2 epochs, one die unless said otherwise")
    parser.add_argument(
        "--out", type=Path, default=Path("brainscales2_mnist.png"), help="picture [brainscales2_mnist.png]"
    )
    arguments = parser.parse_args()
    epochs = (2 if arguments.quick else 24) if arguments.epochs is None else arguments.epochs
    dies = (1 if arguments.quick else 5) if arguments.dies is None else arguments.dies
    if epochs < 1 or dies < 1:
        parser.error(f"--epochs {epochs} and --dies {dies}: both must be 1 or more")
    if not arguments.out.parent.is_dir():
        parser.error(f"--out {arguments.out}: its folder does not exist; make it first, or name another")
    try:
        data = load("mnist16", arguments.data_dir)
    except HostError as error:
        parser.error(str(error))
    if arguments.quick:
        few = data.train.subset(np.arange(min(3000, len(data.train))))
        data = Dataset(
            data.name, few, data.test.subset(np.arange(min(1000, len(data.test)))), data.n_classes, data.origin
        )
    n = len(data.test)
    print(
        f"{'-'.join(map(str, NETWORK))}, {STEPS} steps, {len(data.train):,} images {epochs} times, {n:,} to test with"
    )
    print(f"{'in the loop':<20}{'before':>8}{'after':>9}{'hidden':>9}{'time':>12}{'energy':>19}{'epoch':>11}")
    print(f"{'':<37}{'spikes':>9}{'per image, modelled for the chip':>36}", flush=True)
    everyone: list[Trained] = []
    with Console() as show:

        def add(*arguments: Any) -> Trained:
            everyone.append(train(*arguments, show))
            print(summary(everyone[-1], n), flush=True)
            return everyone[-1]

        random = gaussian_weights(NETWORK, NEURON, SEED)
        threads = usable_cores()
        twin = add("ideal twin, sparse", data, Chip(design(), 1, threads), random, SPARSE, epochs)
        on_dies = [
            add(f"die {die}, sparse", data, Chip(design(MISMATCH), die, threads), twin.weights, SPARSE_DIE, epochs)
            for die in range(1, dies + 1)
        ]
        before, after = (float(np.mean([trained.accuracy[i] for trained in on_dies])) for i in (0, -1))
        print(
            f"{f'mean of {dies} dies':<20}{before:>8.2%}{after:>9.2%}   {after - twin.accuracy[-1]:+z.2%} to the twin"
        )
        free = add("ideal twin, free", data, Chip(design(), 1, threads), random, FREE, epochs)
        print(f"sparse against free {twin.accuracy[-1] - free.accuracy[-1]:+z.2%}", flush=True)
        read = bytes_read_back(everyone[0].chip.spec, CONVERTER)
        print(f"read back while training: {read:,.0f} B per image")
        ltl = on_chip(data, 1, LTL_EPOCHS, show)
    accuracy = ltl["accuracy"]
    print(
        f"on-chip LTL, die 1  {accuracy['after']:.2%} (teacher {accuracy['teacher']:.2%}, ideal converted"
        f" {accuracy['ideal']:.2%}, die before {accuracy['before']:.2%}); read back 0 B;"
        f" {ltl['cost']['inference']['spikes_per_layer'][0]:.0f} hidden spikes"
    )
    plot(everyone, data, arguments.out)
    print(f"picture: {arguments.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
