"""Areas of the blocks that `chipsim export rtl` writes, by yosys and the 180 nm cells of osu018: rtl_areas.json.

python tests/support/rtl_areas.py --write measures all of them anew: a few minutes. Cells without wiring, in um2.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECORD = HERE / "rtl_areas.json"
RTL = HERE.parents[1] / "host/export/rtl/templates/rtl"
CELLS = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
_SOURCES = (
    "ltl_lfsr",
    "ltl_neuron",
    "ltl_update",
    "ltl_memory",
    "ltl_synapse",
    "ltl_column",
    "ltl_sequencer",
    "ltl_array",
)
_TERNARY = {
    "GATE": 2,
    "ACCUMULATOR_BITS": 8,
    "FRACTION_BITS": 7,
    "STEP_WORD_BITS": 15,
    "STEP_WORD_FRACTION_BITS": 8,
    "DITHER_BITS": 8,
    "INCREMENT_BITS": 10,
}
_NO_FRACTION = {"STEP_WORD_BITS": 7, "STEP_WORD_FRACTION_BITS": 0, "DITHER_BITS": 0, "INCREMENT_BITS": 8}
_LINEAR = {**_TERNARY, "GATE": 0}
_FINEST = {"STEP_WORD_BITS": 24, "STEP_WORD_FRACTION_BITS": 16, "DITHER_BITS": 24}
_SEQUENCER = {"ROWS": 64, "ROW_BITS": 7, "BLANK_WORDS": 65, "BLANK_BITS": 7}

BLOCKS = [
    ("ltl_neuron", {**_TERNARY, "ACCUMULATOR_BITS": 5, "FRACTION_BITS": 4, **_NO_FRACTION}),
    *(("ltl_neuron", {**_TERNARY, "ACCUMULATOR_BITS": bits}) for bits in (5, 8, 12)),
    ("ltl_neuron", {**_TERNARY, "STEP_WORD_BITS": 16}),
    ("ltl_neuron", {**_TERNARY, "FRACTION_BITS": 15}),
    *(("ltl_neuron", {**_LINEAR, "STEP_WORD_BITS": bits}) for bits in (13, 16)),
    ("ltl_neuron", {**_LINEAR, **_FINEST}),
    ("ltl_neuron", {**_LINEAR, "ACCUMULATOR_BITS": 5, "FRACTION_BITS": 4, "STEP_WORD_BITS": 9}),
    *(
        ("ltl_synapse", {"CODE_BITS": code, "UPDATE_BITS": update, "INCREMENT_BITS": increment})
        for code, update, increment in (
            *((6, 8, 8), (6, 6, 8), (6, 4, 8), (6, 2, 8), (4, 8, 8), (8, 8, 8)),
            *((6, 8, 10), (6, 8, 2)),
        )
    ),
    *(
        ("ltl_update", {"CODE_BITS": code, "UPDATE_BITS": update, "INCREMENT_BITS": increment})
        for code, update, increment in ((6, 8, 8), (6, 4, 8), (6, 8, 10), (4, 8, 10))
    ),
    *(("ltl_lfsr", {"BITS": 16, "STEPS": steps}) for steps in (4, 8)),
    ("ltl_sequencer", _SEQUENCER),
]


def measure(block, parameters):
    """{"block", "parameters", "cells", "flops", "area_um2"} of one block."""
    sources = " ".join(str(RTL / f"{name}.sv") for name in _SOURCES)
    chosen = " ".join(f"-chparam {name} {value}" for name, value in parameters.items())
    with tempfile.TemporaryDirectory() as folder:
        stat = Path(folder) / "stat"
        script = (
            f"read_liberty -lib {CELLS}; read_verilog -sv {sources}; hierarchy -top {block} {chosen}; proc; flatten;"
            " opt; wreduce; peepopt; alumacc; share; opt; memory; opt -full; techmap; opt;"
            f" dfflibmap -liberty {CELLS}; abc -liberty {CELLS}; opt_clean; tee -q -o {stat} stat -liberty {CELLS}"
        )
        subprocess.run(["yosys", "-q", "-p", script], check=True, capture_output=True, cwd=folder)
        text = stat.read_text()
    return {
        "block": block,
        "parameters": parameters,
        "cells": int(re.findall(r"Number of cells: +(\d+)", text)[-1]),
        "flops": sum(int(n) for n in re.findall(r"DFF\w* +(\d+)", text)),
        "area_um2": float(re.findall(r"Chip area for .*: ([\d.]+)", text)[-1]),
    }


def main():
    found = {
        "tool": "yosys 0.23, abc",
        "cells": "osu018_stdcells.lib, 180 nm",
        "unit": "um2 of cells without wiring",
        "areas": [measure(*block) for block in BLOCKS],
    }
    text = json.dumps(found, indent=1) + "\n"
    if "--write" in sys.argv:
        RECORD.write_text(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
