"""Training through time as a method and as the teacher of others: kept, gone on with, set in dies, refused."""

import numpy as np
import pytest
from small_runs import SMALL
from stopped_runs import Stopped

from host.errors import SettingError
from host.methods import through_time
from host.run import prepare, resolve, run


@pytest.fixture
def settings(data_file, tmp_path, monkeypatch):
    """Nothing that was learned before is found."""
    monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path / "cache"))
    return SMALL | {"dataset": str(data_file), "training.method": "through-time", "training.epochs": 8}


def test_it_learns_and_says_what_is_set(settings):
    outcome = run(resolve(None, settings | {"noise": [], "training.start": "random"}))
    assert outcome.after.accuracy > outcome.before.accuracy + 0.2
    assert outcome.after.accuracy == outcome.ideal.accuracy == outcome.facts["accuracy"]["teacher"]
    learned = outcome.facts["learned"]
    assert learned["threshold_th"] == list(outcome.setup.design.thresholds_th) != [1.0, 1.0]
    assert learned["tau_steps"] == list(outcome.setup.design.tau_steps) != [20.0, 20.0]
    assert outcome.chip.spec.thresholds_th == outcome.setup.design.thresholds_th
    assert outcome.progress.presentations == outcome.setup.presentations == 8 * 128
    assert outcome.facts["method"]["host_macs"] > 8 * 128 * (6 * 7 + 7 * 3)
    assert outcome.facts["method"]["bytes_up"] == 0


def test_a_stopped_training_goes_on_bit_for_bit_on_any_threads(settings, tmp_path, monkeypatch):
    spec = resolve(None, settings)
    whole = prepare(spec)
    monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path / "other"))

    def stop(text):
        if "512 of" in text:
            raise Stopped

    with pytest.raises(Stopped):
        prepare(spec, stop)
    seen = []
    resumed = prepare(spec, seen.append, threads=2)
    assert not any(" 256 of" in text for text in seen), "begun anew"
    for (mine, _), (theirs, _) in zip(whole.teacher.layers, resumed.teacher.layers, strict=True):
        assert np.array_equal(mine, theirs)
    assert whole.learned.neuron == resumed.learned.neuron
    assert whole.learned.progress.checks == resumed.learned.progress.checks


def test_what_was_learned_is_found_again(settings, monkeypatch):
    spec = resolve(None, settings)
    first = prepare(spec)
    monkeypatch.setattr(through_time.SpikingTwin, "step", None)
    second = prepare(spec)
    assert np.array_equal(first.teacher.layers[0][0], second.teacher.layers[0][0])


def test_thresholds_and_leaks_are_those_that_dacs_can_set(settings):
    dacs = {"neuron.threshold_dac.bits": 4, "neuron.leak_dac.bits": 6, "through_time.threshold_rate": 0.05}
    neuron = prepare(resolve(None, settings | dacs)).design.neuron
    for layer in range(2):
        code = (neuron.threshold_th_of(layer) - 0.5) / 0.1
        assert code == pytest.approx(round(code), abs=1e-6)
        code = 63 / neuron.tau_steps_of(layer)
        assert code == pytest.approx(round(code), abs=1e-6)


def test_dies_are_calibrated_against_its_rates(settings):
    taught = {"training.method": "on-chip-ltl", "training.epochs": 2, "teacher.method": "through-time"}
    setup = prepare(resolve(None, settings | taught | {"through_time.teacher_epochs": 8}))
    values = setup.dataset.test.values(slice(0, 20))
    hidden, outputs = setup.teacher.targets(values, setup.dataset.test.labels[:20], "logits")
    steps = setup.spec.steps
    assert np.allclose(hidden * steps, np.rint(hidden * steps), atol=1e-5)
    assert hidden.max() > 0
    assert outputs.min() >= 0 and outputs.max() <= 1
    outcome = run(resolve(None, settings | taught | {"through_time.teacher_epochs": 8}))
    assert outcome.ideal.accuracy == outcome.facts["accuracy"]["teacher"]
    assert outcome.facts["method"]["die_samples"] == 256


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"encoding": "rate"}, "constant currents, not by encoding rate: use current"),
        ({"teacher.method": "ann"}, "leave teacher.method"),
        ({"neuron.synapse_tau_steps": 3.0}, "leave it out"),
        ({"neuron.readout": "integrating-max"}, "use spiking or integrating"),
        ({"neuron.kind": "if", "through_time.start_leak": 0.9}, "use --neuron lif"),
        ({"neuron.threshold_dac.bits": 2}, "in steps of 0.5 th, too coarse .* take 3 bits"),
        ({"neuron.leak_dac.bits": 3}, "in steps of 0.143 per step, too coarse .* take 4 bits"),
        ({"neuron.threshold_th": 0}, "neuron.threshold_th = 0"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(settings, changes, says):
    with pytest.raises(SettingError, match=says) as error:
        resolve(None, settings | changes)
    assert "\n" not in str(error.value)
