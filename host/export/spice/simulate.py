"""Runs a deck with ngspice and holds it against the model."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from host.errors import ExportError
from host.export.spice.compare import compare
from host.export.spice.files import FOLDER

_LONGEST_S = 3600


def simulate(out: Path) -> tuple[bool, list[str]]:
    """Whether the deck in `out`/spice (or `out` itself) agrees with the model, and what to tell of it.

    Without ngspice a membrane.dat that is there is compared. Raises ExportError.
    """
    folder = out / FOLDER if (out / FOLDER).is_dir() else out
    if not (folder / "neuron.cir").is_file():
        raise ExportError(f"{out} holds no deck: write one with chipsim export spice --chip CHIP --out {out}")
    ngspice = shutil.which("ngspice")
    if ngspice is not None:
        (folder / "membrane.dat").unlink(missing_ok=True)
        with open(folder / "ngspice.log", "wb") as log:
            subprocess.run(
                [ngspice, "-b", "neuron.cir"], cwd=folder, stdout=log, stderr=log, timeout=_LONGEST_S, check=False
            )
    elif not (folder / "membrane.dat").is_file():
        raise ExportError(
            f"ngspice is not there, and {folder} has no membrane.dat: install ngspice, or run neuron.cir elsewhere"
        )
    try:
        return compare(folder)
    except (OSError, ValueError, KeyError) as error:
        told = " ".join(str(error).split())
        raise ExportError(f"{folder} cannot be compared ({told}): see ngspice.log there, or write it anew") from None
