"""`chipsim.compare`: training methods side by side on the same dies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from chipsim.physical import load
from host.api.given import Place, dies_text, one_error, overrides_of, tells_settings, workers_of
from host.api.settings import Settings
from host.api.shown import Shown, Summary, shown_in_notebooks
from host.compare import HEAD, MARGIN, Comparison, cells, draw
from host.compare import compare as run_comparison
from host.compare import methods as methods_of
from host.errors import SettingError, SweepError
from host.run import read_settings
from host.settings import METHODS
from host.studies import fraction
from host.sweep import SweepStore, local_workers
from host.sweep import dies as dies_of
from host.terminal import Console

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class CompareOutcome(Shown):
    """Methods on the same dies: accuracy, traffic, writes, host work, time, energy."""

    def __init__(self, folder: Path, found: Comparison) -> None:
        self.folder = folder  # of database, JSON and pictures
        self.found = found

    @property
    def facts(self) -> dict[str, Any]:
        """All figures, as compare.json has them."""
        return self.found.to_json()

    @property
    def verdict(self) -> list[str]:
        """Where on-chip learning wins and loses, in sentences."""
        return self.found.verdict()

    @property
    def plot(self) -> ComparePlots:
        return ComparePlots(self)

    def _summary(self) -> Summary:
        return Summary(self.found.title, HEAD, [cells(each) for each in self.found.methods], self.verdict[:1])

    def _records(self) -> list[dict[str, Any]]:
        """A row for each method."""
        return [each.to_json() for each in self.found.methods]


class ComparePlots:
    """Pictures of a comparison, as matplotlib figures."""

    def __init__(self, outcome: CompareOutcome) -> None:
        self._outcome = outcome

    def methods(self) -> Figure:
        """Accuracy die by die, traffic, the host's work and energy, a row for each method."""
        found = self._outcome.found
        return shown_in_notebooks(draw(found.methods, found.title))


@tells_settings
def compare(
    *,
    methods: str | Sequence[str] | None = None,
    dies: int | str | Sequence[int] = 10,
    margin: float | str = MARGIN,
    figures: str = "cmos-180nm",
    config: Place | None = None,
    set: Mapping[str, Any] | None = None,
    out: Place = "compare",
    workers: int | None = None,
    mix_versions: bool = False,
    quiet: bool = False,
    **settings: Unpack[Settings],
) -> CompareOutcome:
    """Train the same dies by several methods: accuracy, traffic, writes, host work, time, energy.

        chipsim.compare(methods=["on-chip-ltl", "conversion"], noise="mismatch:0.3", dies=10)

    methods: all of them if None. dies: see `chipsim.sweep`. margin: methods whose accuracies are proven to differ
    by less are called equally accurate. figures: the chip for time and energy if `chip` is none.
    out: folder of database, JSON and pictures. config, set, workers, mix_versions, quiet: see `chipsim.sweep`.

    What is done when Ctrl-C comes is kept: the same call goes on. Raises UserError.
    """
    with one_error():
        overrides = overrides_of(settings, set)
        for argument, name in (("die", "die"), ("method", "training.method")):
            if name in overrides:
                raise SettingError(f"{argument}: compare takes several, give {argument}s instead")
        chosen = methods if methods is None or isinstance(methods, str) else ",".join(methods)
        names = tuple(METHODS) if chosen is None else methods_of(chosen)
        seeds, physical = dies_of(dies_text(dies)), load(figures)
        equal = float(fraction(str(margin), "margin"))
        spec = read_settings(None if config is None else Path(config), overrides)
        folder = Path(out)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SweepError(f"cannot make the folder {folder}: {error.strerror}; choose another out") from None
        database = folder / "compare.sqlite"
        try:
            with (
                local_workers(workers_of(workers)) as pool,
                SweepStore.create(database, mix_versions) as store,
                Console(quiet) as console,
            ):
                found = run_comparison(spec, names, seeds, physical, store, pool, console, margin=equal)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"what is stored in {database} stays: the same call goes on") from None
        found.save(folder)
        return CompareOutcome(folder, found)
