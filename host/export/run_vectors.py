"""Vectors of a run's neurons, into an export of its circuit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from host.errors import ExportError
from host.export.bundle import add_set, check_same_design
from host.export.parameters import parameters_of
from host.export.refusals import check_exportable
from host.export.vectors import Every, set_files, vectors_of
from host.run import RunFolder, RunListener, prepare


def write_run_vectors(
    run_folder: Path,
    neurons: Sequence[tuple[int, int]],
    samples: int,
    *,
    every: Every,
    name: str,
    out: Path,
    threads: int,
    mix_versions: bool,
    listener: RunListener,
) -> dict[str, Any]:
    """A set ``NAME-LAYER`` of each layer that is named. Returns what was written. Raises HostError, ChipError."""
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise ExportError(f"--name {name!r}: a set is named by letters, digits, - and _; write for example run")
    _, spec = RunFolder.open(run_folder, mix_versions)
    setup = prepare(spec, listener.stage)
    check_exportable(setup.design, setup.spec.encoding == "current")
    parameters = parameters_of(setup.design)
    clock = None if setup.spec.chip is None else setup.spec.chip.timing.clock_mhz
    check_same_design(out, parameters)
    found = []
    for array in vectors_of(setup, parameters, neurons, samples, every, threads, listener):
        layer = array.program.layer
        chosen = ", ".join(map(str, array.neurons))
        about = f"run {setup.spec.hash()}, first {samples} samples, layer {layer.number}, neurons {chosen}"
        listener.stage("writing")
        add_set(out, parameters, clock, f"{name}-{layer.number}", set_files(array.program, about))
        found.append(
            {
                "set": f"{name}-{layer.number}",
                "layer": layer.number,
                "columns": layer.columns,
                "windows": array.program.windows,
                "steps": array.program.steps,
                "open_steps": array.open_steps,
                "words": len(array.program.expected),
            }
        )
    return {"folder": str(out), "spec_hash": parameters.hash, "sets": found}
