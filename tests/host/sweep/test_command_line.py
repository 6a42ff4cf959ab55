"""The command that replays a task resolves to the same spec, whatever the spec is."""

import shlex

import pytest
from every_setting import OTHER, leaves
from hypothesis import assume, given
from test_settings import specs

from host.cli import commands as cli
from host.cli.options import run_options
from host.settings.spec import resolve
from host.sweep.command_line import replay_arguments, replay_command


def resolved(arguments):
    """The spec that `chipsim run` with these arguments would simulate."""
    context = cli.run.make_context("run", list(arguments))
    seen = {}
    run_options(lambda **given: seen.update(given))(**context.params)
    assert seen["config"] is None
    return resolve(None, seen["overrides"])


@given(specs())
def test_any_spec(spec):
    arguments = replay_arguments(spec)
    assume(not any(surrogate in "".join(arguments) for surrogate in map(chr, range(0xD800, 0xE000))))
    assert resolved(arguments) == spec
    command = replay_command(spec)
    assert shlex.split(command) == ["chipsim", "run", *arguments]
    assert "\n" not in command or "\n" in spec.dataset + (spec.data_dir or "")


@pytest.mark.parametrize("name", leaves())
def test_every_setting_alone(name):
    spec = resolve(None, {name: OTHER[name]})
    assert resolved(replay_arguments(spec)) == spec


def test_what_is_as_it_would_be_anyway_is_left_out():
    assert replay_command(resolve(None, {})) == "chipsim run"
    assert replay_command(resolve(None, {"dataset": "yinyang", "die": 3})) == "chipsim run --dataset=yinyang --die=3"


def test_names_of_any_kind_are_quoted():
    spec = resolve(
        None, {"dataset": "it's $HOME; rm *.npz", "noise": ["mismatch:0.2@threshold", "thermal:0.1,layer=2"]}
    )
    command = replay_command(spec)
    assert shlex.split(command)[2] == "--dataset=it's $HOME; rm *.npz"
    assert command.endswith("--noise=mismatch:0.2@threshold --noise=thermal:0.1,layer=2")


def test_an_empty_list_and_an_ideal_die():
    arguments = replay_arguments(resolve(None, {"dataset": "mnist", "hidden": [], "steps": 4}))
    assert arguments == ["--dataset=mnist", "--steps=4", "--set", "hidden=[]"]
    assert resolved(["--noise=ideal"]).noise == ()


@pytest.mark.parametrize("preset", ["ideal", "cmos-180nm"])
def test_a_preset_chip_is_named(preset):
    spec = resolve(None, {"chip": preset, "noise": ["mismatch:0.1"], "die": 4})
    assert replay_arguments(spec)[0] == f"--chip={preset}"
    assert resolved(replay_arguments(spec)) == spec


def test_another_chip_is_written_out():
    spec = resolve(None, {"chip": "rram", "chip.neuron.threshold_v": 0.45, "steps": 8})
    assert resolved(replay_arguments(spec)) == spec
    assert "\n" not in replay_command(spec)
