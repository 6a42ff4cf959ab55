"""CIFAR-10 on a convolutional chip: converted from a teacher at 16 steps, then calibrated on chip by a few images.

Needs CIFAR-10 (see chipsim data) and a teacher (extras onnx and torch):

chipsim teacher train --arch 32,64s2,64,128s2,fc128 --epochs 50 --precision bfloat16 --out cifar10.onnx
python examples/cifar10.py --teacher cifar10.onnx --out cifar10

A tenth of the training images that are there, drawn by the seed, is held out from teacher and chip alike; the settings
were chosen by these, of the first 10,000, since a network is overconfident on images that it knows by heart. All others
train the teacher and calibrate the chip.

Each chip takes some minutes; what is done is kept in the folder and not done again. Three pictures come out: accuracy
against the number of calibration images, the confusion of the classes, and first-layer filters before and after.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from chipsim import Chip
from chipsim.design import to_image
from host.data import Encoder
from host.files import replacing, write_text
from host.plots import BLUE, DASHES, GREEN, VERMILION
from host.run import prepare, resolve
from host.settings import RunSpec
from host.terminal import Console
from host.training import CHUNK, Setup, TrainingBatches, classify, per_layer, spans

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
NOISE = ("mismatch:{}@weight", "mismatch:{}@threshold")


@dataclass(frozen=True)
class Result:
    """One die, learning from one number of images."""

    mismatch: float
    die: int
    images: int
    accuracy: float
    confusion: list[list[int]]  # true class, answer
    filters: list[Any]  # first layer, (channels out, channels in, height, width), in thresholds


def spec_of(arguments: argparse.Namespace, mismatch: float, die: int) -> RunSpec:
    noise = [text.format(mismatch) for text in NOISE] if mismatch else []
    settings = {"dataset": "cifar10", "teacher.file": str(arguments.teacher), "noise": noise, "die": die}
    return resolve(None, settings | ({"data_dir": str(arguments.data_dir)} if arguments.data_dir else {}))


def learn(setup: Setup, chip: Chip, images: int, console: Console) -> None:
    """Show `images` training images once, the learning rate falling to zero."""
    spec = setup.spec
    encoder = Encoder(spec.encoding, setup.dataset.n_in, spec.steps, setup.chunk, spec.seed, TrainingBatches.BUFFERS)
    target = spec.training.output_target
    batches = TrainingBatches(setup.train, setup.teacher, encoder, target, spec.seed, augmentation=setup.augmentation)
    for piece in batches.chunks(spans(0, images, setup.chunk, len(setup.train))):
        falling = setup.learning_rate * (1 - piece.windows / images)
        chip.learn(piece.events, piece.windows, piece.targets, per_layer(falling.astype(np.float32), chip.spec))
        console.learning(int(piece.windows[-1]) + 1, images, None)


def measure(setup: Setup, images: int, n_test: int, threads: int, console: Console) -> Result:
    spec = setup.spec
    mismatch = float(spec.noise[0].split(":")[1].split("@")[0]) if spec.noise else 0.0
    console.stage(f"mismatch {mismatch:g}, die {spec.die}, {images} images")
    chip = setup.chip(setup.design, setup.start_weights(), threads)
    learn(setup, chip, images, console)
    test = setup.dataset.test.subset(np.arange(n_test))
    answers = classify(chip, test, Encoder(spec.encoding, setup.dataset.n_in, spec.steps, CHUNK, spec.seed))
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (test.labels, answers), 1)
    filters = to_image(chip.weights()[0][0].T, (3, *chip.spec.shapes[0].kernel))
    accuracy = float(np.mean(answers == test.labels))
    return Result(mismatch, spec.die, images, accuracy, confusion.tolist(), filters.round(6).tolist())


def results_of(arguments: argparse.Namespace, console: Console) -> tuple[str, float, list[Result]]:
    """What the data are, the teacher's accuracy and every chip's, from the folder where they are there."""
    done = arguments.out / f"results-{arguments.test}.json"
    stored: dict[str, Any] = json.loads(done.read_text()) if done.exists() else {}
    spec = spec_of(arguments, 0.0, 1).hash()
    if stored.get("spec") != spec or "data" not in stored:
        stored = {"spec": spec, "results": []}
    results = [Result(**each) for each in stored["results"]]
    known = {(each.mismatch, each.die, each.images) for each in results}
    wanted = [(0.0, 1)] + [(arguments.mismatch, die) for die in range(1, arguments.dies + 1)]
    for mismatch, die in wanted:
        left = [images for images in arguments.images if (mismatch, die, images) not in known]
        setup = prepare(spec_of(arguments, mismatch, die), console.stage) if left else None
        for images in left:
            assert setup is not None, "something is left to do"
            if "teacher" not in stored:
                console.stage("teacher on the test images")
                stored["data"] = setup.dataset.origin
                stored["teacher"] = setup.teacher.accuracy(setup.dataset.test.subset(np.arange(arguments.test)))
            results.append(measure(setup, images, arguments.test, arguments.threads, console))
            stored["results"] = [asdict(each) for each in results]
            write_text(done, json.dumps(stored))
    return (
        stored["data"],
        stored["teacher"],
        [r for r in results if (r.mismatch, r.die) in wanted and r.images in arguments.images],
    )


def table(data: str, teacher: float, results: list[Result], images: list[int], n_test: int) -> list[str]:
    lines = [data, f"accuracy on {n_test:,} test images; teacher {teacher:.2%}"]
    for mismatch in sorted({each.mismatch for each in results}):
        dies = sorted({each.die for each in results if each.mismatch == mismatch})
        lines.append(f"{'ideal die' if mismatch == 0 else f'mismatch {mismatch:g}, dies {dies}'}")
        for n in images:
            found = [each.accuracy for each in results if (each.mismatch, each.images) == (mismatch, n)]
            text = "converted" if n == 0 else f"after {n:,} images"
            lines.append(f"  {text:<20}" + "  ".join(f"{each:.2%}" for each in found) + f"   mean {np.mean(found):.2%}")
    return lines


def draw_accuracy(teacher: float, results: list[Result], n_test: int) -> Figure:
    figure = Figure((7, 4.5), layout="constrained")
    axes = figure.subplots()
    shown = sorted({each.images for each in results})
    axes.axhline(100 * teacher, color=GREEN, linestyle=":", label=f"teacher {teacher:.1%}")
    for mismatch, color, style, marker in ((0.0, BLUE, "-", "o"), (None, VERMILION, DASHES, "s")):
        mine = [each for each in results if (each.mismatch == 0) == (mismatch == 0.0)]
        label = "ideal die" if mismatch == 0.0 else f"mismatch {max(each.mismatch for each in results):g}, each die"
        for die in sorted({each.die for each in mine}):
            accuracy = {each.images: 100 * each.accuracy for each in mine if each.die == die}
            x = [shown.index(n) for n in sorted(accuracy)]
            axes.plot(
                x, [accuracy[n] for n in sorted(accuracy)], color=color, linestyle=style, marker=marker, label=label
            )
            label = "_"  # once in the legend
    axes.set_xticks(range(len(shown)), ["converted", *(f"{n:,}" for n in shown[1:])] if shown[0] == 0 else shown)
    axes.set(xlabel="calibration images, each shown once", ylabel=f"accuracy on {n_test:,} test images (%)")
    axes.set_title("CIFAR-10 on a convolutional chip, 16 steps, teacher's weights, calibrated on chip", fontsize=10)
    axes.legend(frameon=False, loc="lower right")
    return figure


def draw_confusion(results: list[Result]) -> Figure:
    """Of one die with mismatch, as converted and after the most images."""
    die = [each for each in results if each.mismatch > 0 and each.die == 1] or results
    pair = [min(die, key=lambda each: each.images), max(die, key=lambda each: each.images)]
    figure = Figure((11, 5.2), layout="constrained")
    for axes, result in zip(figure.subplots(1, 2), pair, strict=True):
        share = 100 * np.array(result.confusion) / np.sum(result.confusion, axis=1, keepdims=True)
        image = axes.imshow(share, "Blues", vmin=0, vmax=100)
        for (i, j), value in np.ndenumerate(share):
            if value >= 1:
                axes.text(
                    j, i, f"{value:.0f}", ha="center", va="center", fontsize=8, color="white" if value > 55 else "black"
                )
        axes.set_xticks(range(10), NAMES, rotation=45, ha="right")
        axes.set_yticks(range(10), NAMES)
        when = "converted" if result.images == 0 else f"after {result.images:,} images"
        axes.set(xlabel="answer", ylabel="true class", title=f"{when}: {result.accuracy:.1%}")
    figure.colorbar(image, ax=figure.axes, label="share of the true class (%)", shrink=0.8)
    figure.suptitle(_die(pair[0]), fontsize=11)
    return figure


def draw_filters(results: list[Result]) -> Figure:
    """The first layer's kernels as small colour images: what a die delivers before and after, and the change."""
    die = [each for each in results if each.mismatch > 0 and each.die == 1] or results
    before, after = (np.array(choose(die, key=lambda each: each.images).filters) for choose in (min, max))
    figure = Figure((9, 5), layout="constrained")
    figure.suptitle(f"first-layer kernels of {_die(die[0])}; grey is 0", fontsize=11)
    rows = {"before": before, "after": after, "change": after - before}
    for part, (name, kernels) in zip(figure.subfigures(3, 1), rows.items(), strict=True):
        scale = np.abs(kernels).max() or 1.0
        part.suptitle(f"{name}, full colour {scale:.2g} thresholds", fontsize=9, x=0.01, ha="left")
        for axes in part.subplots(-(-len(kernels) // 16), 16, squeeze=False).flat:
            axes.axis("off")
        for axes, kernel in zip(part.axes, kernels, strict=False):
            axes.imshow(_as_colours(kernel, scale), interpolation="nearest")
    return figure


def _die(result: Result) -> str:
    return f"die {result.die}, mismatch {result.mismatch:g}" if result.mismatch else "the ideal die"


def _as_colours(kernel: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """(3, height, width) from -scale to scale as red, green, blue from 0 to 1."""
    return np.clip(0.5 + 0.5 * np.moveaxis(kernel, 0, 2) / scale, 0, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--teacher", type=Path, required=True, help="ONNX file, see chipsim teacher train")
    parser.add_argument("--data-dir", type=Path, help="where CIFAR-10 is looked for, before CHIPSIM_DATA")
    parser.add_argument("--images", type=int, nargs="+", default=[0, 1000, 5000], help="numbers of calibration images")
    parser.add_argument("--mismatch", type=float, default=0.2, help="of weights and thresholds")
    parser.add_argument("--dies", type=int, default=3, help="with mismatch; 0 for the ideal die alone")
    parser.add_argument("--test", type=int, default=10_000, help="test images")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("cifar10"), help="folder")
    arguments = parser.parse_args()
    if not 1 <= arguments.test <= 10_000 or min(arguments.images) < 0 or arguments.dies < 0:
        parser.error("--test is from 1 to 10000; --images and --dies are numbers from 0")
    arguments.images = sorted(set(arguments.images))
    arguments.out.mkdir(parents=True, exist_ok=True)
    with Console() as console:
        data, teacher, results = results_of(arguments, console)
    print("\n".join(table(data, teacher, results, arguments.images, arguments.test)))
    plots = {
        "accuracy.png": draw_accuracy(teacher, results, arguments.test),
        "confusion.png": draw_confusion(results),
        "filters.png": draw_filters(results),
    }
    for name, figure in plots.items():
        with replacing(arguments.out / name) as beside:
            figure.savefig(beside, format="png", dpi=140)
        print(arguments.out / name)


if __name__ == "__main__":
    main()
