"""The bench of BrainScaleS-2's network measures the published network. Nothing here looks at how fast anything is."""

import json
from dataclasses import replace

import numpy as np
import pytest

from host.bench.brainscales2 import CHIP_PER_S, NETWORK, STEPS, brainscales2_spec, run_brainscales2_bench


@pytest.fixture(scope="module")
def report():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CHIPSIM_DATA", raising=False)
        return run_brainscales2_bench((1, 2), samples=300, repeats=2, min_seconds=1e-4)


def test_the_network_is_the_published_one():
    """Time constants of 6 us in steps of 1.7 us, reset by subtraction, class by the highest membrane."""
    spec = brainscales2_spec()
    assert spec.layer_sizes == (256, 246, 10)
    assert spec.steps == 20
    neuron = spec.neuron
    assert neuron.tau_steps == neuron.synapse_tau_steps == pytest.approx(6 / 1.7)
    assert (neuron.kind, neuron.reset, neuron.readout) == ("lif", "subtract", "integrating-max")


def test_activity_is_about_the_published_one(report):
    assert 40 < report.input_spikes < 80
    assert 15 < report.hidden_spikes < 60
    assert report.synaptic_events == pytest.approx(246 * report.input_spikes + 10 * report.hidden_spikes)


def test_figures_are_consistent(report):
    assert [figure.threads for figure in report.figures] == [1, 2]
    for figure in report.figures:
        assert figure.times_the_chip == pytest.approx(figure.encoded.best / CHIP_PER_S)
        assert figure.share == pytest.approx(figure.encoded.best / figure.limit.best)
        assert figure.neuron_steps_per_s == pytest.approx(figure.encoded.best * sum(NETWORK[1:]) * STEPS)


def test_report_is_json_and_text(report):
    facts = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert facts["same_bits"] is True
    assert facts["chip_per_s"] == 85_000
    text = "\n".join(report.lines())
    for words in ("256-246-10", "mismatch:0.2", "2 threads", "from stored pixels", "synthetic", "the same (1: "):
        assert words in text
    assert "THEY DIFFER" in "\n".join(replace(report, bits={1: "a", 2: "b"}).lines())


def test_progress_reaches_its_end():
    calls = []
    run_brainscales2_bench((1,), lambda *call: calls.append(call), samples=40, repeats=1, min_seconds=1e-5)
    assert [done for done, _, _ in calls] == list(np.arange(len(calls)))
    assert {total for _, total, _ in calls} == {len(calls)}


def test_the_command_measures_one_thing(chipsim):
    ended = chipsim("bench", "--brainscales2", "--sweep")
    assert ended.status == 2
    assert "--brainscales2 and --sweep: a bench measures one thing by itself, so name one" in ended.err
