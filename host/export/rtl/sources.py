"""The files of an export that vectors have no part in: copied, or written from parameters."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Environment, StrictUndefined

from host.export.parameters import Parameters
from host.export.rtl.chip import chip_sv
from host.export.rtl.chip_bench import chip_bench_sv
from host.export.rtl.constraints import constraints_sdc
from host.export.rtl.params import params_svh
from host.export.rtl.registers import registers_json, registers_md

# In compile order, with what each is.
SOURCES = (
    ("ltl_lfsr.sv", "dither"),
    ("ltl_neuron.sv", "a neuron's learning circuit"),
    ("ltl_update.sv", "what an increment does to a code: combinational"),
    ("ltl_memory.sv", "stand-in for an SRAM macro: one port, no reset"),
    ("ltl_synapse.sv", "a synapse in flip-flops"),
    ("ltl_column.sv", "a neuron with its synapses"),
    ("ltl_sequencer.sv", "the schedule of a step"),
    ("ltl_array.sv", "a layer: columns, sequencer, registers"),
    ("ltl_chip.sv", "all layers; the top"),
)
_GATES = {
    "linear": "updates follow the error's size",
    "sign": "updates of one size",
    "ternary": "updates of one size or none",
}


def rtl_files(parameters: Parameters, clock_mhz: float | None) -> dict[str, str]:
    """Path within the export -> text. clock_mhz: of the chip's spec, if there is one."""
    made = {
        "rtl/params.svh": params_svh(parameters),
        "rtl/ltl_chip.sv": chip_sv(parameters),
        "tb/tb_chip.sv": chip_bench_sv(parameters),
        "rtl/filelist.f": "".join(["+incdir+rtl\n", *(f"rtl/{name}\n" for name, _ in SOURCES)]),
        "constraints/ltl_chip.sdc": constraints_sdc(parameters, clock_mhz),
        "regs/registers.md": registers_md(parameters),
        "regs/registers.json": registers_json(parameters),
    }
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    told = _told(parameters)
    for name, text in _templates(files("host.export.rtl") / "templates", ""):
        page = name.removesuffix(".j2")
        made[page] = text if page == name else environment.from_string(text).render(told)
    return made


def _templates(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    """Name and text of each file; what ends in .j2 is a Jinja template."""
    for each in folder.iterdir():
        if each.is_dir():
            yield from _templates(each, f"{prefix}{each.name}/")
        else:
            yield prefix + each.name, each.read_text(encoding="utf-8")


def _told(parameters: Parameters) -> dict[str, Any]:
    """What pages tell of a circuit."""
    circuit = parameters.circuit
    product = "d K / 2^(F + KF)" if circuit.gate == "linear" else "sign(d) K / 2^KF"
    return {
        "c": circuit,
        "layers": parameters.layers,
        "hash": parameters.hash,
        "sources": SOURCES,
        "product": product,
        "gate_words": f"error gate {circuit.gate} ({_GATES[circuit.gate]})",
        "unit_words": "synapses in SRAM with one update unit per column" if circuit.sram else "synapses in flip-flops",
        "weights_words": "a row's weights a clock, `weights_row` says whose" if circuit.sram else "all weights at once",
        "clear_words": "one clock",
        "clocks": (
            (
                "n = active rows and the bias; no column opens",
                "n + 7",
                "a column opens: each row is read and stored",
                "3 n + 6",
            )
            if circuit.sram
            else ("whatever happens", "8", "", "")
        ),
    }
