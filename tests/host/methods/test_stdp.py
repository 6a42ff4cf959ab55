"""The method that follows no teacher, on a problem that is learned in a blink."""

import json

import numpy as np
import pytest
from small_runs import final, small_arrays
from stopped_runs import StopAt, Stopped

from chipsim import ChipError
from host.cli.text import result_text
from host.errors import DataError, SettingError
from host.methods.stdp import _times, levels_of
from host.run import RunFolder, resolve, run
from host.settings import PruneSpec, RunSpec

SMALL = {"training.method": "stdp", "hidden": [12], "steps": 16, "training.epochs": 4}
EVERY_100 = {"stdp.round.levels": 16, "stdp.round.every": 100, "stdp.round.after": 0}


@pytest.fixture
def spec_of(data_file):
    return lambda **changes: resolve(None, SMALL | {"dataset": str(data_file)} | changes)


def test_it_learns_without_labels_and_tells_what_of(spec_of):
    longer = {"training.epochs": 20, "training.learning_rate": 0.05}
    outcome = run(spec_of(noise=["mismatch:0.3@threshold"], **longer))
    summary = outcome.summary
    assert summary["network"] == [6, 12]
    assert summary["accuracy"]["after"] > max(summary["accuracy"]["before"] + 0.15, 0.6)  # of three classes
    told = summary["assignment"]
    assert list(told) == ["ideal", "before", "after", "transfer", "adapted"]
    assert told["after"]["by_mean"] == outcome.after.accuracy == outcome.after.by_mean
    assert summary["weight_updates"] == 6 * np.sum(outcome.progress.activity["spikes"])
    json.dumps(summary)


@pytest.mark.parametrize("label_by", ["mean", "proportion"])
def test_the_accuracy_that_counts_is_told_first(spec_of, label_by):
    outcome = run(spec_of(**{"stdp.label_by": label_by, "training.epochs": 20, "training.learning_rate": 0.05}))
    summary = outcome.summary
    assert summary["accuracy"]["after"] == summary["assignment"]["after"][f"by_{label_by}"]
    lines = [line.split() for line in result_text(outcome).splitlines()]
    [after] = [words for words in lines if words[0] == "after"]
    assert after[1] == f"{summary['accuracy']['after']:.2%}"
    assert not any(words[:2] == ["equal", "counts"] for words in lines), "no answer hangs on these"


def test_without_noise_there_is_nothing_to_transfer(spec_of):
    told = run(spec_of()).summary["assignment"]
    assert list(told) == ["ideal", "before", "after"]
    assert told["after"] == told["ideal"]


def test_from_what_the_ideal_chip_learned_thresholds_alone_adapt(spec_of):
    outcome = run(spec_of(noise=["mismatch:0.3@threshold"], **{"training.start": "teacher"}))
    assert outcome.summary["weight_updates"] == 0
    told = outcome.summary["assignment"]
    assert told["before"] == told["transfer"]
    [(before, _)], [(after, _)] = outcome.start, outcome.chip.weights()
    assert np.array_equal(before, after)


def test_a_stopped_run_goes_on_bit_for_bit(spec_of, tmp_path):
    """It is kept at every hundredth sample, when weights are rounded."""
    spec = spec_of(noise=["mismatch:0.3", "thermal:0.05"], **{"training.chunk": 16}, **EVERY_100)
    run(spec, 1, lambda resolved: RunFolder.create(resolved, tmp_path / "whole"))
    with pytest.raises(Stopped):
        run(spec, 2, lambda resolved: RunFolder.create(resolved, tmp_path / "stopped"), StopAt(20))
    run(spec, 2, RunFolder.open(tmp_path / "stopped")[0])
    assert final(tmp_path / "stopped") == final(tmp_path / "whole")


def test_pruned_and_rounded_at_intervals(spec_of):
    few = {"stdp.prune.below": 0.2, "stdp.round.levels": 2, "training.epochs": 5}
    at = {f"stdp.{what}.{key}": value for what in ("prune", "round") for key, value in (("every", 100), ("after", 0))}
    outcome = run(spec_of(**few, **at))
    [(weights, _)] = outcome.chip.weights()
    w_max = outcome.setup.spec.learning_circuit.rule_settings["w_max_th"]
    left = weights[weights > 0]
    assert 0 < len(left) < weights.size
    assert np.allclose(np.unique(left / np.float32(w_max)), [0.4, 0.8])


def test_what_is_left_is_counted_as_each_kind_of_array_has_it(spec_of):
    """When all is learned it is pruned once more, however long the interval."""
    outcome = run(spec_of(**{"stdp.prune.below": 0.3, "chip": "cmos-180nm", "noise": []}))
    kept = outcome.chip.snapshot()["layer1.kept"]
    told = outcome.summary["pruned"]
    assert told["synapses"] == 72 and 0 < told["left"] == kept.sum() < 72
    events = [told[name]["synaptic_events"] for name in ("unpruned", "plain_crossbar", "address_listening")]
    assert events[0] >= events[1] > events[2] > 0
    assert events[0] == pytest.approx(outcome.summary["cost"]["inference"]["synaptic_events"])
    assert told["address_listening"]["writes_per_spike"] < told["unpruned"]["writes_per_spike"] == 6
    assert told["address_listening"]["cores"] == 1 and told["address_bits"] == 3
    json.dumps(told)


def test_a_chips_file_gives_way_to_the_methods_own_circuits():
    spec = resolve(None, {"training.method": "stdp", "chip": "brainscales2"})
    assert spec.neuron.kind == "winner_take_all" and spec.neuron.high_rail_th == 100
    assert spec.training.learning_rate == 0.01 and spec.noise


def test_nothing_is_left_where_all_is_cut(spec_of):
    with pytest.raises(ChipError, match=r"stdp\.prune\.below = 1 leaves no synapse: the largest delivers 0\.\d+ of"):
        run(spec_of(**{"stdp.prune.below": 1.0, "stdp.prune.after": 1, "stdp.prune.every": 1}))


@pytest.mark.parametrize(
    ("n", "below", "expected"),
    [(3, None, [0, 1, 2]), (2, 0.5, [1.25, 1.75]), (1, None, [1.0]), (1, 0.5, [1.5])],
)
def test_levels_are_even_parts_of_what_is_left(n, below, expected):
    assert levels_of(n, 2.0, below).tolist() == expected


def test_after_is_when_it_begins():
    assert sorted(_times(PruneSpec(every=100, after=0), 250)) == [100, 200, 250]
    assert sorted(_times(PruneSpec(every=100, after=101), 250)) == [200, 250]
    assert sorted(_times(PruneSpec(every=5000), 250)) == [250]


def test_its_settings_survive_a_file_and_others_files_do_not_change():
    spec = resolve(None, {"training.method": "stdp", "hidden": [50]})
    assert spec.neuron.kind == "winner_take_all" and spec.encoding == "bernoulli" and spec.steps == 32
    assert "stdp" not in resolve(None, {}).model_dump(mode="json")
    assert RunSpec.model_validate_json(spec.model_dump_json()) == spec


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"stdp.prune.below": -0.1}, "stdp.prune.below = -0.1"),
        ({"stdp.prune.below": 1.5}, "stdp.prune.below = 1.5"),
        ({"stdp.prune.below": 0.3, "noise": ["drift:0.1"]}, "synapses that drift cannot be pruned"),
        ({"stdp.round.levels": 0}, "stdp.round.levels = 0"),
        ({"stdp.round.every": 0}, "stdp.round.every = 0"),
        ({"stdp.max_rate": 0}, "stdp.max_rate = 0"),
        ({"hidden": [50, 20]}, "has one layer of neurons, and hidden is 50,20"),
        ({"teacher.epochs": 3}, "follows no teacher"),
        ({"neuron.kind": "lif"}, "leave learning_circuit.rule and --neuron out"),
        ({"learning_circuit.rule": "local_tandem"}, "here local_tandem and winner_take_all"),
        ({"encoding": "latency"}, "not encoding latency"),
        ({"encoding": "current"}, "not encoding current"),
        ({"neuron.readout": "integrating"}, "needs neurons that fire"),
    ],
)
def test_refused_in_one_line(settings, words):
    with pytest.raises(SettingError) as refusal:
        resolve(None, {"training.method": "stdp"} | settings)
    assert words in str(refusal.value) and "\n" not in str(refusal.value)


def test_too_few_labels_are_told_before_anything_is_learned(spec_of):
    with pytest.raises(DataError, match=r"no sample of class .* raise stdp\.label_samples"):
        run(spec_of(**{"stdp.label_samples": 1}))


def test_windows_without_a_spike_are_no_answer(tmp_path):
    arrays = small_arrays()
    arrays["x_test"] = 0 * arrays["x_test"]
    np.savez(tmp_path / "dark.npz", **arrays)
    outcome = run(resolve(None, SMALL | {"dataset": str(tmp_path / "dark.npz"), "training.epochs": 1}))
    assert outcome.after.abstained == len(outcome.after.classes)
    assert outcome.after.accuracy == 0
