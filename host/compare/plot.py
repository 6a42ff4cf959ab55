"""The comparison as a picture: accuracy die by die, then traffic, the host's work and energy, one row per method."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from host.compare.numbers import MethodNumbers
from host.plots import BLACK, BLUE, GREEN, GREY, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SPREAD = 0.22  # of a row's height, over which the dies' dots are spread
_FEWEST_MACS = 1e6  # where the host's work goes on as a logarithm; ticks between 0 and here would overlap


def draw(methods: Sequence[MethodNumbers], title: str) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure((12, 1.9 + 0.62 * len(methods)), layout="constrained")
    figure.suptitle("\n".join(textwrap.wrap(title, 130)), fontsize=11, parse_math=False)
    accuracy, traffic, work, energy = figure.subplots(1, 4, sharey=True, width_ratios=[3, 2, 2, 2])
    rows = range(len(methods))
    _accuracy(accuracy, methods)
    _traffic(traffic, methods)
    work.scatter([each.host_macs for each in methods], rows, marker="s", color=BLUE, zorder=2)
    work.set_xscale("symlog", linthresh=_FEWEST_MACS)
    work.set_xlabel("host, multiply-accumulates\nof training a die")
    for row, each in enumerate(methods):
        energy.plot(
            [each.energy_low_mj, each.energy_high_mj], [row, row], color=BLUE, linewidth=5, solid_capstyle="butt"
        )
    energy.set(xlabel="energy of training a die\n(mJ, low to high figures)", xscale="log")
    work.axvline(0, color=GREY, linewidth=0.8)
    accuracy.set_yticks(rows, [each.name for each in methods])
    accuracy.invert_yaxis()
    for axes in (accuracy, traffic, work, energy):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", color="#DDDDDD", linewidth=0.8)
        axes.set_axisbelow(True)
    traffic.locator_params(axis="x", nbins=5)
    work.locator_params(axis="x", numticks=5)
    work.set_xticks([tick for tick in work.get_xticks() if tick == 0 or tick >= _FEWEST_MACS])
    handles, labels = accuracy.get_legend_handles_labels()
    more = traffic.get_legend_handles_labels()
    figure.legend([*handles, *more[0]], [*labels, *more[1]], loc="outside lower center", ncols=5, frameon=False)
    return figure


def _accuracy(axes: Axes, methods: Sequence[MethodNumbers]) -> None:
    for row, each in enumerate(methods):
        n = len(each.dies)
        heights = [row + _SPREAD * (2 * i / (n - 1) - 1) if n > 1 else row for i in range(n)]
        first = row == 0
        axes.scatter(
            [100 * die for die in each.dies], heights, s=14, color=GREY, label="one die" if first else None, zorder=2
        )
        axes.scatter(100 * each.mean, row, marker="|", s=260, color=VERMILION, linewidths=2.5, zorder=3,
                     label="mean of the dies" if first else None)  # fmt: skip
        axes.scatter(100 * each.ideal, row, marker="D", s=36, facecolors="none", edgecolors=BLACK, zorder=3,
                     label="chip without errors" if first else None)  # fmt: skip
    axes.set_xlabel("test accuracy (%)")


def _traffic(axes: Axes, methods: Sequence[MethodNumbers]) -> None:
    rows = [float(row) for row in range(len(methods))]
    down, up = [each.down_per_sample for each in methods], [each.up_per_sample for each in methods]
    axes.barh([row - 0.17 for row in rows], down, 0.3, color=GREEN, label="down: spikes, targets, weights")
    axes.barh([row + 0.17 for row in rows], up, 0.3, color=VERMILION, hatch="///", label="up: neuron state")
    axes.set_xlabel("link, bytes per training sample\n(0: nothing is learned on the die)")
