"""The page of one run: the triple, how it learned, what its noise meant, what met its limit, how to run it again."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from host.data import encoding_named
from host.link.traffic import link_lines
from host.report.chart import Bar, Labels, Series, bars, curves
from host.report.commands import report_command
from host.report.limits import PHASES, limits
from host.report.page import render
from host.report.population import numbers
from host.report.run_facts import run_checks, run_result
from host.run import RunFolder, stored_json
from host.studies import interval
from host.sweep import command_line_of

_TRIPLE = {
    "teacher": "the ANN that the chip follows",
    "ideal": "a chip without errors, programmed, not trained",
    "before": "this die as programmed",
    "after": "this die after learning",
}
_ASSIGNED = {
    "ideal": "a chip without errors, after learning",
    "before": "this die as programmed",
    "after": "this die after learning",
    "transfer": "this die, programmed with what the ideal chip learned",
    "adapted": "the same, after its thresholds alone adapted",
}
_TAUGHT = "the spiking network, trained through time, that the chip follows"
_PLOTS = {
    "rates.png": (
        "Rate against target",
        "Firing rates of each layer against the teacher's target rates on test samples, before learning above and after"
        " it below; on the dashed line a neuron fires as it should. Each panel's title gives the mean error.",
    ),
    "raster.png": (
        "One sample's spikes",
        "Spikes of one test sample in every layer, before learning at the left and after it at the right, with the"
        " counts of the output neurons.",
    ),
    "timeline.png": (
        "Host and chip at work",
        "When host, wire and chip were busy, on one clock: the whole run above, a close-up of learning below. What the"
        " host does while the chip works costs no time.",
    ),
    "fields.png": (
        "Receptive fields",
        "The weights of each neuron as an image, sorted by the class that it stands for; a synapse that is cut is"
        " coloured.",
    ),
    "thresholds.png": (
        "Thresholds and classes",
        "How far the threshold of each neuron has risen, and how many neurons stand for each class.",
    ),
    "weights.png": (
        "Weights",
        "Histograms of what the synapses of each layer deliver per spike, before and after learning.",
    ),
}


@dataclass(frozen=True)
class Plot:
    title: str
    description: str
    address: str  # a data: address, so that the page needs no other file


def run_page(folder: Path) -> str:
    """The page. Raises RunFolderError if the folder is no run or the run is not finished."""
    _, spec = RunFolder.open(folder)
    summary = run_result(folder)
    checks = run_checks(folder)
    test_samples = summary["test_samples"]
    samples = {"learning": summary["train_samples"], "test_before": test_samples, "test_after": test_samples}
    steps = spec.windows * spec.steps
    met = limits(summary["saturation"], summary["network"], steps, samples, summary["weight_updates"])
    return render(
        "run.html",
        folder=str(folder),
        spec=spec,
        summary=summary,
        network="-".join(map(str, summary["network"])),
        encoding=encoding_named(spec.encoding).meaning,
        triple=_meanings(summary),
        triple_chart=_triple(summary),
        accuracies=_accuracies(summary),
        intervals={name: _interval(value, test_samples) for name, value in _accuracies(summary).items()},
        checks=checks,
        learning_chart=_learning(checks, summary) if checks else None,
        plots=_plots(folder),
        limits=met,
        phases=PHASES,
        warnings=[limit for limit in met if limit.notable],
        costs=numbers(summary.get("cost", {})),
        link=link_lines(summary["link"]) if "link" in summary else [],
        toml=spec.to_toml(),
        run_command=command_line_of(spec),
        report_command=report_command(str(folder), []),
        versions=stored_json(folder, "versions.json"),
    )


def _interval(accuracy: float, samples: int) -> tuple[float, float]:
    """Exact interval of an accuracy measured on `samples` test samples."""
    ends = interval(round(accuracy * samples), samples)
    assert ends is not None, "a test set holds samples"
    return ends


def _meanings(summary: Mapping[str, Any]) -> dict[str, str]:
    """What is told of a run, in order. Without a teacher, what else was tried with the same die."""
    if "assignment" in summary:
        return {name: _ASSIGNED[name] for name in _ASSIGNED if name in summary["accuracy"] | summary["assignment"]}
    return _TRIPLE | ({"teacher": _TAUGHT} if "learned" in summary else {})


def _accuracies(summary: Mapping[str, Any]) -> dict[str, float]:
    further = {name: each["accuracy"] for name, each in summary.get("assignment", {}).items()}
    return {name: (summary["accuracy"] | further)[name] for name in _meanings(summary)}


def _triple(summary: Mapping[str, Any]) -> Markup:
    accuracy = _accuracies(summary)
    told = ", ".join(f"{name} {100 * value:.2f} percent" for name, value in accuracy.items())
    labels = Labels("triple", "Accuracy", f"Test accuracy: {told}.", "", "accuracy (%)")
    groups = []
    for name in accuracy:
        low, high = (100 * end for end in _interval(accuracy[name], summary["test_samples"]))
        tip = f"{name}: {100 * accuracy[name]:.2f} % ({low:.2f} to {high:.2f})"
        groups.append((name, [Bar(name, name, 100 * accuracy[name], (low, high), tip)]))
    return bars(labels, groups)


def _learning(checks: list[dict[str, float]], summary: Mapping[str, Any]) -> Markup:
    """Validation accuracy over training samples, with one standard error, and the test set's before and after."""
    shown = [check["presentations"] for check in checks]
    values = [100 * check["validation_accuracy"] for check in checks]
    flat = {name: 100 * summary["accuracy"][name] for name in ("ideal", "before", "after")}
    every = [*values, *flat.values()]
    labels = Labels(
        "learning",
        "Accuracy while learning",
        f"Validation accuracy from {values[0]:.1f} to {values[-1]:.1f} percent over {shown[-1]:,.0f} training samples,"
        f" at {len(checks)} checks; lines across are the test set's.",
        "training samples shown",
        "accuracy (%)",
    )
    spread = max(max(every) - min(every), 2.0)
    series = [Series("validation", values)]
    return curves(labels, [int(n) for n in shown], series, (max(max(every) - spread, 0), max(every)), flat)


def _plots(folder: Path) -> list[Plot]:
    return [
        Plot(title, text, "data:image/png;base64," + base64.b64encode((folder / name).read_bytes()).decode())
        for name, (title, text) in _PLOTS.items()
        if (folder / name).is_file()
    ]
