"""What digital parts of a learning circuit are made of: flip-flops, gates and memory, from the widths of registers.

Counts are fitted to parametrised SystemVerilog columns, synthesised by yosys and abc for the open 180 nm cells osu018,
where a NAND of two inputs takes 24 um2 and a flip-flop with enable and reset about 195 um2: each block by the bits that
it is proportional to. They are cells without the wiring between them: a layout is larger, by a factor of 1 / 0.8 to
1 / 0.7. `tests/chipsim/cost/test_digital.py` holds them against the areas that were measured, to within a quarter: two
ways to write a multiplier differ by as much.

Not counted is what the neurons of a core share: the bus of targets, the registers of step words, and the sequencer that
walks the rows (of 64 rows about 40,000 um2 at 180 nm). Circuits of other rules than local tandem learning are counted
as if they were its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from chipsim.design import ChipSpec
from chipsim.physical import PhysicalSpec, signed_bits
from learning_circuit import ErrorGate

# Gates, as NANDs of two inputs, for each bit.
_COUNTER = 21.0  # of the spike counter: it counts and saturates; its target is added, compared, and clears a dead zone
_TARGET_FRACTION = 17.0  # of a target word, after the point: added and compared
_STEP_WORD = 7.8  # its sign changed, rounded with dither, and limited
_ERROR = 10.4  # of a linear gate, shifted by a power of two
_PRODUCT = 10.5  # for each bit of the error times each of the step word: an adder and what signs take
_LFSR_STEP = 2.1  # for each bit of dither: three exclusive ors are shared
_CARRY = 6.25  # of the longer one of increment and residue: added, and a carry truncated toward zero
_CODE = 10.8  # of a stored code: counted up and down, and saturating
_UPDATE_UNIT = 20.0  # whatever its widths


class Widths(NamedTuple):
    """Bits of a layer's registers, signs included."""

    counter: int
    target_fraction: int  # of a target rate, after the point
    error_gate: ErrorGate
    multiplies: bool  # whether a linear gate's error meets a step word that is no power of two
    step_word: int
    dither: int
    lfsr: int
    increment: int
    code: int  # 0: analog, or held by the device itself
    residue: int  # of an update accumulator; 0: none
    unit_per_synapse: bool  # registers with an update unit each, or memory with one unit per column
    error: int  # of target less spike count


@dataclass(frozen=True)
class Cells:
    """What a block is made of. Gates are NANDs of two inputs, or what takes as much."""

    flip_flops: float = 0.0
    gates: float = 0.0
    sram_bits: float = 0.0

    def __add__(self, other: Cells) -> Cells:
        return Cells(self.flip_flops + other.flip_flops, self.gates + other.gates, self.sram_bits + other.sram_bits)

    def um2(self, physical: PhysicalSpec) -> float:
        """By the cells of a chip whose areas follow from widths."""
        area = physical.area
        assert area.flip_flop_um2 is not None and area.gate_um2 is not None and area.sram_bit_um2 is not None
        return self.flip_flops * area.flip_flop_um2 + self.gates * area.gate_um2 + self.sram_bits * area.sram_bit_um2


def widths_of(spec: ChipSpec, physical: PhysicalSpec, layer: int) -> Widths:
    """layer: from 0."""
    circuit, synapse = spec.learning_circuit, physical.synapse
    code = _code_bits(spec, physical, layer)
    stored = 0 if synapse.conductance_levels is not None else code
    shifts = circuit.rate_format == "power_of_two" and circuit.error_scale != "per_step"
    return Widths(
        counter=circuit.accumulator_bits,
        target_fraction=spec.target_bits - 1,
        error_gate=circuit.error_gate,
        multiplies=circuit.error_gate == "linear" and not shifts,
        step_word=circuit.step_word_bits,
        dither=circuit.dither_bits,
        lfsr=circuit.lfsr_bits if circuit.dither_bits else 0,
        increment=circuit.increment_bits,
        code=stored,
        residue=circuit.update_accumulator_bits + 1 if code and circuit.update_accumulator_bits else 0,
        unit_per_synapse=circuit.update_unit == "flops",
        error=circuit.accumulator_bits + spec.target_bits,
    )


def _code_bits(spec: ChipSpec, physical: PhysicalSpec, layer: int) -> int:
    """Of a layer's weights, or what the chip has for them where they are simulated as analog; 0: it has none."""
    return spec.weight_bits_of(layer + 1) or signed_bits(physical) or 0


def learning_circuit(widths: Widths) -> Cells:
    """Of one neuron: counters, error gate, and the increment of its column. Without dither and comparators."""
    a, f, k = widths.counter, widths.target_fraction, max(widths.step_word, widths.dither)
    gates = _COUNTER * a + _TARGET_FRACTION * f + _STEP_WORD * k
    if widths.error_gate == "linear":
        gates += _ERROR * widths.error
    if widths.multiplies:
        gates += _PRODUCT * widths.error * widths.step_word
    return Cells(flip_flops=2 * a + f + widths.increment, gates=gates)


def dither_source(widths: Widths) -> Cells:
    """A shift register with feedback per neuron, which yields all bits of a dither in one step.

    Dither that is drawn from a counter, as arithmetic in floating point has it, is counted as such a register, too.
    """
    return Cells(flip_flops=widths.lfsr, gates=3 * _LFSR_STEP * min(widths.dither, widths.lfsr))


def update_unit(widths: Widths) -> Cells:
    """Adds an increment to a residue, and what carries over to a code."""
    if not widths.residue and not widths.code:
        return Cells()
    longer = max(widths.residue, widths.increment + 1)
    return Cells(gates=_CARRY * longer + _CODE * widths.code + _UPDATE_UNIT)


def synapse(widths: Widths) -> Cells:
    """Code and residue of one synapse, in memory or in registers with an update unit of their own."""
    bits = widths.code + widths.residue
    return Cells(flip_flops=bits) + update_unit(widths) if widths.unit_per_synapse else Cells(sram_bits=bits)


def column(widths: Widths) -> Cells:
    """What a neuron has besides its synapses and its learning circuit: the update unit that they share, if they do."""
    return Cells() if widths.unit_per_synapse else update_unit(widths)
