"""Accuracy against level for the four classic noises: the ideal chip, 20 dies before learning, the same dies after it.

python examples/robustness_figure.py                        # digits, minutes
python examples/robustness_figure.py --dies 5 --noises mismatch,thermal --picture examples/dies.png    # the README's
python examples/robustness_figure.py --dataset mnist        # with CHIPSIM_DATA set; under an hour on two cores

A sweep, a picture beside its database, and the picture's numbers as a table. Stopped, it goes on where it was. The
levels of mismatch are those of Buechel et al. 2021; those of the other noises are ours, from none to hopeless. On
MNIST each die learns from every image once instead of five times, so that the whole figure fits into an hour.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from host.cli import usable_cores
from host.run import read_settings
from host.studies import MOMENTS, PointYield, criterion, yields
from host.sweep import Request, SweepStore, local_workers, noise_axis, run_sweep

LEVELS = {
    "mismatch": (0, 0.1, 0.2, 0.3, 0.5, 0.7),  # Buechel et al. 2021
    "thermal": (0, 0.1, 0.2, 0.3, 0.5, 0.7),
    "silencing": (0, 0.05, 0.1, 0.2, 0.3, 0.5),
    "quantization": (8, 6, 5, 4, 3, 2),
}
UNITS = {
    "mismatch": "mismatch: sigma of the relative error",
    "thermal": "thermal: sigma per step, in thresholds",
    "silencing": "silencing: fraction of dead hidden neurons",
    "quantization": "quantization: bits per weight, sign included",
}
SETTINGS: dict[str, dict[str, Any]] = {"digits": {}, "mnist": {"training.epochs": 1}}
# From Okabe and Ito's palette, whose colours the colour-blind can tell apart; markers and dashes say the same again.
LOOKS = {"before": ("#D55E00", "s", "--"), "after": ("#0072B2", "o", "-")}


class Counter:
    """Tells on stderr how far the sweep is; a listener of the engine."""

    def __init__(self) -> None:
        self._done = self._total = 0
        self._began = time.monotonic()

    def stage(self, text: str) -> None:
        print(f"{text} ...", file=sys.stderr, flush=True)

    def running(self, tasks: int) -> None:
        self._total, self._began = tasks, time.monotonic()

    def finished(self, result: object) -> None:
        self._done += 1
        if self._done % 20 == 0:
            left = (time.monotonic() - self._began) / self._done * (self._total - self._done)
            print(f"{self._done} of {self._total} chips, {left / 60:.1f} minutes left", file=sys.stderr, flush=True)


def request(dataset: str, dies: int, levels: dict[str, tuple[float, ...]]) -> Request:
    axes = tuple(noise_axis(f"{kind}:{','.join(map(str, values))}") for kind, values in levels.items())
    settings = read_settings(None, {"dataset": dataset, **SETTINGS[dataset]})
    return Request(settings, axes, cross=False, dies=tuple(range(1, dies + 1)))


def draw(points: list[PointYield], title: str) -> Figure:
    """Two panels in a row, one for each noise that the points are of."""
    kinds = [kind for kind in UNITS if any(kind in point.point for point in points)]
    rows = -(-len(kinds) // 2)
    figure = Figure((10, 1.4 + 3 * rows), layout="constrained")
    figure.suptitle(title)
    panels = figure.subplots(rows, min(2, len(kinds)), sharey=True, squeeze=False).ravel()
    for panel in panels[len(kinds) :]:
        panel.remove()
    for panel, kind in zip(panels, kinds, strict=False):
        _panel(panel, kind, [point for point in points if kind in point.point])
        panel.set_xlabel(UNITS[kind])
        panel.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    for panel in panels[::2]:
        panel.set_ylabel("test accuracy")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _panel(panel: Axes, kind: str, points: list[PointYield]) -> None:
    levels = [point.point[kind] for point in points]
    # Bits stand side by side, few to the right where it gets worse; other levels stand where their numbers are.
    places = list(range(len(levels))) if kind == "quantization" else levels
    ideal = points[0].dies[0].ideal
    panel.axhline(ideal, color="#000000", linestyle=":", label=f"ideal chip ({100 * ideal:.1f} %)")
    for moment, (color, marker, line) in LOOKS.items():
        accuracy = [point.accuracies(moment) for point in points]
        low, high = (np.array([at_level(a) for a in accuracy]) for at_level in (np.min, np.max))
        label = f"{moment} learning on chip"
        panel.fill_between(places, low, high, color=color, alpha=0.2, linewidth=0)
        panel.plot(places, [a.mean() for a in accuracy], color=color, marker=marker, linestyle=line, label=label)
    panel.set_xticks(places, [f"{level:g}" for level in levels])


def table(points: list[PointYield]) -> list[str]:
    lines = ["| noise | dies | ideal % | before %, mean | worst | after %, mean | worst |", "| --- " * 7 + "|"]
    for point in points:
        [(kind, level)] = point.point.items()
        cells = [f"{kind} {level:g}", str(len(point.dies)), f"{100 * point.dies[0].ideal:.2f}"]
        for moment in MOMENTS:
            accuracy = 100 * point.accuracies(moment)
            cells += [f"{accuracy.mean():.2f}", f"{accuracy.min():.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", choices=list(SETTINGS), default="digits")
    parser.add_argument("--dies", type=int, default=20)
    parser.add_argument("--workers", type=int, default=usable_cores())
    parser.add_argument("--noises", type=lambda text: text.split(","), default=list(LEVELS), metavar="KIND,KIND,...")
    parser.add_argument("--few-levels", action="store_true", help="two levels per noise, for a first look")
    parser.add_argument("--out", type=Path, help="database")
    parser.add_argument("--picture", type=Path, help="beside the database if left out")
    arguments = parser.parse_args()
    out = arguments.out or Path(f"robustness-{arguments.dataset}.sqlite")
    if unknown := set(arguments.noises) - LEVELS.keys():
        parser.error(f"--noises knows {', '.join(LEVELS)}, not {', '.join(sorted(unknown))}")
    step = slice(1, None, 3) if arguments.few_levels else slice(None)
    levels = {kind: LEVELS[kind][step] for kind in LEVELS if kind in arguments.noises}
    wanted = request(arguments.dataset, arguments.dies, levels)
    with SweepStore.create(out) as store, local_workers(arguments.workers) as workers:
        rows = list(store.rows(run_sweep(wanted, store, workers, Counter())))
        seconds = store.mean_seconds()
    points = yields(rows, criterion("0", None))
    broken = next((row for row in rows if row.status != "done"), None)
    if broken is not None:
        sys.exit(f"{broken.task} could not be simulated: {broken.message}")
    shape = "-".join(map(str, rows[0].summary["network"]))
    title = (
        f"{arguments.dataset}, {shape}: accuracy against the level of one imperfection\n"
        f"lines: mean of {arguments.dies} dies; bands: from the worst die to the best"
    )
    plot = arguments.picture or out.with_suffix(".png")
    draw(points, title).savefig(plot, dpi=140)
    print("\n".join(table(points)))
    print(f"\n{len(rows)} chips, {seconds:.2f} s each on one worker; picture: {plot}; numbers: {out}")


if __name__ == "__main__":
    main()
