"""Noise is said to hit nothing just where it changes nothing: every effect, site by site, on chips of every kind."""

import numpy as np
import pytest
from competing_chips import competing_spec, unipolar_lesson
from plug_ins import EFFECT, write_package
from small_chips import lesson, programmed, spec_of, taught

from chipsim import ChipSpec
from chipsim.design import AveragePool, Convolution, Dense, Flatten
from chipsim.design_rules import Use, idle_noises
from nonideality import catalogue

LEAKY = {"kind": "lif", "tau_steps": 4.0}
NO_LEAK = {"kind": "lif", "tau_steps": 1e6, "leak_dac": {"bits": 4}}  # its code 0 switches the leak off
DESIGNS = {
    "plain": spec_of(),
    "one layer": spec_of((7, 4)),
    "leak and exponential currents": spec_of(neuron=LEAKY | {"synapse_tau_steps": 2.0, "reset": "zero"}),
    "a leak that its converter switches off": spec_of(neuron=NO_LEAK),
    "leaky readout": spec_of(neuron=LEAKY | {"readout": "integrating"}, circuit={"error_gate": "sign"}),
    "readout without a leak": spec_of((7, 4), neuron={"readout": "integrating-max"}),
    "few bits": spec_of((7, 20), noise=("quantization:4",)),
    "neurons that compete": competing_spec(
        8,
        ("nonlinear:1",),
        {"kind_settings": {"theta_step": 0.3, "theta_leak_windows": 4.0}},
        {"warm_up_steps": 0, "rule_settings": {"w_max_th": 0.2}},  # a charge alone reaches no threshold
        steps=40,
    ),
    "a pool": ChipSpec(
        input_shape=(2, 6, 6),
        layers=[Convolution(channels=4, kernel=3), AveragePool(kernel=2), Flatten(), Dense(units=3)],
        steps=6,
        learning_circuit={"boxcar_width_th": 2.0, "dead_zone_counts": 0.0, "warm_up_steps": 0},
    ),
}
USES = {"learning": Use(), "resting": Use(learns=False), "inference": Use(learns=False, ages=False)}
LEVELS = {
    "silencing": "1",
    "boxcar": "3",
    "quantization": "3",
    "ktc": "0.001",
    "pelgrom": "0.01",
    "drift": "0.5,window=1000",
    "asymmetry": "1",
}
ANALOG_ONLY = ("write", "nonlinear", "quantization")


def sites():
    return [(name, site) for name, effect in catalogue().items() for site in effect.sites]


def left_behind(spec, use):
    """All that a die of this design shows when it is used so."""
    task = (lesson if spec.learning_circuit.rule == "local_tandem" else unipolar_lesson)(spec, n_windows=4, rate=0.1)
    chip = programmed(spec, task.weights)
    results = [taught(task, chip)] if use.learns else []
    if use.ages:
        chip.age(1000.0)
    results.append(chip.infer(task.events, task.windows))
    arrays = [array for result in results for array in (*result.counts, result.membrane)]
    return arrays + [array for pair in chip.weights() for array in pair]


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("use", USES)
def test_it_is_told_just_where_nothing_changes(design, use):
    spec, n_told = DESIGNS[design], 0
    plain = left_behind(spec, USES[use])
    for name, site in sites():
        if spec.noise and name in ANALOG_ONLY:
            continue
        layers = ("", *(f",layer={n + 1}" for n in range(spec.n_layers))) if design == "a pool" else ("",)
        for layer in layers:
            text = f"{name}:{LEVELS.get(name, '0.5').partition(',')[0]}@{site}"
            text += "".join(f",{option}" for option in LEVELS.get(name, "").split(",")[1:]) + layer
            noisy = spec.model_copy(update={"noise": (*spec.noise, text)})
            idle = [each for each in idle_noises(noisy, USES[use]) if each.number == len(spec.noise)]
            same = all(map(np.array_equal, left_behind(noisy, USES[use]), plain))
            assert bool(idle) == same, f"{text}: {idle or 'not told'}, and {'nothing' if same else 'something'} changes"
            n_told += bool(idle)
    assert n_told > 0


def told(spec, use=USES["learning"]):
    return {(spec.noise[each.number], each.site): each.why for each in idle_noises(spec, use)}


def test_each_site_of_a_noise_is_judged_and_the_reason_is_that_of_the_chip():
    assert told(spec_of(noise=("mismatch:0.2", "link:0.1@spikes,layer=2", "silencing:0.1@hidden,layer=3"))) == {
        ("mismatch:0.2", "leak"): "neurons do not leak",
        ("mismatch:0.2", "synapse_tau"): "charge arrives within a step",
        ("link:0.1@spikes,layer=2", "spikes"): "only events of the first layer cross the link",
        ("silencing:0.1@hidden,layer=3", "hidden"): "it leaves output layers alone",
    }
    assert told(spec_of(noise=("drift:0.1",)), USES["inference"]) == {
        ("drift:0.1", "weight"): "no time passes: nothing is learned on chip, and it does not rest"
    }


def test_what_is_too_weak_to_be_seen_is_not_judged():
    assert told(spec_of(noise=("stuck:1e-9", "thermal:0", "silencing:1e-12"))) == {}


def test_an_effect_of_another_package_is_judged_by_what_it_writes(site):
    write_package(site, entries={"nonidealities:droop": "acme:Droop"}, sources={"acme.py": EFFECT})
    leaks = EFFECT.replace('"droop"', '"seep"').replace("threshold_gain", "time_constant_gain")
    write_package(site, "acme2", "1.2", {"nonidealities:seep": "acme2:Droop"}, {"acme2.py": leaks})
    assert told(spec_of(noise=("droop:0.5",))) == {}  # thresholds
    [why] = told(spec_of(noise=("seep:0.5",))).values()
    assert why == "neurons do not leak"
    assert told(spec_of(noise=("seep:0.5",), neuron=LEAKY)) == {}
