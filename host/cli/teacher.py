"""chipsim teacher: train a network to follow, and write it as ONNX; show what a file's network is here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from host.cli.groups import LEARNING, NETWORK, OUTPUT, GroupedCommand, NearChoice, NearGroup, option
from host.cli.options import json_option, one_line_errors, threads_option, usable_cores
from host.cli.run_options import setting_option
from host.terminal import for_terminal


@click.group(cls=NearGroup)
def teacher() -> None:
    """Networks for the chip to follow (see also: chipsim run --teacher FILE.onnx)."""


@teacher.command(cls=GroupedCommand)
@setting_option("dataset", default="cifar10")
@setting_option("data_dir")
@setting_option("scale")
@option(
    "--arch", group=NETWORK, required=True, help="Hidden layers, such as 32,64s2,64,64s2,fc128, or vgg11 (see above)."
)
@option(
    "--out",
    group=OUTPUT,
    type=click.Path(path_type=Path),
    required=True,
    help="The ONNX file; replaced if it is there.",
)
@option(
    "--epochs", group=LEARNING, type=click.IntRange(1), default=30, help="Passes over the training data.  [default: 30]"
)
@option("--batch", group=LEARNING, type=click.IntRange(2), default=128, help="Samples per step.  [default: 128]")
@option(
    "--optimizer",
    group=LEARNING,
    type=NearChoice(["adam", "sgd"]),
    default="adam",
    show_default=True,
    help="How weights follow gradients.",
)
@option("--learning-rate", group=LEARNING, type=float, help="At its height.  [default: 0.002 for adam, 0.1 for sgd]")
@option(
    "--augment",
    group=LEARNING,
    type=NearChoice(["none", "shift", "flip-shift"]),
    help="Move images by up to 4 pixels, mirror them.  [default: flip-shift for colour images, else none]",
)
@option(
    "--average",
    group=LEARNING,
    type=NearChoice(["none", "ema", "epochs"]),
    default="none",
    help="Weights that stay: the last ones, their moving average over an epoch, or the mean of the last quarter of the"
    " epochs.  [default: none]",
)
@option(
    "--activation",
    group=NETWORK,
    type=NearChoice(["spike-count", "relu"]),
    default="spike-count",
    help="Clipped and rounded like spike counts, which a chip follows better, or plain.  [default: spike-count]",
)
@setting_option("steps", checked=True, default=16)
@option(
    "--hold-out",
    group=LEARNING,
    type=float,
    help="Share of the training data kept back, 2,000 samples at most, or how many: what chipsim run of the same seed"
    " and share, or training.validation_samples, validates on.  [default: that of the data set in chipsim run]",
)
@option(
    "--precision",
    group=LEARNING,
    type=NearChoice(["float32", "bfloat16"]),
    default="float32",
    help="bfloat16 halves the time on a CPU that has it.  [default: float32]",
)
@setting_option("seed", checked=True, default=1)
@threads_option
@json_option
def train(
    dataset: str,
    data_dir: str | None,
    scale: str | None,
    arch: str,
    out: Path,
    learning_rate: float | None,
    augment: Any,
    hold_out: float | None,
    threads: int | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Train a network with PyTorch (extra torch) and write it as ONNX (extra onnx), batch normalisation folded.

    Inputs are scaled to [0, 1], as the chip sees them. --arch lists the hidden layers: 32 is a 3x3 convolution of 32
    channels, 64s2 one of stride 2, 64k5 one of 5x5, p2 an average over 2x2, fc128 a fully connected layer; the output
    layer follows of itself. vgg11 stands for the layers that the authors of Local Tandem Learning use.

    How training stands is kept beside FILE.onnx, in FILE.onnx.checkpoint, until it is done: the same command goes on
    with what was stopped, to the same bits.

    A chip has but the counts 0 to T of a window of T steps to say what an activation says. With spike-count the
    network learns to do with that: hidden activations are clipped, and rounded to a count, up or down by chance. The
    file has them clipped only.

    \b
    chipsim teacher train --arch 32,64s2,64,64s2,fc128 --out cifar.onnx
    chipsim teacher train --arch vgg11 --epochs 60 --average ema --out vgg11.onnx
    chipsim teacher train --dataset mnist --arch fc256 --out mnist.onnx
    """
    with one_line_errors():
        import json

        from host.cli.text import scaling_text
        from host.data import describe, load
        from host.run import resolve
        from host.teachers import parse_architecture
        from host.teachers.onnx import check_writable, write_onnx
        from host.teachers.torch import Checkpoint, Recipe, train, untrained
        from host.terminal import Console

        if learning_rate is not None and not 0 < learning_rate < float("inf"):
            raise click.UsageError(f"--learning-rate {learning_rate} must be a number above 0")
        counted = hold_out is not None and 1 <= hold_out < 1e9 and hold_out == int(hold_out)
        if hold_out is not None and not (0 < hold_out <= 0.5 or counted):
            raise click.UsageError(f"--hold-out {hold_out} must be a share above 0, at most 0.5, or a whole number")
        parts = parse_architecture(arch)
        check_writable(out)
        spec = resolve(None, {"dataset": dataset} | ({} if scale is None else {"scale": scale}))
        recipe = Recipe(
            parts,
            learning_rate=learning_rate,
            augmentation=augment,
            hold_out=hold_out or spec.training.held_out,
            threads=threads or usable_cores(),
            **settings,
        )
        data = load(dataset, data_dir, spec.scale)
        plan = untrained(data, recipe)
        click.echo(
            f"{plan.describe()}: {plan.macs:,} multiply-accumulates an image, {plan.n_weights:,} weights", err=True
        )
        checkpoint = Checkpoint(out)
        with checkpoint.alone():
            try:
                with Console() as console:
                    trained = train(data, recipe, console.steps, checkpoint)
            except KeyboardInterrupt:
                kept = "; the same command goes on" if checkpoint.path.exists() else ""
                click.echo(f"chipsim: interrupted{kept}", err=True)
                sys.exit(130)
            write_onnx(trained.network, out)
            checkpoint.remove()
        scaling = describe(data)
        facts = {
            "file": str(out),
            "network": trained.network.describe(),
            "macs_per_image": trained.network.macs,
            "data_origin": data.origin,
            "scaling": scaling,
            "train_samples": trained.samples,
            "train_accuracy": trained.train_accuracy,
            "validation_accuracy": trained.validation_accuracy,
            "test_accuracy": trained.test_accuracy,
            "test_samples": len(data.test),
        }
        click.echo(
            json.dumps(facts)
            if as_json
            else for_terminal(
                f"{out}: {facts['network']}, {trained.test_accuracy:.2%} on {len(data.test):,} test samples\n"
                f"  {data.origin}\n  {scaling_text(scaling)}\n"
                f"  trained on {trained.samples:,} training samples, {trained.train_accuracy:.2%} in the last epoch;"
                f" {trained.validation_accuracy:.2%} on the {trained.held_out:,} held out"
            )
        )


@teacher.command(cls=GroupedCommand)
@click.argument("file", type=click.Path(path_type=Path))
@setting_option("teacher.step_s", checked=True)
@setting_option("teacher.integration", checked=True)
@setting_option("neuron.reset", checked=True)
@json_option
def show(file: Path, dt: float | None, integration: str | None, reset: str | None, as_json: bool) -> None:
    """Read a network from an ONNX or NIR file and say how true it is here: exact, approximate or refused, and why.

    \b
    chipsim teacher show mine.onnx
    chipsim teacher show theirs.nir --dt 1e-4 --integration euler --reset subtract
    """
    with one_line_errors():
        import json

        from host.errors import TeacherError
        from host.teachers import Fidelity, facts_of

        if dt is not None and not 0 < dt < float("inf"):
            raise TeacherError(f"--dt {dt}: give the length of a step in seconds, above 0")
        given = {"step_s": dt, "integration": integration}, {"reset": reset}
        facts = facts_of(file, *({name: value for name, value in each.items() if value is not None} for each in given))
        if as_json:
            click.echo(json.dumps(facts))
            return
        fidelity = Fidelity(*(tuple(facts[name]) for name in ("because", "provided", "notes")))
        neurons = ", ".join(f"{name} {value}" for name, value in (facts["neurons"] or {}).items())
        lines = [f"{file}: {facts['network']}", *([neurons] if neurons else []), *fidelity.lines()]
        click.echo(for_terminal("\n  ".join(lines)))
