"""Every training method: the same bits on any threads and after any stop, refused in one line where it cannot be."""

import numpy as np
import pytest
from small_runs import SMALL, final
from stopped_runs import StopAt, Stopped

from host.data import Samples
from host.errors import SettingError
from host.methods import noise_aware
from host.methods.registry import find
from host.run import RunFolder, prepare, resolve, run
from host.settings import METHODS, TRAINING_METHODS, UNSUPERVISED_METHODS

# Both come to a die with all that they have learned; of `through-time` see test_through_time_method.py.
LEARNED_BEFORE = ("conversion", "through-time")
LEARNING = [name for name in METHODS if name not in LEARNED_BEFORE]


@pytest.fixture
def spec_of(data_file):
    def spec(method, **changes):
        settings = SMALL | {"dataset": str(data_file), "training.method": method, "offline.batch": 16} | changes
        if method == "conversion":
            settings = {name: value for name, value in settings.items() if name != "training.epochs"}
        return resolve(None, settings)

    return spec


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """Nothing that was learned on the host before is found again."""

    def make(name):
        monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path / name))

    return make


def test_all_names_are_registered():
    assert TRAINING_METHODS.built_in == (*METHODS, *UNSUPERVISED_METHODS)
    assert {name: find(name).meaning for name in METHODS} == METHODS
    assert len({type(find(name)) for name in METHODS}) == len(METHODS)


@pytest.mark.parametrize("method", LEARNING)
def test_a_stopped_run_goes_on_bit_for_bit_on_any_threads(spec_of, tmp_path, empty_cache, method):
    spec = spec_of(method, **{"training.chunk": 16, "training.start": "random", "training.learning_rate": 0.02})
    empty_cache("first")
    run(spec, 1, lambda resolved: RunFolder.create(resolved, tmp_path / "whole"))
    empty_cache("second")
    with pytest.raises(Stopped):
        run(spec, 2, lambda resolved: RunFolder.create(resolved, tmp_path / "stopped"), StopAt(11))
    run(spec, 2, RunFolder.open(tmp_path / "stopped")[0])
    assert final(tmp_path / "stopped") == final(tmp_path / "whole")


@pytest.mark.parametrize("method", [*LEARNING, *LEARNED_BEFORE])
def test_a_result_that_is_kept_is_the_one_that_was_learned(spec_of, empty_cache, method):
    empty_cache("here")
    first, second = run(spec_of(method)), run(spec_of(method))
    assert first.facts == second.facts
    for (mine, _), (theirs, _) in zip(first.chip.weights(), second.chip.weights(), strict=True):
        assert np.array_equal(mine, theirs)
    assert (second.summary["samples_per_s"] is None) == (method not in ("on-chip-ltl", "in-the-loop"))


@pytest.mark.parametrize("method", ["offline-ltl", "online-ltl-off-chip"])
def test_what_is_learned_on_the_ideal_twin_knows_no_die(spec_of, method):
    """Two noisy dies get the same weights; the noise only scales what they deliver."""
    random = {"training.start": "random", "training.learning_rate": 0.02}
    outcomes = [run(spec_of(method, noise=noise, die=die, **random)) for noise, die in (([], 1), (["thermal:0.3"], 2))]
    for (mine, _), (theirs, _) in zip(*(outcome.chip.weights() for outcome in outcomes), strict=True):
        assert np.array_equal(mine, theirs)
    assert outcomes[0].progress.checks == outcomes[1].progress.checks


def test_noise_aware_learns_on_dies_that_no_run_can_name(spec_of, empty_cache, monkeypatch):
    empty_cache("here")
    dies, real = [], noise_aware.fabricate

    def watched(spec, die):
        dies.append(die)
        return real(spec, die)

    monkeypatch.setattr(noise_aware, "fabricate", watched)
    spec = spec_of("noise-aware", seed=3)
    outcome = run(spec)
    assert len(dies) == len(set(dies)) == outcome.progress.current["steps"][0]
    assert min(dies) >= 2**32
    assert {die // 2**32 for die in dies} == {4}


def test_noise_aware_bears_noise_better_than_offline(spec_of):
    """Mean over dies of what mismatch leaves of the accuracy, both from random weights."""
    settings = {"hidden": [32], "training.start": "random", "training.epochs": 60, "training.learning_rate": 0.02}
    means = {}
    for method in ("offline-ltl", "noise-aware"):
        runs = [run(spec_of(method, noise=["mismatch:0.6"], die=die, **settings)) for die in range(1, 9)]
        means[method] = np.mean([outcome.after.accuracy for outcome in runs])
    assert means["noise-aware"] > means["offline-ltl"] + 0.02


@pytest.mark.parametrize("method", ["offline-ltl", "online-ltl-off-chip", "on-chip-ltl", "noise-aware"])
def test_learns_from_random_weights(spec_of, method):
    rate = {"on-chip-ltl": 0.02, "online-ltl-off-chip": 0.02}.get(method, 0.03)
    settings = {"training.start": "random", "training.epochs": 80, "training.learning_rate": rate, "noise": []}
    outcome = run(spec_of(method, **settings))
    assert outcome.after.accuracy > outcome.before.accuracy + 0.2
    assert outcome.after.accuracy > 0.7


@pytest.mark.parametrize("method", [name for name in METHODS if name != "in-the-loop"])
def test_effort_of_a_method_that_reads_nothing_back(spec_of, method):
    facts = run(spec_of(method)).facts["method"]
    weights = 7 * 7 + 8 * 3
    assert facts["name"] == method
    assert facts["weights_programmed"] == weights
    assert facts["bytes_up"] == 0
    learns = method != "conversion"
    on_die = method == "on-chip-ltl"
    assert facts["samples"] == 256 * learns
    assert facts["die_samples"] == 256 * on_die
    assert (facts["host_macs"] >= 256 * (6 * 7 + 7 * 3)) == learns
    # Programmed at 8 bits; besides, on the die, each sample's spikes of 6 bits (6 inputs, 6 steps) and 10 targets.
    assert facts["bytes_down"] == weights if not on_die else facts["bytes_down"] > weights + 256 * 10


def test_few_bit_weights_are_sent_with_their_bits(spec_of):
    facts = run(spec_of("conversion", noise=["quantization:4"])).facts["method"]
    assert facts["bytes_down"] == (7 * 7 + 8 * 3) * 4 / 8


def test_balancing_by_currents_takes_the_largest_to_a_threshold(spec_of):
    """Normalised by activations the largest current is above, so rates are lower after balancing."""
    plain, balanced = (
        run(spec_of("conversion", noise=[], **{"conversion.balancing": how})) for how in ("activation", "current")
    )
    assert balanced.after.rates[0].mean() < plain.after.rates[0].mean()
    assert not np.array_equal(balanced.start[0][0], plain.start[0][0])


def test_bias_correction_brings_mean_rates_to_their_targets(spec_of):
    errors = {}
    for corrected in (False, True):
        spec = spec_of("conversion", noise=[], **{"conversion.bias_correction": corrected})
        setup = prepare(spec)
        outcome = run(spec)
        test: Samples = setup.dataset.test
        targets = setup.teacher.targets(test.values(slice(None)), test.labels, "logits")
        errors[corrected] = [
            np.abs((t - r).mean(axis=0)).mean() for t, r in zip(targets, outcome.after.rates, strict=True)
        ]
    assert errors[True][0] < errors[False][0]
    assert errors[True][1] < errors[False][1]


ROOM = {"neuron.low_rail_th": -1000, "neuron.high_rail_th": 1000}
CORRECTED = {
    "conversion.balancing": "current",
    "conversion.bias_correction": True,
    "conversion.initial_membrane_th": 0.5,
}


@pytest.mark.parametrize("settings", [{}, CORRECTED], ids=["plain", "corrected"])
def test_rates_after_conversion_do_not_depend_on_thresholds(spec_of, settings):
    """Thresholds that are powers of two scale every charge exactly, so not a spike differs."""
    plain, scaled = (
        run(spec_of("conversion", noise=[], **ROOM, **settings, **{"neuron.threshold_th": threshold}))
        for threshold in (1, [0.5, 4])
    )
    for mine, theirs in zip(plain.after.rates, scaled.after.rates, strict=True):
        assert mine.max() > 0
        assert np.array_equal(mine, theirs)
    for (mine, _), (theirs, _), factor in zip(plain.start, scaled.start, (0.5, 4), strict=True):
        assert np.array_equal(theirs, mine * np.float32(factor))


@pytest.mark.parametrize("method", LEARNING)
def test_every_method_learns_where_layers_differ(spec_of, method):
    layers = {"neuron.kind": "lif", "neuron.tau_steps": [20, 8], "neuron.threshold_th": [0.75, 1.25]}
    layers |= {"neuron.leak_dac.bits": 8, "neuron.threshold_dac.bits": 6}
    outcome = run(spec_of(method, noise=["mismatch:0.2"], **layers))
    assert outcome.setup.design.thresholds_th == pytest.approx((0.75, 1.25), abs=0.02)
    assert outcome.after.accuracy >= 0.5


@pytest.mark.parametrize("method", ["conversion", "on-chip-ltl", "offline-ltl"])
def test_an_initial_membrane_comes_with_the_bias(spec_of, method):
    plain, charged = (
        prepare(spec_of(method, **{"conversion.initial_membrane_th": th})).start_weights() for th in (0.0, 0.5)
    )
    for (_, before), (_, after) in zip(plain, charged, strict=True):
        assert np.allclose(after - before, 0.5 / 6)


@pytest.mark.parametrize(
    ("method", "settings", "words"),
    [
        ("conversion", {"training.epochs": 3}, "learns nothing, so training.epochs = 3 cannot be"),
        ("conversion", {"training.start": "random"}, "starts from the teacher's weights"),
        ("conversion", {"neuron.kind": "lif"}, "use --neuron if"),
        ("conversion", {"encoding": "latency"}, "use rate, bernoulli or current"),
        ("noise-aware", {"noise": ["drift:0.1"]}, "cannot inject noise drift"),
        ("noise-aware", {"noise": ["read:0.1"]}, "take --method on-chip-ltl"),
        ("in-the-loup", {}, "training.method = 'in-the-loup'"),
        ("offline-ltl", {"offline.batch": 0}, "offline.batch = 0"),
        ("offline-ltl", {"offline.boxcar_width_th": float("nan")}, "offline.boxcar_width_th = nan"),
    ],
)
def test_refused_in_one_line(method, settings, words):
    with pytest.raises(SettingError) as refusal:
        resolve(None, {"training.method": method} | settings)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_neuron_that_the_gradient_does_not_know_is_refused():
    """Fields that a neuron may gain one day; today's are all known."""
    from typing import ClassVar

    from chipsim import NeuronSpec

    class Other(NeuronSpec):
        adaptation: float = 0.0
        known: ClassVar[int] = 1

    spec = resolve(None, {}).model_copy(update={"neuron": Other(adaptation=0.5)})
    with pytest.raises(ValueError, match=r"knows no neuron\.adaptation \(here 0\.5\); leave it at 0\.0"):
        find("offline-ltl").check(spec)
    find("offline-ltl").check(resolve(None, {}))


def test_a_damaged_result_is_learned_again(spec_of, empty_cache, tmp_path):
    empty_cache("here")
    first = run(spec_of("offline-ltl"))
    [kept] = (tmp_path / "here" / "trained").iterdir()
    kept.write_bytes(kept.read_bytes()[:-20])
    again = run(spec_of("offline-ltl"))
    assert again.summary["samples_per_s"] is not None
    assert again.facts == first.facts
