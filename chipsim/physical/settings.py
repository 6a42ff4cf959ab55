"""What a run of the model takes from a chip: its settings, its noise, and what the model leaves out."""

from __future__ import annotations

from typing import Any

from chipsim.design import TARGET_BITS
from chipsim.physical.derive import (
    boxcar_shift_th,
    boxcar_width_th,
    derive,
    full_scale_th,
    high_rail_th,
    learning_rate,
    low_rail_th,
    signed_bits,
    synapse_tau_steps,
    tau_steps,
    thermal_sigma_th,
    threshold_sigma,
    top_code,
)
from chipsim.physical.spec import PhysicalSpec

MOST_BITS = 15  # that the effect `quantization` stores; finer weights are as good as analog


def settings_of(spec: PhysicalSpec) -> dict[str, Any]:
    """Settings of a run by dotted name; what the chip leaves to the host is left out. Raises ChipError."""
    derive(spec)  # refuses what comes out beyond reason
    neuron, circuit, tau = spec.neuron, spec.learning_circuit, tau_steps(spec)
    settings: dict[str, Any] = {
        "neuron.kind": "if" if tau is None else "lif",
        "neuron.tau_steps": tau,
        "neuron.synapse_tau_steps": synapse_tau_steps(spec),
        "neuron.reset": neuron.reset,
        "neuron.low_rail_th": low_rail_th(spec),
        "neuron.high_rail_th": high_rail_th(spec),
        "neuron.readout": neuron.readout,
        "synapse.full_scale_th": full_scale_th(spec),
        "synapse.bias_full_scale_th": full_scale_th(spec) if spec.array.bias == "row" else None,
        "learning_circuit.accumulator_bits": circuit.accumulator_bits,
        "learning_circuit.error_gate": circuit.error_gate,
        "learning_circuit.dead_zone_counts": circuit.dead_zone_counts,
        "learning_circuit.boxcar_width_th": boxcar_width_th(spec),
        "learning_circuit.update_accumulator_bits": circuit.update_accumulator_bits,
        "learning_circuit.warm_up_steps": circuit.warm_up_steps,
        "training.learning_rate": learning_rate(spec),
        "steps": spec.timing.steps_per_window,
        "target_bits": _simulated_target_bits(spec),
        "noise": noise_of(spec),
    }
    return {name: value for name, value in settings.items() if value is not None}


def _simulated_target_bits(spec: PhysicalSpec) -> int:
    """Bits of a target rate's word, as far as the model knows such words."""
    low, high = TARGET_BITS
    return min(max(spec.link.bits_per_target, low), high)


def noise_of(spec: PhysicalSpec) -> list[str]:
    """The imperfections that follow from the chip's figures, as ``--noise`` takes them; those of size 0 left out."""
    sigmas = {
        "mismatch:{:.6g}@weight": spec.synapse.weight_sigma_relative,
        "mismatch:{:.6g}@threshold": threshold_sigma(spec),
        "mismatch:{:.6g}@leak": spec.neuron.time_constant_sigma_relative if tau_steps(spec) is not None else 0.0,
        "boxcar:{:.6g}": threshold_sigma(spec),
        "comparator:{:.6g}": spec.learning_circuit.comparator_offset_counts,
        "thermal:{:.6g}": thermal_sigma_th(spec),
    }
    noise = [text.format(sigma) for text, sigma in sigmas.items() if sigma > 0]
    if spec.synapse.conductance_max_us is not None:
        on_resistance_ohm = 1e6 / spec.synapse.conductance_max_us
        wires = {"row": spec.array.row_wire_resistance_ohm, "column": spec.array.column_wire_resistance_ohm}
        noise += [f"ir:{ohm:.6g}@{site},on={on_resistance_ohm:.6g}" for site, ohm in wires.items() if ohm > 0]
    bits = signed_bits(spec)
    return noise if bits is None or bits > MOST_BITS else [*noise, f"quantization:{bits}"]


def not_modelled(spec: PhysicalSpec) -> list[str]:
    """What this chip has and a run leaves out, one sentence each: nothing is dropped silently."""
    array = spec.array
    bits, top = signed_bits(spec), top_code(spec)
    sentences = []
    if bits is not None and bits > MOST_BITS:
        sentences.append(f"weights of {bits} bits, sign included: above {MOST_BITS} bits they are analog and unbounded")
    elif bits is not None:
        used = 2 ** (bits - 1) - 1
        if used != top:
            sentences.append(f"{top} levels of either sign: {used}, of {bits} bits, share the same full scale")
        if spec.array.bias == "neuron":
            sentences.append("what a bias of the neuron's own can deliver: its full scale fits each layer best")
    if abs(boxcar_shift_th(spec)) > 1e-9:
        sentences.append(
            f"the boxcar's middle, {boxcar_shift_th(spec):+.4g} th from the threshold: the simulated one is centred"
        )
    wired = array.row_wire_resistance_ohm > 0 or array.column_wire_resistance_ohm > 0
    if wired and spec.synapse.conductance_max_us is None:
        sentences.append("wire resistance: without a conductance range no voltage is lost along rows and columns")
    sent, simulated = spec.link.bits_per_target, _simulated_target_bits(spec)
    if sent != simulated:
        sentences.append(f"target rates in words of {sent} bits: {simulated} bits are simulated")
    sentences.append(
        "the fixed size of an update pulse: it is the learning rate at the first sample, and falls linearly to zero"
    )
    return sentences
