"""``chipsim bench``: how fast this machine simulates, against its own limit. Each thing measured is a flag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from host.cli.options import one_line_errors

# What is measured instead of the chip.
_BENCHES = {
    "sweep": "Measure sweeps instead: two workers against two processes.",
    "link": "Measure instead what a wire between host and chip costs.",
    "brainscales2": "Measure BrainScaleS-2's network instead.",
    "loop": "Measure training in the loop instead.",
    "conv": "Measure convolutional networks instead.",
}
_WITH_A_PEER = ("loop", "conv")


def _counts(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    counts = value.split(",")
    if not all(count.isdecimal() and 1 <= int(count) <= 256 for count in counts):
        raise click.BadParameter(f"{value!r} is not a list of thread counts from 1 to 256; write for example 1,2")
    return tuple(map(int, counts))


def _flags(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, text in reversed(_BENCHES.items()):
        command = click.option(f"--{name}", name, is_flag=True, help=text)(command)
    return command


@click.command()
@click.option("--threads", default="1,2", callback=_counts, help="Thread counts to measure.  [default: 1,2]")
@click.option("--peer", help="torch: time the same learning in PyTorch, too.")
@click.option("--data-dir", help="Where MNIST is looked for, before CHIPSIM_DATA; without it a likeness is used.")
@_flags
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def bench(threads: tuple[int, ...], peer: str | None, data_dir: str | None, as_json: bool, **flags: bool) -> None:
    """Measure speed against this machine's own limit, in the same run: about a minute on an idle machine."""
    import json

    chosen = [name for name, given in flags.items() if given]
    if len(chosen) > 1:
        raise click.UsageError(f"--{' and --'.join(chosen)}: a bench measures one thing by itself, so name one")
    if peer is not None and chosen and chosen[0] not in _WITH_A_PEER:
        raise click.UsageError(f"--{chosen[0]} measures one thing by itself: leave out --peer")
    with one_line_errors():
        from host.cli.text.run import Console

        with Console() as console:
            result = _run(chosen[0] if chosen else None, console.steps, threads, peer, data_dir)
        click.echo(json.dumps(result.to_json()) if as_json else "\n".join(result.lines()))


def _run(
    name: str | None,
    tick: Callable[[int, int, str], None],
    threads: tuple[int, ...],
    peer: str | None,
    data_dir: str | None,
) -> Any:
    """The report of a bench; its module is imported when it is asked for."""
    if name == "sweep":
        from host.bench.sweep import run_sweep_bench

        return run_sweep_bench(tick)
    if name == "link":
        from host.bench.link import run_link_bench

        return run_link_bench(threads, tick, data_dir=data_dir)
    if name == "brainscales2":
        from host.bench.brainscales2 import run_brainscales2_bench

        return run_brainscales2_bench(threads, tick, data_dir=data_dir)
    if name == "loop":
        from host.bench.in_the_loop import run_loop_bench

        return run_loop_bench(threads, peer, tick, data_dir=data_dir)
    if name == "conv":
        from host.bench.conv import run_conv_bench

        return run_conv_bench(threads, peer, tick)
    from host.bench.dense import run_bench

    return run_bench(threads, peer, tick, data_dir=data_dir)
