"""Completion with the Tab key: what --help says makes a shell complete commands, options and choices."""

import shutil
import subprocess
import sys

import pytest
from click.shell_completion import BashComplete
from small_runs import environment

from host.cli import cli


def completed(*words):
    *before, incomplete = words
    found = BashComplete(cli, {}, "chipsim", "_CHIPSIM_COMPLETE").get_completions(list(before), incomplete)
    return {each.value for each in found}


def test_commands_options_and_choices():
    assert completed("da") == {"data"}
    assert {"run", "sweep", "yield", "doctor"} <= completed("")
    assert "get" in completed("data", "")
    assert completed("run", "--no-p") == {"--no-pictures"}
    assert "lif" in completed("run", "--neuron", "l")
    assert completed("run", "--method", "in") == {"in-the-loop"}


def test_what_is_wrong_before_is_not_told_by_the_tab_key():
    for wrong in (["no-such-command"], ["run", "--no-such-option"], ["data", "--json", "get"], ["data", "git"]):
        completed(*wrong, "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_line_of_the_help_makes_bash_complete(chipsim, tmp_path):
    told = chipsim("--help").out
    [line] = [line.split("echo ")[1].split(" >>")[0] for line in told.splitlines() if line.strip().startswith("bash ")]
    script = tmp_path / "chipsim"
    script.write_text(f"#!{sys.executable}\nfrom host.cli import main\nmain()\n")
    script.chmod(0o755)
    asked = (
        f"PATH={tmp_path}:$PATH; eval {line}; COMP_WORDS=(chipsim sensi); COMP_CWORD=1; _chipsim_completion chipsim;"
        ' echo "${COMPREPLY[@]}"; complete -p chipsim'
    )
    done = subprocess.run(["bash", "-c", asked], env=environment(), capture_output=True, text=True)
    assert done.stderr == ""
    replied, registered = done.stdout.splitlines()
    assert replied == "sensitivity"
    assert "_chipsim_completion" in registered
