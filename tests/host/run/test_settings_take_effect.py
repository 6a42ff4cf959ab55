"""No setting is silently ignored or overwritten: each changes what is simulated, those for speed change nothing."""

import numpy as np
import pytest
from every_setting import OTHER, leaves
from small_runs import SMALL, small_arrays, write_npz

from host.run.die_run import run
from host.run.resolution import resolve

IN_THE_LOOP = {"training.method": "in-the-loop"}
TAUGHT = {"teacher.method": "through-time", "through_time.teacher_epochs": 2}
THROUGH_TIME = {"training.method": "through-time"}
STDP = {
    "training.method": "stdp",
    "hidden": [12],
    "steps": 12,
    "noise": ["mismatch:0.5"],
    "teacher.epochs": None,
    "training.epochs": 1,
    "stdp.prune.below": 0.05,
    "stdp.prune.every": 50,
    "stdp.prune.after": 0,
    "stdp.round.levels": 8,
    "stdp.round.every": 50,
    "stdp.round.after": 0,
}
INTEGERS = {"learning_circuit.arithmetic": "integer", "synapse.weight_bits": 5}
REGISTERS = INTEGERS | {"learning_circuit.dither": "lfsr"}
CONVERTED = {"training.method": "conversion", "training.epochs": 0}
# A value that differs from SMALL's, and what else a setting needs to matter.
CHANGES = {
    "hidden": ({}, [8]),
    "scale": ({}, "0,2"),
    "steps": ({"learning_circuit.warm_up_steps": 3}, 7),
    "target_bits": ({}, 3),
    "encoding": ({}, "latency"),
    "noise": ({}, ["mismatch:0.5"]),
    "die": ({}, 2),
    "seed": ({}, 2),
    "chip": ({}, "cmos-180nm"),
    "neuron.kind": ({}, "lif"),
    "neuron.tau_steps": ({"neuron.kind": "lif"}, 3.5),
    "neuron.synapse_tau_steps": ({}, 2.5),
    "neuron.reset": ({}, "zero"),
    "neuron.low_rail_th": ({}, -0.1),
    "neuron.high_rail_th": ({}, 1.1),
    "neuron.readout": ({}, "integrating"),
    "neuron.threshold_th": ({}, 0.75),
    "neuron.leak_dac.bits": ({"neuron.kind": "lif"}, 3),
    "neuron.leak_dac.low_per_step": ({"neuron.kind": "lif", "neuron.leak_dac.bits": 3}, 0.05),
    "neuron.leak_dac.high_per_step": ({"neuron.kind": "lif", "neuron.leak_dac.bits": 3}, 0.5),
    "neuron.threshold_dac.bits": ({"neuron.threshold_th": 0.8}, 2),
    "neuron.threshold_dac.low_th": ({"neuron.threshold_th": 0.8, "neuron.threshold_dac.bits": 2}, 0.75),
    "neuron.threshold_dac.high_th": ({"neuron.threshold_th": 0.8, "neuron.threshold_dac.bits": 2}, 1.8),
    "synapse.full_scale_th": ({"noise": ["quantization:4"]}, 0.5),
    "synapse.bias_full_scale_th": ({"noise": ["quantization:4"]}, 0.5),
    "synapse.weight_bits": ({}, 3),
    "learning_circuit.accumulator_bits": ({}, 1),
    "learning_circuit.error_gate": ({}, "sign"),
    "learning_circuit.dead_zone_counts": ({"learning_circuit.error_gate": "ternary"}, 0.25),
    "learning_circuit.boxcar_width_th": ({}, 0.5),
    "learning_circuit.warm_up_steps": ({}, 1),
    "learning_circuit.trace_tau_steps": ({}, 2.0),
    "learning_circuit.update_accumulator_bits": ({"noise": ["quantization:4"]}, 0),
    "learning_circuit.pulse_steps": ({}, [[2.0, 0.5], [0.5, 2.0]]),
    "learning_circuit.arithmetic": ({"synapse.weight_bits": 5}, "integer"),
    "learning_circuit.error_scale": (INTEGERS, "shift"),
    "learning_circuit.error_shift": (INTEGERS | {"learning_circuit.error_scale": "shift"}, 1),
    "learning_circuit.rate_format": (INTEGERS, "power_of_two"),
    "learning_circuit.step_word_bits": (INTEGERS, 8),
    "learning_circuit.step_word_fraction_bits": (INTEGERS, 0),
    "learning_circuit.dither": (INTEGERS, "lfsr"),
    "learning_circuit.dither_bits": (INTEGERS, 0),
    "learning_circuit.lfsr_bits": (REGISTERS, 24),
    "learning_circuit.lfsr_seed": (REGISTERS, 9),
    "learning_circuit.increment_bits": (INTEGERS, 4),
    "teacher.epochs": ({}, 150),
    "teacher.method": ({}, "through-time"),
    "teacher.norm": ({}, "layer"),
    "teacher.norm_percentile": ({}, 60),
    "training.method": ({}, "online-ltl-off-chip"),
    "training.start": ({}, "random"),
    "training.output_target": ({}, "label"),
    "training.epochs": ({}, 3),
    "training.learning_rate": ({}, 0.01),
    "training.validation_fraction": ({}, 0.3),
    "training.validation_samples": ({}, 30),
    "training.checked_samples": ({}, 5),
    "training.learned_samples": ({}, 50),
    "training.window_steps": ({}, 12),
    "training.rest_before_s": ({"noise": ["drift:0.3"]}, 1e6),
    "training.rest_after_s": ({"noise": ["drift:0.3"]}, 1e12),
    "in_the_loop.batch": (IN_THE_LOOP, 5),
    "in_the_loop.steepness": (IN_THE_LOOP, 5.0),
    "in_the_loop.surrogate": (IN_THE_LOOP, "spike-time"),
    "in_the_loop.bound": (IN_THE_LOOP | {"in_the_loop.surrogate": "spike-time"}, "unsaturated"),
    "in_the_loop.thresholds": (IN_THE_LOOP, "nominal"),
    "in_the_loop.biases": (IN_THE_LOOP, False),
    "in_the_loop.loss.scale": (IN_THE_LOOP, 3.0),
    "in_the_loop.loss.activity_penalty": (IN_THE_LOOP, 0.5),
    "in_the_loop.loss.weight_penalty": (IN_THE_LOOP, 5.0),
    "in_the_loop.converter.bits": (IN_THE_LOOP, 4),
    "in_the_loop.converter.low_th": (IN_THE_LOOP, 0.5),
    "in_the_loop.converter.high_th": (IN_THE_LOOP, 2.0),
    "in_the_loop.converter.readout_low_th": (IN_THE_LOOP | {"neuron.readout": "integrating"}, 0.5),
    "in_the_loop.converter.readout_high_th": (IN_THE_LOOP | {"neuron.readout": "integrating"}, 6.5),
    "conversion.balancing": (CONVERTED, "current"),
    "conversion.bias_correction": (CONVERTED, True),
    "conversion.initial_membrane_th": ({}, 0.5),
    "conversion.samples": (CONVERTED | {"conversion.bias_correction": True}, 20),
    "offline.batch": ({"training.method": "offline-ltl"}, 8),
    "offline.boxcar_width_th": ({"training.method": "offline-ltl"}, 1.5),
    "through_time.surrogate": (THROUGH_TIME, "boxcar"),
    "through_time.surrogate_height": (THROUGH_TIME, 0.75),
    "through_time.surrogate_steepness": (THROUGH_TIME, 2.5),
    "through_time.teacher_start": (TAUGHT, "random"),
    "through_time.teacher_epochs": ({"teacher.method": "through-time"}, 4),
    "through_time.teacher_learning_rate": (TAUGHT, 0.0625),
    "through_time.batch": (THROUGH_TIME, 16),
    "through_time.learn_leak": (THROUGH_TIME, False),
    "through_time.learn_threshold": (THROUGH_TIME, False),
    "through_time.leak_rate": (THROUGH_TIME, 0.125),
    "through_time.threshold_rate": (THROUGH_TIME, 0.25),
    "through_time.start_leak": (THROUGH_TIME, 0.5),
    "through_time.scale": (THROUGH_TIME, 4.5),
    "through_time.activity_penalty": (THROUGH_TIME, 0.125),
    "stdp.max_rate": (STDP, 0.9),
    "stdp.label_by": (STDP, "proportion"),
    "stdp.label_samples": (STDP, 60),
    "stdp.adapt_samples": (STDP, 40),
    "stdp.prune.below": (STDP, 0.3),
    "stdp.prune.every": (STDP, 30),
    "stdp.prune.after": (STDP, 90),
    "stdp.round.levels": (STDP, 2),
    "stdp.round.every": (STDP, 30),
    "stdp.round.after": (STDP, 90),
}
# 2 x 2 images, since what is no square cannot be turned.
NEEDS_IMAGES = {
    "in_the_loop.rotation_deg": (IN_THE_LOOP, 30.0),
    "teacher.shift_px": ({}, 1),
    "training.shift_px": ({}, 1),
    "training.flip": ({}, True),
}
FOR_SPEED_OR_PLACE = {"data_dir": "elsewhere", "training.chunk": 7}
# Which errors such a circuit can have, and where its adders stand.
OF_THE_LAYOUT = {"learning_circuit.comparison": "digital", "learning_circuit.update_unit": "flops"}


def results(folder, arrays=None, **changes):
    """Everything that a run learned, as bytes, and its summary but for time and the frames that it came in."""
    data = write_npz(folder / "small.npz", **(arrays or small_arrays()))
    spec = resolve(None, SMALL | {"dataset": str(data)} | changes)
    outcome = run(spec)
    arrays = outcome.progress.arrays() | {"ideal": outcome.ideal.rates[-1], "before": outcome.before.rates[-1]}
    summary = {
        name: value
        for name, value in outcome.summary.items()
        if name not in ("samples_per_s", "link", "spec_hash", "seed", "die_seed", "network", "noise")
    }
    return {name: np.ascontiguousarray(array).tobytes() for name, array in arrays.items()}, summary


def test_every_setting_is_looked_at():
    of_no_bit = set(FOR_SPEED_OR_PLACE) | set(OF_THE_LAYOUT)
    assert set(CHANGES) | set(NEEDS_IMAGES) | of_no_bit | {"dataset"} == set(leaves()) == set(OTHER)


@pytest.mark.parametrize("name", CHANGES)
def test_a_setting_changes_the_run(name, tmp_path):
    needs, value = CHANGES[name]
    assert results(tmp_path, **needs) != results(tmp_path, **(needs | {name: value}))


@pytest.mark.parametrize("name", NEEDS_IMAGES)
def test_a_setting_for_images_changes_the_run(name, tmp_path):
    needs, value = NEEDS_IMAGES[name]
    arrays = small_arrays(n_in=4)
    images = arrays | {part: arrays[part].reshape(-1, 2, 2) for part in ("x_train", "x_test")}
    assert results(tmp_path, images, **needs) != results(tmp_path, images, **needs, **{name: value})


@pytest.mark.parametrize("name", FOR_SPEED_OR_PLACE)
def test_a_setting_for_speed_or_place_changes_no_bit(name, tmp_path):
    assert results(tmp_path) == results(tmp_path, **{name: FOR_SPEED_OR_PLACE[name]})


@pytest.mark.parametrize("name", OF_THE_LAYOUT)
def test_a_setting_of_the_layout_changes_no_bit(name, tmp_path):
    (plain, summary), (other, told) = (
        results(tmp_path, **INTEGERS, **each) for each in ({}, {name: OF_THE_LAYOUT[name]})
    )
    assert plain == other
    assert summary.pop("identity") != told.pop("identity") and summary == told
