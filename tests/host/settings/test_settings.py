"""A run's settings: flags over the file over the defaults, resolved once."""

import json
from pathlib import Path

import pytest
from any_spec import specs
from every_setting import NEEDS, OTHER, as_toml, leaves, value_of
from hypothesis import given
from hypothesis import strategies as st

from chipsim import ChipSpec
from host.errors import SettingError
from host.run import resolve

PLAIN = resolve(None, {})
DECIDES_NOTHING = {"data_dir", "training.chunk"}
# What another setting's value changes too, where neither a flag nor the file says otherwise.
FOLLOWS = {
    "dataset": {"hidden", "encoding", "steps", "learning_circuit.warm_up_steps"},
    "steps": {"learning_circuit.warm_up_steps"},
    "teacher.method": {
        *("encoding", "steps", "neuron.kind", "neuron.tau_steps", "neuron.readout", "learning_circuit.warm_up_steps")
    },
    "chip": {"training.learning_rate"},  # all else of the ideal chip is as the defaults say
}
# These refuse values that OTHER has of the others.
ALONE = {
    *("teacher.method", "training.window_steps", "learning_circuit.arithmetic", "synapse.weight_bits"),
    *("neuron.charge_window", "neuron.reset_window"),
}


def write(folder: Path, text: str) -> Path:
    path = folder / "spec.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_table_of_settings_is_complete():
    assert set(OTHER) == set(leaves())


@pytest.mark.parametrize("name", leaves())
def test_every_setting_can_be_set_in_a_file_and_nothing_else_moves(name, tmp_path):
    needs = NEEDS.get(name, {})
    spec = resolve(write(tmp_path, as_toml(name, OTHER[name])), needs)
    for other in leaves():
        expected = OTHER[name] if other == name else needs.get(other, value_of(PLAIN, other))
        if other not in FOLLOWS.get(name, ()):
            assert value_of(spec, other) == expected, other
    assert value_of(spec, name) != value_of(PLAIN, name)


@pytest.mark.parametrize("name", leaves())
def test_every_setting_can_be_set_with_set(name, simulated):
    value, needs = OTHER[name], NEEDS.get(name, {})
    texts = {
        each: given if isinstance(given, str) else json.dumps(given) for each, given in {name: value, **needs}.items()
    }
    spec = simulated(*(argument for each, text in texts.items() for argument in ("--set", f"{each}={text}")))
    assert spec == resolve(None, {name: value, **needs})
    assert value_of(spec, name) == value


FLAGS = [
    (("--dataset", "yinyang"), "dataset", "yinyang"),
    (("--data-dir", "there"), "data_dir", "there"),
    (("--scale", "feature"), "scale", "feature"),
    (("--scale", "-1, 16.0"), "scale", "-1,16"),
    (("--hidden", "9,8"), "hidden", [9, 8]),
    (("--steps", "12"), "steps", 12),
    (("--encoding", "bernoulli"), "encoding", "bernoulli"),
    (("--neuron", "lif"), "neuron.kind", "lif"),
    (("--tau", "4.5"), "neuron.tau_steps", 4.5),
    (("--tau", "10,5,4.5"), "neuron.tau_steps", [10, 5, 4.5]),
    (("--threshold", "0.5"), "neuron.threshold_th", 0.5),
    (("--threshold", "1,0.5,2"), "neuron.threshold_th", [1, 0.5, 2]),
    (("--reset", "zero"), "neuron.reset", "zero"),
    (("--readout", "integrating"), "neuron.readout", "integrating"),
    (("--start", "random"), "training.start", "random"),
    (("--die", "9"), "die", 9),
    (("--die", "0"), "die", 0),
    (("--seed", "0"), "seed", 0),
    (("--chip", "rram"), "chip", "rram"),
    (("--epochs", "0"), "training.epochs", 0),
    (("--learning-rate", "0.5"), "training.learning_rate", 0.5),
    (("--error-gate", "sign"), "learning_circuit.error_gate", "sign"),
    (("--weight-bits", "4"), "synapse.weight_bits", 4),
    (("--warm-up", "0"), "learning_circuit.warm_up_steps", 0),
    (("--noise", "thermal:0.5", "--noise", "silencing:0.25"), "noise", ["thermal:0.5", "silencing:0.25"]),
    (("--noise", "ideal"), "noise", []),
    (("--prune", "below=0.5,every=700"), "stdp.prune.every", 700),
    (("--round", "levels=8"), "stdp.round.levels", 8),
]


@pytest.mark.parametrize(("flags", "name", "value"), FLAGS, ids=[" ".join(flags) for flags, _, _ in FLAGS])
def test_a_flag_overrides_the_file_and_the_file_the_default(flags, name, value, simulated, tmp_path):
    in_file = write(tmp_path, as_toml(name, OTHER[name]))
    assert value_of(simulated("--config", in_file), name) == OTHER[name] != value_of(PLAIN, name)
    assert value_of(simulated("--config", in_file, *flags), name) == value
    assert value_of(simulated(*flags), name) == value


@given(
    st.dictionaries(
        st.sampled_from(sorted(set(leaves()) - ALONE)), st.sampled_from(["file", "override", "both"]), max_size=8
    ),
)
def test_layers_do_not_mix(tmp_path_factory, where):
    in_file = {name: value_of(PLAIN, name) for name, place in where.items() if place == "both"}
    in_file |= {name: OTHER[name] for name, place in where.items() if place == "file"}
    in_file = {name: value for name, value in in_file.items() if value is not None}
    overrides = {name: OTHER[name] for name, place in where.items() if place != "file"}
    lines = [as_toml(name, value) for name, value in in_file.items() if "." not in name]
    tables: dict[str, str] = {}
    for name, value in in_file.items():
        if "." in name:
            header, line = as_toml(name, value).strip().split("\n", 1)
            tables[header] = tables.get(header, "") + line + "\n"
    text = "\n".join(lines) + "\n" + "\n".join(f"{header}\n{body}" for header, body in tables.items())
    spec = resolve(write(tmp_path_factory.mktemp("layers"), text), overrides)
    for name in leaves():
        if name in where:
            assert value_of(spec, name) == OTHER[name], name
        elif not any(name in FOLLOWS.get(other, ()) for other in where):
            assert value_of(spec, name) == value_of(PLAIN, name), name


def test_resolving_leaves_what_it_was_given_alone():
    overrides = {"learning_circuit": {"error_gate": "sign"}, "steps": 20, "training.epochs": 1}
    before = json.dumps(overrides)
    resolve(None, overrides)
    assert json.dumps(overrides) == before


@pytest.mark.parametrize(
    ("dataset", "hidden", "encoding", "steps"),
    [
        ("digits", (128, 64), "rate", 16),
        ("mnist", (256,), "rate", 16),
        ("yinyang", (120,), "current", 32),
        ("some.npz", (128, 64), "rate", 16),
    ],
)
def test_a_data_set_brings_its_defaults(dataset, hidden, encoding, steps):
    spec = resolve(None, {"dataset": dataset})
    assert (spec.hidden, spec.encoding, spec.steps) == (hidden, encoding, steps)
    assert spec.learning_circuit.warm_up_steps == steps // 2


@pytest.mark.parametrize("steps", [4.0, "4"])
def test_the_default_warm_up_follows_any_way_to_write_the_steps(steps):
    assert resolve(None, {"steps": steps}) == resolve(None, {"steps": 4})


@pytest.mark.parametrize("steps", [2, 16, 40])
def test_cifar10_is_learned_in_the_last_step(steps):
    assert resolve(None, {"dataset": "cifar10", "steps": steps}).learning_circuit.warm_up_steps == steps - 1


def test_a_data_sets_defaults_give_way_to_file_and_flags(tmp_path):
    file = write(tmp_path, 'dataset = "yinyang"\nsteps = 8\n')
    spec = resolve(file, {"hidden": [3]})
    assert (spec.steps, spec.hidden, spec.encoding) == (8, (3,), "current")
    assert spec.learning_circuit.warm_up_steps == 4
    assert resolve(file, {"dataset": "digits"}).encoding == "rate"
    assert resolve(file, {"steps": 9, "learning_circuit.warm_up_steps": 1}).learning_circuit.warm_up_steps == 1


@given(specs())
def test_a_spec_survives_its_file(tmp_path_factory, spec):
    again = resolve(write(tmp_path_factory.mktemp("spec"), spec.to_toml()), {})
    assert again == spec
    assert again.hash() == spec.hash()


def test_leaks_thresholds_and_their_converters_survive_the_file(tmp_path):
    settings = {
        "neuron.kind": "lif",
        "neuron.tau_steps": [10, 5, 2],
        "neuron.threshold_th": [1, 0.75, 1.25],
        "neuron.leak_dac.bits": 6,
        "neuron.threshold_dac": {"bits": 4, "low_th": 0.6, "high_th": 1.4},
    }
    spec = resolve(None, settings)
    text = spec.to_toml()
    assert "tau_steps = [" in text and "[neuron.leak_dac]" in text and "[neuron.threshold_dac]" in text
    again = resolve(write(tmp_path, text), {})
    assert again == spec and again.hash() == spec.hash()
    assert resolve(write(tmp_path, text), {"neuron.tau_steps": 7}).neuron.tau_steps == 7


def test_a_spec_without_them_is_the_one_it_was():
    """Hash and file of releases that knew none of these settings."""
    assert "\nscale = " not in PLAIN.to_toml().split("[")[0] and "scale" not in PLAIN.model_dump()
    assert resolve(None, {"scale": "auto"}).hash() == PLAIN.hash() != resolve(None, {"scale": "data"}).hash()
    assert "threshold" not in PLAIN.to_toml().split("[neuron]")[1].split("[")[0]
    assert PLAIN.neuron.model_dump().keys() < type(PLAIN.neuron).model_fields.keys()


def test_circuits_in_integers_take_spikes():
    """Refused before a teacher is trained, as all is that no such circuit can have."""
    integers = {"learning_circuit.arithmetic": "integer", "synapse.weight_bits": 6}
    with pytest.raises(SettingError, match="encoding current has amplitudes.*choose rate"):
        resolve(None, integers | {"encoding": "current"})
    with pytest.raises(SettingError, match=r"weights are analog in layer 2: set synapse\.weight_bits"):
        resolve(None, {"learning_circuit.arithmetic": "integer", "noise": ["quantization:4,layer=1"], "hidden": [5]})


@pytest.mark.parametrize("name", leaves())
def test_the_hash_covers_what_decides_the_results(name):
    kept = {follower: value_of(PLAIN, follower) for follower in FOLLOWS.get(name, ()) if name not in ALONE}
    other = resolve(None, {name: OTHER[name], **kept, **NEEDS.get(name, {})})
    assert (other.hash() == PLAIN.hash()) == (name in DECIDES_NOTHING)


def test_the_chips_spec_is_the_runs():
    spec = resolve(None, {name: OTHER[name] for name in OTHER if name not in ALONE})
    assert spec.design(4, 3) == ChipSpec(
        layer_sizes=(4, 5, 4, 3),
        steps=22,
        target_bits=7,
        neuron=spec.neuron,
        synapse=spec.synapse,
        learning_circuit=spec.learning_circuit,
        noise=("mismatch:0.3@threshold", "thermal:0.1,layer=2"),
    )
