"""What `chipsim sensitivity` tells: tables, or one JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from host.studies.claims import CONFIDENCE
from host.studies.die_yield import MOMENTS
from host.studies.sensitivity import Answer, Mean
from host.studies.sobol import Indices
from host.terminal import table


def sensitivity_json(answer: Answer, sweep: str) -> dict[str, Any]:
    """Everything found, costs as fractions (0.01 is one percentage point)."""
    study = answer.study
    return {
        "sweep": sweep,
        "confidence": CONFIDENCE,
        "claim": "fixed plan",  # of the intervals: the numbers of dies and rows were settled beforehand
        "dies": study.n_dies,
        "imperfections": [entry.given for entry in study.imperfections],
        "lost_all_together": {moment: answer.all_together[moment].to_json() for moment in MOMENTS},
        "one_at_a_time": [
            {
                "imperfection": entry.name,
                "level": entry.severe,
                "lost_alone": {moment: answer.costs[entry.name].alone[moment].to_json() for moment in MOMENTS},
                "won_if_left_out": {moment: answer.costs[entry.name].left_out[moment].to_json() for moment in MOMENTS},
            }
            for entry in study.imperfections
        ],
        "sobol": {
            "samples": study.samples,
            "spread": answer.spread,
            "indices": {moment: _indices_json(shares) for moment, shares in answer.shares.items()},
        }
        if study.design is not None
        else None,
    }


def _indices_json(shares: Mapping[str, Indices] | None) -> list[dict[str, Any]] | None:
    if shares is None:
        return None
    return [
        {"factor": name, "first_order": entry.first.to_json(), "total": entry.total.to_json()}
        for name, entry in shares.items()
    ]


def sensitivity_lines(answer: Answer, sweep: str) -> list[str]:
    study = answer.study
    dies = f"{study.n_dies} {'die' if study.n_dies == 1 else 'dies'}"
    interval = f", {CONFIDENCE:.0%} intervals" if study.n_dies > 1 else ""
    lines = [
        f"sweep {sweep}: what each imperfection costs, before and after learning on chip",
        "",
        f"one at a time, in percentage points of accuracy: mean of {dies}{interval}",
        *_cost_table(answer),
        "alone: lost against the ideal chip. left out: won when all others stay.",
        "Intervals: for numbers of dies and rows fixed beforehand, on these test images. No yield is claimed.",
        "",
    ]
    if study.design is None:
        return [*lines, "No noise has a range, so there are no Sobol indices: write for example mismatch:0..0.5."]
    ranges = ", ".join(f"{axis.name} {axis.mild:g} to {axis.severe:g}" for axis in study.design.ranges)
    lines += [
        f"all at once: {ranges}, every level as likely as any other",
        f"Sobol indices from {study.samples} rows, {study.samples * study.design.width:,} chips,"
        f" {CONFIDENCE:.0%} bootstrap intervals",
    ]
    for moment, shares in answer.shares.items():
        spread = f"{moment}: standard deviation of the accuracy {100 * answer.spread[moment]:.2f} points"
        lines += ["", spread if shares else f"{moment}: the accuracy never changes, there is no variance to share"]
        if shares:
            lines += _share_table(shares)
    return [
        *lines,
        "",
        "first order: the share of the variance that a factor explains alone; total: with all its interactions.",
        "die: the luck of the draw, at equal levels. Every row has a die of its own; the seed of the training order,",
        "of the teacher and of the test is one and the same throughout.",
    ]


def _cost_table(answer: Answer) -> list[str]:
    head = ["imperfection", "alone before", "alone after", "left out before", "left out after"]
    rows = []
    for entry in answer.study.imperfections:
        cost = answer.costs[entry.name]
        cells = [*(cost.alone[moment] for moment in MOMENTS), *(cost.left_out[moment] for moment in MOMENTS)]
        rows.append([f"{entry.name} {entry.severe:g}", *map(_points, cells)])
    together = [_points(answer.all_together[moment]) for moment in MOMENTS]
    return table([*rows, ["all together", *together]], head, indent=2)


def _points(mean: Mean) -> str:
    if mean.interval is None:
        return f"{100 * mean.value:z.2f}"
    low, high = (100 * end for end in mean.interval)
    return f"{100 * mean.value:z.2f} ({low:z.2f} to {high:z.2f})"


def _share_table(shares: Mapping[str, Indices]) -> list[str]:
    rows = []
    for name, entry in shares.items():
        cells = [f"{index.value:z.2f} ({index.low:z.2f} to {index.high:z.2f})" for index in (entry.first, entry.total)]
        rows.append([name, *cells])
    return table(rows, ("factor", "first order", "total"), indent=2)
