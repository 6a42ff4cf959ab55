"""The command that replays a task resolves to the same spec, whatever the spec is."""

import shlex

import pytest
from any_spec import specs
from every_setting import NEEDS, OTHER, leaves
from hypothesis import assume, given

from host.cli.run import run
from host.cli.run_options import run_options
from host.run import resolve
from host.sweep import arguments_of, command_line_of


def resolved(arguments):
    """The spec that `chipsim run` with these arguments would simulate."""
    context = run.make_context("run", list(arguments))
    seen = {}
    run_options(lambda **given: seen.update(given))(**context.params)
    assert seen["config"] is None
    return resolve(None, seen["overrides"])


@given(specs())
def test_any_spec(spec):
    arguments = arguments_of(spec)
    assume(not any(surrogate in "".join(arguments) for surrogate in map(chr, range(0xD800, 0xE000))))
    assert resolved(arguments) == spec
    command = command_line_of(spec)
    assert shlex.split(command) == ["chipsim", "run", *arguments]
    assert "\n" not in command or "\n" in spec.dataset + (spec.data_dir or "")


@pytest.mark.parametrize("name", leaves())
def test_every_setting_alone(name):
    spec = resolve(None, {name: OTHER[name]} | NEEDS.get(name, {}))
    assert resolved(arguments_of(spec)) == spec


def test_a_value_for_each_layer():
    spec = resolve(None, {"neuron.kind": "lif", "neuron.tau_steps": [10, 5, 2.5], "neuron.threshold_dac.bits": 4})
    arguments = arguments_of(spec)
    assert arguments == ["--neuron=lif", "--tau=10.0,5.0,2.5", "--set", "neuron.threshold_dac.bits=4"]
    assert resolved(arguments) == spec


def test_what_is_as_it_would_be_anyway_is_left_out():
    assert command_line_of(resolve(None, {})) == "chipsim run"
    assert command_line_of(resolve(None, {"dataset": "yinyang", "die": 3})) == "chipsim run --dataset=yinyang --die=3"


def test_names_of_any_kind_are_quoted():
    spec = resolve(
        None, {"dataset": "it's $HOME; rm *.npz", "noise": ["mismatch:0.2@threshold", "thermal:0.1,layer=2"]}
    )
    command = command_line_of(spec)
    assert shlex.split(command)[2] == "--dataset=it's $HOME; rm *.npz"
    assert command.endswith("--noise=mismatch:0.2@threshold --noise=thermal:0.1,layer=2")


def test_an_empty_list_and_an_ideal_die():
    arguments = arguments_of(resolve(None, {"dataset": "mnist", "hidden": [], "steps": 4}))
    assert arguments == ["--dataset=mnist", "--steps=4", "--set", "hidden=[]"]
    assert resolved(["--noise=ideal"]).noise == ()


@pytest.mark.parametrize("preset", ["ideal", "cmos-180nm"])
def test_a_preset_chip_is_named(preset):
    spec = resolve(None, {"chip": preset, "noise": ["mismatch:0.1"], "die": 4})
    assert arguments_of(spec)[0] == f"--chip={preset}"
    assert resolved(arguments_of(spec)) == spec


def test_another_chip_is_written_out():
    spec = resolve(None, {"chip": "rram", "chip.neuron.threshold_v": 0.45, "steps": 8})
    assert resolved(arguments_of(spec)) == spec
    assert "\n" not in command_line_of(spec)
