"""The register map, once: as a table for people and as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass

from host.export.parameters import Layer, Parameters

INDEX_BITS = 12  # of an address: a register of each column or step; above them the region, above that the layer
REGION_BITS = 4


@dataclass(frozen=True)
class Register:
    """One address, or one for each column or step word."""

    name: str
    region: int
    index: int  # the first
    count: int
    access: str  # "read" or "read, write"
    fields: tuple[tuple[str, int, int, str], ...]  # name, lowest bit, bits, meaning
    about: str

    @property
    def address(self) -> int:
        return self.region << INDEX_BITS | self.index


def registers(parameters: Parameters, layer: Layer) -> list[Register]:
    """Of one layer's array."""
    circuit, columns = parameters.circuit, layer.columns
    step_bits = circuit.steps.bit_length()
    row_bits = layer.rows.bit_length()
    both = "read, write"
    return [
        Register("ID", 0, 0, 1, "read", (("id", 0, 32, "0x4C544C31"),), "What this is."),
        Register("HASH", 0, 1, 1, "read", (("hash", 0, 32, "first bits of the spec's hash"),), "Of which spec."),
        Register(
            "SHAPE",
            0,
            2,
            1,
            "read",
            (("rows", 0, 16, "inputs, the bias not counted"), ("columns", 16, 16, "neurons")),
            "How large the array is.",
        ),
        Register(
            "CONTROL",
            0,
            3,
            1,
            both,
            (("start", 0, 1, "1 begins a window; reads as 0"), ("learn", 1, 1, "whether windows learn; 0 after reset")),
            "Begins windows.",
        ),
        Register(
            "STATUS",
            0,
            4,
            1,
            "read",
            (
                ("busy", 0, 1, "writes are ignored"),
                ("in_window", 1, 1, "steps are accepted while not busy"),
                ("step", 16, step_bits, "steps of this window so far"),
            ),
            "Where the schedule is.",
        ),
        Register(
            "WARM_UP",
            0,
            5,
            1,
            both,
            (("steps", 0, step_bits, f"{circuit.warm_up} after reset"),),
            "Steps without updates.",
        ),
        Register(
            "DEAD_ZONE",
            0,
            6,
            1,
            both,
            (
                (
                    "size",
                    0,
                    circuit.count_bits,
                    f"{circuit.dead_zone} after reset; unit 2^-{circuit.fraction_bits} counts",
                ),
            ),
            "Errors up to this size pass nothing.",
        ),
        Register(
            "ROW",
            0,
            7,
            1,
            both,
            (("row", 0, row_bits, f"0 to {layer.rows}, the last one the bias; larger ones are ignored"),),
            "The row that SYNAPSE shows.",
        ),
        Register(
            "STEP_WORD",
            1,
            0,
            circuit.step_words,
            both,
            (
                (
                    "word",
                    0,
                    circuit.step_word_bits,
                    f"{circuit.step_word_fraction_bits} fraction bits; units of an update accumulator, 2^-"
                    f"{circuit.update_bits} of a code",
                ),
            ),
            "What an error of one count moves" + (", step by step." if circuit.step_words > 1 else "."),
        ),
        Register(
            "TARGET",
            2,
            0,
            columns,
            both,
            (("rate", 0, circuit.fraction_bits + 1, f"{circuit.fraction_bits} fraction bits; spikes per step"),),
            "A neuron's target rate.",
        ),
        Register(
            "LFSR",
            3,
            0,
            columns,
            both,
            (("state", 0, circuit.lfsr_bits, "0 is written as 1"),)
            if circuit.dither_bits
            else (("state", 0, 1, "always 0: there is no dither"),),
            "A neuron's dither; after reset a mix of seed, layer and column.",
        ),
        Register(
            "COUNT",
            4,
            0,
            columns,
            both,
            (("count", 0, circuit.accumulator_bits, "saturates"),),
            "Spikes of this window.",
        ),
        Register(
            "TARGET_COUNT",
            5,
            0,
            columns,
            both,
            (
                (
                    "count",
                    0,
                    circuit.count_bits,
                    f"{circuit.fraction_bits} fraction bits; saturates at {2**circuit.accumulator_bits - 1} counts",
                ),
            ),
            "Target spikes of this window.",
        ),
        Register(
            "INCREMENT",
            6,
            0,
            columns,
            "read",
            (
                ("increment", 0, 24, "two's complement; 0 while closed"),
                ("below_high", 28, 1, "comparator bit of the boxcar's upper edge, as sampled"),
                ("above_low", 29, 1, "of its lower edge"),
                ("fired", 30, 1, "the spike, as sampled"),
                ("open", 31, 1, "whether the column was written"),
            ),
            "What the last step did.",
        ),
        Register(
            "FLAGS",
            7,
            0,
            columns,
            both,
            (
                ("increment_saturated", 0, 1, "since the last write of any value"),
                ("code_saturated", 1, 1, "a code would have passed its end"),
            ),
            "Saturation, sticky.",
        ),
        Register(
            "SYNAPSE",
            8,
            0,
            columns,
            both,
            (
                ("code", 0, 16, f"two's complement, {layer.code_bits} bits are kept"),
                ("residue", 16, 16, f"two's complement, {circuit.update_bits + 1} bits are kept"),
            ),
            "A column's synapse in row ROW. Not to be read while busy. Never write the lowest code.",
        ),
    ]


def registers_json(parameters: Parameters) -> str:
    """For programs: every layer's map, addresses those of the whole chip."""
    layers = [
        {
            "layer": layer.number,
            "base": base_of(layer),
            "registers": [
                {
                    "name": each.name,
                    "address": base_of(layer) + each.address,
                    "count": each.count,
                    "access": each.access,
                    "about": each.about,
                    "fields": [
                        {"name": name, "lowest_bit": low, "bits": bits, "about": about}
                        for name, low, bits, about in each.fields
                    ],
                }
                for each in registers(parameters, layer)
            ],
        }
        for layer in parameters.layers
    ]
    return json.dumps({"spec_hash": parameters.hash, "data_bits": 32, "layers": layers}, indent=1) + "\n"


def base_of(layer: Layer) -> int:
    """Where a layer's addresses begin."""
    return (layer.number - 1) << INDEX_BITS + REGION_BITS


def registers_md(parameters: Parameters) -> str:
    """For people."""
    lines = [
        "# Registers",
        "",
        "Words of 32 bits; an address counts words. Bits that are not named read as 0. A layer's addresses begin at",
        f"(layer - 1) 2^{INDEX_BITS + REGION_BITS}; the {REGION_BITS} bits above the lowest {INDEX_BITS} are a region.",
        "`bus_strobe` with `bus_write` writes in that clock; without it, the word stands on `bus_read_data` in the",
        "clocks after, until the next strobe. Writes are ignored while STATUS.busy. SYNAPSE is that of row ROW.",
        "",
    ]
    for layer in parameters.layers:
        lines += [
            f"## Layer {layer.number}: {layer.rows} rows, {layer.columns} columns, base 0x{base_of(layer):05X}",
            "",
            "| register | address | access | bits | meaning |",
            "| --- | --- | --- | --- | --- |",
        ]
        for each in registers(parameters, layer):
            first = base_of(layer) + each.address
            where = f"0x{first:05X}" + (f" to 0x{first + each.count - 1:05X}" if each.count > 1 else "")
            lines.append(f"| {each.name} | {where} | {each.access} | | {each.about} |")
            for name, low, bits, about in each.fields:
                span = f"{low + bits - 1}:{low}" if bits > 1 else f"{low}"
                lines.append(f"| | | | {span} | {name}: {about} |")
        lines.append("")
    return "\n".join(lines)
