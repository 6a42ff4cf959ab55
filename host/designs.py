"""A design to be checked: from a chip's physical spec, or from the spec of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chipsim.check import Design
from chipsim.check.design import USUAL_ROW_RATE
from chipsim.physical.load import load_table, validated
from chipsim.physical.settings import settings_of
from host.data import load
from host.errors import SettingError
from host.run_spec import RunSpec, resolve
from host.setup import LEARNING_RATES
from nonideality.grammar import parse_all


def design_from(
    source: str,
    network: tuple[int, ...] | None,
    overrides: Mapping[str, Any],
    noise: tuple[str, ...] = (),
    row_rate: float = USUAL_ROW_RATE,
) -> Design:
    """The design in `source`: a preset, a physical spec's file, or a run's spec.toml.

    network: layer sizes, inputs first; a run knows its own. overrides: settings of a run by dotted name; noise comes
    on top of what the source has, or replaces the same effect there. Raises ChipError, HostError, NoiseError.
    """
    table, lines = load_table(source)
    if _is_run(table):
        physical, settings, config = None, {"noise": table.get("noise", ())}, Path(source)
    else:
        physical, config = validated(table, source, lines), None
        settings = settings_of(physical)
        if network is None:
            raise SettingError(f"chip {source} can hold many networks: name one, for example --network 784,256,10")
    if noise:
        settings["noise"] = [*_not_replaced(settings["noise"], noise), *noise]
    run = resolve(config, settings | dict(overrides))
    if network is None:
        dataset = load(run.dataset, run.data_dir)
        network = (dataset.n_in, *run.hidden, dataset.n_classes)
    return Design(
        chip=run.model_copy(update={"hidden": network[1:-1]}).chip_spec(network[0], network[-1]),
        physical=physical,
        learning_rate=run.training.learning_rate or LEARNING_RATES[run.learning_circuit.error_gate],
        start=run.training.start,
        constant_current=run.encoding == "current",
        row_rate=row_rate,
    )


def _not_replaced(noise: Sequence[str], by: Sequence[str]) -> list[str]:
    """The noises that none of `by` replaces: the same effect at all the same sites."""
    sites = {(new.effect.name, site) for new in parse_all(by) for site in new.sites}
    return [
        text
        for text, old in zip(noise, parse_all(noise), strict=True)
        if not {(old.effect.name, site) for site in old.sites} <= sites
    ]


def _is_run(table: Mapping[str, Any]) -> bool:
    """Whether a file's tables are those of a run; a chip names itself and has an array, a link and so on."""
    return table.keys() <= RunSpec.model_fields.keys()
