"""A whole export: RTL with its directed vectors, and sets of vectors that are added to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from host.errors import ExportError
from host.export.folder import check_place, read_files, read_mark, write_export, write_part
from host.export.parameters import Layer, Parameters
from host.export.rtl import rtl_files
from host.export.vectors import directed, set_files
from host.files import is_missing


def design_files(parameters: Parameters, clock_mhz: float | None) -> dict[str, str]:
    """Everything that follows from a chip: RTL, bench, constraints, directed vectors."""
    found = rtl_files(parameters, clock_mhz)
    for layer in _unlike(parameters):
        program = directed(parameters, layer)
        about = f"ends of every register, for codes of {layer.code_bits} bits"
        found |= in_set(f"directed{layer.number}", set_files(program, about))
    return found


def _unlike(parameters: Parameters) -> list[Layer]:
    """Layers whose registers have other widths than those before them."""
    seen: dict[int, Layer] = {}
    for layer in parameters.layers:
        seen.setdefault(layer.code_bits, layer)
    return list(seen.values())


def in_set(name: str, files: Mapping[str, str]) -> dict[str, str]:
    """A set's files at their place in an export."""
    return {f"vectors/{name}/{file}": text for file, text in files.items()}


def write_design(folder: Path, parameters: Parameters, clock_mhz: float | None) -> dict[str, str]:
    """RTL and directed vectors; sets of a run that are there already and belong to this design stay.

    Returns what was written. Raises ExportError.
    """
    check_place(folder)
    files = _sets_of(folder, parameters) | design_files(parameters, clock_mhz)
    write_export(folder, files, facts_of(parameters))
    return files


def add_set(folder: Path, parameters: Parameters, clock_mhz: float | None, name: str, files: Mapping[str, str]) -> None:
    """A set of vectors, into an export of the same design or a new one. Raises ExportError."""
    check_same_design(folder, parameters)
    if _is_there(folder):
        write_part(folder, f"vectors/{name}", files)
    else:
        write_export(folder, design_files(parameters, clock_mhz) | in_set(name, files), facts_of(parameters))


def check_same_design(folder: Path, parameters: Parameters) -> None:
    """Raises ExportError if there is an export of another design, or what is no export."""
    check_place(folder)
    if _is_there(folder) and read_mark(folder).get("spec_hash") != parameters.hash:
        raise ExportError(
            f"--out {folder} is the export of another circuit than this run's: choose another --out, or export the run"
        )


def facts_of(parameters: Parameters) -> dict[str, Any]:
    """What an export says of itself."""
    return {"spec_hash": parameters.hash, **asdict(parameters)}


def _sets_of(folder: Path, parameters: Parameters) -> dict[str, str]:
    """Files of all sets in an export of this very design."""
    if not _is_there(folder) or read_mark(folder).get("spec_hash") != parameters.hash:
        return {}
    return {path: text for path, text in read_files(folder).items() if path.startswith("vectors/")}


def _is_there(folder: Path) -> bool:
    """Whether there is more than an empty folder."""
    return not is_missing(folder) and any(folder.iterdir())
