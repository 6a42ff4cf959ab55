"""Vectors that runs do not bring: ends of every counter, code and word, and what a host may do at odd moments.

Sixteen steps of a run never fill eight bits, so a counter that wraps would pass them; here each end is reached, from
both sides, by setting registers. What is drawn is drawn with a fixed seed, so the same parameters give the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

from host.export.parameters import Layer, Parameters
from host.export.vectors.program import (
    CONTROL,
    COUNT,
    DEAD_ZONE,
    FLAGS,
    GLOBAL,
    ID,
    INCREMENT,
    LEARN,
    LFSR,
    ROW,
    STEP_WORD,
    SYNAPSE,
    TARGET,
    TARGET_COUNT,
    WARM_UP,
    StepInput,
    VectorProgram,
)

ROWS, COLUMNS = 5, 3  # of the array that they are for
_DRAWN_WINDOWS = 6
_ANY_REGISTER = ((SYNAPSE, 1), (GLOBAL, CONTROL), (TARGET, 0), (LFSR, 1), (STEP_WORD, 0), (GLOBAL, ROW), (COUNT, 1))
_LOOKED_AT = 64  # steps of a window, and step words
_SEED = 20221004


def directed(parameters: Parameters, layer: Layer) -> VectorProgram:
    """For an array like that of `layer`, of ROWS rows and COLUMNS columns."""
    return _Directed(parameters, layer).program


class _Directed:
    def __init__(self, parameters: Parameters, layer: Layer) -> None:
        self.circuit = parameters.circuit
        self.layer = replace(layer, rows=ROWS, columns=COLUMNS)
        self.program = VectorProgram(parameters, self.layer)
        self.random = Random(_SEED)
        self.full = 2**self.circuit.accumulator_bits - 1
        self.one = 2**self.circuit.fraction_bits  # a count, as the target accumulator has it
        self.top = 2 ** (layer.code_bits - 1) - 1
        self.residue = 2**self.circuit.update_bits - 1  # the largest
        self.word = (1 << self.circuit.step_word_bits) - 1  # the largest
        self.most = 2 ** (self.circuit.increment_bits - 1) - 1
        self.all = 2**COLUMNS - 1
        for case in (
            self.after_reset,
            self.registers,
            self.single_rows,
            self.gates_shut,
            self.dead_zone_edges,
            self.counters_at_their_ends,
            self.increments_at_their_ends,
            self.codes_at_their_ends,
            self.residues_wrap,
            self.shift_registers,
            self.warm_up,
            self.whole_window,
            self.busy,
            self.reset_in_mid_window,
            self.reset_in_mid_step,
            self.drawn,
        ):
            self.program.case(case.__name__.replace("_", " "))
            case()
        self.program.end()

    def below(self, n: int) -> int:
        """Drawn from 0 .. n - 1."""
        while (drawn := self.random.getrandbits(n.bit_length())) >= n:
            pass
        return drawn

    def between(self, low: int, high: int) -> int:
        return low + self.below(high - low + 1)

    def step(
        self, rows: Iterable[int] = range(ROWS), spikes: int = 0, above: int | None = None, below: int | None = None
    ) -> None:
        """All comparators say yes if nothing else is said. Left out where the window is too short for one more."""
        if self.program.in_window:
            edges = (self.all if each is None else each for each in (above, below))
            self.program.step(StepInput(sorted(rows), spikes, *edges))

    def set(self, region: int, values: Sequence[int]) -> None:
        for index, value in enumerate(values):
            self.program.write(region, index, value)

    def step_words(self, *words: int) -> None:
        """Into all places there are, again and again."""
        for place in range(min(self.circuit.step_words, _LOOKED_AT)):
            self.program.write(STEP_WORD, place, words[place % len(words)])

    def synapses(self, code: int, residue: int) -> None:
        """The same in all rows; columns differ by a sign, so that each of them shows."""
        for row in range(ROWS + 1):
            self.program.load(row, [(code, residue), (-code, -residue), (0, 0)])

    def drawn_synapses(self) -> None:
        for row in range(ROWS + 1):
            self.program.load(
                row,
                [
                    (self.between(-self.top, self.top), self.between(-self.residue, self.residue))
                    for _ in range(COLUMNS)
                ],
            )

    def errors(self, *errors: int, spikes: int = 0) -> None:
        """Set counters so that the next step compares these errors, column by column."""
        for column, error in enumerate(errors):
            spike = spikes >> column & 1
            count = min(self.full - spike, -(-max(0, -error) // self.one))
            target_count = min(self.full * self.one, max(0, error + (count + spike) * self.one))
            self.program.write(TARGET, column, 0)
            self.program.write(COUNT, column, count)
            self.program.write(TARGET_COUNT, column, target_count)

    def begin(self, *, learn: bool = True, warm_up: int = 0, dead_zone: int = 0) -> None:
        self.program.write(GLOBAL, WARM_UP, warm_up)
        self.program.write(GLOBAL, DEAD_ZONE, dead_zone)
        self.program.window(learn=learn)

    def after_reset(self) -> None:
        self.program.reset()
        self.program.ready(False)
        self.program.read(GLOBAL, ID, 10)
        self.all_registers()
        self.program.dump()

    def all_registers(self) -> None:
        """And the places behind them, which read as zero."""
        self.program.read(STEP_WORD, 0, min(self.circuit.step_words, _LOOKED_AT) + 1)
        for region in (TARGET, LFSR, COUNT, TARGET_COUNT, INCREMENT, FLAGS, SYNAPSE):
            self.program.read(region, 0, COLUMNS + 1)
        for region in range(SYNAPSE + 1, 15):
            self.program.read(region, 0, COLUMNS)

    def registers(self) -> None:
        """Every bit both ways; what is not there keeps nothing."""
        ones = 2**32 - 1
        for pattern in (ones, 0x55555555, 0xAAAAAAAA, 0):
            for region in (TARGET, LFSR, COUNT, TARGET_COUNT, FLAGS):
                self.set(region, [pattern ^ (ones if column == 1 else 0) for column in range(COLUMNS + 1)])
            self.step_words(pattern, ~pattern % 2**32, pattern ^ 0x0F0F0F0F)
            self.program.write(STEP_WORD, self.circuit.step_words, 7)
            self.program.write(GLOBAL, WARM_UP, pattern)
            self.program.write(GLOBAL, DEAD_ZONE, pattern)
            self.program.write(GLOBAL, CONTROL, pattern & LEARN)
            for row in (0, ROWS, ROWS + 1, pattern):
                self.program.write(GLOBAL, ROW, row)
                self.program.read(GLOBAL, ID, 10)
            self.all_registers()
        for row in range(ROWS + 1):
            self.program.load(row, [(row + 1, -row), (-row - 1, row), (1, 0), (1, 1)])
        self.program.write(GLOBAL, ROW, 2)
        self.program.dump()

    def single_rows(self) -> None:
        """Each row alone, none, all: only active ones move, and the bias always."""
        self.step_words(self.fine(1))
        self.synapses(1, 0)
        for rows in ([], *([row] for row in range(ROWS)), range(ROWS), [0, ROWS - 1], [1, 3]):
            self.begin()
            self.errors(self.one, -self.one, self.one)
            self.step(rows)
            self.program.dump()

    def fine(self, increment: int) -> int:
        """A step word that makes about this increment of an error of one count."""
        wanted = increment << self.circuit.step_word_fraction_bits
        return max(1, min(self.word, wanted))

    def gates_shut(self) -> None:
        """Warm-up, either side of the boxcar, no error, or no learning: nothing moves, LFSRs as told."""
        self.step_words(self.fine(3))
        self.drawn_synapses()
        for above, below in ((0, self.all), (self.all, 0), (0, 0), (5, 3), (6, 5)):
            self.begin()
            self.errors(*[2 * self.one] * COLUMNS)
            self.step(above=above, below=below)
        self.begin(warm_up=1)
        self.errors(*[2 * self.one] * COLUMNS)
        self.step()
        self.begin(learn=False)
        for spikes in (0, 7, 5):
            self.errors(*[2 * self.one] * COLUMNS)
            self.step(spikes=spikes)
        self.program.read(GLOBAL, CONTROL)
        self.begin()
        self.errors(0, 0, 0)
        self.step()
        self.errors(0, 0, 0, spikes=7)
        self.step(spikes=7)
        self.program.dump()

    def dead_zone_edges(self) -> None:
        """An error of just the dead zone is inside, one unit more is outside; both signs."""
        largest = self.full * self.one
        for dead_zone in sorted({0, 1, self.one, self.circuit.dead_zone, 3 * self.one + 1, largest - 1, largest}):
            if dead_zone > largest:
                continue
            self.drawn_synapses()
            self.step_words(self.word if self.circuit.gate == "linear" else self.fine(2))
            for error in (dead_zone, dead_zone + 1, dead_zone - 1):
                self.begin(dead_zone=dead_zone)
                error = min(error, largest)
                self.errors(error, -error, -error // 2)
                self.step([0, 3])

    def counters_at_their_ends(self) -> None:
        """Counts and target counts stop at their full scale, and never wrap."""
        largest, word = self.full * self.one, 2 * self.one - 1
        self.step_words(self.fine(1))
        self.synapses(0, 0)
        for count in {self.full, self.full - 1, max(0, self.full - 2), self.full // 2}:
            for target_count in {
                largest,
                largest - 1,
                max(0, largest - word),
                max(0, largest - word + 1),
                largest // 2,
            }:
                self.begin()
                for column, target in enumerate((word, 1, self.one)):
                    self.program.write(TARGET, column, target)
                    self.program.write(COUNT, column, count)
                    self.program.write(TARGET_COUNT, column, target_count)
                for spikes in (7, 5, 0):
                    self.step([1], spikes)

    def increments_at_their_ends(self) -> None:
        """At the limit, one below, one above, far above; both signs; flags tell it, and are cleared."""
        linear, point = self.circuit.gate == "linear", self.circuit.step_word_fraction_bits
        largest = self.full * self.one
        self.synapses(0, 0)
        wanted = [self.most + k for k in (-1, 0, 1, 2)] + [self.most // 2 + 1, 1, 2 * self.most + 1]
        for whole in wanted:
            for below in (0, 1):  # the last fraction below a whole number, which dither may carry over it
                for counts in (1, 2, 3, self.full) if linear else (1,):
                    if counts > self.full:
                        continue
                    word = ((whole << point) - below) // counts
                    if 0 < word <= self.word:
                        self.step_words(word)
                        self.begin()
                        self.errors(counts * self.one, -counts * self.one, counts * self.one)
                        self.step([0])
        self.step_words(self.word)
        for error in (largest, largest // 2, self.one, 1):
            self.begin()
            self.errors(error, -error, error)
            self.set(FLAGS, [0, 0, 0])
            self.step([2])
            self.program.read(FLAGS, 0, COLUMNS)
            self.program.write(FLAGS, 1, 0)
            self.program.read(FLAGS, 0, COLUMNS)

    def codes_at_their_ends(self) -> None:
        """Codes stop at both ends, and leave them again; the end that two's complement has more is never reached."""
        self.step_words(self.word)
        largest = self.full * self.one
        for code in sorted({self.top, self.top - 1, 0, -self.top}):
            for residue in sorted({self.residue, 0, -self.residue}):
                self.synapses(code, residue)
                self.set(FLAGS, [0, 0, 0])
                for error in (largest, -largest):
                    self.begin()
                    self.errors(error, -error, error)
                    for _ in range(3):
                        self.step([0, 1, 4])
                    self.program.read(FLAGS, 0, COLUMNS)
        self.program.dump()

    def residues_wrap(self) -> None:
        """Small increments over every edge of the update accumulator, from both sides of zero."""
        for increment in (1, 2, self.residue or 1, (self.residue + 1) // 2 + 1):
            self.step_words(self.fine(increment))
            for residue in sorted({self.residue, self.residue - 1, 1, 0, -1}):
                self.synapses(max(0, self.top - 1), max(-self.residue, min(self.residue, residue)))
                for sign in (1, -1):
                    self.begin()
                    self.errors(sign * self.one, -sign * self.one, sign * self.one)
                    self.step([3])

    def shift_registers(self) -> None:
        """From all ones, from one bit, and loaded with zero, which must not stay."""
        self.step_words(self.fine(1) | 1 if self.fine(1) < self.word else self.word)
        self.drawn_synapses()
        ones = 2**self.circuit.lfsr_bits - 1
        for state in (ones, 0, 1, 1 << (self.circuit.lfsr_bits - 1), ones // 3):
            self.set(LFSR, [state, ones ^ state, state])
            self.program.read(LFSR, 0, COLUMNS)
            self.begin(warm_up=1)
            for spikes in (0, 7, 2, 5):
                self.step([4], spikes)

    def warm_up(self) -> None:
        """Only the last step learns, or none, or all."""
        steps = self.circuit.steps
        self.step_words(*[self.fine(1 + place) for place in range(min(steps, _LOOKED_AT))])
        self.drawn_synapses()
        self.set(TARGET, [self.one, self.one + 1, self.one // 2])
        for warm_up in sorted({steps - 1, steps, 0, min(self.circuit.warm_up, steps)}):
            self.begin(warm_up=warm_up)
            for step in range(min(steps, _LOOKED_AT)):
                self.step([step % ROWS], spikes=2 * (step % 3 == 0))
            self.program.read(GLOBAL, ID, 8)

    def whole_window(self) -> None:
        """Steps are refused before a window and after its last step; a window may begin anew at any step."""
        self.begin(warm_up=self.circuit.warm_up, dead_zone=self.circuit.dead_zone)
        self.program.ready(True)
        self.step([], spikes=1)
        self.begin()
        self.program.read(COUNT, 0, COLUMNS)
        for _ in range(min(self.circuit.steps, _LOOKED_AT)):
            self.program.ready(True)
            self.step([2], spikes=6)
        if self.circuit.steps <= _LOOKED_AT:
            self.program.ready(False)
            self.program.offer(StepInput([0], 7, 7, 7), 3)
            self.program.wait()
            self.program.read(GLOBAL, ID, 8)
            self.program.read(COUNT, 0, COLUMNS)

    def busy(self) -> None:
        """Writes are ignored while an array is busy; reading is not, and disturbs nothing."""
        self.step_words(*(self.fine(2 + place) for place in range(13)))
        self.drawn_synapses()
        self.set(TARGET, [self.one] * COLUMNS)
        clocks_of_step = 13 if self.circuit.sram else 7
        for clocks in range(clocks_of_step):
            self.begin()
            self.errors(2 * self.one, -self.one, self.one)
            self.program.offer(StepInput([1, 2], 2, self.all, self.all), clocks)
            if clocks % 2:
                self.program.status_meanwhile()
            else:
                region, index = _ANY_REGISTER[clocks // 2 % len(_ANY_REGISTER)]
                self.program.meanwhile(region, index, 3)
            self.program.wait()
            self.all_registers()
        self.program.dump()

    def reset_in_mid_window(self) -> None:
        self.begin()
        self.errors(self.one, -self.one, self.one)
        self.step(spikes=3)
        self.program.reset(1)
        self.program.read(GLOBAL, ID, 8)
        self.all_registers()
        self.program.dump()

    def reset_in_mid_step(self) -> None:
        """At every clock of a step."""
        for clocks in range(22 if self.circuit.sram else 7):
            self.step_words(self.fine(2))
            self.set(TARGET, [self.one] * COLUMNS)
            self.begin()
            self.program.offer(StepInput([0, 1, 3], 2, self.all, self.all), clocks)
            self.program.reset(1)
            self.program.read(GLOBAL, ID, 8)
            self.program.dump()
        self.all_registers()
        self.program.reset()

    def drawn(self) -> None:
        """By chance, near ends more often than not."""
        for window in range(_DRAWN_WINDOWS):
            self.drawn_synapses()
            words = [
                self.near(self.word if window % 3 == 0 else self.fine(2))
                for _ in range(min(self.circuit.steps, _LOOKED_AT))
            ]
            self.step_words(*words)
            self.set(TARGET, [self.near(2 * self.one - 1) for _ in range(COLUMNS)])
            self.begin(learn=window != 3, warm_up=self.below(3), dead_zone=self.below(2 * self.one))
            for step in range(min(self.circuit.steps, 32)):
                if step % 4 == 0:
                    for column in range(COLUMNS):
                        self.program.write(COUNT, column, self.near(self.full))
                        self.program.write(TARGET_COUNT, column, self.near(self.full * self.one))
                rows = [row for row in range(ROWS) if self.below(2)]
                self.step(rows, self.below(8), self.all & ~(self.below(8) & self.below(8)), self.all)
            self.program.read(FLAGS, 0, COLUMNS)
            self.program.dump()

    def near(self, most: int) -> int:
        """From 0 .. most: any, or close to an end."""
        kind = self.below(4)
        if kind == 0:
            return max(0, most - self.below(4))
        return min(most, self.below(4)) if kind == 1 else self.below(most + 1)
