"""A stored sensitivity study on a page: what each noise costs, and its share of the variance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from host.report.chart import Bar, Labels, bars
from host.report.question import SweepQuestion
from host.studies import MOMENTS, Accuracy, Answer, Indices, Mean, Moment, Study
from host.sweep import Row


@dataclass(frozen=True)
class StudyPart:
    """A study with its drawings; `answer` is None while tasks are missing or have failed."""

    id: str
    question: SweepQuestion
    open_tasks: int  # missing or failed
    answer: Answer | None = None
    alone: Markup | None = None
    left_out: Markup | None = None
    shares: Mapping[Moment, Markup] | None = None


def study_part(sweep_id: str, asked: SweepQuestion, study: Study, rows: Iterable[Row]) -> StudyPart:
    """The study's answer and its figures from its rows, which are in the order of its plan."""
    found, open_tasks = [], 0
    for row in rows:
        if row.ideal is None or row.before is None or row.after is None:
            open_tasks += 1
        else:
            found.append(Accuracy(row.ideal, row.before, row.after))
    if open_tasks:
        return StudyPart(sweep_id, asked, open_tasks)
    answer = study.answer(found)
    alone = {entry.name: answer.costs[entry.name].alone for entry in study.imperfections}
    left_out = {entry.name: answer.costs[entry.name].left_out for entry in study.imperfections}
    drawn = {
        moment: _shares(sweep_id, moment, shares) for moment, shares in answer.shares.items() if shares is not None
    }
    return StudyPart(
        sweep_id,
        asked,
        0,
        answer,
        _costs(answer, alone, f"alone-{sweep_id}", "Accuracy lost by each noise alone"),
        _costs(answer, left_out, f"left-out-{sweep_id}", "Accuracy won if a noise is left out"),
        drawn,
    )


def _costs(answer: Answer, costs: Mapping[str, Mapping[Moment, Mean]], name: str, title: str) -> Markup:
    groups = []
    for entry in answer.study.imperfections:
        group = []
        for moment in MOMENTS:
            mean = costs[entry.name][moment]
            ends = None if mean.interval is None else (100 * mean.interval[0], 100 * mean.interval[1])
            group.append(
                Bar(moment, moment, 100 * mean.value, ends, f"{entry.name}, {moment}: {100 * mean.value:z.2f}")
            )
        groups.append((f"{entry.name} {entry.severe:g}", group))
    told = "; ".join(
        f"{label}: " + ", ".join(f"{bar.name} {bar.value:z.1f}" for bar in group) for label, group in groups
    )
    return bars(Labels(name, title, f"Percentage points. {told}.", "", "percentage points"), groups)


def _shares(sweep_id: str, moment: Moment, shares: Mapping[str, Indices]) -> Markup:
    groups = []
    for factor, entry in shares.items():
        group = []
        for name, style, index in (("first order", "first", entry.first), ("total", "total", entry.total)):
            tip = f"{factor}, {name}: {index.value:z.2f} ({index.low:z.2f} to {index.high:z.2f})"
            group.append(Bar(name, style, index.value, (index.low, index.high), tip))
        groups.append((factor, group))
    told = "; ".join(f"{factor} {entry.total.value:z.2f}" for factor, entry in shares.items())
    labels = Labels(
        f"sobol-{moment}-{sweep_id}",
        f"Sobol indices {moment} learning",
        f"Total index of each factor: {told}.",
        "",
        "share of the variance",
    )
    return bars(labels, groups)
