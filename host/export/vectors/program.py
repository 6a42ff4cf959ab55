"""A set of vectors: what is done to an array of columns, and what its ports must show, as words of two files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from host.export.parameters import Circuit, Layer, Parameters
from host.export.vectors.twin import TwinColumn

_RESET, _WRITE, _READ, _STEP, _DUMP, _WAIT, _CASE, _OFFER, _READY, _END = 1, 2, 3, 4, 5, 6, 7, 8, 9, 15
# Registers: regions of the address, and numbers within the first.
GLOBAL, STEP_WORD, TARGET, LFSR, COUNT, TARGET_COUNT, INCREMENT, FLAGS, SYNAPSE = range(9)
ID, HASH, SHAPE, CONTROL, STATUS, WARM_UP, DEAD_ZONE, ROW = range(8)
START, LEARN = 1, 2  # bits of CONTROL
ID_WORD = 0x4C544C31
CLEAR_EVENT, INTEGRATE_EVENT, COMPARE_EVENT = 0xC0000000, 0xC0000001, 0xC0000002

COUNTERS, SHIFT_REGISTERS, SYNAPSES = 1, 2, 4  # what is looked at after a step
EVERYTHING = COUNTERS | SHIFT_REGISTERS | SYNAPSES

_FNV_START, _FNV_PRIME, _WORD = 0x811C9DC5, 0x01000193, 2**32


def fnv1a(words: Iterable[int], start: int = _FNV_START) -> int:
    """Fowler, Noll, Vo 1a over 32-bit words: any single word that is another one changes it."""
    for word in words:
        start = ((start ^ word) * _FNV_PRIME) % _WORD
    return start


def address(region: int, index: int = 0) -> int:
    return region << 12 | index


def in_words(bits: int, width: int) -> list[int]:
    """A wide number as 32-bit words, the lowest first."""
    return [(bits >> low) % _WORD for low in range(0, width, 32)]


@dataclass
class StepInput:
    """What comes to an array in one step; of columns a bit each, column 0 the lowest."""

    rows: Sequence[int]  # active ones, ascending, the bias not named
    spikes: int
    above_low: int
    below_high: int


@dataclass
class VectorProgram:
    """Words of stimulus and of what is expected, as they grow; beside them the array in integers."""

    parameters: Parameters
    layer: Layer  # the array's: its columns are those that the bench has
    stimulus: list[int] = field(default_factory=list)
    expected: list[int] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    steps: int = 0  # played so far
    windows: int = 0

    def __post_init__(self) -> None:
        self._start_anew()

    def _start_anew(self) -> None:
        circuit = self.parameters.circuit
        self.columns = [TwinColumn(circuit, self.layer, number) for number in range(self.layer.columns)]
        self.step_words = [0] * circuit.step_words
        self.warm_up, self.dead_zone = circuit.warm_up, circuit.dead_zone
        self.learns = self.in_window = False
        self.step_number = self.row = 0
        self._signature = _FNV_START

    def case(self, name: str) -> None:
        """Begin a case, which the bench tells by its number."""
        self.cases.append(name)
        self._ask(_CASE, len(self.cases) - 1)

    def reset(self, clocks: int = 2) -> None:
        """Reset, and wait until memories are blank."""
        self._start_anew()
        self._ask(_RESET, clocks)
        self._ask(_WAIT, blank_clocks(self.parameters.circuit, self.layer.rows))

    def end(self) -> None:
        self._ask(_END)

    def write(self, region: int, index: int, data: int) -> None:
        """Through the register port. data: its low 32 bits."""
        word = data % _WORD
        self._ask(_WRITE, address(region, index))
        self.stimulus.append(word)
        circuit = self.parameters.circuit
        if region == GLOBAL:
            self._write_global(index, word)
        elif region == STEP_WORD:
            if index < len(self.step_words):
                self.step_words[index] = word % 2**circuit.step_word_bits
        elif index < len(self.columns):
            self._write_column(self.columns[index], region, word)

    def _write_global(self, index: int, word: int) -> None:
        circuit = self.parameters.circuit
        if index == CONTROL:
            self.learns = bool(word & LEARN)
            if word & START:
                self._begin_window()
        elif index == WARM_UP:
            self.warm_up = word % 2 ** circuit.steps.bit_length()
        elif index == DEAD_ZONE:
            self.dead_zone = word % 2**circuit.count_bits
        elif index == ROW and word <= self.layer.rows:
            self.row = word

    def _write_column(self, column: TwinColumn, region: int, word: int) -> None:
        circuit = self.parameters.circuit
        if region == TARGET:
            column.target = word % 2 ** (circuit.fraction_bits + 1)
        elif region == LFSR and circuit.dither_bits:
            column.lfsr = word % 2**circuit.lfsr_bits or 1
        elif region == COUNT:
            column.count = word % 2**circuit.accumulator_bits
        elif region == TARGET_COUNT:
            column.target_count = word % 2**circuit.count_bits
        elif region == FLAGS:
            column.increment_saturated = column.code_saturated = False
        elif region == SYNAPSE:
            column.codes[self.row] = _signed(word, self.layer.code_bits)
            column.residues[self.row] = _signed(word >> 16, circuit.update_bits + 1)

    def load(self, row: int, synapses: Sequence[tuple[int, int]]) -> None:
        """Codes and residues of a row, column by column."""
        self.write(GLOBAL, ROW, row)
        for index, (code, residue) in enumerate(synapses):
            self.write(SYNAPSE, index, (residue % 2**16) << 16 | code % 2**16)

    def window(self, *, learn: bool) -> None:
        """Start one, with what registers hold."""
        self.write(GLOBAL, CONTROL, START | (LEARN if learn else 0))
        self._ask(_WAIT, 1)

    def _begin_window(self) -> None:
        self.windows += 1
        self.in_window, self.step_number = True, 0
        self._signature = fnv1a([CLEAR_EVENT], self._signature)
        for column in self.columns:
            column.clear()

    def read(self, region: int, index: int = 0, n: int = 1) -> None:
        """Registers that follow each other must be as they are here."""
        self._ask(_READ, n << 16 | address(region, index))
        self.expected += [self.register(region, index + k) for k in range(n)]

    def dump(self) -> None:
        """All synapses must be as they are here."""
        self._ask(_DUMP)
        for row in range(self.layer.rows + 1):
            self._expect_row(row)

    def ready(self, ready: bool) -> None:
        """`step_ready` must be so."""
        self._ask(_READY, int(ready))

    def offer(self, what: StepInput, clocks: int) -> None:
        """Offer a step for a clock, and go on that many clocks later; outside a window it is ignored."""
        if self.in_window:
            self._play(what)
        self._ask(_OFFER, clocks)
        self._tell(what)

    def meanwhile(self, region: int, index: int, data: int) -> None:
        """Write while the array is busy, which it ignores."""
        self._ask(_WRITE, address(region, index))
        self.stimulus.append(data % _WORD)

    def status_meanwhile(self) -> None:
        """STATUS, while the array is busy."""
        self._ask(_READ, 1 << 16 | address(GLOBAL, STATUS))
        step_ends = self.step_number << 16 | 1
        self.expected.append(step_ends | 2)  # a window goes on until its last step has ended

    def wait(self) -> None:
        self._ask(_WAIT)

    def step(self, what: StepInput, looks: int = EVERYTHING) -> None:
        """One step, and what is looked at after it."""
        columns, circuit = self.layer.columns, self.parameters.circuit
        active = self._play(what)
        any_open = any(column.open for column in self.columns)
        if not any_open:
            looks &= ~SYNAPSES
        self._ask(_STEP, looks)
        self._tell(what)
        self.expected += [step_clocks(circuit.sram, len(active), any_open), self._signature]
        self.expected += in_words(sum(column.fired << n for n, column in enumerate(self.columns)), columns)
        for number in range(columns):
            if looks & COUNTERS:
                self.expected += [self.register(region, number) for region in (COUNT, TARGET_COUNT, INCREMENT)]
            if looks & SHIFT_REGISTERS:
                self.expected.append(self.register(LFSR, number))
        if looks & SYNAPSES:
            for row in active:
                self._expect_row(row)

    def _tell(self, what: StepInput) -> None:
        self.stimulus += in_words(sum(1 << row for row in what.rows), self.layer.rows)
        for bits in (what.spikes, what.above_low, what.below_high):
            self.stimulus += in_words(bits, self.layer.columns)

    def _play(self, what: StepInput) -> list[int]:
        """In integers. Active rows, the bias included."""
        circuit = self.parameters.circuit
        active = [*what.rows, self.layer.rows]
        self.steps += 1
        self.step_number += 1
        self._deliver(active)
        for number, column in enumerate(self.columns):
            column.step(
                rows=active,
                spike=bool(what.spikes >> number & 1),
                above_low=bool(what.above_low >> number & 1),
                below_high=bool(what.below_high >> number & 1),
                step_word=self.step_words[self.step_number - 1 if circuit.step_words > 1 else 0],
                dead_zone=self.dead_zone,
                learns=self.learns,
                warm=self.step_number > self.warm_up,
            )
        self.in_window = self.step_number < circuit.steps
        return active

    def _deliver(self, active: Sequence[int]) -> None:
        """Weights go out row by row, or all at once, before any is written."""
        bits = self.layer.code_bits
        sram = self.parameters.circuit.sram
        words = []
        for row in active if sram else active[:1]:
            shown = [code for column in self.columns for code in ([column.codes[row]] if sram else column.codes)]
            packed = sum(code % 2**bits << place * bits for place, code in enumerate(shown))
            words += [row, *in_words(packed, len(shown) * bits)]
        self._signature = fnv1a([*words, INTEGRATE_EVENT, COMPARE_EVENT], self._signature)

    def _expect_row(self, row: int) -> None:
        self.row = row  # the bench chooses it on its way
        self.expected += [self.register(SYNAPSE, number) for number in range(len(self.columns))]

    def register(self, region: int, index: int = 0) -> int:
        """What the register port shows."""
        if region == GLOBAL:
            return self._global(index)
        if region == STEP_WORD:
            return self.step_words[index] if index < len(self.step_words) else 0
        if index >= len(self.columns):
            return 0
        column = self.columns[index]
        bits = column.open << 3 | column.fired << 2 | column.above_low << 1 | column.below_high
        found = {
            TARGET: column.target,
            LFSR: column.lfsr,
            COUNT: column.count,
            TARGET_COUNT: column.target_count,
            INCREMENT: bits << 28 | column.increment % 2**24,
            FLAGS: column.code_saturated << 1 | column.increment_saturated,
            SYNAPSE: (column.residues[self.row] % 2**16) << 16 | column.codes[self.row] % 2**16,
        }
        return int(found.get(region, 0))

    def _global(self, index: int) -> int:
        found = {
            ID: ID_WORD,
            HASH: self.parameters.hash_word,
            SHAPE: self.layer.columns << 16 | self.layer.rows,
            CONTROL: LEARN if self.learns else 0,
            STATUS: self.step_number << 16 | self.in_window << 1,
            WARM_UP: self.warm_up,
            DEAD_ZONE: self.dead_zone,
            ROW: self.row,
        }
        return int(found.get(index, 0))

    def _ask(self, operation: int, argument: int = 0) -> None:
        self.stimulus.append(operation << 28 | argument)


def blank_clocks(circuit: Circuit, rows: int) -> int:
    """Clocks after a reset in which memories are written with zeros."""
    return max(rows + 1 if circuit.sram else 1, circuit.step_words)


def step_clocks(sram: bool, rows: int, any_open: bool) -> int:
    """Clocks for which a step keeps an array busy. rows: active ones, the bias included."""
    if not sram:
        return 7
    return rows + 5 + (2 * rows if any_open else 1)


def _signed(word: int, bits: int) -> int:
    low = word % (1 << bits)
    return low - (1 << bits) if low >> (bits - 1) else low
