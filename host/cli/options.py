"""What commands share: the flags that define a run, and how a mistake of the user's becomes one line."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

# Flag -> setting in the run spec (see host.settings.spec).
FLAG_SETTINGS = {
    "chip": "chip",
    "dataset": "dataset",
    "data_dir": "data_dir",
    "hidden": "hidden",
    "teacher": "teacher.file",
    "dt": "teacher.step_s",
    "integration": "teacher.integration",
    "steps": "steps",
    "encoding": "encoding",
    "neuron": "neuron.kind",
    "tau": "neuron.tau_steps",
    "synapse_tau": "neuron.synapse_tau_steps",
    "reset": "neuron.reset",
    "readout": "neuron.readout",
    "method": "training.method",
    "start": "training.start",
    "die": "die",
    "seed": "seed",
    "epochs": "training.epochs",
    "learning_rate": "training.learning_rate",
    "error_gate": "learning_circuit.error_gate",
    "warm_up": "learning_circuit.warm_up_steps",
}


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _widths(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    try:
        return tuple(int(width) for width in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of layer widths; write for example 128,64") from None


def layer_sizes(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """Callback of an option such as ``--network 784,256,10``."""
    if value is None:
        return None
    widths = value.split(",")
    if len(widths) < 2 or not all(width.strip().isdecimal() and 1 <= int(width) <= 1_000_000 for width in widths):
        raise click.BadParameter(
            f"{value!r} is not a list of layer widths from 1 to 1000000, inputs first; write for example 784,256,10"
        )
    return tuple(map(int, widths))


def _assignments(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    import tomllib

    settings: dict[str, Any] = {}
    for text in values:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE; write for example neuron.low_rail_th=-1")
        try:
            settings[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            settings[key.strip()] = value.strip()
    return settings


_RUN_OPTIONS = (
    click.option("--chip", help="Preset or TOML file (see chipsim spec); what it says gives way to other flags."),
    click.option(
        "--dataset",
        help="digits, mnist, mnist16, yinyang, cifar10, FILE.npz or FOLDER with idx files.  [default: digits]",
    ),
    click.option("--data-dir", help="Where data sets are looked for, before CHIPSIM_DATA."),
    click.option("--hidden", callback=_widths, help="Widths of the hidden layers.  [default: 128,64 for digits]"),
    click.option("--teacher", help="ONNX or NIR file: the network to follow, its layers become the chip's."),
    click.option("--dt", type=float, help="Length of a step in seconds, for a NIR file."),
    click.option("--integration", help="euler or exponential, over a step, for a NIR file."),
    click.option("--steps", type=int, help="Steps of a window.  [default: 16]"),
    click.option("--encoding", help="rate, bernoulli, current, latency or log-latency.  [default: rate]"),
    click.option("--neuron", help="if or lif.  [default: if]"),
    click.option("--tau", type=float, help="Membrane time constant of a lif neuron in steps.  [default: 10]"),
    click.option("--synapse-tau", type=float, help="Time constant of synaptic currents in steps.  [default: none]"),
    click.option("--reset", help="subtract or zero.  [default: subtract]"),
    click.option("--readout", help="spiking, integrating or integrating-max outputs.  [default: spiking]"),
    click.option("--method", help="How the die is trained: see chipsim methods.  [default: on-chip-ltl]"),
    click.option("--start", help="teacher or random: the weights programmed.  [default: teacher]"),
    click.option("--noise", multiple=True, help="KIND:LEVEL[@SITE][,key=value...], repeatable; 'ideal' for none."),
    click.option("--die", type=int, help="Seed of the die: which errors the fab made.  [default: 1]"),
    click.option("--seed", type=int, help="Seed of teacher, split, order and encoding.  [default: 1]"),
    click.option("--epochs", type=int, help="Passes over the training data.  [default: by its size]"),
    click.option("--learning-rate", type=float, help="At the first sample, falling to 0.  [default: by error gate]"),
    click.option("--error-gate", help="linear, sign or ternary.  [default: linear]"),
    click.option("--warm-up", type=int, help="Steps without updates in a window.  [default: half the steps]"),
    click.option(
        "--set", "assignments", multiple=True, callback=_assignments, help="KEY=VALUE for any setting of a spec."
    ),
    click.option("--config", type=click.Path(path_type=Path), help="TOML file of settings; flags override it."),
)


def run_options(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """Give `command` every flag that defines a run; it is called with `overrides` (see host.settings.spec) and
    `config`.
    """

    @functools.wraps(command)
    def with_overrides(noise: tuple[str, ...], assignments: dict[str, Any], **arguments: Any) -> int | None:
        flags = {setting: arguments.pop(flag) for flag, setting in FLAG_SETTINGS.items()}
        overrides = {setting: value for setting, value in flags.items() if value is not None} | assignments
        if noise:
            overrides["noise"] = [] if noise == ("ideal",) else list(noise)
        return command(overrides=overrides, **arguments)

    for option in reversed(_RUN_OPTIONS):
        with_overrides = option(with_overrides)
    return with_overrides


class one_line_errors:
    """Turns what the packages refuse into one line; a defect of ours keeps its traceback."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, click.ClickException):
            return
        from chipsim import ChipError
        from host.errors import HostError
        from nonideality import NoiseError

        if isinstance(error, ChipError | HostError | NoiseError):
            raise click.ClickException(str(error)) from None
