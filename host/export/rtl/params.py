"""The parameters as SystemVerilog macros."""

from __future__ import annotations

from host.export.parameters import GATES, Parameters


def params_svh(parameters: Parameters) -> str:
    """params.svh: everything that the layers of a chip share."""
    circuit = parameters.circuit
    values = {
        "GATE": GATES.index(circuit.gate),
        "SRAM": int(circuit.sram),
        "STEPS": circuit.steps,
        "WARM_UP": circuit.warm_up,
        "DEAD_ZONE": circuit.dead_zone,
        "ACCUMULATOR_BITS": circuit.accumulator_bits,
        "FRACTION_BITS": circuit.fraction_bits,
        "STEP_WORDS": circuit.step_words,
        "STEP_WORD_BITS": circuit.step_word_bits,
        "STEP_WORD_FRACTION_BITS": circuit.step_word_fraction_bits,
        "DITHER_BITS": circuit.dither_bits,
        "INCREMENT_BITS": circuit.increment_bits,
        "UPDATE_BITS": circuit.update_bits,
        "LFSR_BITS": circuit.lfsr_bits,
        "LFSR_TAPS": f"{circuit.lfsr_bits}'h{circuit.taps:X}",
        "LFSR_SEED": f"32'h{circuit.lfsr_seed:08X}",
        "SPEC_HASH": f"32'h{parameters.hash_word:08X}",
    }
    lines = [f"`define LTL_{name} {value}" for name, value in values.items()]
    head = ["// Widths and constants of the learning circuit.", f"// Spec: {parameters.hash}"]
    return "\n".join([*head, "`ifndef LTL_PARAMS", "`define LTL_PARAMS", *lines, "`endif", ""])
