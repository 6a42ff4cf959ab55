"""What a chip costs: energies and areas, of whole circuits or of the cells that they are made of."""

from __future__ import annotations

from pydantic import model_validator

from chipsim.physical.table import LowHigh, NotNegative, Table, contradiction


class Energy(Table):
    """What things cost, each as [low, high]."""

    synaptic_event_pj: LowHigh  # a spike meeting a synapse
    spike_pj: LowHigh  # a neuron firing
    weight_write_pj: LowHigh | None = None  # an update pulse on a synapse
    neuron_step_pj: LowHigh  # a neuron, per step, whatever happens
    learning_step_pj: LowHigh | None = None  # its learning circuit, per step while learning
    link_byte_pj: LowHigh
    static_power_mw: LowHigh  # the whole chip
    # Of standard cells, from which steps and writes follow by the widths of registers, see `chipsim.cost.digital`.
    flip_flop_pj: LowHigh | None = None  # a bit of a register, each time it is clocked
    gate_pj: LowHigh | None = None  # a NAND of two inputs, each time its block is used; not every gate switches then
    sram_bit_pj: LowHigh | None = None  # read or written
    younger = ("flip_flop_pj", "gate_pj", "sram_bit_pj")

    @model_validator(mode="after")
    def _is_said_once(self) -> Energy:
        of_step = [name for name in ("flip_flop_pj", "gate_pj") if getattr(self, name) is not None]
        if len(of_step) == 1:
            raise contradiction(of_step[0], "flip_flop_pj and gate_pj go together: give both, or learning_step_pj")
        _check_once(self, "learning_step_pj", "flip_flop_pj", "flip_flop_pj and gate_pj")
        _check_once(self, "weight_write_pj", "sram_bit_pj", "sram_bit_pj")
        if self.sram_bit_pj is not None and not of_step:
            raise contradiction("sram_bit_pj", "sram_bit_pj needs flip_flop_pj and gate_pj, which a write takes, too")
        return self


class Area(Table):
    """Silicon area.

    Of digital parts either as one figure, learning_circuit_um2, whatever the widths of registers, with synapses that
    hold their registers; or as that of standard cells, from which it follows, see `chipsim.cost.digital`. synapse_um2
    and neuron_um2 are then what is analog.
    """

    synapse_um2: NotNegative  # one signed synapse; with learning_circuit_um2, its registers included
    neuron_um2: NotNegative
    learning_circuit_um2: NotNegative | None = None  # per neuron
    flip_flop_um2: NotNegative | None = None  # a bit of a register, with its enable and reset
    gate_um2: NotNegative | None = None  # a NAND of two inputs
    sram_bit_um2: NotNegative | None = None  # with its share of decoders and amplifiers
    comparator_um2: NotNegative | None = None  # one of the two of a boxcar
    younger = ("flip_flop_um2", "gate_um2", "sram_bit_um2", "comparator_um2")

    @model_validator(mode="after")
    def _is_said_once(self) -> Area:
        cells = ("flip_flop_um2", "gate_um2", "sram_bit_um2", "comparator_um2")
        given = [name for name in cells if getattr(self, name) is not None]
        if 0 < len(given) < len(cells):
            [missing, *_] = [name for name in cells if name not in given]
            raise contradiction(given[0], f"{missing} is missing: areas of cells are {', '.join(cells)}")
        _check_once(self, "learning_circuit_um2", given[0] if given else cells[0], ", ".join(cells))
        return self

    @property
    def of_cells(self) -> bool:
        """Whether areas follow from the widths of registers."""
        return self.learning_circuit_um2 is None


def _check_once(table: Table, whole: str, part: str, parts: str) -> None:
    """Raises unless either one figure for all, or those of its parts are there."""
    has_whole, has_parts = getattr(table, whole) is not None, getattr(table, part) is not None
    if has_whole and has_parts:
        raise contradiction(part, f"{whole} and {part} say the same thing twice: keep {whole}, or {parts}")
    if not has_whole and not has_parts:
        raise contradiction(whole, f"{whole} is missing: give it, or {parts}")
