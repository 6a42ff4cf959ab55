"""Help: flags made of the settings' fields, headings, one line per command, and nothing heavy behind it."""

import subprocess
import sys

import click
import pytest
from small_runs import environment

from host.cli import commands as cli
from host.settings import FLAGS, flagged


def every_command():
    """Words of each command, with the command."""
    for name in cli.cli.list_commands(None):
        command = cli.cli.get_command(None, name)
        yield name, command
        for sub in getattr(command, "commands", {}):
            yield f"{name} {sub}", command.commands[sub]


COMMANDS = dict(every_command())


@pytest.mark.parametrize("name", cli.cli.list_commands(None))
def test_the_line_in_the_list_is_the_first_of_the_commands_own(name):
    [line] = [where.help for section in cli.cli.sections.values() for each, where in section.items() if each == name]
    assert line == COMMANDS[name].help.splitlines()[0]
    assert COMMANDS[name].name == name


_FISH = "chipsim.fish"  # the one line that cannot be broken


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_a_terminal_of_eighty_columns_and_is_not_cut(chipsim, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    for line in chipsim(*name.split(), "--help").out.splitlines():
        assert len(line) <= 80 or _FISH in line
        assert line.startswith("Usage:") or not line.endswith("...")


def imported(*lines):
    """Per command line the heavy packages that have been imported by then; all of them in one process."""
    code = (
        "import io, sys\n"
        "from contextlib import redirect_stderr, redirect_stdout\n"
        "from host.cli import main\n"
        "heavy = {'numba', 'scipy', 'sklearn', 'matplotlib', 'torch', 'rich', 'zmq', 'pydantic', 'numpy', 'tomllib'}\n"
        f"for line in {lines!r}:\n"
        "    sys.argv = ['chipsim', *line.split()]\n"
        "    try:\n"
        "        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):\n"
        "            main()\n"
        "    except SystemExit:\n"
        "        print(line, *sorted(heavy & set(sys.modules)), sep=',')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    return {line: set(heavy) for line, *heavy in (text.split(",") for text in done.stdout.splitlines())}


def test_what_names_no_command_and_what_looks_for_defects_import_nothing():
    """The latter must work where something is broken."""
    lines = ("--help", "--version", "rnu", "doctor --help", "serve --help")
    assert imported(*lines) == {line: set() for line in lines}


def test_no_commands_help_waits_for_anything_heavy():
    found = imported(*(f"{name} --help" for name in COMMANDS))
    assert len(found) == len(COMMANDS)
    for line, heavy in found.items():
        assert heavy <= {"numpy", "pydantic", "tomllib"}, line


def sections(text):
    """Heading -> option names below it."""
    found, heading = {}, None
    for line in text.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            heading = line[:-1]
        elif heading and line.startswith("  -"):
            found.setdefault(heading, []).append(line.split()[0].rstrip(","))
    return found


def test_options_of_run_stand_under_their_headings(chipsim):
    shown = sections(chipsim("run", "--help").out)
    assert list(shown) == ["Chip", "Data", "Network", "Learning", "Any setting", "Running", "Output", "Options"]
    for flag in FLAGS.values():
        assert flag.name in shown[flag.group]
    assert shown["Output"] == ["--out", "--json", "-v", "--quiet", "--pictures", "--timeline"]
    assert shown["Options"] == ["-h"]


@pytest.mark.parametrize("name", ["run", "trace", "sweep", "limit", "sensitivity", "compare"])
def test_commands_that_define_a_run_share_its_flags(name):
    options = {option.opts[0]: option for option in COMMANDS[name].params}
    for setting, flag in FLAGS.items():
        assert options[flag.name].help == flagged(setting).help()


# Options that mean the same everywhere, whatever the command.
@pytest.mark.parametrize("name", ["--json", "--threads", "--workers", "--data-dir", "--chip", "--sweep", "--config"])
def test_an_option_says_the_same_everywhere(name):
    told = {
        option.help
        for command in COMMANDS.values()
        for option in command.params
        if isinstance(option, click.Option) and option.opts == [name] and command.name != "bench"
    }
    assert len(told) == 1


def test_an_option_without_a_heading_stands_last(chipsim):
    assert list(sections(chipsim("yield", "--help").out))[-1] == "Options"
