"""Which imperfection costs how much: the plan, and what a chip of known behaviour adds up to."""

import json

import numpy as np
import pytest
from scipy import stats

from host.errors import SettingError
from host.settings import RunSpec
from host.studies.imperfection import imperfection
from host.studies.sensitivity import Accuracy, Mean, Study
from host.studies.sensitivity_summary import sensitivity_json, sensitivity_lines
from nonideality import NoiseError, parse_all

BASE = RunSpec(die=3)


def level_of(spec, kind):
    return next((noise.effect.level for noise in parse_all(spec.noise) if noise.effect.name == kind), 0)


def accuracy(spec):
    """A chip that loses 0.2 per mismatch, 0.1 per thermal and 0.3 per product of both; learning repairs the former."""
    mismatch, thermal = level_of(spec, "mismatch"), level_of(spec, "thermal")
    luck = 0.01 * np.sin(spec.die)
    after = 0.98 - 0.1 * thermal
    return Accuracy(0.98, after - 0.2 * mismatch - 0.3 * mismatch * thermal + luck * mismatch, after)


def answer(study):
    return study.answer([accuracy(spec) for _, spec in study.plan()])


@pytest.mark.parametrize(
    ("given", "name", "mild", "severe", "text"),
    [
        ("mismatch:0..0.5", "mismatch", 0, 0.5, "mismatch:0.25"),
        ("mismatch:0..0.5@weight", "mismatch@weight", 0, 0.5, "mismatch:0.25@weight"),
        ("mismatch@weight:0..0.5", "mismatch@weight", 0, 0.5, "mismatch:0.25@weight"),
        ("thermal:.1..3e-1,layer=2", "thermal,layer=2", 0.1, 0.3, "thermal:0.25,layer=2"),
        ("mismatch:0.5..0@leak,layer=1", "mismatch@leak,layer=1", 0.5, 0, "mismatch:0.25@leak,layer=1"),
    ],
)
def test_a_range(given, name, mild, severe, text):
    entry = imperfection(given)
    assert (entry.name, entry.range.mild, entry.range.severe, entry.severe) == (name, mild, severe, severe)
    assert entry.text(0.25) == text


def test_few_bits_are_worse_and_whole():
    entry = imperfection("quantization:8..3")
    assert entry.range.whole
    assert {entry.range.level(u) for u in np.arange(0, 1, 0.01)} == {3, 4, 5, 6, 7, 8}
    assert entry.text(entry.severe) == "quantization:3"


def test_a_single_level():
    entry = imperfection("mismatch:0.2@threshold,layer=1")
    assert (entry.name, entry.severe, entry.range) == ("mismatch@threshold,layer=1", 0.2, None)
    assert entry.text(entry.severe) == "mismatch:0.2@threshold,layer=1"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("mismatch:0..", "lacks an end"),
        ("mismatch:..0.5@leak", "lacks an end"),
        ("mismatch:0..x", "'x' is not a number"),
        ("mismatch:0..-1", "level -1"),
        ("mismatch:nan..1", "level nan"),
        ("mismatch:0.2..0.2", "both ends"),
        ("mismatch@leak:0..1@weight", "two sites"),
        ("mismatch:0..1@nowhere", "no site 'nowhere'"),
        ("nothing:0..1", "unknown noise 'nothing'"),
        ("quantization:8..2.5", "whole number"),
        ("mismatch", "cannot be read"),
        ("mismatch:0..1..2", "not a number"),
    ],
)
def test_no_range(given, told):
    with pytest.raises((SettingError, NoiseError), match=told):
        imperfection(given)


def test_the_plan_holds_every_set_once_and_the_design():
    study = Study.of(BASE, ["mismatch:0..0.5", "quantization:8..3", "thermal:0.1"], n_dies=2, samples=4)
    plan = study.plan()
    sets = [spec.noise for _, spec in plan[: 7 * 2 : 2]]
    m, q, t = "mismatch:0.5", "quantization:3", "thermal:0.1"
    assert sets == [(m,), (q,), (t,), (q, t), (m, t), (m, q), (m, q, t)]
    assert [spec.die for _, spec in plan[:14]] == [3, 4] * 7
    assert len(plan) == 14 + 4 * (2 + 3)
    for point, spec in plan[14:]:
        assert point["thermal"] == 0.1
        assert spec.noise == (f"mismatch:{point['mismatch']:g}", f"quantization:{point['quantization']}", t)
    assert len({(spec.noise, spec.die) for _, spec in plan}) == len(plan)


def test_one_imperfection_alone_is_all_of_them():
    study = Study.of(BASE, ["thermal:0.5"], n_dies=2, samples=4)
    assert [spec.noise for _, spec in study.plan()] == [("thermal:0.5",)] * 2 + [()] * 2
    cost = answer(study).costs["thermal"]
    assert cost.alone["after"].value == cost.left_out["after"].value == pytest.approx(0.05)


def test_costs_one_at_a_time():
    found = answer(Study.of(BASE, ["mismatch:0..0.5", "thermal:0.2"], n_dies=10, samples=2))
    luck = 0.005 * np.sin(np.arange(3, 13))
    mismatch, thermal = found.costs["mismatch"], found.costs["thermal"]
    assert mismatch.alone["before"].value == pytest.approx(0.1 - luck.mean())
    assert mismatch.alone["after"].value == pytest.approx(0)
    assert mismatch.left_out["before"].value == pytest.approx(0.13 - luck.mean())
    assert thermal.alone["before"].value == thermal.alone["after"].value == pytest.approx(0.02)
    assert thermal.left_out["before"].value == pytest.approx(0.05)
    assert thermal.left_out["before"].interval == pytest.approx((0.05, 0.05))
    assert found.all_together["before"].value == pytest.approx(0.15 - luck.mean())
    low, high = mismatch.alone["before"].interval
    expected = stats.ttest_1samp(0.1 - luck, 0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((expected.low, expected.high))


def test_one_die_has_no_interval():
    assert Mean.of(np.array([0.25])) == Mean(0.25, None)


def test_sobol_indices_before_and_after():
    """Before: uniform levels m in [0, 1] and t in [0, 1] give 0.2 m + 0.1 t + 0.3 m t, all but the die's little."""
    found = answer(Study.of(BASE, ["mismatch:0..1", "thermal:0..1"], n_dies=2, samples=512))
    alone_m, alone_t, both = (0.2 + 0.15) ** 2 / 12, (0.1 + 0.15) ** 2 / 12, 0.3**2 / 144
    variance = alone_m + alone_t + both
    before, after = found.shares["before"], found.shares["after"]
    assert list(before) == list(after) == ["mismatch", "thermal", "die"]
    assert before["mismatch"].first.value == pytest.approx(alone_m / variance, abs=0.03)
    assert before["mismatch"].total.value == pytest.approx((alone_m + both) / variance, abs=0.03)
    assert before["thermal"].first.value == pytest.approx(alone_t / variance, abs=0.03)
    assert before["thermal"].total.value == pytest.approx((alone_t + both) / variance, abs=0.03)
    assert before["die"].total.value == pytest.approx(0, abs=0.01)
    assert after["thermal"].first.value == pytest.approx(1, abs=0.02)
    assert after["mismatch"].total.value == after["die"].total.value == 0
    assert found.spread["before"] == pytest.approx(np.sqrt(variance), rel=0.02)


def test_the_request_brings_the_study_back():
    study = Study.of(BASE, ["mismatch@weight:0..0.5", "quantization:8..3"], n_dies=3, samples=8)
    again = Study.from_request(json.loads(json.dumps(study.request())))
    assert again == study
    assert again.plan() == study.plan()


@pytest.mark.parametrize(
    ("noise", "samples", "told"),
    [
        ([], 4, "--noise mismatch:0..0.5"),
        (["thermal:0..1"], 6, "--samples 6 is not a power of two"),
        (["thermal:0..1"], 1, "--samples 1 is not a power of two"),
        (["thermal:0..1", "thermal:0.2"], 4, "given twice"),
        (["thermal:0..1"], 2**32, "no room for dies"),
    ],
)
def test_no_study(noise, samples, told):
    with pytest.raises((SettingError, NoiseError), match=told):
        Study.of(BASE, noise, n_dies=2, samples=samples)


def test_what_is_told():
    study = Study.of(BASE, ["mismatch:0..0.5", "thermal:0.2"], n_dies=3, samples=16)
    found = answer(study)
    told = json.loads(json.dumps(sensitivity_json(found, "abc")))
    lines = sensitivity_lines(found, "abc")
    mismatch = told["one_at_a_time"][0]
    assert mismatch["imperfection"] == "mismatch"
    value = 100 * mismatch["lost_alone"]["before"]["value"]
    assert any(line.split()[:3] == ["mismatch", "0.5", f"{value:.2f}"] for line in lines)
    assert [entry["factor"] for entry in told["sobol"]["indices"]["before"]] == ["mismatch", "die"]
    assert told["sobol"]["indices"]["after"] is None
    assert "after: the accuracy never changes, there is no variance to share" in lines
    assert any(line.split()[0] == "die" for line in lines if line.strip())


def test_without_a_range_there_are_no_indices():
    found = answer(Study.of(BASE, ["mismatch:0.5", "thermal:0.2"], n_dies=1, samples=16))
    assert sensitivity_json(found, "abc")["sobol"] is None
    assert "there are no Sobol indices" in sensitivity_lines(found, "abc")[-1]
