"""`chipsim.check`: what will sink a chip, said before it is built."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

from chipsim.design import readable
from chipsim.design_rules import Design, Finding
from chipsim.design_rules import check as check_design
from host.api.given import Place, one_error, overrides_of
from host.api.shown import Shown, Summary
from host.errors import SettingError
from host.run import design_from
from host.settings import in_steps

_WORST_FIRST = ("error", "warning", "note", "ok")


class CheckOutcome(Shown):
    """A chip held against the design rules."""

    def __init__(self, source: str, design: Design, findings: Sequence[Finding]) -> None:
        self.source = source
        self.design = design
        # The worst first, rules that are kept last.
        self.findings = tuple(sorted(findings, key=lambda each: _WORST_FIRST.index(each.severity)))

    @property
    def ok(self) -> bool:
        """Whether no rule is broken badly."""
        return not self.broken("error")

    def broken(self, severity: Literal["error", "warning", "note"]) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == severity]

    def _summary(self) -> Summary:
        chip = self.design.chip
        counts = ", ".join(
            f"{sum(each.severity == severity for each in self.findings)} {words}"
            for severity, words in zip(_WORST_FIRST, ("errors", "warnings", "notes", "rules kept"), strict=True)
        )
        rows = [(each.severity, each.rule, _figures(each)) for each in self.findings]
        network = "-".join(map(str, chip.layer_sizes))
        return Summary(f"{self.source}: {network}, {in_steps(chip)}: {counts}", (), rows, align="<")

    def _records(self) -> list[dict[str, Any]]:
        """A row for each rule that applies: what was found, why it matters, what to change."""
        return [asdict(finding) for finding in self.findings]


def check(
    spec: Place,
    *,
    network: Sequence[int] | None = None,
    noise: str | Sequence[str] | None = None,
    steps: int | None = None,
    encoding: str | None = None,
    start: Literal["teacher", "random"] | None = None,
    row_rate: float | None = None,
) -> CheckOutcome:
    """Hold a chip against the design rules.

        chipsim.check("cmos-180nm", network=(784, 256, 10))
        chipsim.check(outcome.folder / "spec.toml")

    spec: a preset, a physical spec's file, or a run's spec.toml. network: widths of all layers, inputs first; the run's
    own if None. noise, steps, encoding, start: as in `chipsim.run`; the spec's if None. row_rate: spikes per input row
    and step that are expected, 0.2 if None. Raises UserError.
    """
    with one_error():
        if row_rate is not None and not 0 < row_rate <= 1:
            raise SettingError(
                f"row_rate = {row_rate:g} is no rate: a row carries at most one spike per step; give 0 < rate <= 1"
            )
        source = os.fspath(spec)
        widths = None if network is None else _widths(network)
        overrides = overrides_of({"noise": noise, "steps": steps, "encoding": encoding, "start": start})
        design = design_from(source, widths, overrides)
        if row_rate is not None:
            design = replace(design, row_rate=row_rate)
        return CheckOutcome(source, design, check_design(design))


def _widths(network: Sequence[int]) -> tuple[int, ...]:
    widths = tuple(network)
    if len(widths) < 2 or not all(isinstance(width, int) and 1 <= width <= 1_000_000 for width in widths):
        raise SettingError(
            f"network = {network!r} is not a list of layer widths from 1 to 1000000, inputs first; write for example"
            " (784, 256, 10)"
        )
    return widths


def _figures(finding: Finding) -> str:
    """What was found, and its limit."""
    found, limit = (f"{readable(value, 3)} {finding.unit}".rstrip() for value in (finding.value, finding.limit))
    return f"{found}, {finding.bound} {limit}"
