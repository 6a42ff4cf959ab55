"""Comparisons: figures from runs, verdicts, the table, files, and what is refused."""

import json

import numpy as np
import pytest

from chipsim.physical import load
from host.compare.judgement import verdict
from host.compare.numbers import MethodNumbers
from host.compare.simulate import methods, specs
from host.compare.table import accuracy_lines, plain_lines, short
from host.compare.training_cost import training_cost
from host.errors import SettingError
from host.run import resolve, run
from host.settings import METHODS, UNSUPERVISED_METHODS

FLAGS = ("--hidden", "7", "--steps", "6", "--epochs", "2", "--learning-rate", "0.05", "--set", "teacher.epochs=200")


def of(name, dies, **changes):
    facts = dict.fromkeys(MethodNumbers.__dataclass_fields__, 10.0) | {"name": name, "dies": dies} | changes
    return MethodNumbers(**facts)


def test_all_methods_side_by_side(chipsim, here, data_file):
    arguments = ("compare", "--dataset", data_file, *FLAGS, "--noise", "mismatch:0.5", "--dies", "3", "--workers", "1")
    ended = chipsim(*arguments, "--out", "cmp", "--json")
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    assert [each["name"] for each in told["methods"]] == list(METHODS)
    by_name = {each["name"]: each for each in told["methods"]}
    assert by_name["on-chip-ltl"]["mean"] > by_name["conversion"]["mean"] + 0.05
    assert by_name["on-chip-ltl"]["down_per_sample"] > 10
    assert by_name["offline-ltl"]["down_per_sample"] == 0
    assert by_name["offline-ltl"]["bytes_programmed"] == 73
    assert {each["name"] for each in told["methods"] if each["up_per_sample"] > 0} == {"in-the-loop"}
    assert len(told["verdict"]) == len(METHODS) - 1
    names = {path.name for path in (here / "cmp").iterdir()}
    assert {"compare.json", "compare.svg", "compare.png", "compare.sqlite"} <= names
    assert json.loads((here / "cmp" / "compare.json").read_text()) == told
    again = chipsim(*arguments, "--out", "cmp")
    assert again.status == 0
    for name in METHODS:
        assert f"\n{name} " in again.out
    assert all(sentence in again.out for sentence in told["verdict"])


def test_each_die_is_the_one_of_a_plain_run(chipsim, here, data_file):
    shared = ("--dataset", data_file, *FLAGS, "--noise", "mismatch:0.5")
    ended = chipsim("compare", *shared, "--methods", "on-chip-ltl", "--dies", "2", "--workers", "1", "--json")
    [told] = json.loads(ended.out)["methods"]
    settings = {
        "dataset": str(data_file),
        "hidden": [7],
        "steps": 6,
        "training.epochs": 2,
        "training.learning_rate": 0.05,
        "teacher.epochs": 200,
    }
    ideal = run(resolve(None, settings))
    dies = [run(resolve(None, settings | {"noise": ["mismatch:0.5"], "die": die})) for die in (1, 2)]
    assert told["ideal"] == ideal.after.accuracy
    assert told["dies"] == [outcome.after.accuracy for outcome in dies]
    assert told["samples"] == 256
    down = np.mean([outcome.facts["method"]["bytes_down"] / 256 for outcome in dies])
    assert told["down_per_sample"] == pytest.approx(down)


def test_a_method_is_an_axis_of_a_sweep(chipsim, here, data_file):
    flags = tuple(flag for flag in FLAGS if flag not in ("--epochs", "2"))
    ended = chipsim(
        "sweep", "--dataset", data_file, *flags, "--method", "conversion,online-ltl-off-chip", "--noise",
        "mismatch:0.5", "--workers", "1", "--json",
    )  # fmt: skip
    assert ended.status == 0, ended.err
    points = [point["point"] for point in json.loads(ended.out)["points"]]
    assert points == [{"training.method": "conversion"}, {"training.method": "online-ltl-off-chip"}]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--methods", "on-chip-ltl,magic"), "'magic' is no method; choose from on-chip-ltl"),
        (("--methods", "conversion,conversion"), "conversion is given twice"),
        (("--methods", ""), "'' is no method"),
        (("--die", "3"), "give --dies instead"),
        (("--method", "conversion"), "give --methods instead"),
        (("--dies", "0"), "not a whole number from 1"),
        (("--figures", "nochip"), "'nochip' is no preset"),
        (("--methods", "conversion", "--neuron", "lif"), "use --neuron if"),
        (("--noise", "mismatch:nan"), "mismatch"),
        (("--dataset", "missing.npz"), "missing.npz"),
    ],
)
def test_refused_in_one_line(chipsim, here, arguments, words):
    ended = chipsim("compare", *arguments, "--workers", "1")
    assert ended.status == 2
    assert words in ended.err
    assert ended.err.count("\n") == 1
    assert "Traceback" not in ended.err


def test_conversion_has_no_use_for_settings_of_learning():
    settings = {"training": {"epochs": 3, "start": "random", "learning_rate": 0.1}, "noise": ["mismatch:0.1"]}
    asked = specs(settings, methods("conversion,on-chip-ltl"), (4, 5))
    assert [spec.die for spec in asked["conversion"]] == [4, 4, 5]
    assert [spec.noise for spec in asked["on-chip-ltl"]] == [(), ("mismatch:0.1",), ("mismatch:0.1",)]
    assert asked["conversion"][1].training.epochs is None
    assert asked["on-chip-ltl"][1].training.epochs == 3
    assert settings["training"]["epochs"] == 3
    with pytest.raises(SettingError):
        methods("a")


def test_a_method_may_have_settings_of_its_own():
    settings = {"training": {"epochs": 3}}
    own = {"in-the-loop": {"training.learning_rate": 0.25}}
    asked = specs(settings, methods("on-chip-ltl,in-the-loop"), (4,), own)
    assert [spec.training.learning_rate for spec in asked["on-chip-ltl"]] == [None, None]
    assert [spec.training.learning_rate for spec in asked["in-the-loop"]] == [0.25, 0.25]
    assert {spec.training.method for spec in asked["in-the-loop"]} == {"in-the-loop"}
    assert settings == {"training": {"epochs": 3}}


def test_the_verdict_says_where_it_loses():
    mine = of("on-chip-ltl", (0.90, 0.91, 0.92), weight_writes=50.0)
    better, same = of("in-the-loop", (0.95, 0.96, 0.97)), of("conversion", (0.93, 0.90, 0.91), host_macs=0.0)
    told = verdict([mine, better, same])
    assert told[0] == (
        "on-chip-ltl LOSES to in-the-loop by 5.00 points (0.00 standard error); it takes more weight writes (5 times)"
    )
    assert "equally accurate (-0.33 points" in told[1]
    assert "multiply-accumulates of the host (the other needs none)" in told[1]
    assert verdict([better]) == []
    assert "beats" in verdict([of("on-chip-ltl", (0.99, 0.98)), of("conversion", (0.5, 0.48))])[0]


def test_accuracies_by_noise_with_the_best_in_bold():
    found = {
        "none": [of("on-chip-ltl", (0.9, 0.92)), of("conversion", (0.91, 0.91))],
        "much": [of("on-chip-ltl", (0.8,)), of("conversion", (0.5,))],
    }
    assert accuracy_lines(found) == [
        "| die %, mean | none | much |",
        "| --- | --- | --- |",
        "| on-chip-ltl | **91.00** | **80.00** |",
        "| conversion | **91.00** | 50.00 |",
    ]


def test_training_cost_is_the_cost_model_times_the_samples(data_file):
    physical = load("cmos-180nm")
    settings = {"dataset": str(data_file), "hidden": [7], "steps": 6, "training.epochs": 1, "chip": "cmos-180nm"}
    spec = resolve(None, settings)
    outcome = run(spec)
    facts, design = outcome.facts, outcome.setup.design
    learning, n = facts["cost"]["learning"], facts["train_samples"]
    cost = training_cost(design, physical, facts, True)
    assert cost.seconds == pytest.approx(n * learning["interval_us"] / 1e6, rel=0.05)
    # Beside the samples themselves: the weights programmed, and their bytes.
    low = 73 * physical.energy.weight_write_pj[0] + 73 * physical.energy.link_byte_pj[0]
    assert cost.low_mj == pytest.approx(n * learning["energy_nj"]["low"] / 1e6 + low / 1e9, rel=0.05)
    assert cost.low_mj <= cost.high_mj


def test_numbers_are_short():
    assert [short(number) for number in (0, 12, 12_345, 1.5e6, 2e9, 3e12)] == [
        "0",
        "12",
        "12.3 k",
        "1.5 M",
        "2 G",
        "3 T",
    ]
    assert len(plain_lines([of("on-chip-ltl", (0.9,))])) == 2


def test_methods_are_listed(chipsim):
    assert json.loads(chipsim("methods", "--json").out) == METHODS | UNSUPERVISED_METHODS
    assert "conversion" in chipsim("methods").out
