"""``chipsim bench``: how fast this machine simulates, against its own limit. Each thing measured is a flag."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from host.cli.groups import OUTPUT, RUNNING, NearChoice, command, option
from host.cli.options import json_option, needs_compiler, one_line_errors, whole_number
from host.cli.run_options import setting_option
from host.terminal import for_terminal

# What is measured instead of the chip.
_BENCHES = {
    "sweep": "Measure sweeps instead: two workers against two processes.",
    "link": "Measure instead what a wire between host and chip costs.",
    "brainscales2": "Measure BrainScaleS-2's network instead.",
    "loop": "Measure training in the loop and through time instead.",
    "conv": "Measure convolutional networks instead.",
}
_WITH_A_PEER = ("loop", "conv")
_FILE = click.Path(path_type=Path, dir_okay=False)


def _counts(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    needs_compiler(context, parameter, value)
    asked = [whole_number(count, 1, 256) for count in value.split(",")]
    counts = tuple(count for count in asked if count is not None)
    if len(counts) < len(asked):
        raise click.BadParameter(f"{value!r} is not a list of thread counts from 1 to 256; write for example 1,2")
    return counts


def _flags(decorated: Callable[..., Any]) -> Callable[..., Any]:
    for name, text in reversed(_BENCHES.items()):
        decorated = option(f"--{name}", name, is_flag=True, group="What is measured", help=text)(decorated)
    return decorated


@command()
@option("--threads", group=RUNNING, default="1,2", callback=_counts, help="Thread counts to measure.  [default: 1,2]")
@option("--peer", type=NearChoice(["torch"]), help="torch: time the same learning in PyTorch, too.")
@setting_option("data_dir")
@_flags
@option(
    "--record", type=_FILE, group=OUTPUT, help="Append a JSON line per figure to FILE, with commit, machine and load."
)
@option("--against", type=_FILE, group=OUTPUT, help="Show the change since the latest commit recorded in FILE.")
@json_option
def bench(
    threads: tuple[int, ...],
    peer: str | None,
    data_dir: str | None,
    record: Path | None,
    against: Path | None,
    as_json: bool,
    **flags: bool,
) -> None:
    """Measure speed against this machine's own limit, in the same run: about a minute on an idle machine."""
    import json

    chosen = [name for name, given in flags.items() if given]
    if len(chosen) > 1:
        raise click.UsageError(f"--{' and --'.join(chosen)}: a bench measures one thing by itself, so name one")
    if peer is not None and chosen and chosen[0] not in _WITH_A_PEER:
        raise click.UsageError(f"--{chosen[0]} measures one thing by itself: leave out --peer")
    with one_line_errors():
        from host.bench import compare, earlier, lines_of, recording, surroundings
        from host.terminal import Console

        name = chosen[0] if chosen else "dense"
        with nullcontext() if record is None else recording(record) as recorder:
            then = None if against is None else earlier(against, name, none_is_fine=against == record)
            around = surroundings()
            with Console() as console:
                result = _run(name, console.steps, threads, peer, data_dir)
            readings = result.readings()
            change = None if then is None else compare(readings, around, then)
            if as_json:
                told = {} if against is None else {"against": None if change is None else change.to_json()}
                text = json.dumps(result.to_json() | told)
            else:
                text = for_terminal("\n".join([*result.lines(), *([] if change is None else ["", *change.lines()])]))
            try:
                if recorder is not None:
                    recorder.append(lines_of(name, readings, around))
            finally:  # what was measured is worth showing, even if it cannot be kept
                click.echo(text)


def _run(
    name: str,
    tick: Callable[[int, int, str], None],
    threads: tuple[int, ...],
    peer: str | None,
    data_dir: str | None,
) -> Any:
    """The report of a bench; its module is imported when it is asked for."""
    if name == "sweep":
        from host.bench import run_sweep_bench

        return run_sweep_bench(tick)
    if name == "link":
        from host.bench import run_link_bench

        return run_link_bench(threads, tick, data_dir=data_dir)
    if name == "brainscales2":
        from host.bench import run_brainscales2_bench

        return run_brainscales2_bench(threads, tick, data_dir=data_dir)
    if name == "loop":
        from host.bench import run_loop_bench

        return run_loop_bench(threads, peer, tick, data_dir=data_dir)
    if name == "conv":
        from host.bench import run_conv_bench

        return run_conv_bench(threads, peer, tick)
    from host.bench import run_bench

    return run_bench(threads, peer, tick, data_dir=data_dir)
