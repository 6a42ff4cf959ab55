"""Settings of neurons and learning rules that come from other packages."""

import pytest
from every_setting import OF_OTHERS, as_toml, leaves, value_of
from plug_ins import write_package

from chipsim import Chip
from chipsim.design import ChipError
from chipsim.die import fabricate
from host.errors import SettingError
from host.run import resolve
from host.settings import RunSpec

PARTS = '''
from chipsim.neurons import LeakyIntegrateAndFire
from learning_circuit import Field, LocalTandem

class Loose(LeakyIntegrateAndFire):
    """A threshold of its own."""

    name = "loose"
    formulas = "lif"
    summary = "a leaky neuron with another threshold"
    source = "made up"

    class Settings(LeakyIntegrateAndFire.Settings):
        times: float = 1.0

    def fabricate(self, settings, errors):
        made = dict(super().fabricate(settings, errors))
        return made | {"threshold": made["threshold"] * settings.times}

class Damped(LocalTandem):
    """Less of each pulse."""

    name = "damped"
    summary = "local tandem learning with smaller pulses"
    source = "made up"
    fields = (*LocalTandem.fields, Field("part", "of a pulse that is left", per="layer"))

    class Settings(LocalTandem.Settings):
        part: float = 0.5

    def fabricate(self, settings, errors, fires):
        return {**super().fabricate(settings, errors, fires), "part": settings.part}

    def pulses(self, own, state, seen, moment):
        return [pulse * own.part for pulse in super().pulses(own, state, seen, moment)]
'''
# Each with what else it needs to matter.
SET = {
    "neuron.kind_settings": ({"neuron.kind": "loose"}, {"times": 0.75}),
    "learning_circuit.rule": ({}, "damped"),
    "learning_circuit.rule_settings": ({"learning_circuit.rule": "damped"}, {"part": 0.25}),
}


@pytest.fixture
def parts(site):
    entries = {"neurons:loose": "parts:Loose", "learning_rules:damped": "parts:Damped"}
    write_package(site, "parts", "0.1", entries, {"parts.py": PARTS})


def test_all_are_looked_at():
    assert SET.keys() == set(OF_OTHERS)
    known = set(RunSpec.model_fields) | {
        f"{table}.{name}"
        for table in ("neuron", "learning_circuit")
        for name in RunSpec.model_fields[table].annotation.model_fields
    }
    assert set(OF_OTHERS) <= known - set(leaves())


@pytest.mark.parametrize("name", SET)
def test_it_can_be_set_and_decides_the_results(name, parts, simulated, tmp_path):
    needs, value = SET[name]
    plain, other = resolve(None, needs), resolve(None, needs | {name: value})
    assert value_of(other, name) == value != value_of(plain, name)
    assert other.hash() != plain.hash()
    file = tmp_path / "run.toml"
    file.write_text(as_toml(name, value))
    assert resolve(file, needs) == other
    flags = [f"--set={key}={each}" for key, each in needs.items()]
    text = value if isinstance(value, str) else f"{{{', '.join(f'{key} = {each}' for key, each in value.items())}}}"
    assert simulated(*flags, "--set", f"{name}={text}") == other


def test_they_reach_the_die(parts):
    def made(**settings):
        return fabricate(
            resolve(None, {"neuron.kind": "loose", "learning_circuit.rule": "damped"} | settings).design(4, 3), 1
        )[0].tables

    plain, other = (
        made(),
        made(**{name: SET[name][1] for name in ("neuron.kind_settings", "learning_circuit.rule_settings")}),
    )
    assert (set(plain.threshold), set(other.threshold)) == ({1.0}, {0.75})
    assert (plain.part, other.part) == (0.5, 0.25)


@pytest.mark.parametrize("name", ["neuron.kind", "learning_circuit.rule"])
def test_a_part_that_is_not_there_is_refused_with_those_that_are(name, parts):
    with pytest.raises(SettingError, match=r"'loos'.*(lif|local_tandem)") as refusal:
        resolve(None, {name: "loos"})
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"neuron.kind": "loose", "neuron.kind_settings": {"time": 2}},
            "settings of 'loose': time: .*choose from times",
        ),
        ({"neuron.kind": "loose", "neuron.kind_settings": {"times": "x"}}, "settings of 'loose': times: "),
        ({"neuron.kind_settings": {"times": 2.0}}, "settings of 'if': times: .*; it has none of its own"),
        ({"learning_circuit.rule_settings": {"part": 0.25}}, "settings of 'local_tandem': part: .*; it has none"),
    ],
)
def test_a_setting_that_a_part_does_not_have_is_named(settings, words, parts):
    with pytest.raises(ChipError, match=words) as refusal:
        Chip(resolve(None, settings).design(4, 3), 1)
    assert "\n" not in str(refusal.value)
