"""chipsim trace: the signals of the learning path of chosen neurons, as a waveform file and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from host.cli.groups import DATA, OUTPUT, NearChoice, command, option
from host.cli.options import json_option, one_line_errors, threads_option, usable_cores, whole_number
from host.cli.run_options import run_options
from host.terminal import for_terminal

_MOST = 10**9  # that a layer, a neuron or a sample may be numbered


def _places(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[tuple[int, int], ...]:
    places = []
    for text in value.split(",") if value is not None else ():
        before, _, after = text.partition(":")
        layer, number = whole_number(before, 0, _MOST), whole_number(after, 0, _MOST)
        if layer is None or number is None:
            raise click.BadParameter(f"{text!r} is not LAYER:NUMBER; write for example 1:0,1:7,2:3 (layers from 1)")
        places.append((layer, number))
    return tuple(places)


def _numbers(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    asked = [whole_number(text, 0, _MOST) for text in value.split(",")]
    numbers = tuple(number for number in asked if number is not None)
    if len(numbers) < len(asked):
        raise click.BadParameter(f"{value!r} is not a list of sample numbers; write for example 0,5")
    return numbers


def _learned(context: click.Context, parameter: click.Parameter, value: str) -> int | None:
    if value == "all":
        return None
    number = whole_number(value, 0, _MOST)
    if number is None:
        raise click.BadParameter(f"{value!r} is neither a number of samples nor 'all'")
    return number


def _step(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 1e-6 <= value <= 1e6:  # NaN fails, too
        raise click.BadParameter(
            f"{value:g} us is no step period: choose one from 1e-6 (a picosecond) to 1e6 (a second)"
        )
    return value


@command()
@run_options
@option(
    "--neurons",
    group="Trace",
    callback=_places,
    help="LAYER:NEURON,...  [default: of each layer the one that learns most]",
)
@option(
    "--rows", group="Trace", callback=_places, help="LAYER:ROW,... of the inputs to show.  [default: the 4 most active]"
)
@option("--samples", "--sample", group=DATA, default="0", callback=_numbers, help="Numbers of samples.  [default: 0]")
@option(
    "--part", group=DATA, type=NearChoice(["test", "train"]), default="test", help="Of the data set.  [default: test]"
)
@option(
    "--learn/--infer",
    "learn",
    group="Trace",
    default=None,
    help="Learn from them, or only show them.  [default: learn; after all: infer]",
)
@option(
    "--after", group="Trace", default="0", callback=_learned, help="Samples learned before, or 'all'.  [default: 0]"
)
@option("--before", group="Trace", is_flag=True, help="The die as programmed: the same as --after 0.")
@option(
    "--units",
    group="Trace",
    type=NearChoice(["chip", "th"]),
    help="V, nA and fC of --chip, or thresholds.  [default: chip, if there is one]",
)
@option(
    "--step-us",
    group="Trace",
    type=float,
    callback=_step,
    help="Step period in us.  [default: that of --chip, else 1]",
)
@option(
    "--out",
    group=OUTPUT,
    type=click.Path(path_type=Path),
    default=Path("trace.vcd"),
    help="Waveform file; the others have its name.  [default: trace.vcd]",
)
@threads_option
@json_option
def trace(
    overrides: dict[str, Any],
    config: Path | None,
    neurons: tuple[tuple[int, int], ...],
    rows: tuple[tuple[int, int], ...],
    samples: tuple[int, ...],
    part: str,
    learn: bool | None,
    after: int | None,
    before: bool,
    units: str | None,
    step_us: float | None,
    out: Path,
    threads: int | None,
    as_json: bool,
) -> None:
    """Follow a sample through chosen neurons: every signal of their learning path, cycle by cycle.

    Writes a VCD file, a layout of it for GTKWave (gtkwave FILE.vcd FILE.gtkw) and a picture, all of one name.

    \b
    chipsim trace --noise=mismatch:0.2
    chipsim trace --noise=mismatch:0.2 --neurons 1:0,2:3 --samples 0,5
    chipsim trace --noise=quantization:4 --after all --out after.vcd
    chipsim trace --chip cmos-180nm
    chipsim trace --config runs/latest --after all
    """
    if before and after != 0:
        raise click.UsageError("--before is the die as programmed, --after the die as it learned: give one of them")
    with one_line_errors():
        import json

        from host.plots import check_trace_files, save_trace
        from host.run import resolve
        from host.terminal import Console
        from host.trace import facts, shown_in, summary
        from host.trace import trace as trace_run

        check_trace_files(out)
        spec = resolve(config, overrides)
        shown = shown_in(spec.chip, units, None if step_us is None else step_us * 1e-6)
        with Console() as console:
            traced = trace_run(
                spec,
                neurons,
                rows,
                part="train" if part == "train" else "test",
                samples=samples,
                learn=after is not None if learn is None else learn,
                after=after,
                threads=threads or usable_cores(),
                listener=console,
            )
            console.stage("writing")
            files = save_trace(traced, out, shown)
        told = facts(traced, shown.step_s, files, shown) if as_json else None
        text = summary(traced, shown.step_s, files, shown)
        click.echo(for_terminal(text) if told is None else json.dumps(told))
