"""Small circuits to export, a chip's file that is one, and which tools there are to try them with."""

import shutil
from dataclasses import replace

import pytest

from host.export import Circuit, Layer, Parameters

LINEAR = Circuit(
    gate="linear",
    steps=6,
    warm_up=2,
    dead_zone=8,
    accumulator_bits=5,
    fraction_bits=4,
    update_bits=4,
    increment_bits=7,
    error_scale="per_step",
    error_shift=4,
    power_of_two_rate=False,
    step_word_bits=9,
    step_word_fraction_bits=5,
    dither_bits=4,
    lfsr_bits=16,
    lfsr_seed=1,
    sram=True,
)
TERNARY = replace(LINEAR, gate="ternary", sram=False, update_bits=8, dither_bits=8, increment_bits=4)

# Flags that make a run's chip a circuit.
CIRCUIT_FLAGS = (
    *("--set", "learning_circuit.arithmetic=integer", "--set", "learning_circuit.dither=lfsr"),
    *("--set", "learning_circuit.comparison=digital", "--set", "synapse.weight_bits=6"),
    *("--set", "target_bits=8"),
)


def parameters(circuit=LINEAR, code_bits=4, rows=5, columns=3):
    return Parameters(circuit, (Layer(1, rows, columns, code_bits),))


def needs(*programs):
    """A mark for tests that a program of others is needed for."""
    missing = [name for name in programs if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")
