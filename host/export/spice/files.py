"""The files of a deck: all of them or none, always the same bytes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from importlib.resources import files as package_files
from pathlib import Path

from host.errors import ExportError
from host.export.spice import deck, models, real_neuron
from host.export.spice.column import Column
from host.export.spice.models import Devices
from host.export.spice.page import makefile, page
from host.files import folder_beside

FOLDER = "spice"  # within the folder that a user names
_OURS = (
    *("README.md", "Makefile", "neuron.cir", "models.lib", "neuron_finite.cir", "models_finite.lib", "stimulus.inc"),
    *("expected.csv", "compare.py", "neuron_real.sv", "neuron_real_tb.sv", "charges.txt", "steps.txt"),
    *("membrane.dat", "ngspice.log", "membrane_finite.dat", "finite", "neuron_real.vvp", "__pycache__"),  # made of them
)


def deck_files(column: Column, devices: Devices) -> dict[str, str]:
    """Names and texts. Raises ExportError."""
    ideal, real = models.ideal_sources(column, devices), models.real_sources(column, devices)
    return {
        "README.md": page(column, ideal, real),
        "Makefile": makefile(),
        "neuron.cir": deck.netlist(column, ideal, "membrane.dat"),
        "models.lib": models.library(column, ideal),
        "neuron_finite.cir": deck.netlist(column, real, "membrane_finite.dat"),
        "models_finite.lib": models.library(column, real),
        "stimulus.inc": deck.stimulus(column),
        "expected.csv": expected(column),
        "compare.py": (package_files("host.export.spice") / "compare.py").read_text(encoding="utf-8"),
        "neuron_real.sv": real_neuron.NEURON,
        "neuron_real_tb.sv": real_neuron.bench(column),
        "charges.txt": real_neuron.charges(column),
        "steps.txt": real_neuron.steps(column),
    }


def expected(column: Column) -> str:
    """A line per step: the membrane at the comparison, the spike, and when to look."""
    lines = [
        f"# rest_v={deck.number(column.chip.neuron.resting_v)} swing_v={deck.number(column.swing_v)}",
        "window,step,sampled_ns,membrane_v,decided_ns,spike",
    ]
    for window, starts in enumerate(deck.starts_ns(column)):
        for step, start in enumerate(starts):
            membrane_v = deck.number(column.volts(column.membrane_th[window, step]))
            times = [f"{start + at:.10g}" for at in (deck.sampled_ns(column), deck.decided_ns(column))]
            lines.append(
                f"{window + 1},{step + 1},{times[0]},{membrane_v},{times[1]},{int(column.spike[window, step])}"
            )
    return "".join(f"{line}\n" for line in lines)


def check_place(out: Path) -> None:
    """Raises ExportError if something else than a deck stands where one goes."""
    target = out / FOLDER
    if not target.exists():
        return
    strange = sorted(path.name for path in target.iterdir() if path.name not in _OURS) if target.is_dir() else [FOLDER]
    if strange:
        raise ExportError(
            f"{target} holds {strange[0]}, which is no part of a deck: name another --out, or move it away"
        )


def write_deck(texts: Mapping[str, str], out: Path) -> Path:
    """Writes them to `out`/spice, in place of an older deck. Raises ExportError, OSError."""
    check_place(out)
    target = out / FOLDER
    out.mkdir(parents=True, exist_ok=True)
    beside = folder_beside(target)
    try:
        for name, text in texts.items():
            (beside / name).write_bytes(text.encode())
        os.chmod(beside, 0o755)
        if target.exists():
            old = folder_beside(target)
            os.replace(target, old)
            os.replace(beside, target)
            shutil.rmtree(old)
        else:
            os.replace(beside, target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return target
