"""A design to be checked: from a chip's physical spec, or from the spec of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chipsim.design_rules import Design
from chipsim.physical import PRESETS, load_table
from host.data import encoding_named, load
from host.errors import SettingError
from host.methods import find
from host.run.latest import spec_at
from host.run.resolution import resolve
from host.run.setup import check_layers, layers_of
from host.settings import RunSpec


def design_from(source: str, network: tuple[int, ...] | None, overrides: Mapping[str, Any]) -> Design:
    """The design in `source`: a preset, a physical spec's file, or a run's spec.toml or folder.

    network: layer sizes, inputs first; None for those of the run. overrides: settings of a run by dotted name, which
    the source gives way to as in ``chipsim run``. Raises ChipError, HostError, NoiseError.
    """
    if source not in PRESETS and (spec := spec_at(Path(source))) != Path(source):
        source = str(spec)
    table, _ = load_table(source)
    if _is_run(table):
        run = resolve(Path(source), overrides)
    else:
        hidden = {} if network is None else {"hidden": list(network[1:-1])}
        run = resolve(None, {"chip": source, **hidden, **overrides})
        if network is None:
            raise SettingError(f"chip {source} can hold many networks: name one, for example --network 784,256,10")
    return design_of_run(run, network)


def design_of_run(run: RunSpec, network: tuple[int, ...] | None = None) -> Design:
    """The design of a run's chip. network: layer sizes, inputs first; None for those of the run.

    Raises ChipError, HostError, NoiseError.
    """
    if network is not None:
        check_layers(run, len(network) - 1)
    layers = (
        layers_of(run, load(run.dataset, run.data_dir, run.scale, run.windows))
        if network is None
        else {"layer_sizes": network}
    )
    return Design(
        chip=run.design_of(layers),
        physical=run.chip,
        learning_rate=run.training.learning_rate or find(run.training.method).learning_rate(run),
        start=run.training.start,
        constant_current=run.encoding == "current",
        one_spike=encoding_named(run.encoding).one_spike,
    )


def _is_run(table: Mapping[str, Any]) -> bool:
    """Whether a file's tables are those of a run; a chip names itself and has an array, a link and so on."""
    return table.keys() <= RunSpec.model_fields.keys()
