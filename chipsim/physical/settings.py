"""What a run of the model takes from a chip: its settings and its noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chipsim.design import TARGET_BITS, Dac
from chipsim.physical.derive import (
    boxcar_width_th,
    charge_window,
    derive,
    full_scale_th,
    high_rail_th,
    layer_tau_steps,
    layer_threshold_th,
    leak_dac_per_step,
    learning_rate,
    low_rail_th,
    reset_window,
    signed_bits,
    swing_v,
    synapse_tau_steps,
    tau_steps,
    thermal_sigma_th_of,
    threshold_dac_th,
    threshold_sigma,
)
from chipsim.physical.spec import PhysicalSpec

MOST_BITS = 15  # that the effect `quantization` stores; finer weights are as good as analog


def settings_of(spec: PhysicalSpec) -> dict[str, Any]:
    """Settings of a run by dotted name; what the chip leaves to the host is left out. Raises ChipError."""
    derive(spec)  # refuses what comes out beyond reason
    neuron, circuit, tau = spec.neuron, spec.learning_circuit, tau_steps(spec)
    settings: dict[str, Any] = {
        "neuron.kind": "if" if tau is None else "lif",
        "neuron.tau_steps": _as_list(layer_tau_steps(spec)) or tau,
        "neuron.synapse_tau_steps": synapse_tau_steps(spec),
        "neuron.reset": neuron.reset,
        "neuron.low_rail_th": low_rail_th(spec),
        "neuron.high_rail_th": high_rail_th(spec),
        "neuron.readout": neuron.readout,
        "neuron.threshold_th": _as_list(layer_threshold_th(spec)),
        "neuron.charge_window": _as_list(charge_window(spec) if tau is not None else None),
        "neuron.reset_window": _as_list(reset_window(spec) if tau is not None else None),
        **_dac("neuron.leak_dac", "per_step", leak_dac_per_step(spec)),
        **_dac("neuron.threshold_dac", "th", threshold_dac_th(spec)),
        "synapse.full_scale_th": full_scale_th(spec),
        "synapse.bias_full_scale_th": full_scale_th(spec) if spec.array.bias == "row" else None,
        "learning_circuit.accumulator_bits": circuit.accumulator_bits,
        "learning_circuit.error_gate": circuit.error_gate,
        "learning_circuit.dead_zone_counts": circuit.dead_zone_counts,
        "learning_circuit.boxcar_width_th": boxcar_width_th(spec),
        "learning_circuit.update_accumulator_bits": circuit.update_accumulator_bits,
        "learning_circuit.warm_up_steps": circuit.warm_up_steps,
        **{f"learning_circuit.{name}": value for name, value in circuit.digital.items()},
        "training.learning_rate": learning_rate(spec),
        "steps": spec.timing.steps_per_window,
        "target_bits": simulated_target_bits(spec),
        "noise": noise_of(spec),
    }
    return {name: value for name, value in settings.items() if value is not None}


def _as_list(values: Sequence[float] | None) -> list[float] | None:
    """As JSON and TOML hold it."""
    return None if values is None else list(values)


def _dac(name: str, unit: str, dac: Dac | None) -> dict[str, Any]:
    """A converter's settings."""
    names = ("bits", f"low_{unit}", f"high_{unit}")
    return {} if dac is None else {f"{name}.{what}": value for what, value in zip(names, dac, strict=True)}


def simulated_target_bits(spec: PhysicalSpec) -> int:
    """Bits of a target rate's word, as far as the model knows such words."""
    low, high = TARGET_BITS
    return min(max(spec.link.bits_per_target, low), high)


def noise_of(spec: PhysicalSpec) -> list[str]:
    """The imperfections that follow from the chip's figures, as ``--noise`` takes them; those of size 0 left out.

    What is relative to a threshold or a leak differs where layers differ in these.
    """
    thresholds: Sequence[float] = layer_threshold_th(spec) or (1.0,)
    taus: Sequence[float | None] = layer_tau_steps(spec) or (tau_steps(spec),)
    sigmas: dict[str, list[float]] = {
        "mismatch:{:.6g}@weight": [spec.synapse.weight_sigma_relative],
        "mismatch:{:.6g}@threshold": [threshold_sigma(spec) / threshold for threshold in thresholds],
        "mismatch:{:.6g}@leak": [spec.neuron.time_constant_sigma_relative if tau_steps(spec) is not None else 0.0],
        "boxcar:{:.6g}": [threshold_sigma(spec)],
        "comparator:{:.6g}": [spec.learning_circuit.comparator_offset_counts],
        "thermal:{:.6g}": [thermal_sigma_th_of(spec, tau) for tau in taus],
    }
    noise = [
        text.format(sigma) + (f",layer={layer}" if len(levels) > 1 else "")
        for text, levels in sigmas.items()
        for layer, sigma in enumerate(levels, start=1)
        if sigma > 0
    ]
    if tau_steps(spec) is None and spec.process.temperature_k > 0:  # one sample, which nothing makes it forget
        farads, kelvin = spec.neuron.membrane_capacitance_ff, spec.process.temperature_k
        noise.append(f"ktc:{farads:.6g},temperature={kelvin:.6g},threshold={swing_v(spec):.6g}")
    if spec.synapse.conductance_max_us is not None:
        on_resistance_ohm = 1e6 / spec.synapse.conductance_max_us
        wires = {"row": spec.array.row_wire_resistance_ohm, "column": spec.array.column_wire_resistance_ohm}
        noise += [f"ir:{ohm:.6g}@{site},on={on_resistance_ohm:.6g}" for site, ohm in wires.items() if ohm > 0]
    bits = signed_bits(spec)
    return noise if bits is None or bits > MOST_BITS else [*noise, f"quantization:{bits}"]
