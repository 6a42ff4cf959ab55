"""The command line. A command is imported when it is asked for, so that help answers at once."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import shutil
import sys
import warnings
from typing import NoReturn, TextIO

import click

from host.cli.ctrl_c import keep_interrupts
from host.cli.groups import LazyGroup, Where, whose
from host.cli.streams import keep_streams
from host.errors import DataWarning, file_problem, memory_problem, printable
from host.faults import is_passing
from host.near import did_you_mean

_CLICKS_LEAST_COLUMNS, _LEAST_COLUMNS = 52, 20

# Heading -> command -> where it is, and the first line of its help.
_COMMANDS = {
    "One die": {
        "run": Where("run", "run", "Fabricate a die, measure it, let it learn on chip, measure it again."),
        "trace": Where(
            "trace",
            "trace",
            "Follow a sample through chosen neurons: every signal of their learning path, cycle by cycle.",
        ),
        "nir": Where(
            "nir", "nir", "Write the die of a finished run as a NIR file (extra nir), frozen errors included."
        ),
    },
    "Many dies": {
        "sweep": Where(
            "sweep", "sweep", "Run every point of a grid on many dies; asked again, run only what is missing."
        ),
        "yield": Where(
            "die_yield",
            "yield_",
            "Which fraction of a sweep's dies is good, before and after learning, at each point of it.",
        ),
        "limit": Where(
            "limit",
            "limit",
            "Find the level of one imperfection up to which enough dies are proven good, by bisection.",
        ),
        "sensitivity": Where(
            "sensitivity",
            "sensitivity",
            "Which imperfection costs how much accuracy, before and after learning on chip.",
        ),
        "compare": Where(
            "compare",
            "compare",
            "Train the same dies by several methods: accuracy, traffic, writes, host work, time, energy.",
        ),
        "report": Where(
            "report", "report", "Write one self-contained HTML page about SOURCE, a sweep's database or a run's folder."
        ),
    },
    "Chips and teachers": {
        "spec": Where(
            "spec", "spec", "Print a preset chip, check a chip's file, or show what the model makes of either."
        ),
        "map": Where(
            "spec",
            "place",
            "Show on which cores, rows and columns of a chip a network stands, and how full that makes it.",
        ),
        "check": Where("check", "check", "Hold a chip against the design rules; exit status 1 if one is broken badly."),
        "export": Where(
            "export",
            "export",
            "Write a chip's circuits for designers of silicon: RTL, vectors, a neuron as a deck for ngspice.",
        ),
        "cosim": Where(
            "cosim", "cosim", "Hold an export's RTL against its vectors: lint, simulation, mutants, netlist, proofs."
        ),
        "teacher": Where(
            "teacher", "teacher", "Networks for the chip to follow (see also: chipsim run --teacher FILE.onnx)."
        ),
    },
    "What there is": {
        "noise": Where(
            "lists", "noise", "List the nonidealities: what each level means, its unit, distribution, sites and source."
        ),
        "data": Where(
            "data", "data", "List the data sets: which are there, where each was looked for, how to get one."
        ),
        "methods": Where("lists", "methods", "List the training methods: how a die comes to its weights."),
        "plugins": Where(
            "plugins",
            "plugins",
            "List effects, learning rules, neurons, methods, encoders and data sets: of which package, and whether they"
            " work.",
        ),
    },
    "This machine": {
        "doctor": Where(
            "doctor",
            "doctor",
            "Tell what a bug report needs: versions, caches, data sets found, plug-ins.",
        ),
        "bench": Where(
            "bench",
            "bench",
            "Measure speed against this machine's own limit, in the same run: about a minute on an idle machine.",
        ),
        "serve": Where(
            "serve", "serve", "Hold dies for hosts that connect with chipsim run --chip-address. Ends with Ctrl-C."
        ),
        "keygen": Where("serve", "keygen", "Make keys: secret.key for oneself, public.key for the other end."),
    },
}


_STDERR = 2
_LAST_WORDS = f"chipsim: {memory_problem(MemoryError())}\n".encode()  # for which no memory has to be found


def main() -> None:
    """Entry point: every mistake of the user's ends in one line on stderr and exit status 2."""
    own_process = sys.stderr is sys.__stderr__
    try:
        _main()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of Rust's is no Exception
        if not (isinstance(error, MemoryError) or is_passing(error)):  # a defect of ours
            raise
        _end_with_fault(error, own_process)


def _main() -> None:
    keep_interrupts()
    output_lost = keep_streams()
    atexit.register(gc.freeze)  # else the end looks for cycles in half a million objects, which takes half a second
    warnings.showwarning = _warn
    try:
        status = cli.main(standalone_mode=False, terminal_width=_narrow())
        sys.stdout.flush()
        lost = output_lost()
        if lost is not None and lost.errno != errno.EPIPE:  # else the reader, such as head, has seen enough
            _fail(f"cannot write the output: {lost.strerror}", 2)
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        sys.exit(2)
    except click.exceptions.Abort:
        _fail("interrupted", 130)
    except click.NoSuchOption as error:
        _fail(_no_such_option(error), 2)
    except click.ClickException as error:
        _fail(" ".join(error.format_message().split()), 2)
    except ImportError as error:
        if type(error) is ImportError and error.name == "numba":  # one that was never tried
            _fail(str(error), 2)
        what = " ".join(str(error).split())
        _fail(f"cannot load what it needs ({what}): part of the installation is gone or cannot be read just now", 2)
    except OSError as error:
        _fail(file_problem(error), 2)


def _narrow() -> int | None:
    """The width of help where click's own least width has no room; None: as click has it."""
    columns = shutil.get_terminal_size().columns
    return max(columns - 2, _LEAST_COLUMNS) if columns < _CLICKS_LEAST_COLUMNS else None


def _end_with_fault(error: BaseException, own_process: bool) -> NoReturn:
    """One line and exit status 2, where memory or something else of the machine's has given out.

    own_process: whether nobody has put a stream of his own in place of stderr. Then what Python does at its end is left
    out: without memory it says so of all that it cannot take down.
    """
    try:
        what = " ".join(str(error).split())
        if isinstance(error, MemoryError):
            line = memory_problem(error)
        else:
            line = f"this machine could not do it just now ({type(error).__name__}: {what}): try again"
        sys.stdout.flush()
        print(f"chipsim: {line}", file=sys.stderr, flush=True)
    except Exception:
        os.write(_STDERR, _LAST_WORDS)
    if own_process:
        os._exit(2)
    sys.exit(2)


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """What is a user's to know in one line; what is a programmer's as Python shows it."""
    if issubclass(category, DataWarning):
        print(f"chipsim: warning: {message}", file=sys.stderr)
    else:
        print(warnings.formatwarning(message, category, filename, lineno, line), file=file or sys.stderr, end="")


def _fail(message: str, status: int) -> None:
    print(f"chipsim: {printable(message)}", file=sys.stderr)
    sys.exit(status)


def _no_such_option(error: click.NoSuchOption) -> str:
    if error.ctx is None:
        return error.format_message()
    known = [name for option in error.ctx.command.get_params(error.ctx) for name in option.opts + option.secondary_opts]
    hint = did_you_mean(error.option_name, [name for name in known if name.startswith("--")])
    return f"{whose(error.ctx)} no option {error.option_name}: {hint}see '{error.ctx.command_path} --help'"


_COMPLETION = """\b
Completion with the Tab key, from the next shell on:
  bash  echo 'eval "$(_CHIPSIM_COMPLETE=bash_source chipsim)"' >> ~/.bashrc
  zsh   echo 'eval "$(_CHIPSIM_COMPLETE=zsh_source chipsim)"' >> ~/.zshrc
  fish  _CHIPSIM_COMPLETE=fish_source chipsim > ~/.config/fish/completions/chipsim.fish"""


@click.group(
    cls=LazyGroup,
    sections=_COMMANDS,
    epilog=_COMPLETION,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="chipsim", message="chipsim %(version)s")
def cli() -> None:
    """Simulate a mixed-signal chip that learns on chip, and see what its imperfections do to it."""
