"""Comparisons: figures from runs, verdicts, the table, files, and what is refused."""

import json

import numpy as np
import pytest

from chipsim.cost import weight_write_pj
from chipsim.physical import load
from host.compare.judgement import differences_json, verdict
from host.compare.numbers import MethodNumbers
from host.compare.paired import Difference
from host.compare.run import _facts as facts_of
from host.compare.simulate import methods, specs
from host.compare.table import accuracy_lines, plain_lines, short
from host.compare.training_cost import training_cost
from host.errors import SettingError, SweepError
from host.run import resolve, run, wrong_images, wrong_text
from host.settings import METHODS, UNSUPERVISED_METHODS
from host.sweep import Row

FLAGS = ("--hidden", "7", "--steps", "6", "--epochs", "2", "--learning-rate", "0.05", "--set", "teacher.epochs=200")


def of(name, dies, right=None, **changes):
    """right: (dies, images), which answers are right; one image, always right, if nobody asks."""
    facts = dict.fromkeys(MethodNumbers.__dataclass_fields__, 10.0) | {"name": name, "dies": dies} | changes
    return MethodNumbers(**facts | {"right": np.ones((len(dies), 1), bool) if right is None else right})


def answering(name, right, **changes):
    """A method whose dies have these answers right."""
    return of(name, tuple(right.mean(axis=1)), right, **changes)


def right_but(dies, images, *wrong):
    """(dies, images) answers, those of images `wrong`[d] of die d not right."""
    right = np.ones((dies, images), bool)
    for die, those in enumerate(wrong):
        right[die, list(those)] = False
    return right


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


def said(mine, other, **changes):
    [sentence] = verdict([answering("on-chip-ltl", mine), answering("conversion", other)], **changes)
    return sentence.partition("; it takes")[0]


def test_the_verdict_says_where_it_loses():
    mine = right_but(3, 450, range(40), range(38), range(41))
    better, same = right_but(3, 450, range(10), range(11), range(9)), mine.copy()
    same[0, 0] = True
    told = verdict(
        [
            answering("on-chip-ltl", mine, weight_writes=50.0),
            answering("in-the-loop", better),
            answering("offline-ltl", same, host_macs=0.0),
        ]
    )
    assert told[0].startswith("on-chip-ltl LOSES to in-the-loop by 6.59 points (4.")
    assert told[0].endswith("at 95%, 3 dies, 450 test images); it takes more weight writes (5 times)")
    assert "not told apart (-0.07 points; -1.03 to +0.88 at 95%, 3 dies, 450 test images)" in told[1]
    assert "multiply-accumulates of the host (the other needs none)" in told[1]
    assert verdict([answering("in-the-loop", better)]) == []
    assert said(better, mine).startswith("on-chip-ltl beats conversion by 6.59 points (4.")


def test_one_die_claims_nothing():
    said_of_one = said(right_but(1, 450, range(20)), right_but(1, 450, range(11)))
    assert said_of_one == (
        "on-chip-ltl and conversion: -2.00 points on 1 die and 450 test images, which says nothing of others: give more"
        " --dies"
    )
    assert "+100.00 points on 2 dies and 1 test image, which" in said(right_but(2, 1), right_but(2, 1, [0], [0]))
    [told] = differences_json(
        [answering("on-chip-ltl", mine := right_but(1, 450, range(9))), answering("noise-aware", mine)]
    )
    assert (told["standard_error"], told["interval"], told["equivalent"]) == (None, None, False)


def test_dies_that_are_alike_leave_the_images_as_a_doubt():
    """Nine images of 450 are two points, whatever the dies: three alike say that no surer than one."""
    mine, other = right_but(3, 450, *3 * [range(9)]), right_but(3, 450)
    found = Difference.of(mine, other)
    assert found.mean == pytest.approx(-0.02)
    assert found.error == pytest.approx(np.std([-1] * 9 + [0] * 441, ddof=1) / np.sqrt(450))
    assert said(mine, other).startswith("on-chip-ltl LOSES to conversion by 2.00 points (0.70 to 3.30 at 95%, 3 dies")
    few = right_but(3, 450, *3 * [range(2)])
    assert "not told apart (-0.44 points; -1.06 to +0.17 at 95%" in said(few, other)


def test_what_three_dies_do_not_support_is_not_said():
    """+2.8 points in the mean, and dies that differ: neither ahead nor equal."""
    mine = right_but(3, 450, range(5), range(12), range(3))
    other = right_but(3, 450, range(40), range(15), range(3))
    assert said(mine, other).startswith("on-chip-ltl and conversion are not told apart (+2.81 points; -")


def test_equal_takes_a_margin_and_a_proof():
    mine = right_but(5, 2000, *(range(die, 40 + die) for die in range(5)))
    other = right_but(5, 2000, *(range(die + 1, 41 + die) for die in range(5)))
    assert "are equally accurate, within 0.5 points" in said(mine, other)
    assert "are not told apart" in said(mine, other, margin=0.0001)
    assert said(mine, mine) == (
        "on-chip-ltl and conversion have the same answers right on all of 5 dies, 2,000 test images"
    )


@pytest.mark.parametrize("dies", [2, 3, 10])
def test_methods_that_are_equal_are_seldom_told_apart(dies):
    """Images of unlike difficulty, dies that are better by one method or the other, and chance."""
    rng, images, ahead, studies = np.random.default_rng(dies), 300, 0, 400
    for _ in range(studies):
        luck = rng.normal(0, 0.3, (2, dies, 1)) + rng.normal(0, 0.5, (2, 1, images)) + rng.normal(2, 1, images)
        mine, other = rng.random((2, dies, images)) < 1 / (1 + np.exp(-luck))
        low, high = Difference.of(mine, other).interval()
        ahead += low > 0 or high < 0
    assert ahead / studies < 0.08


def test_a_difference_that_is_there_is_found():
    rng = np.random.default_rng(4)
    mine, other = (rng.random((10, 450)) < chance for chance in (0.97, 0.90))
    assert said(mine, other).startswith("on-chip-ltl beats conversion by ")


def test_wrong_images_survive_their_text():
    rng = np.random.default_rng(1)
    for images in (1, 8, 9, 450):
        wrong = rng.random(images) < 0.3
        np.testing.assert_array_equal(wrong_images(wrong_text(wrong), images), wrong)
    for text, images in (("AAAA", 7), ("A", 8), ("!!!!", 24)):
        with pytest.raises(ValueError, match="wrong images are"):
            wrong_images(text, images)


def test_rows_that_do_not_say_which_images_were_wrong_are_refused(monkeypatch):
    facts = {"method": {"die_samples": 0}, "cost": {"inference": {}}, "test_samples": 9, "accuracy": {"after": 8 / 9}}
    row = Row("m-die-3", {}, 3, "done")
    for more, told in (
        ({}, "row m-die-3: .*older versions.*another --out"),
        ({"wrong_after": "AA"}, "row m-die-3: wrong images"),
        ({"wrong_after": "AAA="}, "row m-die-3: it says that 0 test images were wrong"),
    ):
        monkeypatch.setattr(Row, "summary", facts | more)
        with pytest.raises(SweepError, match=told):
            facts_of(row)
    monkeypatch.setattr(Row, "summary", facts | {"wrong_after": "gAA="})
    assert facts_of(row)["test_samples"] == 9


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
    low = 73 * weight_write_pj(design, physical)[0] + 73 * physical.energy.link_byte_pj[0]
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
