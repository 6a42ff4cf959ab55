"""The page of a sweep: what its rows and its request become before the template sets them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from host.errors import SweepError
from host.report import numbers
from host.report.chart import text_of
from host.report.commands import report_command
from host.report.limits import NOTABLE, PHASES, MetLimit, limits
from host.report.page import render, sentence_list
from host.report.panels import Panel, arrange
from host.report.population import Point, Population, gather
from host.report.question import SweepQuestion
from host.report.study import StudyPart
from host.run import versions
from host.studies import MOMENTS, Criterion, Moment, Share
from host.sweep import Row, command_line_of

MOST_PANELS = 12  # drawn; a crossed sweep of many axes has more, and the rows have them all


@dataclass(frozen=True)
class Source:
    """A stored sweep and where it came from."""

    path: str  # as the user named it
    id: str
    created: str  # date and time, UTC
    question: SweepQuestion
    others: int  # sweeps in the same file that are not shown


@dataclass(frozen=True)
class Line:
    """One level of a panel: the numbers behind its figures."""

    point: Point
    bands: dict[str, tuple[float, float] | None]
    shares: dict[Moment, Share]
    saturation: list[MetLimit]
    worst: tuple[int, str] | None  # the worst die after learning: its seed and its command

    @property
    def recovered(self) -> float | None:
        ideal, before, after = (self.point.mean(name) for name in ("ideal", "before", "after"))
        if ideal is None or before is None or after is None or ideal <= before:
            return None
        return (after - before) / (ideal - before)

    def per_sample(self, name: str) -> float | None:
        samples = self.point.activity["train_samples"]
        return self.point.activity[name] / samples if samples else None


@dataclass(frozen=True)
class DrawnPanel:
    """A panel with its drawings."""

    name: str  # anchor
    panel: Panel
    lines: list[Line]
    accuracy: Markup
    yields: Markup
    histograms: list[tuple[str, Markup]]
    edges: list[float]  # of the histograms' bins, in percent
    counts: list[dict[Moment, list[int]]]  # per level with a result, dies per bin
    finding: str
    command: str


def sweep_page(
    source: Source,
    rows: Iterable[Row],
    study: StudyPart | None,
    wanted: Criterion,
    options: Sequence[str],
    mixtures: Sequence[str],
) -> tuple[str, Population]:
    """The page, and what it was made of.

    options: of the command line, that make this page again; mixtures: what rows do not have in common and should.
    """
    population = gather(rows, wanted)
    asked = source.question
    # A study's points vary everything at once; its own part tells of them.
    grid = study is None or study.id != source.id
    if grid:
        _check_axes(source, population)
    panels = arrange(population.points, list(asked.axes)) if grid else []
    drawn = [panel for panel in panels if any(point.dies for point in panel.points)]
    shown = drawn[:MOST_PANELS]
    parts = [_part(i, panel, population, source, wanted) for i, panel in enumerate(shown, 1)]
    first = next((point for point in population.points if point.dies), None)
    page = render(
        "sweep.html",
        source=source,
        population=population,
        question=asked,
        base=asked.base,
        study=study,
        network="-".join(map(str, first.network)) if first else "unknown until a task is done",
        wanted=str(wanted),
        test_images=" or ".join(f"{each:,}" for each in population.test_images),
        parts=parts,
        undrawn=len(drawn) - len(shown),
        moments=MOMENTS,
        phases=PHASES,
        notable=NOTABLE,
        warnings=[*(f"{each[0].upper()}{each[1:]}." for each in mixtures), *_warnings(parts), *_silent(population)],
        losses=numbers.losses(shown, population) if shown else None,
        loss_lines=numbers.panel_losses(shown, population),
        costs=sorted({name for part in parts for line in part.lines for name in line.point.cost}),
        spec=asked.base.to_toml(),
        spec_hash=asked.base.hash(),
        report_command=report_command(source.path, options),
        versions=versions(),
        sentence_list=sentence_list,
    )
    return page, population


def _check_axes(source: Source, population: Population) -> None:
    """Raises SweepError if a point varies what the sweep does not."""
    for point in population.points:
        if stray := [name for name in point.levels if name not in source.question.axes]:
            raise SweepError(
                f"{source.path}: a point of sweep {source.id} has a level of {stray[0]!r}, which is no axis of it: take"
                " an older copy of the file, or sweep again into another --out"
            )


def _part(number: int, panel: Panel, population: Population, source: Source, wanted: Criterion) -> DrawnPanel:
    lines = [_line(point, population) for point in panel.points]
    name = f"panel-{number}"
    edges = numbers.bin_edges(panel.points)
    own = {panel.axis, *panel.held}
    command = source.question.command_for([axis for axis in source.question.axes if axis in own])
    return DrawnPanel(
        name,
        panel,
        lines,
        numbers.accuracy(name, panel, population),
        numbers.yields(name, panel, wanted),
        numbers.histograms(name, panel, edges),
        edges,
        [{m: numbers.bin_counts(point, m, edges) for m in MOMENTS} for point in panel.points if point.dies],
        _finding(panel, lines),
        command,
    )


def _line(point: Point, population: Population) -> Line:
    spec = point.spec
    if spec is None:
        return Line(point, dict.fromkeys(("ideal", *MOMENTS)), {m: point.share(m) for m in MOMENTS}, [], None)
    samples = {
        "learning": point.activity["train_samples"],
        "test_before": point.tested,
        "test_after": point.tested,
    }
    worst = point.worst_die()
    return Line(
        point,
        {name: population.band(point, name) for name in ("ideal", *MOMENTS)},
        {moment: point.share(moment) for moment in MOMENTS},
        limits(point.saturation, point.network, spec.windows * spec.steps, samples, point.activity["weight_updates"]),
        (worst, command_line_of(spec.model_copy(update={"die": worst}))),
    )


def _finding(panel: Panel, lines: Sequence[Line]) -> str:
    """The level that hurts most, in one sentence or two."""
    told = [line for line in lines if line.point.dies]
    line = min(told, key=lambda line: line.point.mean("before") or 0.0)
    level = numbers.level_words(panel, line.point)
    means = {name: f"{100 * (line.point.mean(name) or 0.0):.2f} %" for name in ("ideal", *MOMENTS)}
    dies = len(line.point.dies)
    good = {moment: line.shares[moment].good for moment in MOMENTS}
    return (
        f"Accuracy before learning is lowest at {level}: {means['before']} on average over {dies:,}"
        f" {'die' if dies == 1 else 'dies'}, where the ideal chip reaches {means['ideal']}. After learning it"
        f" is {means['after']}. Dies as good as asked for: {good['before']:,} of {dies:,} before, {good['after']:,}"
        " after."
    )


def _silent(population: Population) -> list[str]:
    """Hidden layers that say nothing: whatever a chip answers then, it has not looked."""
    told = []
    for point in population.points:
        where = ", ".join(f"{name} {text_of(level)}" for name, level in point.levels.items())
        told += [
            f"Hidden layer {layer} did not spike once after learning in {dies:,} of {len(point.dies):,} dies"
            + (f", at {where}." if where else ".")
            for layer, dies in sorted(point.silent.items())
        ]
    return told


def _warnings(parts: Sequence[DrawnPanel]) -> list[str]:
    """What met its limit often enough to ask whether the design has room."""
    worst: dict[str, tuple[float, str, str, str]] = {}
    for part in parts:
        for line in part.lines:
            for limit in filter(lambda limit: limit.notable, line.saturation):
                for phase, share in limit.shares.items():
                    if share is not None and share > worst.get(limit.words, (0.0,))[0]:
                        where = numbers.level_words(part.panel, line.point)
                        worst[limit.words] = (share, limit.of, PHASES[phase], where)
    return [
        f"{words[0].upper()}{words[1:]}: up to {100 * share:.3g} % {of}, {phase}, at {where}."
        for words, (share, of, phase, where) in worst.items()
    ]
