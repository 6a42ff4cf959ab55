"""The experiment of BrainScaleS-2 (Cramer et al. 2022, PNAS 119, arXiv 2006.07239): 16 x 16 MNIST by spike latency.

python examples/brainscales2_mnist.py            # with CHIPSIM_DATA set to where MNIST is; half an hour on two cores
python examples/brainscales2_mnist.py --quick    # a few thousand images, two epochs, one die: a minute

A network of 256-246-10 leaky neurons with exponential synaptic currents and weights of 6 bits and a sign learns in the
loop: the die runs, the host reads its spikes and membranes back through 8 bits, goes back through time with surrogate
gradients, and writes new weights. First an ideal twin learns from random weights, once free to fire as it likes and once
with an activity penalty that makes it sparse. Then dies with frozen mismatch at every site learn the same, from random
weights, too. Last, the same die learns on chip by Local Tandem Learning, and sends nothing back.

Ours, where the paper does otherwise or says nothing: the rate of Adam falls linearly to zero over fewer epochs, the
activity penalty is larger, training images are turned by up to 8 degrees, and the converters' range is that of the rails.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from chipsim import Chip, ChipSpec, NeuronSpec, Probe, SynapseSpec
from host.cli_options import usable_cores
from host.console import Console
from host.cost_report import cost_json
from host.data import Dataset, Samples, load
from host.encoders import Encoder
from host.errors import HostError
from host.evaluate import CHUNK, Score, evaluate
from host.palette import BLUE, DASHES, GREEN, GREY, VERMILION
from host.rotation import Rotation
from host.run import run
from host.run_spec import resolve
from host.surrogate.batches import batches
from host.surrogate.loop import InTheLoop, bytes_read_back
from host.surrogate.settings import LoopSpec, LossSpec
from host.surrogate.start import gaussian_weights

NETWORK = (256, 246, 10)
STEPS = 20
TAU_STEPS = 6 / 1.7  # of membranes and currents: 6 us, in steps of 1.7 us
NEURON = NeuronSpec(
    kind="lif",
    tau_steps=TAU_STEPS,
    synapse_tau_steps=TAU_STEPS,
    low_rail_th=-1.0,  # ours, as the next: four thresholds in 8 bits let the host tell when a membrane nearly fired
    high_rail_th=3.0,
    readout="integrating-max",
)
FULL_SCALE_TH = 63 / 240  # a weight of one threshold has code 240, and the largest is 63
WEIGHTS = "quantization:7"  # 6 bits and a sign
MISMATCH = "mismatch:0.2"
RATE = 1.5e-3
ROTATION_DEG = 8.0
FREE, SPARSE = 5e-4, 0.05  # activity penalties: the published one, and ours that makes about 20 spikes
SEED = 1


@dataclass
class Trained:
    """A network that learned in the loop."""

    name: str
    chip: Chip
    accuracy: list[float] = field(default_factory=list)  # on the test set, after each epoch
    score: Score | None = None  # the last one
    seconds: float = 0.0  # of an epoch, tests left out

    def hidden_spikes(self, n: int) -> float:
        assert self.score is not None, "it was tested after every epoch"
        return int(self.score.activity["spikes"][0]) / n


def design(*noise: str) -> ChipSpec:
    synapse = SynapseSpec(full_scale_th=FULL_SCALE_TH)
    return ChipSpec(layer_sizes=NETWORK, steps=STEPS, neuron=NEURON, synapse=synapse, noise=(WEIGHTS, *noise))


def train(
    name: str, data: Dataset, noise: Sequence[str], die: int, penalty: float, epochs: int, show: Console
) -> Trained:
    """Train a die from random weights and test it after each epoch."""
    threads = usable_cores()
    trained = Trained(name, Chip(design(*noise), die, threads))
    settings = LoopSpec(biases=False, rotation_deg=ROTATION_DEG, loss=LossSpec(activity_penalty=penalty))
    loop = InTheLoop(trained.chip, gaussian_weights(NETWORK, NEURON, SEED), settings, threads)
    encoder = Encoder("log-latency", NETWORK[0], STEPS, settings.batch, SEED)
    rotation = Rotation(NETWORK[0], settings.rotation_deg, SEED)
    n = len(data.train)
    show.stage(name)
    for epoch in range(epochs):
        began = time.perf_counter()
        for batch in batches(data.train, encoder, SEED, epoch * n, (epoch + 1) * n, settings.batch, rotation):
            done = int(batch.windows[0])
            loop.step(batch, RATE * (1 - done / (epochs * n)))
            show.learning(done, epochs * n, trained.accuracy[-1] if trained.accuracy else None)
        trained.seconds = time.perf_counter() - began
        trained.score = test(trained.chip, data.test)
        trained.accuracy.append(trained.score.accuracy)
    return trained


def test(chip: Chip, samples: Samples) -> Score:
    return evaluate(chip, samples, Encoder("log-latency", NETWORK[0], STEPS, CHUNK, SEED))


def on_chip(data_dir: str | None, die: int, quick: bool, show: Console) -> dict[str, Any]:
    """The same task and errors by on-chip Local Tandem Learning, from a teacher's weights."""
    settings = {
        "dataset": "mnist16",
        "data_dir": data_dir,
        "hidden": [NETWORK[1]],
        "steps": STEPS,
        "encoding": "log-latency",
        "noise": [WEIGHTS, MISMATCH],
        "die": die,
        "training.epochs": 1 if quick else 3,
        **{f"neuron.{name}": value for name, value in NEURON.model_dump().items()},
    }
    if quick:
        settings["teacher.epochs"] = 5
    return run(resolve(None, settings), usable_cores(), listener=show).summary


def cost(trained: Trained, n: int) -> dict[str, Any]:
    """Time and energy of one inference by the cost model's BrainScaleS-2."""
    assert trained.score is not None, "it was tested after every epoch"
    physical = resolve(None, {"chip": "brainscales2"}).chip
    phases: Any = {"inference": (trained.score.activity, n)}
    inference: dict[str, Any] = cost_json(trained.chip.spec, physical, phases, constant_current=False)["inference"]
    return inference


def report(trained: Trained, n: int) -> str:
    one = cost(trained, n)
    energy = one["energy_nj"]
    return (
        f"{trained.name:<22}{trained.accuracy[-1]:>8.2%}{trained.hidden_spikes(n):>9.1f}{one['latency_us']:>9.1f} us"
        f"{energy['low'] / 1e3:>8.2f} to {energy['high'] / 1e3:.2f} uJ{trained.seconds:>9.1f} s"
    )


def picture(everyone: Sequence[Trained], data: Dataset, path: Path) -> None:
    """How accuracy grew, and one image on the last die: spikes in and between, and the readouts' membranes."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    growth, raster, membranes = figure.subplots(1, 3, width_ratios=(1.2, 1, 1))
    for trained in everyone:
        is_die = trained.chip.spec.noise != (WEIGHTS,)
        color, line = (VERMILION, DASHES) if is_die else (BLUE if "sparse" in trained.name else GREEN, "-")
        label = "dies, mismatch 0.2" if is_die else trained.name
        shown = growth.get_legend_handles_labels()[1]
        epochs = np.arange(1, len(trained.accuracy) + 1)
        growth.plot(epochs, trained.accuracy, color=color, ls=line, lw=1.2, label=None if label in shown else label)
    growth.axhline(0.975, color=GREY, lw=1)
    growth.annotate("published 97.5 %", (1, 0.975), xytext=(0, 3), textcoords="offset points", fontsize=8)
    growth.set(xlabel="epoch", ylabel="accuracy on the test images", title="trained in the loop")
    growth.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    growth.xaxis.set_major_locator(MaxNLocator(integer=True))
    growth.legend(frameon=False, fontsize=8)

    chip = everyone[-1].chip
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
    for digit, trace in enumerate(result.traces[2][0].T):
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
    parser.add_argument("--epochs", type=int, help="over the training images [30]")
    parser.add_argument("--dies", type=int, help="with mismatch, from 1 on [5]")
    parser.add_argument("--quick", action="store_true", help="3,000 images, 2 epochs, one die unless said otherwise")
    parser.add_argument(
        "--out", type=Path, default=Path("brainscales2_mnist.png"), help="picture [brainscales2_mnist.png]"
    )
    arguments = parser.parse_args()
    epochs = arguments.epochs or (2 if arguments.quick else 30)
    dies = arguments.dies or (1 if arguments.quick else 5)
    if epochs < 1 or dies < 1:
        parser.error("--epochs and --dies must be 1 or more")
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
    print(f"{'in the loop':<22}{'accuracy':>8}{'hidden':>9}{'time':>12}{'energy':>19}{'epoch':>11}")
    print(f"{'':<30}{'spikes':>9}{'per image, modelled for the chip':>36}", flush=True)
    everyone = []
    with Console() as show:
        plan = [("ideal twin, free", (), 1, FREE), ("ideal twin, sparse", (), 1, SPARSE)]
        plan += [(f"die {die}, sparse", (MISMATCH,), die, SPARSE) for die in range(1, dies + 1)]
        for name, noise, die, penalty in plan:
            everyone.append(train(name, data, noise, die, penalty, epochs, show))
            print(report(everyone[-1], n), flush=True)
        mean = float(np.mean([trained.accuracy[-1] for trained in everyone[2:]]))
        print(f"{f'mean of {dies} dies':<22}{mean:>8.2%}   {mean - everyone[1].accuracy[-1]:+.2%} to the sparse twin")
        read = bytes_read_back(everyone[0].chip.spec, LoopSpec().converter)
        print(f"read back while training: {read:,.0f} B per image")
        ltl = on_chip(arguments.data_dir, 1, arguments.quick, show)
    accuracy = ltl["accuracy"]
    print(
        f"on-chip LTL, die 1     {accuracy['after']:.2%} (teacher {accuracy['teacher']:.2%}, ideal converted"
        f" {accuracy['ideal']:.2%}, die before {accuracy['before']:.2%}); read back 0 B;"
        f" {ltl['cost']['inference']['spikes_per_layer'][0]:.0f} hidden spikes"
    )
    picture(everyone, data, arguments.out)
    print(f"picture: {arguments.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
