"""Traces: every signal in the VCD file is the reference model's, at its cycle, and tracing changes nothing."""

from dataclasses import fields
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_chips import assert_same_state, witness_of
from small_runs import SMALL
from vcd_reader import VCDVCD

from chipsim.die import fabricate
from host.data import Encoder
from host.errors import SettingError, TraceError
from host.methods import find
from host.run import prepare, resolve, run
from host.trace.probe_run import NeuronWaveform, _fields, trace
from host.trace.vcd import time_unit, vcd_text
from host.trace.waveform import STAGES, SignalTimeline, waves
from host.training import EVALUATION_WINDOWS, LearningDie, Progress, TrainingBatches, evaluate, train

EVERY_NEURON = [*((1, neuron) for neuron in range(7)), *((2, neuron) for neuron in range(3))]
EVERY_ROW = [*((1, row) for row in range(6)), *((2, row) for row in range(7))]
EVERYTHING = ["mismatch:0.4", "thermal:0.2", "quantization:4", "silencing:0.3"]

IN_INTEGERS = ("target_word", "step_word", "dither", "increment")
CASES = {
    "as designed": {"noise": []},
    "mismatch": {"noise": ["mismatch:0.5"]},
    "everything, leaky": {"noise": EVERYTHING, "neuron.kind": "lif", "neuron.tau_steps": 4.0},
    "leak and threshold of each layer": {
        "neuron.kind": "lif",
        "neuron.tau_steps": [9.0, 3.0],
        "neuron.threshold_th": [0.8, 1.4],
        "neuron.leak_dac.bits": 6,
        "neuron.threshold_dac.bits": 5,
    },
    "reset to zero, negative rail": {"neuron.reset": "zero", "neuron.low_rail_th": -1.0},
    "integrating readout of a current": {"neuron.readout": "integrating", "encoding": "current"},
    "spikes at random, sign gate": {"encoding": "bernoulli", "learning_circuit.error_gate": "sign"},
    "integers": {
        "noise": ["mismatch:0.4"],
        "learning_circuit.arithmetic": "integer",
        "learning_circuit.dither": "lfsr",
        "synapse.weight_bits": 4,
    },
    "accumulators of one bit": {
        "learning_circuit.accumulator_bits": 1,
        "learning_circuit.dead_zone_counts": 0,
        "learning_circuit.warm_up_steps": 0,
    },
}


@pytest.fixture(scope="module")
def spec_of(tmp_path_factory):
    """Specs of 6-7-3 chips, with the pulses of a few samples large enough to matter."""
    from small_runs import write_npz

    data = write_npz(tmp_path_factory.mktemp("data") / "small.npz")

    def make(**settings):
        return resolve(None, {**SMALL, "dataset": str(data), **settings})

    return make


def chip_and_input(spec, samples, learn):
    """A die of its own, in the state and on the input that a trace of test samples has."""
    setup = prepare(spec)
    chip = setup.chip(setup.design, setup.start_weights(), 1)
    shown = setup.dataset.test.subset(np.array(samples))
    windows = np.arange(len(samples)) if learn else np.array(samples) + EVALUATION_WINDOWS
    encoder = Encoder(spec.encoding, 6, spec.steps, len(samples), spec.seed)
    events = encoder.encode(shown.values(slice(None)), windows)
    targets = setup.teacher.targets(shown.values(slice(None)), shown.labels, setup.spec.training.output_target)
    falling = (1 - windows / setup.presentations) * setup.learning_rate
    return chip, events, windows, targets, falling.astype(np.float32)


def seen_by_witness(spec, samples, learn):
    chip, events, windows, targets, rates = chip_and_input(spec, samples, learn)
    witness = witness_of(chip)
    if not learn:
        return witness.run(events, windows)
    return witness.run(events, windows, targets, np.repeat(rates[:, None], 2, axis=1))


def units_of_pulses(spec):
    """Of each layer's pulses, in thresholds: increments are in LSB / 2^bits."""
    if spec.learning_circuit.arithmetic == "float":
        return [np.float32(1)] * 2
    stored = chip_and_input(spec, (0,), True)[0].snapshot()
    return [stored[f"layer{n}.lsb"][0] / 2**spec.learning_circuit.update_accumulator_bits for n in (1, 2)]


class Reader:
    """A VCD file seen through an independent reader, sampled by hardware cycle."""

    def __init__(self, path, step_s, steps, layers):
        self.vcd = VCDVCD(str(path))
        self.names = set(self.vcd.signals)
        self.cycle_units = step_s / len(STAGES) / float(self.vcd.timescale["timescale"])
        self.steps, self.period = steps, steps + layers - 1

    def at(self, name, layer, stage, s, t, cycles_later=0):
        """What a signal holds in `stage` of step t (from 0) of sample s."""
        step = s * self.period + layer - 1 + t
        return self.vcd[name][round((len(STAGES) * step + STAGES.index(stage) + cycles_later) * self.cycle_units)]

    def real(self, *where, **later):
        return np.float32(float(self.at(*where, **later)))

    def whole(self, *where, bits=64):
        number = int(self.at(*where), 2)
        return number - (1 << bits) if number >> (bits - 1) else number


def write_and_read(traced, path, step_s=1e-6):
    path.write_text(vcd_text(traced, step_s))
    return Reader(path, step_s, traced.spec.steps, traced.design.n_layers)


@pytest.mark.parametrize("learn", [True, False], ids=["learn", "infer"])
@pytest.mark.parametrize("case", CASES)
def test_every_signal_is_the_witnesss(spec_of, tmp_path, case, learn):
    spec, samples = spec_of(**CASES[case]), (3, 0)
    traced = trace(spec, EVERY_NEURON, EVERY_ROW, samples=samples, learn=learn)
    file = write_and_read(traced, tmp_path / "t.vcd")
    expected = seen_by_witness(spec, samples, learn)
    units = units_of_pulses(spec)
    moments = [(s, t) for s in range(2) for t in range(spec.steps)]
    for layer, neuron in EVERY_NEURON:
        signals, spikes = expected.signals[layer - 1], expected.spikes[layer - 1]
        name = f"chip.layer{layer}.neuron{neuron}"
        integrating = layer == 2 and spec.neuron.readout == "integrating"
        coded = "code" in signals
        for s, t in moments:
            here = (layer, "write", s, t)  # all but the pulse hold what they have until the step ends
            for signal in ("current", "noise", "membrane"):
                assert file.real(f"{name}.{signal}", *here) == signals[signal][s, t, neuron], signal
            count = file.real(f"{name}.count", *here) if integrating else file.whole(f"{name}.count", *here)
            assert count == signals["count"][s, t, neuron]
            assert file.at(f"{name}.spike", *here) == str(spikes[s, t, neuron])
            # A reset shows when the next step begins.
            assert file.real(f"{name}.membrane", *here, cycles_later=1) == signals["kept"][s, t, neuron]
            for row, what in enumerate([f"row{row}" for row in range((6, 7)[layer - 1])] + ["bias"]):
                if what != "bias":
                    read = file.real if layer == 1 and spec.encoding == "current" else file.whole
                    options = {} if read == file.real else {"bits": 2}
                    seen = read(f"chip.layer{layer}.input.{what}", layer, "deliver", s, t, **options)
                    assert seen == signals["input"][s, t, 0, row]
                weight = file.real(f"{name}.weight_{what}", *here)
                assert weight == signals["weight"][s, t, row, neuron]
                if learn and coded:
                    assert file.whole(f"{name}.code_{what}", *here) == signals["code"][s, t, row, neuron]
                    assert file.whole(f"{name}.residue_{what}", *here) == signals["residue"][s, t, row, neuron]
            if learn:
                for signal in ("target_count", "error"):
                    assert file.real(f"{name}.{signal}", *here) == signals[signal][s, t, neuron], signal
                for signal in IN_INTEGERS if "increment" in signals else ():
                    assert file.whole(f"{name}.{signal}", *here) == signals[signal][s, t, neuron], signal
                for signal in ("open", "saturated") if "increment" in signals else ():
                    assert file.at(f"{name}.{signal}", *here) == str(signals[signal][s, t, neuron]), signal
                pulse = signals["pulse"][s, t, neuron] * units[layer - 1]
                assert file.real(f"{name}.pulse", *here) == np.float32(pulse)
                assert file.at(f"{name}.boxcar", *here) == str(signals["boxcar"][s, t, neuron])
    assert learn == any(name.endswith(".pulse") and ".die." not in name for name in file.names)
    if learn:
        assert sum(np.count_nonzero(signals["pulse"]) for signals in expected.signals) > 0
    assert sum(spikes.sum() for spikes in expected.spikes) > 0


def test_signals_change_in_their_stage_only(spec_of, tmp_path):
    spec = spec_of(noise=["mismatch:0.5"])
    traced = trace(spec, EVERY_NEURON, samples=(3,))
    file = write_and_read(traced, tmp_path / "t.vcd")
    allowed = {
        "current": "deliver", "noise": "integrate", "membrane": "deliver integrate", "spike": "deliver compare",
        "count": "count", "target_count": "count", "error": "gate", "boxcar": "gate", "pulse": "deliver write",
        "weight_bias": "write", "window": "deliver", "step": "deliver", "update_enable": "deliver",
    }  # fmt: skip
    for name in file.names:
        signal = name.split(".")[-1]
        if ".die." in name or signal not in allowed or ".phase." in name:
            continue
        layer = 2 if "layer2" in name else 1
        start = (layer - 1) * len(STAGES)
        over = start + spec.steps * len(STAGES)  # what is valid for a window only falls back to 0 when it ends
        for time, _ in file.vcd[name].tv[1:]:
            cycle = round(time / file.cycle_units)
            assert STAGES[cycle % len(STAGES)] in allowed[signal].split() or cycle in (start, over), (name, cycle)
            assert cycle >= start
    phases = [file.vcd[f"chip.phase.{stage}"] for stage in STAGES]
    for cycle in range((spec.steps + 1) * len(STAGES)):
        time = round(cycle * file.cycle_units)
        assert [phase[time] for phase in phases] == ["1" if n == cycle % 6 else "0" for n in range(6)]


def test_frozen_errors_are_parameters_and_comments(spec_of, tmp_path):
    spec = spec_of(noise=["mismatch:0.5", "silencing:0.5"])
    traced = trace(spec, EVERY_NEURON, EVERY_ROW)
    file = write_and_read(traced, tmp_path / "t.vcd")
    fabricated = fabricate(traced.design, spec.die)
    text = (tmp_path / "t.vcd").read_text()
    silent = 0
    for neuron in traced.neurons:
        layer, k = fabricated[neuron.layer - 1], neuron.neuron
        die = f"chip.layer{neuron.layer}.neuron{k}.die"
        figures = {name: np.float32(float(file.vcd[f"{die}.{name}"][0])) for name in neuron.fabricated}
        assert figures["threshold"] == layer.tables.threshold[k]
        assert figures["boxcar_low"] == layer.tables.boxcar_low[k]
        assert figures["boxcar_high"] == layer.tables.boxcar_high[k]
        assert figures["gain_row2"] == layer.gain[2, k]
        assert figures["gain_bias"] == layer.gain[-1, k]
        assert figures["high_rail"] == 8
        assert neuron.nominal["threshold"] == 1 and neuron.nominal["gain_row2"] == 1
        assert "threshold" in neuron.errors and "high_rail" not in neuron.errors
        words = f"{neuron.fabricated['threshold']:.3f} th (designed 1)"
        if np.isinf(neuron.fabricated["threshold"]):
            words, silent = "infinite: it never fires", silent + 1
        assert f"layer {neuron.layer}, neuron {k}: threshold {words}; boxcar " in text
    assert silent > 0


def test_figures_of_tables_within_tables_are_found():
    class Inner(NamedTuple):
        up: object
        rows: object

    class Outer(NamedTuple):
        offset: object
        update: object

    table = Outer(np.float32(1), Inner(np.ones(3, np.float32), None))
    assert [name for name, _ in _fields(table)] == ["offset", "update_up", "update_rows"]


def test_what_is_set_in_each_layer_is_told(spec_of):
    layers = {"neuron.kind": "lif", "neuron.tau_steps": [8.0, 50.0], "neuron.threshold_th": [0.75, 1.0]}
    traced = trace(spec_of(noise=[], **layers), [(1, 0), (2, 0)])
    text = vcd_text(traced, 1e-6)
    assert "as set, layer 1: threshold 0.75 th, time constant 8 steps" in text
    assert "as set, layer 2: threshold 1 th, time constant 50 steps" in text
    assert [neuron.fabricated["threshold"] for neuron in traced.neurons] == [0.75, 1.0]
    assert [neuron.errors for neuron in traced.neurons] == [{}, {}]
    converters = {"neuron.leak_dac.bits": 3, "neuron.threshold_dac.bits": 4}
    text = vcd_text(trace(spec_of(noise=[], **layers, **converters), [(1, 0), (2, 0)]), 1e-6)
    assert "layer 1: threshold 0.8 th (code 3 of 0 to 15), time constant 7 steps (code 1 of 0 to 7)" in text
    assert "layer 2: threshold 1 th (code 5 of 0 to 15), no leak (code 0 of 0 to 7)" in text
    assert "as set" not in vcd_text(trace(spec_of(noise=[])), 1e-6)


def test_an_ideal_die_has_no_errors(spec_of):
    traced = trace(spec_of(noise=[]))
    assert [neuron.errors for neuron in traced.neurons] == [{}, {}]
    assert "layer 1, neuron" in vcd_text(traced, 1e-6) and ": as designed" in vcd_text(traced, 1e-6)


@pytest.mark.parametrize("learn", [True, False])
@pytest.mark.parametrize("noise", [["mismatch:0.5", "thermal:0.1"], EVERYTHING])
def test_tracing_changes_nothing(spec_of, noise, learn):
    """Counts, weights and later windows of a die that is traced and of one that is not, on one and on two threads."""
    spec = spec_of(noise=noise, hidden=[33])
    one, two = (trace(spec, samples=(3, 0, 5), learn=learn, threads=threads) for threads in (1, 2))
    chip, events, windows, targets, rates = chip_and_input(spec, (3, 0, 5), learn)
    bare = chip.learn(events, windows, targets, rates) if learn else chip.infer(events, windows)
    for traced in (one, two):
        assert np.array_equal(traced.classes, bare.classes)
        for neuron in traced.neurons:
            assert np.array_equal(neuron.count[:, -1], bare.counts[neuron.layer - 1][:, neuron.neuron])
    for mine, other in zip(one.neurons, two.neurons, strict=True):
        for field in fields(NeuronWaveform):
            assert np.array_equal(getattr(mine, field.name), getattr(other, field.name)), field.name
    if learn:
        weights = chip.weights()
        for neuron in one.neurons:
            weight, bias = weights[neuron.layer - 1]
            assert np.array_equal(neuron.weight[-1, -1, :-1], weight[list(neuron.rows[:-1]), neuron.neuron])
            assert neuron.weight[-1, -1, -1] == bias[neuron.neuron]


def test_the_sample_shown_is_the_sample_evaluated(spec_of):
    """Without learning a test sample gets the window, so the noise and the random spikes, that its evaluation has."""
    spec = spec_of(encoding="bernoulli")
    setup = prepare(spec)
    chip = setup.chip(setup.design, setup.start_weights(), 1)
    score = evaluate(chip, setup.dataset.test, Encoder("bernoulli", 6, spec.steps, 512, spec.seed))
    traced = trace(spec, EVERY_NEURON, samples=(7, 2), learn=False)
    assert traced.classes.tolist() == score.classes[[7, 2]].tolist()
    for neuron in traced.neurons:
        rates = score.rates[neuron.layer - 1][[7, 2], neuron.neuron]
        assert np.array_equal(neuron.spike.sum(axis=1), np.rint(rates * spec.steps))


def test_learned_before_is_the_run_until_there(spec_of):
    spec = spec_of()
    setup = prepare(spec)
    states = {}
    encoders = [Encoder(spec.encoding, 6, spec.steps, 1024, spec.seed, buffers=n) for n in (TrainingBatches.BUFFERS, 1)]
    chip = setup.chip(setup.design, setup.start_weights(), 1)
    batches = TrainingBatches(setup.train, setup.teacher, encoders[0], "logits", spec.seed)
    train(
        LearningDie(chip, batches, setup.valid, encoders[1], len(setup.train), 50),
        Progress(len(setup.valid)),
        epoch=len(setup.train),
        presentations=setup.presentations,
        learning_rate=setup.learning_rate,
        save=lambda progress: states.setdefault(progress.presentations, (progress.rate_factor, progress.current)),
        tick=lambda done, accuracy: None,
    )
    learned, (factor, state) = next((n, state) for n, state in states.items() if n > 10)
    assert factor == 1
    mine, theirs = (setup.chip(setup.design, setup.start_weights(), 1) for _ in range(2))
    theirs.restore(state)

    find(spec.training.method).learn_first(setup, mine, learned, lambda done: None)
    assert_same_state(mine, theirs)
    later = trace(spec, EVERY_NEURON[:1], after=learned).neurons[0]
    assert np.array_equal(later.weight_before[:-1], mine.weights()[0][0][list(later.rows[:-1]), 0])
    assert not np.array_equal(later.weight_before, trace(spec, EVERY_NEURON[:1]).neurons[0].weight_before)


def test_in_the_middle_of_windows_of_its_own_a_die_is_not_traced(spec_of):
    with pytest.raises(SettingError, match="training.window_steps = 12: a die that learns in windows of its own"):
        trace(spec_of(**{"training.window_steps": 12}), [(1, 0)], after=3)


def test_after_everything_is_the_die_that_the_run_kept(spec_of):
    spec = spec_of()
    kept = run(spec)
    traced = trace(spec, EVERY_NEURON, samples=(0, 1, 2), learn=False, after=None)
    assert traced.classes.tolist() == kept.after.classes[:3].tolist()
    assert traced.learned_before == kept.setup.presentations
    weight = kept.chip.weights()[0][0]
    for neuron in traced.neurons[:7]:
        assert np.array_equal(neuron.weight_before[:-1], weight[list(neuron.rows[:-1]), neuron.neuron])


def test_what_is_not_named_is_what_is_most_alive(spec_of):
    spec = spec_of()
    every = {(n.layer, n.neuron): n for n in trace(spec, EVERY_NEURON, EVERY_ROW, samples=(3, 0)).neurons}
    chosen = trace(spec, samples=(3, 0)).neurons
    assert [neuron.layer for neuron in chosen] == [1, 2]
    for neuron in chosen:
        learned = {n: np.abs(other.pulse).sum() for (layer, n), other in every.items() if layer == neuron.layer}
        assert learned[neuron.neuron] == max(learned.values()) > 0
        activity = every[neuron.layer, 0].input[:, :, :-1].sum(axis=(0, 1))
        assert len(neuron.rows) == 5 and neuron.rows[-1] == len(activity)
        left_out = np.delete(activity, list(neuron.rows[:-1]))
        assert activity[list(neuron.rows[:-1])].min() >= left_out.max()


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("neuron 3:0: there is no layer 3; this chip has 1 to 2", {"neurons": [(3, 0)]}),
        ("neuron 0:0: there is no layer 0; this chip has 1 to 2", {"neurons": [(0, 0)]}),
        ("neuron 1:7: layer 1 has neurons 0 to 6; name one as 1:6", {"neurons": [(1, 0), (1, 7)]}),
        ("neuron 1:2 is named twice: name it once", {"neurons": [(1, 2), (1, 2)]}),
        ("row 1:6: layer 1 has rows 0 to 5; name one as 1:5", {"rows": [(1, 6)]}),
        ("row 2:1: no neuron of layer 2 is traced; add one, or", {"neurons": [(1, 0)], "rows": [(2, 1)]}),
        ("sample 60: the test set has samples 0 to 59; choose one of those", {"samples": (0, 60)}),
        ("sample 150: the train set has samples 0 to 149; choose one of those", {"samples": (150,), "part": "train"}),
        ("no sample to trace: name at least one", {"samples": ()}),
        ("learning 257 samples is beyond this run, which learns 256", {"after": 257, "learn": False}),
        ("learning 255 samples and 2 more is beyond this run, which learns 256", {"after": 255, "samples": (0, 1)}),
        ("learning 256 samples and 1 more is beyond this run", {"after": None}),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused(spec_of, text, arguments):
    with pytest.raises(TraceError) as refused:
        trace(spec_of(), **arguments)
    assert str(refused.value).startswith(text)
    assert "\n" not in str(refused.value)


@given(
    samples=st.integers(1, 3), steps=st.integers(1, 5), layers=st.integers(1, 4), layer=st.integers(0, 3),
    stage=st.sampled_from(STAGES), seed=st.integers(0, 99), start=st.sampled_from([None, -1]),
    end=st.sampled_from([None, -2]),
)  # fmt: skip
def test_waves_hold_each_value_from_its_cycle_on(samples, steps, layers, layer, stage, seed, start, end):
    layer = layer % layers + 1
    timeline = SignalTimeline(samples, steps, layers)
    values = np.random.default_rng(seed).integers(1, 9, (samples, steps))
    wave = timeline.wave(("chip",), "x", layer, {stage: values}, start, end)
    assert wave.at[0] == 0 and np.all(np.diff(wave.at) > 0) and wave.at[-1] <= timeline.cycles
    held, expected = 0 if start is None else start, {}
    for s in range(samples):
        begin = (s * (steps + layers - 1) + layer - 1) * 6
        if start is not None:
            expected[begin] = start
        for t in range(steps):
            expected[begin + 6 * t + STAGES.index(stage)] = values[s, t]
        if end is not None:
            expected[begin + 6 * steps] = end
            expected |= {begin + 6 * steps: start} if layers == 1 and s < samples - 1 and start is not None else {}
    for cycle in range(timeline.cycles + 1):
        held = expected.get(cycle, held)
        assert wave.values[np.searchsorted(wave.at, cycle, side="right") - 1] == held, cycle


@pytest.mark.parametrize("step_s", [1.0, 2.5e-3, 1e-6, 3.3e-7, 1e-9, 1e-12])
def test_every_cycle_has_its_time(spec_of, tmp_path, step_s):
    traced = trace(spec_of(), EVERY_NEURON[:1])
    file = write_and_read(traced, tmp_path / "t.vcd", step_s)
    assert float(file.vcd.timescale["timescale"]) == pytest.approx(10.0 ** time_unit(step_s))
    times = sorted({time for stage in STAGES for time, _ in file.vcd[f"chip.phase.{stage}"].tv})
    assert len(times) == 6 * (traced.spec.steps + 1)
    assert np.allclose(np.array(times) * 10.0 ** time_unit(step_s), np.arange(len(times)) * step_s / 6, atol=1e-15)


def test_a_file_is_the_same_each_time(spec_of):
    spec = spec_of()
    assert vcd_text(trace(spec), 1e-6) == vcd_text(trace(spec), 1e-6)
    assert waves(trace(spec))[0].scope == ("chip",)
