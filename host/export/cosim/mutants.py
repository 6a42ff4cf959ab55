"""Circuits with a fault each: vectors that let one pass would let it pass in silicon, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from host.export.parameters import Circuit


@dataclass(frozen=True)
class Mutant:
    """A source file with one place changed."""

    name: str
    file: str  # in rtl/
    line: int  # from 1
    before: str  # the line as it was
    text: str  # of the whole file


@dataclass(frozen=True)
class _Fault:
    """One that has a name. `only`: circuits in which the place is built at all."""

    name: str
    file: str
    old: str
    new: str
    only: str = ""


_NAMED = (
    _Fault("a full spike counter wraps", "ltl_neuron.sv", "fired && !(&count)", "fired"),
    _Fault(
        "a full target counter wraps",
        "ltl_neuron.sv",
        "target_sum > FULL ? FULL[COUNT_BITS-1:0] : target_sum[COUNT_BITS-1:0]",
        "target_sum[COUNT_BITS-1:0]",
    ),
    _Fault(
        "a target counter fills its fraction",
        "ltl_neuron.sv",
        "{FRACTION_BITS{1'b0}}};\n  localparam logic signed",
        "{FRACTION_BITS{1'b1}}};\n  localparam logic signed",
    ),
    _Fault(
        "the dead zone's edge is outside",
        "ltl_neuron.sv",
        "magnitude > dead_zone",
        "magnitude >= dead_zone",
    ),
    _Fault("the boxcar has no lower edge", "ltl_neuron.sv", "&& above_low_q && below_high_q", "&& below_high_q"),
    _Fault("the boxcar has no upper edge", "ltl_neuron.sv", "&& above_low_q && below_high_q", "&& above_low_q"),
    _Fault(
        "comparators are sampled too early",
        "ltl_array.sv",
        ".compare(compare), .count_now(count_now), .gate_now(gate_now),\n          .advance",
        ".compare(integrate), .count_now(count_now), .gate_now(gate_now),\n          .advance",
    ),
    _Fault("the warm-up is a step too short", "ltl_array.sv", "step > warm_up", "step >= warm_up"),
    _Fault(
        "a large increment wraps",
        "ltl_neuron.sv",
        "whole > LARGEST ? LARGEST : (whole < -LARGEST ? -LARGEST : whole)",
        "whole",
        "limit",
    ),
    _Fault(
        "an increment reaches one further down",
        "ltl_neuron.sv",
        "whole < -LARGEST ? -LARGEST",
        "whole < -LARGEST - WHOLE_BITS'(1) ? -LARGEST",
        "limit",
    ),
    _Fault(
        "the product is rounded toward zero",
        "ltl_neuron.sv",
        "assign whole = WHOLE_BITS'(sum >>> FRACTION);",
        "assign whole = WHOLE_BITS'(sum / (SUM_BITS'(1) <<< FRACTION));",
    ),
    _Fault(
        "dither is left out",
        "ltl_neuron.sv",
        "shifted + $signed(SUM_BITS'({1'b0, dither}) << DITHER_SHIFT)",
        "shifted + $signed(SUM_BITS'({1'b0, dither & '0}) << DITHER_SHIFT)",
        "dither",
    ),
    _Fault(
        "dither is that of the step before",
        "ltl_array.sv",
        ".advance(count_now && learns)",
        ".advance(gate_now && learns)",
        "dither",
    ),
    _Fault(
        "the shift register moves in inference",
        "ltl_array.sv",
        ".advance(count_now && learns)",
        ".advance(count_now)",
        "dither",
    ),
    _Fault(
        "the shift register keeps zero",
        "ltl_lfsr.sv",
        "load_state == '0 ? BITS'(1) : load_state",
        "load_state",
        "dither",
    ),
    _Fault("a tap is fed by the wrong bit", "ltl_lfsr.sv", "shifted[0] ?", "shifted[1] ?", "dither"),
    _Fault("a code wraps", "ltl_update.sv", "wanted > TOP ? TOP : (wanted < -TOP ? -TOP : wanted)", "wanted"),
    _Fault(
        "a code reaches the unused end",
        "ltl_update.sv",
        "wanted < -TOP ? -TOP",
        "wanted < -TOP - WANTED_BITS'(1) ? -TOP",
    ),
    _Fault(
        "the carry is rounded down",
        "ltl_update.sv",
        "total[TOTAL_BITS-1] && |total[UPDATE_BITS-1:0]",
        "total[TOTAL_BITS-1] && total[0] && !total[0]",
        "update",
    ),
    _Fault(
        "a code at its end loses its residue",
        "ltl_update.sv",
        "{below_zero, total[UPDATE_BITS-1:0]}",
        "saturated ? '0 : {below_zero, total[UPDATE_BITS-1:0]}",
        "update",
    ),
    _Fault(
        "a closed column tells an increment",
        "ltl_neuron.sv",
        "opens ? limited[INCREMENT_BITS-1:0] : '0",
        "limited[INCREMENT_BITS-1:0]",
    ),
    _Fault(
        "rows are taken from the wrong end",
        "ltl_sequencer.sv",
        "int r = ROWS; r >= 0; r--",
        "int r = 0; r <= ROWS; r++",
        "sram",
    ),
    _Fault(
        "a silent row is written",
        "ltl_column.sv",
        ".update(update && open && active[r])",
        ".update(update && open)",
        "flops",
    ),
    _Fault(
        "the bias rests",
        "ltl_sequencer.sv",
        "pending <= {1'b1, rows};\n            step",
        "pending <= {1'b0, rows} | {{ROWS{1'b0}}, ~|rows};\n            step",
        "sram",
    ),
    _Fault("the bias rests", "ltl_sequencer.sv", "active  <= {1'b1, rows}", "active  <= {1'b0, rows}", "flops"),
    _Fault(
        "a window's start keeps counters",
        "ltl_neuron.sv",
        "if (!rst_n || clear) begin\n      count ",
        "if (!rst_n) begin\n      count ",
    ),
    _Fault("a window has a step too many", "ltl_sequencer.sv", "STEP_BITS'(STEPS);", "STEP_BITS'(STEPS + 1);"),
    _Fault(
        "the step word is that of the next step",
        "ltl_array.sv",
        "WORD_BITS'(step - STEP_BITS'(1))",
        "WORD_BITS'(step)",
        "words",
    ),
    _Fault("a busy array takes writes", "ltl_array.sv", "bus_strobe && bus_write && !busy", "bus_strobe && bus_write"),
    _Fault("weights move in inference", "ltl_array.sv", "learn = learns && step > warm_up", "learn = step > warm_up"),
)


def named(circuit: Circuit, sources: Mapping[str, str]) -> Iterator[Mutant]:
    """Faults that silicon has had, of those that this circuit can have. sources: of rtl/, by name."""
    there = {
        "": True,
        "sram": circuit.sram,
        "flops": not circuit.sram,
        "dither": circuit.dither_bits > 0,
        "update": circuit.update_bits > 0,
        "words": circuit.step_words > 1,
        "limit": _increments_saturate(circuit),
    }
    for fault in _NAMED:
        text = sources[fault.file]
        if there[fault.only] and text.count(fault.old) == 1:
            line = text[: text.index(fault.old)].count("\n") + 1
            before = text.splitlines()[line - 1].strip()
            yield Mutant(fault.name, fault.file, line, before, text.replace(fault.old, fault.new))


def _increments_saturate(circuit: Circuit) -> bool:
    """Whether the largest product reaches beyond the largest increment at all."""
    largest = (1 << circuit.step_word_bits) - 1
    if circuit.gate == "linear":
        largest *= (1 << circuit.accumulator_bits) - 1
    return largest >> circuit.step_word_fraction_bits >= 1 << circuit.increment_bits - 1


# What is found, and what stands in its place. Widths are narrowed: a wider wire is the same circuit.
_DRAWN = (
    ("operator", re.compile(r" \+ "), " - "),
    ("operator", re.compile(r" - (?!1[:\]])"), " + "),
    ("operator", re.compile(r" && "), " || "),
    ("operator", re.compile(r" \|\| "), " && "),
    ("operator", re.compile(r" == "), " != "),
    ("operator", re.compile(r" != "), " == "),
    ("operator", re.compile(r" > "), " >= "),
    ("operator", re.compile(r" < "), " <= "),
    ("operator", re.compile(r" > "), " < "),
    ("operator", re.compile(r" \^ "), " | "),
    ("operator", re.compile(r" & "), " | "),
    ("operator", re.compile(r"(?<=[ (=])!(?=[\w(])"), ""),
    ("operator", re.compile(r" >>> "), " <<< "),
    ("operator", re.compile(r" <<< "), " >>> "),
    ("operator", re.compile(r" \* "), " + "),
    ("operator", re.compile(r"(?<=[ (])-(?=[a-zA-Z])"), ""),
    ("constant", re.compile(r"1'b0"), "1'b1"),
    ("constant", re.compile(r"1'b1"), "1'b0"),
    ("constant", re.compile(r"'\(1\)"), "'(2)"),
    ("constant", re.compile(r"\[0\]"), "[1]"),
    ("constant", re.compile(r"(?<== )4'd\d+(?= )"), "4'd9"),
    ("width", re.compile(r"(?<=_BITS)-1:0\]"), "-2:0]"),
    ("width", re.compile(r"(?<=[A-Z)]) \+ 1;"), ";"),
    ("reset", re.compile(r"!rst_n \|\| "), ""),
    ("reset", re.compile(r"<= '0;"), "<= '1;"),
    ("reset", re.compile(r"(?<=if \()!rst_n(?=\))"), "1'b0"),
)


def drawn(sources: Mapping[str, str], random: Random) -> Iterator[Mutant]:
    """Places of all files in random order, each once; operators, constants, widths and resets."""
    places = [
        (file, number, found.start(), found.end(), kind, new)
        for file, text in sorted(sources.items())
        for number, line in enumerate(_body(text), start=1)
        for kind, pattern, new in _DRAWN
        for found in pattern.finditer(line)
    ]
    random.shuffle(places)
    for file, number, start, end, kind, new in places:
        lines = sources[file].split("\n")
        before = lines[number - 1]
        lines[number - 1] = before[:start] + new + before[end:]
        yield Mutant(f"{kind}: {lines[number - 1].strip()}", file, number, before.strip(), "\n".join(lines))


# At the limit itself both choices are the same: `x > TOP ? TOP : x`. Kept as long as it is, so that columns stay.
_LIMITED = re.compile(r" [<>] -?(?:FULL|LARGEST|TOP) \?")


def _body(text: str) -> Iterator[str]:
    """Lines without comments, empty where a change changes no circuit.

    That is in a module's head, since a port's width is its user's, too, in signals that are there for linters, and in
    the width of a constant that fits a narrower one.
    """
    in_head = False
    for line in text.split("\n"):
        code = line.partition("//")[0]
        in_head = in_head or code.startswith("module ")
        yield (
            ""
            if in_head or "unused" in code or "localparam logic" in code
            else _LIMITED.sub(lambda found: f" ~{found[0][2:]}", code)
        )
        if code.startswith(");"):
            in_head = False
