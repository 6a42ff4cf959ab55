"""Every chipsim command that a page shows is one, with options that it has."""

import re
import shlex

import click
import pytest
from links import pages_of
from small_runs import ROOT

from host.cli import cli

PAGES = [page for page in pages_of(ROOT) if page.name != "CHANGELOG.md" and "tests" not in page.parts]
_IN_PROSE = re.compile(r"`(chipsim [^`]+)`")


def commands(text):
    """Indented command lines, continued ones included, and what stands between backquotes."""
    lines = [
        " ".join(line.split()) for line in text.replace("\\\n", " ").splitlines() if line.startswith("    chipsim ")
    ]
    return [*lines, *(" ".join(found.split()) for found in _IN_PROSE.findall(text))]


def shown():
    for page in PAGES:
        for line in dict.fromkeys(commands(page.read_text(encoding="utf-8"))):
            yield pytest.param(line, id=f"{page.relative_to(ROOT)}: {line}"[:100])


@pytest.mark.parametrize("line", list(shown()))
def test_a_command_of_the_pages(line):
    words = [word for word in shlex.split(line, comments=True)[1:] if not word.startswith((">", "|"))]
    command, context = cli, click.Context(cli, info_name="chipsim")
    while isinstance(command, click.Group) and words and words[0] in command.list_commands(context):
        name, *words = words
        command = command.get_command(context, name)
        context = click.Context(command, parent=context, info_name=name)
    known = {name for each in command.get_params(context) for name in (*each.opts, *each.secondary_opts)}
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
    assert command is not cli or "COMMAND" in words or given & {"--help", "--version"}, "there is no such command"
    assert given <= known | {"--help", "-h"}


def test_there_are_many_and_none_is_overlooked():
    text = "    chipsim run --no-such\n\nand `chipsim sweep\n--dies 3`, `make run`\n"
    assert commands(text) == ["chipsim run --no-such", "chipsim sweep --dies 3"]
    assert len(list(shown())) > 60
