"""chipsim export spice: a deck is written and checked, and what is wrong is one line."""

import json
import shutil

import click
import pytest
import tomli_w
from click.testing import CliRunner
from small_runs import end, start, write_npz
from spice_chips import changed_deck, own_chip

from host.cli.export_spice import spice


def run_command(*arguments):
    """The command in this process."""
    return CliRunner().invoke(spice, arguments, standalone_mode=False)


def test_the_command_writes_and_checks(tmp_path):
    chip, out, data = tmp_path / "own.toml", tmp_path / "out", write_npz(tmp_path / "small.npz")
    chip.write_text(tomli_w.dumps(own_chip().to_table()))
    flags = ("--dataset", str(data), "--hidden", "7", "--steps", "6", "--set", "teacher.epochs=60")
    command = ("export", "spice", "--chip", str(chip), *flags, "--neuron", "1:4", "--windows", "3")
    made = end(start(*command, "-o", str(out), "--json"))
    assert json.loads(made.out)["folder"] == str(out / "spice") and made.status == 0
    if shutil.which("ngspice") is not None:
        found = run_command("--check", str(out))
        assert found.return_value == 0 and found.output.rstrip().endswith("PASS")
        changed_deck(out, r"^Cm vm 0 7.7e-12", "Cm vm 0 7e-12")
        assert run_command("--check", str(out)).return_value == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--chip", "ideal"), "name one folder"),
        (("--check", "nowhere"), "nowhere holds no deck"),
        (("--chip", "ideal", "-o", "out", "--neuron", "7"), "LAYER:NEURON"),
        (("--chip", "ideal", "-o", "out", "--devices", "level2"), "did you mean 'level1'"),
    ],
)
def test_mistakes_are_one_line(arguments, told):
    found = run_command(*arguments)
    assert isinstance(found.exception, click.ClickException)
    assert told in found.exception.format_message() and "\n" not in found.exception.format_message()
