"""Training in the loop as a whole: it learns, repairs a die, counts what it took, and comes out the same every time."""

import numpy as np
import pytest
from small_chips import events_of, random_weights, spec_of
from small_runs import write_npz

from chipsim import AdcSpec, Chip, SynapseSpec
from host.data import Encoder, load
from host.errors import SettingError
from host.gradients.all_layers.batching import Batch, batches
from host.gradients.in_the_loop.loop import InTheLoop, bytes_read_back
from host.gradients.local.adam import Adam
from host.run import RunFolder, resolve, run
from host.settings import LoopSpec

SMALL = {
    "hidden": [12],
    "steps": 8,
    "noise": ["mismatch:0.7", "quantization:5"],
    "teacher.epochs": 200,
    "training.method": "in-the-loop",
    "training.epochs": 10,
    "training.learning_rate": 0.01,
    "in_the_loop.batch": 20,
}
BRAINSCALES = {
    "encoding": "log-latency",
    "neuron.kind": "lif",
    "neuron.tau_steps": 3.5,
    "neuron.synapse_tau_steps": 3.5,
    "neuron.readout": "integrating-max",
    "neuron.low_rail_th": -8,
    "synapse.full_scale_th": 0.5,
    "training.start": "random",
}
DIGITS = {
    "dataset": "digits",
    "hidden": [40],
    "teacher.epochs": 30,
    "training.method": "in-the-loop",
    "training.epochs": 8,
    "training.learning_rate": 3e-3,
    "in_the_loop.batch": 20,
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return str(write_npz(tmp_path_factory.mktemp("data") / "small.npz"))


def test_repairs_a_die_that_the_teacher_s_weights_do_not_suit():
    accuracy = run(resolve(None, DIGITS | {"noise": ["mismatch:0.8", "quantization:5"], "die": 2})).summary["accuracy"]
    assert accuracy["before"] < 0.8
    assert accuracy["after"] > accuracy["ideal"] - 0.03


@pytest.mark.parametrize(("thresholds", "reached"), [("nominal", 0.88), ("read-back", 0.85)])
def test_learns_from_random_weights_on_neurons_of_brainscales2(thresholds, reached):
    settings = DIGITS | BRAINSCALES | {"noise": ["mismatch:0.3"], "in_the_loop.thresholds": thresholds}
    accuracy = run(resolve(None, settings)).summary["accuracy"]
    assert accuracy["before"] < 0.2
    assert accuracy["after"] > reached


@pytest.mark.parametrize("changes", [{}, BRAINSCALES | {"training.epochs": 4}], ids=["rate", "brainscales2"])
def test_threads_and_chunks_change_no_bit(dataset, changes):
    spec = resolve(None, SMALL | changes | {"dataset": dataset})
    other = resolve(None, SMALL | changes | {"dataset": dataset, "training.chunk": 7})
    one, three = run(spec, threads=1), run(other, threads=3)
    assert one.facts == three.facts
    for name, array in one.progress.arrays().items():
        assert np.array_equal(array, three.progress.arrays()[name]), name


def test_a_run_cut_short_ends_with_the_same_bits(dataset, tmp_path):
    class Stop(Exception):
        pass

    class StopAfter:
        def __init__(self, n):
            self.left = n

        def stage(self, text):
            pass

        def learning(self, done, total, validation_accuracy):
            self.left -= 1
            if self.left == 0:
                raise Stop

    spec = resolve(None, SMALL | {"dataset": dataset, "training.epochs": 3})
    whole = run(spec)
    with pytest.raises(Stop):
        run(spec, 1, lambda made: RunFolder.create(made, tmp_path / "run"), StopAfter(11))
    folder, made = RunFolder.open(tmp_path / "run")
    again = run(made, 1, folder)
    assert again.facts == whole.facts
    assert np.array_equal(again.progress.current["adam0.second"], whole.progress.current["adam0.second"])


def test_effort_counts_batches_bytes_and_work(dataset):
    outcome = run(resolve(None, SMALL | {"dataset": dataset, "training.epochs": 2, "in_the_loop.batch": 4}))
    effort = outcome.summary["method"]
    shown = effort["samples"]
    assert shown == effort["die_samples"] == 2 * 128
    # 6-12-3, 8 steps: a code and a spike bit of 15 neurons at each.
    assert effort["bytes_up"] == shown * 8 * 15 * 9 / 8
    weights = 7 * 12 + 13 * 3
    # 20 checks cut each epoch's 128 samples at 12.8, 25.6 and so on: 4, 4, 4 and 1 of the first 13, and so on.
    programmed = effort["weights_programmed"] / weights
    assert programmed == int(programmed)
    assert 1 + shown / 4 <= programmed <= 1 + shown / 4 + 40
    events = sum(outcome.progress.activity["synaptic_events"])
    assert effort["host_macs"] == shown * 8 * (12 * 3 + 2 * 15) + events + 4 * weights * (programmed - 1)


def test_bytes_of_brainscales2():
    """The chip's converters send 256 bytes of membranes a step (Cramer et al. 2022: 5,120 B in 20 steps)."""
    spec = spec_of((256, 246, 10), steps=20, neuron={"readout": "integrating-max", "kind": "lif"})
    assert bytes_read_back(spec, AdcSpec()) == 5120 + 20 * 246 / 8


def test_an_output_layer_of_few_codes_fills_its_range():
    design = spec_of((5, 9, 3), noise=("quantization:6",), neuron={"readout": "integrating-max"})
    design = design.model_copy(update={"synapse": SynapseSpec(full_scale_th=0.25)})
    weights = random_weights(design, np.random.default_rng(1))
    weights[1] = (weights[1][0] / 100, np.zeros(3, np.float32))
    loop = InTheLoop(Chip(design, 1), weights, LoopSpec())
    code = loop.chip.snapshot()["layer2.code"]
    assert np.abs(code).max() == 31
    masks = np.random.default_rng(2).random((40, design.steps, 5)) < 0.5
    batch = Batch(events_of(masks), np.arange(40), np.arange(40) % 3)
    plain = spec_of((5, 9, 3), neuron={"readout": "integrating-max"})
    other = InTheLoop(Chip(plain, 1), [loop.chip.weights()[0], weights[1]], LoopSpec())
    # The same scores but for rounding, so the host undid the scale.
    assert loop.step(batch, 0.0).loss == pytest.approx(other.step(batch, 0.0).loss, rel=0.02)


def test_batches_show_each_sample_once_an_epoch_and_never_cross_its_end(dataset):
    samples = load(dataset).train
    encoder = Encoder("rate", 6, 8, 32, 1)
    seen = [(batch.windows.tolist(), batch.labels.tolist()) for batch in batches(samples, encoder, 1, 0, 300, 32)]
    assert [len(windows) for windows, _ in seen] == [32, 32, 32, 32, 22] * 2
    assert sorted(label for _, labels in seen[:5] for label in labels) == sorted(samples.labels.tolist())
    assert seen[0][1] != seen[5][1]
    later = [batch.windows.tolist() for batch in batches(samples, encoder, 1, 150, 300, 32)]
    assert later == [windows for windows, _ in seen[5:]]


def test_adam_equals_its_published_steps():
    rng = np.random.default_rng(3)
    parameter = rng.normal(size=(4, 5)).astype(np.float32)
    expected = parameter.astype(np.float64)
    adam = Adam([parameter])
    first, second = np.zeros((4, 5)), np.zeros((4, 5))
    for t in range(1, 30):
        gradient = rng.normal(size=(4, 5)).astype(np.float32)
        adam.step([parameter], [gradient.copy()], 0.01)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient.astype(np.float64) ** 2
        expected -= 0.01 * (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
    np.testing.assert_allclose(parameter, expected, rtol=1e-4, atol=1e-5)


def test_a_converter_without_a_range_is_refused_in_one_line():
    settings = {"training.method": "in-the-loop", "in_the_loop.converter.low_th": 9.0}
    with pytest.raises(SettingError, match=r"a range from 9 to 8 th is empty: set converter low_th below high_th"):
        resolve(None, settings)
    resolve(None, settings | {"training.method": "on-chip-ltl"})  # of no concern where nothing is read back
