"""`chipsim.run` and `chipsim.load_run`: one die, before and after it learned."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from chipsim import ChipInterface
from host.api.given import Place, one_error, overrides_of, tells_settings, threads_of
from host.api.settings import Settings
from host.api.shown import Shown, Summary, frame, shown_in_notebooks
from host.cli.text import details_text, result_text
from host.errors import SettingError
from host.plots import RunPicture, run_figure, save_plots
from host.report import run_checks, run_result
from host.run import Outcome, RunFolder, found_again, resolve
from host.run import run as run_spec
from host.settings import RunSpec
from host.terminal import Console

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

_MOMENTS = ("teacher", "ideal", "before", "after")


class Accuracies(NamedTuple):
    """On the test samples, as fractions from 0 to 1."""

    teacher: float  # the network that the chip follows
    ideal: float  # a chip without errors, programmed, not trained
    before: float  # this die as programmed
    after: float  # this die after learning


class RunOutcome(Shown):
    """What a run found out."""

    def __init__(self, spec: RunSpec, summary: dict[str, Any], folder: Path, found: Outcome | None = None) -> None:
        """summary: what result.json says; found: everything, None to find it out once more when it is asked for."""
        self.spec = spec  # every setting, nothing left open
        self.summary = summary
        self.folder = folder  # of the run
        if found is not None:
            self.found = found

    @cached_property
    def found(self) -> Outcome:
        """All that the run found out: data, teacher, die, scores. Of a loaded run, measured once more."""
        with one_error():
            return found_again(self.folder, threads_of(None))

    @property
    def accuracy(self) -> Accuracies:
        return Accuracies(*(self.summary["accuracy"][name] for name in _MOMENTS))

    @property
    def recovered_fraction(self) -> float | None:
        """Which part of the lost accuracy came back: 1 is all of it. None if nothing was lost."""
        fraction: float | None = self.summary.get("recovered_fraction")
        return fraction

    @property
    def chip(self) -> ChipInterface:
        """The die as it was kept."""
        return self.found.chip

    @property
    def plot(self) -> RunPlots:
        return RunPlots(self)

    def learning_table(self) -> DataFrame:
        """How it learned, a row per check. Raises UserError if pandas is not installed."""
        with one_error():
            return frame([dict(check) for check in run_checks(self.folder)])

    def _summary(self) -> Summary:
        spec, summary = self.spec, self.summary
        network = "-".join(map(str, summary["network"]))
        noise = f"noise {', '.join(spec.noise)}" if spec.noise else "no noise: an ideal die"
        back = self.recovered_fraction
        unanswered = summary.get("abstained", {})
        rows = [
            (name, f"{summary['accuracy'][name]:.2%}", f"no answer to {n:,}" if (n := unanswered.get(name)) else "")
            for name in _MOMENTS
        ]
        dataset = summary.get("dataset", spec.dataset)
        return Summary(
            f"{dataset}, {network}, {spec.steps_text}, die {spec.die}, seed {spec.seed}; {noise}",
            (),
            rows,
            [
                f"accuracy on {summary['test_samples']:,} test samples, learned from {summary['train_samples']:,}",
                "recovered: " + ("nothing was lost" if back is None else f"{back:z.0%} of what was lost"),
                f"folder: {self.folder}",
            ],
        )

    def _records(self) -> list[dict[str, Any]]:
        """A row for each of teacher, ideal, before and after, with what tells runs apart."""
        spec, summary = self.spec, self.summary
        shared = {
            "dataset": summary.get("dataset", spec.dataset),
            "network": "-".join(map(str, summary["network"])),
            "noise": ", ".join(spec.noise),
            "method": spec.training.method,
            "die": spec.die,
            "seed": spec.seed,
        }
        return [
            {
                **shared,
                "moment": name,
                "accuracy": summary["accuracy"][name],
                "unanswered": summary.get("abstained", {}).get(name),
                "test_samples": summary["test_samples"],
            }
            for name in _MOMENTS
        ]


class RunPlots:
    """Pictures of a run, as matplotlib figures; those that a run's folder has, too."""

    def __init__(self, outcome: RunOutcome) -> None:
        self._outcome = outcome

    def accuracy(self) -> Figure:
        """Validation accuracy while learning, and the test set's before and after."""
        return self._figure("accuracy")

    def raster(self) -> Figure:
        """One test sample's spikes before and after learning."""
        return self._figure("raster")

    def rates(self) -> Figure:
        """Firing rates of each layer against its target rates."""
        return self._figure("rates")

    def weights(self) -> Figure:
        """What the synapses deliver, before and after."""
        return self._figure("weights")

    def fields(self) -> Figure:
        """What each neuron answers to, of a method without a teacher: its weights, and the class that it stands for."""
        return self._figure("fields")

    def thresholds(self) -> Figure:
        """How far thresholds have risen, of a method without a teacher, and how many neurons stand for each class."""
        return self._figure("thresholds")

    def _figure(self, picture: RunPicture) -> Figure:
        return shown_in_notebooks(run_figure(self._outcome.found, picture))


@tells_settings
def run(
    *,
    config: Place | None = None,
    set: Mapping[str, Any] | None = None,
    out: Place | None = None,
    resume: Place | None = None,
    mix_versions: bool = False,
    threads: int | None = None,
    pictures: bool = False,
    quiet: bool = False,
    **settings: Unpack[Settings],
) -> RunOutcome:
    """Fabricate a die, measure it, let it learn on chip, measure it again.

        outcome = chipsim.run(noise=["mismatch:0.2", "thermal:0.1"], hidden=(128, 64), die=3)
        outcome.accuracy.after, outcome.table(), outcome.plot.raster()

    config: TOML file of settings, which arguments override; set: any setting of a spec by its dotted name, such as
    {"neuron.low_rail_th": -1}. out: the run's folder, runs/<date>-<hash> if None; resume: the folder of a run to go on
    with, alone but for threads, pictures and quiet; mix_versions: go on with what other versions have learned.
    threads: they change the speed, no result; all cores if None. pictures: whether to draw into the folder. quiet: no
    progress.

    What was learned when Ctrl-C comes is kept in the folder. Raises UserError.
    """
    with one_error():
        overrides = overrides_of(settings, set)
        folder = None if resume is None else Path(resume)
        if folder is not None and (overrides or config is not None or out is not None):
            given = sorted([*overrides, *(["config"] if config else []), *(["out"] if out else [])])
            raise SettingError(
                f"resume continues a run as it was defined; leave out {', '.join(given)} or start a new run"
            )
        if folder is None and mix_versions:
            raise SettingError("mix_versions says how to go on with resume=FOLDER: give both, or leave it out")
        outcome = _run(config, overrides, out, folder, mix_versions, threads_of(threads), quiet)
        if pictures:
            save_plots(outcome.found, outcome.folder)
        return outcome


def _run(
    config: Place | None,
    overrides: dict[str, Any],
    out: Place | None,
    resume: Path | None,
    mix_versions: bool,
    threads: int,
    quiet: bool,
) -> RunOutcome:
    folder: RunFolder | None = None

    def made(spec: RunSpec) -> RunFolder:
        nonlocal folder
        folder = RunFolder.create(spec, None if out is None else Path(out))
        return folder

    if resume is not None:
        folder, spec = RunFolder.open(resume, mix_versions)
    else:
        spec = resolve(None if config is None else Path(config), overrides)
        if out is not None:  # before the teacher is trained
            RunFolder.check(Path(out))
    try:
        with Console(quiet) as console:
            outcome = run_spec(spec, threads, folder or made, console)
    except KeyboardInterrupt:
        kept = f"go on with chipsim.run(resume={str(folder.path)!r})" if folder else "nothing was begun yet"
        raise KeyboardInterrupt(kept) from None
    assert folder is not None, "run() makes the folder"
    folder.save_report(f"{result_text(outcome)}\n\n{details_text(outcome)}")
    return RunOutcome(outcome.setup.spec, outcome.summary, folder.path, outcome)


def load_run(folder: Place) -> RunOutcome:
    """A finished run out of its folder, whoever made it: `chipsim run` or `chipsim.run`.

    Its figures are read; what takes the die (`plot`, `chip`, `found`) is measured once more when it is asked for.
    Raises UserError if there is no run, or it is not finished.
    """
    with one_error():
        path = Path(folder)
        _, spec = RunFolder.open(path, mix_versions=True)
        return RunOutcome(spec, run_result(path), path)
