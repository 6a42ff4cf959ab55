"""Every design rule: a design that keeps it, designs that break it, and how badly."""

import math

import pytest
from small_chips import spec_of

from chipsim import SynapseSpec
from chipsim.design_rules import RULES, Design, RuleLimits, check
from chipsim.design_rules.registry import rule
from chipsim.physical import load

GOOD = {"low_rail_th": 0.0}
WIDE = {"boxcar_width_th": 3.0, "accumulator_bits": 8}


def changed(physical, **tables):
    """A physical spec with some figures replaced: neuron={"threshold_v": 0.6}."""
    parts = {name: getattr(physical, name).model_copy(update=figures) for name, figures in tables.items()}
    return physical.model_copy(update=parts)


def design(physical=None, sizes=(20, 10, 4), steps=16, noise=(), neuron=None, circuit=None, full_scale=None, **use):
    chip = spec_of(sizes, steps, noise, GOOD | (neuron or {}), WIDE | (circuit or {}))
    chip = chip.model_copy(update={"synapse": SynapseSpec(full_scale_th=full_scale), "target_bits": 8})  # as the chip
    tables = {} if physical is None else physical
    return Design(chip, None if physical is None else changed(load("cmos-180nm"), **tables), **use)


INTEGERS = {"arithmetic": "integer"}


def integers(**circuit):
    """Circuits in integers: 3.6 units of LSB / 2^8 for an error of one spike per step."""
    return design(noise=("quantization:4",), circuit=INTEGERS | circuit, learning_rate=2e-3)


# rule -> (a design that keeps it, [(one that breaks it, how badly)])
CASES = {
    "accumulator-overflow": (
        design(circuit={"accumulator_bits": 5}),
        [
            (design(circuit={"accumulator_bits": 4}), "note"),
            (design(circuit={"accumulator_bits": 3}), "warning"),
            (design(circuit={"accumulator_bits": 1}), "error"),
        ],
    ),
    "step-cycles": (
        design({}, sizes=(256, 10)),
        [
            (design({"timing": {"step_period_ns": 600.0}}, sizes=(256, 10)), "warning"),
            (design({"timing": {"clock_mhz": 20.0}}, sizes=(256, 10)), "error"),
        ],
    ),
    "upper-rail": (
        design(neuron={"high_rail_th": 3.0}),
        [
            (design(neuron={"high_rail_th": 2.5}), "note"),
            (design(neuron={"high_rail_th": 1.5}), "warning"),
            (design(neuron={"high_rail_th": 1.0}), "error"),
        ],
    ),
    "boxcar-rest": (
        design(circuit={"boxcar_width_th": 2.5}),
        [(design(circuit={"boxcar_width_th": 2.0}), "warning"), (design(circuit={"boxcar_width_th": 0.5}), "warning")],
    ),
    "boxcar-random-start": (
        design(circuit={"boxcar_width_th": 2.5}, start="random"),
        [(design(circuit={"boxcar_width_th": 1.0}, start="random"), "error")],
    ),
    "boxcar-rail": (
        design(neuron={"low_rail_th": -0.5}),
        [(design(neuron={"low_rail_th": -1.0}), "warning")],
    ),
    "leak": (
        design(neuron={"kind": "lif", "tau_steps": 8.0}),
        [
            (design(neuron={"kind": "lif", "tau_steps": 2.0}), "warning"),
            (design(neuron={"kind": "lif", "tau_steps": 1.0}), "error"),
        ],
    ),
    "ktc-noise": (
        design({}),
        [
            (design({"neuron": {"membrane_capacitance_ff": 5e-3}}), "note"),
            (design({"neuron": {"membrane_capacitance_ff": 5e-4}}), "warning"),
            (design({"neuron": {"membrane_capacitance_ff": 5e-5}}), "error"),
        ],
    ),
    "membrane-noise": (
        design(noise=("thermal:0.05",)),
        [
            (design(noise=("thermal:0.15",)), "note"),
            (design(noise=("thermal:0.3",)), "warning"),
            (design(noise=("thermal:1,layer=2",)), "error"),
        ],
    ),
    "boxcar-noise": (
        design(noise=("thermal:1.5",)),
        [
            (design(noise=("thermal:1",), circuit={"boxcar_width_th": 1.0}), "warning"),
            (design(noise=("thermal:1",), circuit={"boxcar_width_th": 0.2}), "error"),
        ],
    ),
    "reachable-charge": (
        design(noise=("quantization:4",), full_scale=0.5),
        [
            (design(noise=("quantization:4",), full_scale=0.4), "warning"),
            (design(noise=("quantization:4",), full_scale=0.2), "error"),
        ],
    ),
    "lsb-charge": (
        design(noise=("quantization:4",), full_scale=1.0),
        [
            (design(noise=("quantization:4",), full_scale=2.0), "warning"),
            (design(noise=("quantization:2",), full_scale=0.5), "error"),
        ],
    ),
    "update-step": (
        design(noise=("quantization:4",), circuit={"update_accumulator_bits": 6}, learning_rate=2e-3),
        [
            (
                design(noise=("quantization:4",), circuit={"update_accumulator_bits": 2}, learning_rate=2e-3),
                "warning",
            ),
            (design(noise=("quantization:4",), circuit={"update_accumulator_bits": 0}, learning_rate=2e-3), "error"),
        ],
    ),
    "weight-bits": (
        design(noise=("quantization:4",)),
        [(design(noise=("quantization:3",)), "note"), (design(noise=("quantization:2",)), "warning")],
    ),
    "circuit": (
        design(noise=("quantization:4",), circuit=INTEGERS),
        [
            (design(noise=("quantization:4",)), "note"),
            (design(noise=("quantization:4", "cycle:0.1"), neuron={"readout": "integrating"}), "note"),
            (design(noise=("quantization:4",), circuit=INTEGERS, constant_current=True), "note"),
        ],
    ),
    "step-word-largest": (
        integers(),
        [(integers(step_word_bits=8), "warning"), (integers(step_word_bits=4), "error")],
    ),
    "step-word-smallest": (
        integers(),
        [
            (integers(step_word_fraction_bits=5), "note"),
            (integers(step_word_fraction_bits=3), "warning"),
            (integers(step_word_fraction_bits=1), "error"),
        ],
    ),
    "increment-range": (
        integers(),
        [(integers(increment_bits=3), "note"), (integers(increment_bits=2, update_accumulator_bits=12), "warning")],
    ),
    "presynaptic-trace": (
        design(neuron={"synapse_tau_steps": 3.5}, circuit={"trace_tau_steps": 7.0}, one_spike=True),
        [
            (design(neuron={"synapse_tau_steps": 3.5}, circuit={"trace_tau_steps": 3.5}, one_spike=True), "note"),
            (design(neuron={"synapse_tau_steps": 3.5}, circuit={"trace_tau_steps": 1.0}, one_spike=True), "warning"),
            (design(neuron={"synapse_tau_steps": 3.5}, one_spike=True), "warning"),
        ],
    ),
    "fan-in": (
        design({"array": {"columns_chain": False}}, sizes=(255, 10)),
        [
            (design({"array": {"columns_chain": False}}, sizes=(256, 10)), "error"),
            (design({"array": {"cores": 2}}, sizes=(600, 10)), "error"),
        ],
    ),
    "columns": (
        design({"array": {"cores": 2}}, sizes=(255, 128, 128)),
        [(design({"array": {"cores": 2}}, sizes=(255, 128, 129)), "error")],
    ),
    "cores": (
        design({"array": {"cores": 2}}, sizes=(255, 128, 128)),
        [
            (design({"array": {"cores": 2}}, sizes=(255, 100, 100, 50)), "error"),
            (design({"array": {"columns_chain": False}}, sizes=(256, 10)), "error"),
        ],
    ),
    "idle-noise": (
        design(noise=("mismatch:0.2", "link:0.01")),
        [
            (design(noise=("mismatch:0.2@leak", "thermal:0.1")), "note"),
            (design(noise=("link:0.1@spikes,layer=2",)), "note"),
        ],
    ),
    "link-bandwidth": (
        design({}),
        [
            (design({"link": {"bandwidth_mbit_per_s": 70.0}}), "note"),
            (design({"link": {"bandwidth_mbit_per_s": 40.0}}), "warning"),
            (design({"link": {"bandwidth_mbit_per_s": 1.0}}), "error"),
        ],
    ),
}


def test_every_rule_has_its_cases():
    assert RULES
    assert CASES.keys() == RULES.keys()


@pytest.mark.parametrize("name", RULES)
def test_a_good_design_keeps_it(name):
    finding = RULES[name].check(CASES[name][0])
    assert (finding.rule, finding.severity) == (name, "ok")


@pytest.mark.parametrize(
    ("name", "broken", "severity"),
    [(name, broken, severity) for name, (_, cases) in CASES.items() for broken, severity in cases],
)
def test_a_bad_design_breaks_it(name, broken, severity):
    finding = RULES[name].check(broken)
    assert finding.severity == severity
    within = finding.value <= finding.limit if finding.bound == "at most" else finding.value >= finding.limit
    assert not within
    assert finding.why
    assert any(character.isdigit() for character in finding.change)
    assert [found for found in check(broken) if found.rule == name] == [finding]


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.applies_to != "every design"])
def test_a_rule_for_other_designs_says_nothing(name):
    """A plain integrate-and-fire chip with analog weights, programmed: none of the special rules applies."""
    assert RULES[name].check(design()) is None


LEAKY = {"kind": "lif", "tau_steps": (8.0, 8.0)}
# rule -> (settings of a design that keeps it, by one layer's leak or threshold one that does not, words of the finding)
BY_LAYER = {
    "upper-rail": ({"high_rail_th": 4.0}, {"threshold_th": (1.0, 3.0)}, "in layer 2"),
    "boxcar-rest": ({}, {"threshold_th": (1.5, 1.0)}, "3.5 th"),
    "boxcar-rail": ({"low_rail_th": -0.5}, {"threshold_th": (1.0, 1.5)}, "4 th"),
    "leak": (LEAKY, {"tau_steps": (8.0, 2.0)}, "in layer 2"),
}


@pytest.mark.parametrize("name", BY_LAYER)
def test_the_worst_layer_is_judged(name):
    neuron, change, words = BY_LAYER[name]
    assert RULES[name].check(design(neuron=neuron)).severity == "ok"
    finding = RULES[name].check(design(neuron=neuron | change))
    assert finding.severity == "warning" or name == "upper-rail"
    assert finding.severity != "ok"
    assert words in finding.why + finding.change


def test_noise_and_charge_are_held_against_a_layers_own_threshold():
    low = {"threshold_th": (1.0, 0.25)}
    for name, plain in (
        ("membrane-noise", {"noise": ("thermal:0.08",)}),
        ("ktc-noise", {"physical": {"neuron": {"membrane_capacitance_ff": 0.02}}}),
        ("lsb-charge", {"noise": ("quantization:4",), "full_scale": 1.0}),
    ):
        before, after = (RULES[name].check(design(neuron=neuron, **plain)) for neuron in ({}, low))
        assert after.value > 2 * before.value, name
    weak = {"noise": ("quantization:4",), "full_scale": 0.5}
    before, after = (
        RULES["reachable-charge"].check(design(neuron=neuron, **weak)) for neuron in ({}, {"threshold_th": (1.0, 2.0)})
    )
    assert after.value == before.value / 2


def test_what_a_converter_sets_is_judged():
    coarse = {"kind": "lif", "tau_steps": 8.0, "leak_dac": {"bits": 2, "low_per_step": 0.1, "high_per_step": 1.0}}
    assert RULES["leak"].check(design(neuron=coarse)).value == pytest.approx(1.6)
    thresholds = {"high_rail_th": 4.0, "threshold_th": 1.2, "threshold_dac": {"bits": 1}}  # 0.5 or 2
    assert RULES["upper-rail"].check(design(neuron=thresholds)).value == 8


def test_no_trace_is_missed_where_inputs_spike_often_or_currents_end_with_their_step():
    often = design(neuron={"synapse_tau_steps": 3.5})
    at_once = design(one_spike=True)
    assert [RULES["presynaptic-trace"].check(each) for each in (often, at_once)] == [None, None]


def test_the_first_limit_that_breaks_is_named():
    limits = RuleLimits("at most", note=1.0, warning=2.0, error=3.0)
    assert [limits.judge(value) for value in (0, 1, 1.5, 2.5, 4, math.nan)] == [
        ("ok", 1.0),
        ("ok", 1.0),
        ("note", 1.0),
        ("warning", 2.0),
        ("error", 3.0),
        ("error", 3.0),
    ]
    assert RuleLimits("at least", error=2.0).judge(1.9) == ("error", 2.0)


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two rules named 'leak'"):
        rule("leak", "a quantity", "", RuleLimits("at most", error=1.0))(lambda design: None)
