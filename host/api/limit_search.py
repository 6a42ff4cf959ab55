"""`chipsim.limit`: how much of one imperfection a design bears."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from host.api.given import Place, one_error, overrides_of, tells_settings, workers_of
from host.api.settings import Settings
from host.api.shown import Shown, Summary, shown_in_notebooks
from host.errors import SettingError
from host.plots import BLACK, BLUE, GREY
from host.studies import Design, Limit, Question, criterion, fraction, level_axis, search, usual_dies
from host.terminal import Console, percent, percent_floor

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class LimitOutcome(Shown):
    """The level of an imperfection up to which enough dies are good, and all levels that it rests on."""

    def __init__(self, database: Path, sweep: str, answer: Limit) -> None:
        self.database = database
        self.sweep = sweep  # all levels, as one sweep of the database
        self.facts: dict[str, Any] = answer.to_json()
        self._answer = answer

    @property
    def limit(self) -> float | None:
        """The highest level proven to pass; None if the range has none, or only such: see `whole_range`."""
        level: float | None = self.facts["limit"]
        return level

    @property
    def fails_at(self) -> float | None:
        """The first level beyond it that is proven to fail; None if none is."""
        level: float | None = self.facts["fails_at"]
        return level

    @property
    def whole_range(self) -> str | None:
        """'passes', 'fails' or 'undecided' if both ends of the range do; None where the limit lies between them."""
        verdict: str | None = self.facts["whole_range"]
        return verdict

    @property
    def plot(self) -> LimitPlots:
        return LimitPlots(self)

    def _summary(self) -> Summary:
        answer, _, *lines = self._answer.lines()
        caveats = lines[len(lines) - lines[::-1].index("") :]
        rows = [
            (
                f"{each['level']:g}",
                f"{each['good']} of {each['dies']}",
                percent(each["yield"], 1),
                percent_floor(each["at_least"]),
                percent(each["mean"]),
                percent(each["worst"]),
                each["verdict"],
            )
            for each in self.facts["levels"]
        ]
        head = (self.facts["axis"], "good", "yield %", "proven %", "mean %", "worst %", "")
        return Summary(answer, head, rows, caveats)

    def _records(self) -> list[dict[str, Any]]:
        """A row for each level."""
        return [dict(level) for level in self.facts["levels"]]


class LimitPlots:
    """Pictures of a limit, as matplotlib figures."""

    def __init__(self, outcome: LimitOutcome) -> None:
        self._facts = outcome.facts

    def levels(self) -> Figure:
        """The yield at each level, down to what is proven of it, what is wanted, and where the limit lies."""
        from matplotlib.figure import Figure

        facts = self._facts
        figure = Figure((6, 4.2), layout="constrained")
        axes = figure.subplots()
        places = [each["level"] for each in facts["levels"]]
        shares = [100 * each["yield"] for each in facts["levels"]]
        below = [share - 100 * each["at_least"] for share, each in zip(shares, facts["levels"], strict=True)]
        label = "good dies, and down to what they prove"
        axes.errorbar(places, shares, (below, [0.0] * len(below)), fmt="o-", color=BLUE, capsize=3, label=label)
        axes.axhline(100 * facts["wanted"]["yield"], color=BLACK, linestyle=":", label="wanted")
        if facts["fails_at"] is not None:
            axes.axvspan(facts["limit"], facts["fails_at"], color=GREY, alpha=0.3, label="the limit lies here")
        axes.set_xlabel(facts["axis"], parse_math=False)
        axes.set_ylabel(f"yield {facts['moment']} learning (%)")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        return shown_in_notebooks(figure)


@tells_settings
def limit(
    *,
    axis: str,
    at_least: float | str | None = None,
    within: float | str | None = None,
    yield_: float | str = 0.99,
    before: bool = False,
    between: tuple[float, float] | None = None,
    tolerance: float | None = None,
    dies: int | None = None,
    config: Place | None = None,
    set: Mapping[str, Any] | None = None,
    out: Place = "limit.sqlite",
    workers: int | None = None,
    mix_versions: bool = False,
    quiet: bool = False,
    **settings: Unpack[Settings],
) -> LimitOutcome:
    """Find the level of one imperfection up to which enough dies are proven good, by bisection.

        chipsim.limit(axis="mismatch", at_least=0.97, yield_=0.99)
        chipsim.limit(axis="quantization", between=(2, 8), within=0.01, noise="mismatch:0.2")

    axis: what varies, a noise (mismatch, mismatch@threshold) or a setting that is a number (steps). at_least: a die is
    good from this accuracy on, 0.97 or "97%"; within: or down to this much below the ideal chip's: one of them.
    yield_: wanted fraction of good dies. before: without learning on chip first. between: levels to search between,
    0 and 1 or all bits there are if None; tolerance: how near the limit is to be told, a 50th of the range if None.
    dies: at most per level, from `die` on; a verdict may take fewer. config, set, workers, out, mix_versions, quiet:
    see `chipsim.sweep`.

    What is done when Ctrl-C comes is kept: the same call goes on. Raises UserError.
    """
    with one_error():
        searched = level_axis(axis)
        ends = between or searched.ends
        if ends is None:
            raise SettingError(f"say between which values of {searched.name} to search: between=(LOW, HIGH)")
        if dies is not None and (not isinstance(dies, int) or dies < 1):
            raise SettingError(f"dies = {dies!r} is not a whole number from 1")
        try:
            low, high = map(float, ends)
        except (TypeError, ValueError):
            raise SettingError(f"between = {between!r} is not two numbers; write for example (0, 1)") from None
        wanted = fraction(str(yield_), "yield_")
        question = Question(
            axis=searched.name,
            whole=searched.whole,
            ends=(low, high),
            tolerance=(high - low) / 50 if tolerance is None else tolerance,
            wanted_yield=wanted,
            criterion=criterion(_text(at_least), _text(within)),
            moment="before" if before else "after",
            most_dies=dies or usual_dies(wanted),
        )
        design = Design(
            searched, None if config is None else Path(config), overrides_of(settings, set), question.most_dies
        )
        database = Path(out)
        try:
            with Console(quiet) as console:
                sweep, found = search(question, design, database, workers_of(workers), console, mix_versions)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"what is stored in {database} stays: the same call goes on") from None
        return LimitOutcome(database, sweep, found)


def _text(value: float | str | None) -> str | None:
    return None if value is None else str(value)
