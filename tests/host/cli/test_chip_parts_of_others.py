"""Neurons and learning rules of other packages on the command line: used, traced, and refused in one line."""

import json
import re

import numpy as np
import pytest
from plug_ins import write_package
from plug_ins_of_chips import ENTRIES, write_chip_parts
from small_runs import QUIET_FLAGS, end, environment, everything_in, start
from vcd_reader import VCDVCD

from chipsim.design import rule_named
from chipsim.kernel import kernel_for, parts_of
from chipsim.neurons import formulas_named

PARTS = ("--neuron", "weary", "--set", "learning_circuit.rule=hungry")
SETTINGS = ("--set", "learning_circuit.rule_settings.greed=0.25")


@pytest.fixture(autouse=True)
def forgotten():
    """What this process keeps by a name that means something else in the next test."""
    yield
    for kept in (rule_named, formulas_named, parts_of, kernel_for):
        kept.cache_clear()


@pytest.mark.draws
def test_a_run(chipsim, site, here, data_file):
    write_chip_parts(site)
    ended = chipsim(
        "run", "--dataset", data_file, *QUIET_FLAGS, *PARTS, *SETTINGS, "--noise", "comparator:0.5", "--json"
    )
    assert (ended.status, ended.err) == (0, "")
    summary = json.loads(ended.out)
    assert [(each["name"], each["package"], each["version"]) for each in summary["plugins"]] == [
        ("hungry", "acme-chip", "1.2"),
        ("weary", "acme-chip", "1.2"),
    ]
    assert summary["weight_updates"] > 0
    assert len(list(here.glob("runs/2*/*.png"))) == 4
    config = next(here.glob("runs/*/spec.toml"))
    assert "greed = 0.25" in config.read_text()
    again = chipsim("run", "--config", config, "--json")
    assert (again.status, again.err) == (0, "")
    assert json.loads(again.out)["accuracy"] == summary["accuracy"]


@pytest.mark.usefixtures("here")
def test_a_trace_shows_its_fields(chipsim, site, data_file):
    write_chip_parts(site)
    flags = ("--dataset", data_file, *QUIET_FLAGS, *PARTS, *SETTINGS, "--noise", "comparator:0.5", "--samples", "0,1")
    ended = chipsim(
        "trace", *flags, "--neurons", "1:2,1:3,1:4,2:0", "--after", "4", "--learn", "--out", "w.vcd", "--json"
    )
    assert (ended.status, ended.err) == (0, "")
    read = VCDVCD("w.vcd")
    eaten = 0
    for neuron in json.loads(ended.out)["neurons"]:
        name = f"chip.layer{neuron['layer']}.neuron{neuron['neuron']}"
        meals = [int(value, 2) for _, value in read[f"{name}.meals"].tv]
        assert meals == sorted(meals) and meals[-1] >= sum(neuron["spikes"])
        rises = sum(value == "1" for _, value in read[f"{name}.eats"].tv)  # a wire stays up from spike to spike
        assert bool(rises) == bool(sum(neuron["spikes"])) and rises <= sum(neuron["spikes"])
        eaten += rises
        assert any(float(value) for _, value in read[f"{name}.craving"].tv)
        assert float(read[f"{name}.hunger"].tv[0][1]) == 2
        weariness = [float(value) for _, value in read[f"{name}.weariness"].tv]
        assert weariness == sorted(weariness) and weariness[-1] > 0
        assert np.float32(read[f"{name}.die.skew"][0]) == np.float32(neuron["made"]["skew"])
        assert float(read[f"{name}.die.greed"][0]) == 0.25
        assert f"{name}.hidden" not in read.references_to_ids
    assert eaten > 0


WRONG = {
    "an undeclared field": ({"* own.greed": "* own.grief"}, (), "reads the field 'grief'"),
    "too few pulses": ({"(Rows.SPIKES,)": "(Rows.SPIKES, Rows.ALL)"}, (), "returns 1 pulses for the 2"),
    "a wrong shape": ({'"skew": errors.comparator_offset': '"skew": 1.0'}, (), "field 'skew' is of shape ()"),
    "targets not asked for": ({"frozenset({Brings.TARGET})": "frozenset()"}, (), "put Brings.TARGET"),
    "its own exception": ({"state.eats = seen.spiked": "raise OSError('spilled')"}, (), "OSError: spilled"),
    "a setting": ({}, ("--set", "learning_circuit.rule_settings.gread=1"), "settings of 'hungry': gread"),
    "a neuron's setting": ({}, ("--set", "neuron.kind_settings.sleep=8"), "settings of 'weary': sleep"),
}


@pytest.mark.parametrize(("changes", "flags", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_one_is_refused_before_any_work(chipsim, site, here, tmp_path, changes, flags, said):
    """No data is looked for: there is none by this name."""
    write_chip_parts(site, changes=changes)
    before = everything_in(here)
    for command in ("run", "trace"):
        ended = chipsim(command, "--dataset", tmp_path / "no.npz", *PARTS, *flags)
        assert (ended.status, ended.out) == (2, "")
        assert re.fullmatch(r"chipsim: [^\n]+\n", ended.err), ended.err
        assert said in ended.err and "acme-chip 1.2" in ended.err
    assert everything_in(here) == before


@pytest.mark.usefixtures("here")
def test_a_broken_package_is_named_and_hurts_no_other_run(chipsim, tmp_path, data_file, monkeypatch):
    flags = ("run", "--dataset", data_file, *QUIET_FLAGS, "--noise", "mismatch:0.5", "--json")
    before = chipsim(*flags)
    broken = write_package(tmp_path / "site", "acme-chip", "1.2", ENTRIES, {"acme_chip.py": "import no_such_module"})
    monkeypatch.syspath_prepend(broken)
    after = chipsim(*flags)
    assert (after.status, after.err) == (0, "")
    assert json.loads(after.out)["accuracy"] == json.loads(before.out)["accuracy"]
    found = {each["name"]: each for each in json.loads(chipsim("plugins", "--json").out)["plugins"]}
    for name in ("hungry", "weary"):
        assert (found[name]["state"], found[name]["package"]) == ("broken", "acme-chip")
        assert "no_such_module" in found[name]["why"]
    ended = chipsim("run", "--neuron", "weary")
    assert ended.status == 2 and re.fullmatch(
        r"chipsim: neuron 'weary' of acme-chip 1\.2 [^\n]*no_such_module[^\n]*\n", ended.err
    )


def test_in_a_process_of_its_own(tmp_path):
    """As a user meets it: nothing of this process stands by."""
    site = write_chip_parts(tmp_path / "site", changes={"return [moment.rate * state.craving]": "return []"})
    env = environment(PYTHONPATH=f"{environment()['PYTHONPATH']}:{site}")
    ended = end(start("run", *PARTS, env=env, cwd=tmp_path))
    assert (ended.status, ended.out) == (2, "")
    assert re.fullmatch(
        r"chipsim: learning rule 'hungry' returns 0 pulses for the 1[^\n]*acme-chip 1\.2[^\n]*\n", ended.err
    )
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
