"""Every setting of a run spec by its dotted name, found in the models themselves."""

from typing import Any

import tomli_w
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from host.settings import RunSpec

# A valid value for each that is not its default.
OTHER: dict[str, Any] = {
    "dataset": "yinyang",
    "data_dir": "elsewhere",
    "scale": "0,2.5",
    "hidden": [5, 4],
    "steps": 22,
    "windows": 3,
    "sequence_answer": "last",
    "target_bits": 7,
    "encoding": "latency",
    "noise": ["mismatch:0.3@threshold", "thermal:0.1,layer=2"],
    "die": 7,
    "seed": 2**32 - 1,
    "chip": "ideal",
    "neuron.kind": "lif",
    "neuron.tau_steps": 3.5,
    "neuron.synapse_tau_steps": 2.5,
    "neuron.reset": "zero",
    "neuron.low_rail_th": -0.25,
    "neuron.high_rail_th": 1.5,
    "neuron.readout": "integrating",
    "neuron.threshold_th": 0.75,
    "neuron.leak_dac.bits": 6,
    "neuron.leak_dac.low_per_step": 0.05,
    "neuron.leak_dac.high_per_step": 0.75,
    "neuron.threshold_dac.bits": 5,
    "neuron.threshold_dac.low_th": 0.25,
    "neuron.threshold_dac.high_th": 1.5,
    "neuron.charge_window": [0.75, 0.25],
    "neuron.reset_window": [1.0, 0.75],
    "synapse.full_scale_th": 0.75,
    "synapse.bias_full_scale_th": 1.25,
    "synapse.weight_bits": 6,
    "learning_circuit.accumulator_bits": 5,
    "learning_circuit.error_gate": "ternary",
    "learning_circuit.dead_zone_counts": 0.5,
    "learning_circuit.boxcar_width_th": 0.75,
    "learning_circuit.warm_up_steps": 3,
    "learning_circuit.trace_tau_steps": 4.5,
    "learning_circuit.update_accumulator_bits": 0,
    "learning_circuit.pulse_steps": [[1.5, 1.0, 0.5], [0.25, 1.75]],
    "learning_circuit.arithmetic": "integer",
    "learning_circuit.error_scale": "shift",
    "learning_circuit.error_shift": 3,
    "learning_circuit.rate_format": "power_of_two",
    "learning_circuit.step_word_bits": 12,
    "learning_circuit.step_word_fraction_bits": 0,
    "learning_circuit.dither": "lfsr",
    "learning_circuit.dither_bits": 0,
    "learning_circuit.lfsr_bits": 24,
    "learning_circuit.lfsr_seed": 2**40,
    "learning_circuit.increment_bits": 4,
    "learning_circuit.comparison": "digital",
    "learning_circuit.update_unit": "flops",
    "teacher.epochs": 9,
    "teacher.shift_px": 2,
    "teacher.method": "through-time",
    "teacher.norm": "layer",
    "teacher.norm_percentile": 95.5,
    "training.method": "online-ltl-off-chip",
    "training.start": "random",
    "training.output_target": "label",
    "training.epochs": 3,
    "training.learning_rate": 0.125,
    "training.validation_fraction": 0.25,
    "training.validation_samples": 12,
    "training.checked_samples": 3,
    "training.learned_samples": 40,
    "training.window_steps": 12,
    "training.shift_px": 1,
    "training.flip": True,
    "training.chunk": 17,
    "training.rest_before_s": 1.5,
    "training.rest_after_s": 2.5,
    "in_the_loop.batch": 50,
    "in_the_loop.steepness": 12.5,
    "in_the_loop.surrogate": "spike-time",
    "in_the_loop.bound": "unsaturated",
    "in_the_loop.thresholds": "nominal",
    "in_the_loop.biases": False,
    "in_the_loop.rotation_deg": 7.5,
    "in_the_loop.loss.scale": 3.5,
    "in_the_loop.loss.activity_penalty": 0.25,
    "in_the_loop.loss.weight_penalty": 0.75,
    "in_the_loop.converter.bits": 6,
    "in_the_loop.converter.low_th": -0.5,
    "in_the_loop.converter.high_th": 2.5,
    "in_the_loop.converter.readout_low_th": -1.5,
    "in_the_loop.converter.readout_high_th": 6.5,
    "conversion.balancing": "current",
    "conversion.bias_correction": True,
    "conversion.initial_membrane_th": 0.5,
    "conversion.samples": 64,
    "offline.batch": 8,
    "offline.boxcar_width_th": 1.5,
    "through_time.surrogate": "boxcar",
    "through_time.surrogate_height": 0.75,
    "through_time.surrogate_steepness": 2.5,
    "through_time.teacher_start": "random",
    "through_time.teacher_epochs": 4,
    "through_time.teacher_learning_rate": 0.0625,
    "through_time.batch": 16,
    "through_time.learn_leak": False,
    "through_time.learn_threshold": False,
    "through_time.leak_rate": 0.125,
    "through_time.threshold_rate": 0.25,
    "through_time.start_leak": 0.5,
    "through_time.scale": 4.5,
    "through_time.activity_penalty": 0.125,
    "stdp.max_rate": 0.75,
    "stdp.label_by": "proportion",
    "stdp.label_samples": 500,
    "stdp.adapt_samples": 0,
    "stdp.prune.below": 0.25,
    "stdp.prune.every": 1000,
    "stdp.prune.after": 0,
    "stdp.round.levels": 4,
    "stdp.round.every": 1000,
    "stdp.round.after": 0,
}

# What else has to be set where one is set alone.
NEEDS: dict[str, dict[str, Any]] = {"learning_circuit.arithmetic": {"synapse.weight_bits": 6}}

# Files that are read once and become other settings, and a file that takes the place of others (see test_teacher_file).
FILES = ("learning_circuit.pulse_curve_csv", "teacher.file", "teacher.digest", "teacher.step_s", "teacher.integration")

# What only neurons and learning rules of other packages have (see tests/host/settings/test_parts_of_others.py).
OF_OTHERS = ("neuron.kind_settings", "learning_circuit.rule", "learning_circuit.rule_settings")


def leaves(model: type[BaseModel] = RunSpec, prefix: str = "") -> list[str]:
    """Dotted names of all settings, as they stand in the models."""
    names = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        is_table = isinstance(inner, type) and issubclass(inner, BaseModel)
        names += leaves(inner, f"{prefix}{name}.") if is_table else [prefix + name]
    return [name for name in names if name not in (*FILES, *OF_OTHERS)]


def value_of(spec: BaseModel, name: str) -> Any:
    """A setting by its dotted name, as TOML would hold it; a chip by its own name, which is its preset's."""
    if name == "chip":
        return spec.chip and spec.chip.name
    value: Any = spec
    for part in name.split("."):
        value = getattr(value, part)
    return to_jsonable_python(value)


def as_toml(name: str, value: Any) -> str:
    """`table.key = value` in TOML."""
    *tables, key = name.split(".")
    nested: Any = {key: value}
    for table in reversed(tables):
        nested = {table: nested}
    return tomli_w.dumps(nested)
