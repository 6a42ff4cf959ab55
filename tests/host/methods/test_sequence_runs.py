"""Runs whose samples are sequences: trained through time, calibrated against the rates of each window, refused."""

import re
from dataclasses import replace

import numpy as np
import pytest
from small_runs import SMALL
from stopped_runs import Stopped

from chipsim import Chip
from host.errors import DataError, SettingError
from host.methods import through_time
from host.run import prepare, resolve, run
from host.trace import STAGES, trace, vcd_text, waves

THROUGH_TIME = {
    "training.method": "through-time",
    "training.start": "random",
    "training.epochs": 15,
    "training.learning_rate": 0.02,
}
TAUGHT = {
    "teacher.method": "through-time",
    "through_time.teacher_start": "random",
    "through_time.teacher_epochs": 15,
    "through_time.teacher_learning_rate": 0.02,
}


@pytest.fixture
def settings(tmp_path, monkeypatch, rng):
    """Three classes that differ in the order of their windows alone, and of which one ends a window earlier."""
    monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path / "cache"))
    first, second = np.array([0.9, 0.1, 0.6]), np.array([0.1, 0.9, 0.4])
    orders = np.array([[first, second, second], [second, first, second], [second, second, first]])
    arrays = {}
    for part, n in (("train", 150), ("test", 60)):
        labels = np.arange(n) % 3
        values = np.clip(orders[labels] + rng.normal(0, 0.1, (n, 3, 3)), 0.02, 1)
        values[labels == 1, 2] = 0
        arrays |= {f"x_{part}": values.reshape(n, 9), f"y_{part}": labels}
    np.savez(tmp_path / "sequences.npz", **arrays)
    of_sequences = {"windows": 3, "steps": 4, "hidden": [12], "neuron.tau_steps": 6.0, "through_time.batch": 8}
    return SMALL | {"dataset": str(tmp_path / "sequences.npz"), "noise": [], "teacher.epochs": 2} | of_sequences


def test_the_order_of_windows_is_learned_through_time(settings):
    outcome = run(resolve(None, settings | THROUGH_TIME))
    assert outcome.setup.design.layer_sizes == (3, 12, 3) and outcome.setup.design.windows == 3
    assert outcome.after.accuracy == outcome.ideal.accuracy == outcome.facts["accuracy"]["teacher"] > 0.8
    assert outcome.facts["cost"]["inference"]["latency_steps"] == 3 * 4 + 1


def test_a_die_is_calibrated_against_the_rates_of_each_window(settings):
    spec = resolve(None, settings | TAUGHT | {"noise": ["mismatch:0.4"]})
    setup = prepare(spec)
    design, test = setup.design.ideal(), setup.dataset.test
    values = test.values(slice(0, 20))
    targets = setup.teacher.targets(values, test.labels[:20], "logits")
    chip = Chip(design, 0)
    chip.program(setup.converted_weights())
    windows = np.arange(20, dtype=np.int64)
    counts = chip.infer(setup.encoder(20).encode(values, windows), windows).window_counts
    assert [each.shape for each in targets] == [(20, 3, 12), (20, 3, 3)]
    assert np.allclose(targets[0], np.minimum(counts[0] / 4, 1)) and targets[0].any()
    assert np.allclose(targets[1], np.clip(counts[1] / 4, 0, 1)) and targets[1].any()
    labels = setup.teacher.targets(values, test.labels[:20], "label")[-1]
    assert np.array_equal(labels, np.repeat(np.eye(3)[test.labels[:20]][:, None], 3, axis=1))
    outcome = run(spec)
    assert outcome.after.accuracy > outcome.before.accuracy
    assert outcome.facts["weight_updates"] > 0


def test_it_goes_on_bit_for_bit_on_any_threads(settings, tmp_path, monkeypatch):
    spec = resolve(
        None, settings | TAUGHT | {"noise": ["thermal:0.1"], "sequence_answer": "last", "neuron.readout": "spiking"}
    )
    whole = run(spec)
    monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path / "other"))

    def stop(text):
        if "384 of" in text:
            raise Stopped

    with pytest.raises(Stopped):
        prepare(spec, stop)
    resumed = run(spec.model_copy(update={"training": spec.training.model_copy(update={"chunk": 7})}), threads=2)
    for name, array in whole.progress.arrays().items():
        assert np.array_equal(array, resumed.progress.arrays()[name]), name
    assert whole.facts["accuracy"] == resumed.facts["accuracy"]


def test_a_trace_shows_where_windows_meet(settings):
    traced = trace(resolve(None, settings | TAUGHT | {"noise": ["mismatch:0.2"]}), samples=(0,), learn=True)
    found = {(*wave.scope, wave.name): wave for wave in waves(traced)}

    def at(wave, step, cycle=0):
        """What a signal of layer 1 holds in a cycle of a step."""
        return wave.values[np.searchsorted(wave.at, len(STAGES) * step + cycle, "right") - 1]

    steps = range(12)
    assert [at(found["chip", "layer1", "window_of_sequence"], t) for t in steps] == [1] * 4 + [2] * 4 + [3] * 4
    assert [at(found["chip", "layer1", "step"], t) for t in steps] == [1, 2, 3, 4] * 3
    neuron = next(each for each in traced.neurons if each.layer == 1)
    count = found["chip", "layer1", f"neuron{neuron.neuron}", "count"]
    counted = STAGES.index("count")
    assert neuron.spike[0, :4].any() and [at(count, t) for t in (0, 4, 8)] == [0, 0, 0]
    for t in steps:
        assert at(count, t, counted) == neuron.spike[0, t // 4 * 4 : t + 1].sum()
    assert "3 windows of 4 steps" in vcd_text(traced, 1e-6)


REFUSED = {
    "a method of single windows": ({"training.method": "offline-ltl"}, "method offline-ltl trains for single windows"),
    "a teacher of single windows": (
        {"teacher.method": "ann"},
        "what single windows teach says nothing of sequences; train the teacher through",
    ),
    "too many steps": ({"windows": 9, "steps": 1000}, "a chip goes on for 4096 at most: keep windows within 4"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_knows_no_sequences_is_refused(settings, case):
    changes, told = REFUSED[case]
    with pytest.raises(SettingError, match=re.escape(told)):
        resolve(None, settings | changes)


def test_windows_of_learning_go_on_no_longer_than_others(settings):
    with pytest.raises(SettingError, match="windows 3 of 2000 steps are 6000 steps in a row"):
        resolve(None, settings | TAUGHT | {"training.window_steps": 2000})


def test_windows_have_the_teacher_trained_through_time():
    spec = resolve(None, {"windows": 8})
    assert (spec.teacher.method, spec.encoding, spec.neuron.readout) == ("through-time", "current", "integrating")


def test_a_nir_file_is_no_teacher_of_sequences(settings):
    spec = resolve(None, settings | TAUGHT)
    of_file = spec.model_copy(update={"teacher": spec.teacher.model_copy(update={"file": "mine.nir"})})
    with pytest.raises(SettingError, match="a NIR file's neurons are followed in single windows"):
        prepare(of_file)


def test_what_does_not_fit_is_refused_with_what_does(settings, monkeypatch):
    with pytest.raises(DataError, match=re.escape("samples of 9 values cannot be cut into 4 windows of one size")):
        prepare(resolve(None, settings | TAUGHT | {"windows": 4}))
    monkeypatch.setattr(through_time, "_MOST_ROOM", 10_000)
    with pytest.raises(SettingError, match="keep windows within 2, or lower through_time.batch"):
        prepare(resolve(None, settings | TAUGHT))
    setup = prepare(resolve(None, settings | TAUGHT | {"through_time.batch": 4}))
    assert replace(setup, spec=setup.spec.model_copy(update={"windows": 1})).chunk >= setup.chunk
