"""The pictures of a run: accuracy while learning, one sample's spikes, rates against targets, weights.

Every colour is doubled by a line style, a marker or a place. No pyplot: it keeps global state. matplotlib is imported
only when something is drawn: a command line that draws nothing must start fast.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipInterface, Events, Probe, Result, SpikeProbe, Targets
from chipsim.die import fabricate
from chipsim.execution import ABSTAINED
from host.errors import HostError
from host.files import write_bytes
from host.plots.assigned_plots import MOST_FIELDS, height_of_fields, receptive_fields, synapses, thresholds
from host.plots.palette import BLACK as _BLACK
from host.plots.palette import BLUE as _BLUE
from host.plots.palette import DASHES as _DASHES
from host.plots.palette import GREEN as _GREEN
from host.plots.palette import GREY as _GREY
from host.plots.palette import VERMILION as _VERMILION
from host.plots.png import png_of
from host.plots.sheet import Sheet, spans
from host.run import Outcome
from host.teachers import Network
from host.training import EVALUATION_WINDOWS, LabelledScore, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

RunPicture = Literal["accuracy", "raster", "rates", "weights", "fields", "thresholds"]
_WIDTH, _DPI = 10.0, 140  # inches, and dots in one
_MOST_LAYERS = 5  # panels that fit; a deeper network shows some of its layers, always the first and the last
_MOST_SAMPLES = 2000  # of the test set, in the rates
_RATE_BINS = 32  # at most
_FEW_CLASSES = 12  # that can all be labelled
_FEW_COUNTS = 100  # up to which powers of ten alone would leave a logarithmic axis bare
_COUNT = "{x:,.0f}"  # on a logarithmic axis: powers of ten would be set as mathematics, which takes long
_FEW_LEVELS = 40  # of a quantised weight that are better shown one by one


def save_plots(outcome: Outcome, folder: Path) -> list[Path]:
    """Draw `outcome` into PNG files in `folder` (made if missing). Leaves its chip as it is. Raises OSError."""
    contents = {f"{name}.png": png_of(run_figure(outcome, name), _DPI) for name in pictures_of(outcome)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_bytes(folder / name, content)
    return [folder / name for name in contents]


def _sheet(outcome: Outcome, title: str, height: float) -> Sheet:
    """An empty sheet that says what is seen and of which die; `height` without the title."""
    spec, sizes = outcome.setup.spec, [str(n) for n in outcome.setup.teacher.sizes]
    name = textwrap.shorten(outcome.setup.dataset.name, 40, placeholder="…") or "data"
    layers = "-".join(sizes if len(sizes) <= 9 else [*sizes[:4], "…", *sizes[-3:]])
    noise = f"noise {', '.join(spec.noise)}" if spec.noise else "no noise"
    facts = f"{name}, {layers}, {spec.steps_text}, {spec.encoding} encoding; {noise}; die seed {spec.die}"
    return Sheet(_WIDTH, height, [title, *textwrap.wrap(facts, 105)])


def run_figure(outcome: Outcome, picture: RunPicture) -> Figure:
    """One of the pictures. Leaves its chip as it is. Raises HostError if such a run has no such picture."""
    drawn = pictures_of(outcome)
    if picture not in drawn:
        raise HostError(
            f"a run of method {outcome.setup.spec.training.method} has no picture {picture!r}: choose from"
            f" {', '.join(drawn)}"
        )
    return drawn[picture](outcome)


def pictures_of(outcome: Outcome) -> dict[RunPicture, Callable[[Outcome], Figure]]:
    """What can be drawn of it, by name."""
    if isinstance(outcome.after, LabelledScore):
        return {"fields": _fields, "thresholds": _thresholds, "weights": _synapses}
    return {"accuracy": _accuracy, "raster": _raster, "rates": _rates, "weights": _weights}


def _fields(outcome: Outcome) -> Figure:
    n = min(outcome.setup.teacher.sizes[-1], MOST_FIELDS)
    some = "" if n == outcome.setup.teacher.sizes[-1] else f" ({n} of {outcome.setup.teacher.sizes[-1]})"
    return receptive_fields(
        outcome, _sheet(outcome, f"What each neuron answers to: its weights{some}", height_of_fields(n))
    )


def _thresholds(outcome: Outcome) -> Figure:
    return thresholds(outcome, _sheet(outcome, "How far thresholds have risen, and what neurons stand for", 5.2))


def _synapses(outcome: Outcome) -> Figure:
    return synapses(outcome, _sheet(outcome, "What the synapses deliver per spike, and which are left", 5.2))


def _panels(network: Network) -> tuple[dict[int, str], str]:
    """The 0-based layers that get a panel, with their names, and what a title adds if these are not all.

    Pools get none: they have no weights of their own and no targets.
    """
    sizes, last = network.sizes, len(network.shapes) - 1
    learning = [layer for layer, shape in enumerate(network.shapes) if shape.learns]
    places = np.linspace(0, len(learning) - 1, min(len(learning), _MOST_LAYERS)).round()
    shown = sorted({learning[int(place)] for place in places})
    names = {i: f"layer {i + 1} ({sizes[i + 1]} neurons)" for i in shown} | {last: f"output ({sizes[-1]} classes)"}
    return names, "" if len(shown) == last + 1 else f" ({len(shown)} of {last + 1} layers)"


def _accuracy(outcome: Outcome) -> Figure:
    progress, setup = outcome.progress, outcome.setup
    sheet = _sheet(outcome, f"Accuracy while learning: {setup.spec.training.method}", 5.92)
    across = 1.1, _WIDTH - 1.1 - 1.6
    places = spans(sheet.top + 0.3, sheet.height - 0.5, [5, 1], [0.14])
    upper = sheet.axes(across, places[0])
    lower = sheet.axes(across, places[1], sharex=upper)
    shown = np.array([check.presentations for check in progress.checks])
    accuracy = 100 * np.array([check.validation_accuracy for check in progress.checks])
    error = np.sqrt(accuracy * (100 - accuracy) / progress.n_valid)
    upper.fill_between(shown, accuracy - error, accuracy + error, color=_GREY, alpha=0.3, linewidth=0)
    label = f"validation, {progress.n_valid:,} samples; band: ± 1 standard error"
    upper.plot(shown, accuracy, color=_BLACK, marker="o", markersize=4, label=label)
    kept = progress.kept()
    label = f"kept: after {shown[kept]:,} samples"
    box = upper.plot(shown[kept], accuracy[kept], "s", color=_BLUE, fillstyle="none", label=label, clip_on=False)[0]
    box.set(markersize=11, markeredgewidth=2)
    looks = {"after": (_BLUE, "-"), "ideal": (_GREEN, "-."), "teacher": (_BLACK, ":"), "before": (_VERMILION, _DASHES)}
    levels = 100 * np.array([outcome.summary["accuracy"][name] for name in looks])
    every = np.concatenate([accuracy - error, np.minimum(accuracy + error, 100), levels])
    pad = max(0.5, 0.04 * np.ptp(every))
    low, high = max(every.min() - pad, -0.3 * pad), min(every.max() + pad, 100 + 0.3 * pad)
    upper.set_ylim(low, high)
    beyond = _spread(levels, 0.055 * (high - low), low, high)
    beside = upper.get_yaxis_transform()  # x in axes widths, y in data
    for (name, (color, style)), level, place in zip(looks.items(), levels, beyond, strict=True):
        upper.axhline(level, color=color, linestyle=style, linewidth=1.4, zorder=1)
        upper.plot([1, 1.03], [level, place], color=color, transform=beside, clip_on=False, linewidth=0.8)
        upper.text(1.04, place, f"{name} {level:.1f} %", color=color, transform=beside, va="center")
    header = f"lines: test set\n({len(setup.dataset.test):,} samples)"
    upper.text(1.04, max(beyond) + 0.05 * (high - low), header, transform=beside, va="bottom")
    upper.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.2)
    upper.set_ylabel("accuracy (%)")
    upper.tick_params(labelbottom=False)
    lower.plot(shown, [check.learning_rate for check in progress.checks], color=_BLACK, marker="o", markersize=4)
    lower.set_yticks([0, setup.learning_rate], ["0", f"{setup.learning_rate:.3g}"])
    edge = max(1, shown[-1])
    lower.set_xlim(-0.03 * edge, 1.03 * edge)
    lower.locator_params(axis="x", nbins=8, integer=True)
    lower.xaxis.set_major_formatter("{x:,.0f}")
    none = "" if shown[-1] else " (none: 0 epochs)"
    lower.set(ylim=(0, 1.2 * setup.learning_rate), ylabel="learning\nrate (th)", xlabel=f"training samples shown{none}")
    return sheet.figure


def _spread(wanted: NDArray[Any], gap: float, low: float, high: float) -> NDArray[np.float64]:
    """Places in [low, high], at least `gap` apart, in the order of those wanted and near to them."""
    order = np.argsort(wanted, kind="stable")
    room = gap * np.arange(len(order))
    tight = wanted[order] - room  # as if every gap were taken out: then no place may lie below the one before
    pushed = (np.maximum.accumulate(tight) + np.minimum.accumulate(tight[::-1])[::-1]) / 2
    return (np.clip(pushed, low, high - room[-1]) + room)[np.argsort(order)]


def _raster(outcome: Outcome) -> Figure:
    setup, labels = outcome.setup, outcome.setup.dataset.test.labels
    repaired = np.flatnonzero((outcome.before.classes != labels) & (outcome.after.classes == labels))
    index = int(repaired[0]) if len(repaired) else 0
    label, (names, some) = int(labels[index]), _panels(setup.teacher.network)
    after = _look(outcome, outcome.chip, index)
    learned = outcome.chip.snapshot()
    outcome.chip.program(setup.start_weights())
    before = _look(outcome, outcome.chip, index)
    outcome.chip.restore(learned)
    looks = [before, after]
    last = setup.design.n_layers
    readout = np.zeros(0)
    if setup.spec.neuron.readout != "spiking":  # it answers by the largest membrane over the neuron's own threshold
        threshold = fabricate(setup.design, setup.spec.die)[-1].tables.threshold
        readout = np.stack([r.probed_membranes[last][0] / threshold for _, r in looks])
    ratios = [1.0] * len(names) + [1.7]
    title = f"Test sample {index}, class {label}{', the first that learning put right' if len(repaired) else ''}{some}"
    sheet = _sheet(outcome, title, 1.42 + 1.05 * sum(ratios))
    columns = spans(0.95, _WIDTH - 0.1, [7, 1.3, 7, 1.3], [0.12, 1.0, 0.12])
    rows = spans(sheet.top + 0.3, sheet.height - 0.66, ratios, [0.18] * len(names))
    for look, when in enumerate(("before", "after")):
        across, beside = columns[2 * look : 2 * look + 2]
        events, result = looks[look]
        panels = [sheet.axes(across, row) for row in rows]
        answer = int(result.classes[0])
        said = "no answer" if answer == ABSTAINED else f"class {answer}"
        verdict = f"{when} learning: {said}, {'right' if answer == label else 'wrong'}"
        verdict += " (tie, highest membrane)" if result.activity["ties"].any() else ""
        panels[0].set_title(verdict, fontsize=10, y=1)
        if len(events.amplitude):
            _draw_currents(panels[0], sheet.axes((beside[0], 0.12), rows[0]), events, setup.dataset.n_in)
        else:
            _draw_spikes(panels[0], _events_drawn(events, setup.dataset.n_in))
            panels[0].set_ylabel(f"input\n({setup.dataset.n_in} rows)")
        for axes, layer in zip(panels[1:-1], names, strict=False):
            _draw_spikes(axes, result.spikes[layer + 1][0])
            axes.set_ylabel(names[layer].replace(" (", "\n("))
        side = sheet.axes(beside, rows[-1])
        if setup.spec.neuron.readout != "spiking":
            _draw_readout(panels[-1], side, readout, look, label, answer)
        else:
            _draw_output(panels[-1], side, result, label, answer, max(float(r.counts[-1].max()) for _, r in looks))
        side.tick_params(labelsize=8)
        for axes in panels:
            axes.set_xlim(0.5, setup.design.presentation_steps + 0.5)
            axes.tick_params(labelsize=8)
            axes.yaxis.label.set_fontsize(9)
        for axes in panels[:-1]:
            axes.set_xticks([])
        panels[-1].set_xlabel("step of the layer's window")
    return sheet.figure


def _look(outcome: Outcome, chip: ChipInterface, index: int) -> tuple[Events, Result]:
    """One test sample on one chip, in the very window in which it was evaluated, every neuron's spikes watched."""
    setup, windows = outcome.setup, np.array([EVALUATION_WINDOWS + index])
    events = setup.encoder(1).encode(setup.dataset.test.values(slice(index, index + 1)), windows)
    last, reads_membranes = setup.design.n_layers, setup.spec.neuron.readout != "spiking"
    probes = [
        (Probe if layer == last and reads_membranes else SpikeProbe)(layer, tuple(range(n)))
        for layer, n in enumerate(setup.teacher.sizes)
        if layer > 0
    ]
    return events, chip.infer(events, windows, probes)


def _events_drawn(events: Events, n_in: int) -> NDArray[np.float64]:
    """(T, n_in): what each input row gets at each step of the first window."""
    steps = events.begin.shape[1]
    shown = np.zeros((steps, n_in))
    for t in range(steps):
        now = slice(events.begin[0, t], events.end[0, t])
        shown[t, events.rows[0, now]] = events.amplitude[0, now] if len(events.amplitude) else 1
    return shown


def _draw_currents(axes: Axes, scale: Axes, events: Events, n_in: int) -> None:
    shown = _events_drawn(events, n_in)
    extent = (0.5, len(shown) + 0.5, n_in - 0.5, -0.5)
    image = axes.imshow(shown.T, "Greys", aspect="auto", extent=extent, vmin=0, vmax=1, interpolation="nearest")
    axes.set(yticks=sorted({0, n_in - 1}), ylabel=f"input current\n({n_in} rows)")
    scale.figure.colorbar(image, cax=scale, ticks=[0, 0.5, 1])
    scale.tick_params(labelsize=8)


def _draw_spikes(axes: Axes, spikes: NDArray[Any], points: float = 58, told: bool = True) -> None:
    """A mark per spike of `spikes` (T, n), as tall as its neuron's line in a panel of `points`.

    told: say beside the panel how many they are.
    """
    steps, n = spikes.shape
    size, width = float(np.clip(0.85 * points / n, 1.2, 14)), float(np.clip(80 / steps, 0.6, 2))
    at, neuron = np.nonzero(spikes)
    axes.plot(at + 1, neuron, linestyle="none", marker="|", markersize=size, markeredgewidth=width, color=_BLACK)
    axes.set(ylim=(n - 0.5, -0.5), yticks=sorted({0, n - 1}))
    if told:
        axes.text(1.035, 0.5, f"{len(at):,}\nspikes", transform=axes.transAxes, fontsize=8, va="center")


def _draw_output(axes: Axes, side: Axes, result: Result, label: int, answer: int, most: float) -> None:
    """The output neurons' spikes and counts: the true class on a band with its count in blue, the answer pointed at."""
    counts, n = result.counts[-1][0], result.counts[-1].shape[1]
    _draw_spikes(axes, result.spikes[len(result.counts)][0], 98, told=False)
    axes.axhspan(label - 0.5, label + 0.5, color=_BLUE, alpha=0.2, linewidth=0)
    few = n <= _FEW_CLASSES
    spread = range(0, n, 1 if few else 10 * -(-n // 60))
    ticks = sorted({label, *(i for i in spread if few or abs(i - label) > n / 12)})
    axes.set_yticks(ticks, [f"true {i}" if i == label else str(i) for i in ticks])
    axes.get_yticklabels()[ticks.index(label)].set(color=_BLUE, fontweight="bold")
    axes.set_ylabel("output class")
    side.barh(np.arange(n), counts, color=[_BLUE if i == label else _GREY for i in range(n)], height=0.8)
    for i in range(n):
        if i == answer or (few and counts[i] > 0):
            side.text(counts[i], i, f" {counts[i]:g}{' ◀' * (i == answer)}", fontsize=8, va="center")
    side.set(xlim=(0, 1.6 * max(most, 1)), ylim=(n - 0.5, -0.5), yticks=[])
    side.set_xlabel("spikes\n(◀ answer)", fontsize=9)


def _draw_readout(axes: Axes, side: Axes, both: NDArray[Any], column: int, label: int, answer: int) -> None:
    """An integrating readout: membranes (2, T, n) before and after, the true class's and the answer's by name."""
    steps, mine = np.arange(1, both.shape[1] + 1), both[column]
    pad = 0.05 * float(np.ptp(both)) or 1.0
    low, high = float(both.min()) - pad, float(both.max()) + pad
    axes.plot(steps, mine, color=_GREY, linewidth=0.8)
    named = [label, answer] if answer != label else [label]
    for i, place in zip(named, _spread(mine[-1, named], 2.4 * pad, low, high), strict=True):
        color, style = (_BLUE, "-") if i == label else (_VERMILION, _DASHES)
        axes.plot(steps, mine[:, i], color=color, linestyle=style, linewidth=1.8)
        side.text(0, place, f"{'true' if i == label else 'answer'} {i}", color=color, fontsize=8, va="center")
    side.axis("off")
    side.set_ylim(low, high)
    axes.set(ylim=(low, high), ylabel="output membrane /\nown threshold")


def _rates(outcome: Outcome) -> Figure:
    from matplotlib.colors import LogNorm

    setup, test = outcome.setup, outcome.setup.dataset.test
    stride = outcome.before.stride
    every = 1 + (len(test) // stride) // _MOST_SAMPLES  # of those whose rates were kept
    part = slice(None, None, every * stride)
    aim = setup.spec.training.output_target
    targets = _of_presentations(setup, setup.teacher.targets(test.values(part), test.labels[part], aim))
    names, some = _panels(setup.teacher.network)
    shown = len(test.labels[part])
    sheet = _sheet(outcome, f"Rate against target (dashed), {shown:,} of {len(test):,} test samples{some}", 5.92)
    steps, norm, reads_membranes = (
        setup.design.presentation_steps,
        LogNorm(0.5, 2),
        setup.spec.neuron.readout != "spiking",
    )
    gaps = [0.3] * (len(names) - 1)
    if reads_membranes and gaps:
        gaps[-1] = 0.85  # its axis has figures of its own
    columns = spans(0.75, _WIDTH - 1.15, [1] * len(names), gaps)
    rows = spans(sheet.top + 0.42, sheet.height - 0.5, [1, 1], [0.32])
    for column, (layer, name) in enumerate(names.items()):
        target, is_output = targets[layer], layer == len(targets) - 1
        assert target is not None, "layers with panels learn"
        one_hot = is_output and aim == "label"
        integrating = is_output and reads_membranes
        labelled = integrating or column == 0
        pair = [score.rates[layer][::every] for score in (outcome.before, outcome.after)]
        per_bin = -(-steps // _RATE_BINS)  # levels of the count: as many in every bin
        x_edges = np.array([-0.25, 0.25, 0.75, 1.25]) if one_hot else np.linspace(0, 1, _RATE_BINS + 1)
        y_edges = (np.arange(0, steps + 1 + per_bin, per_bin) - 0.5) / steps
        if integrating:
            low, high = np.percentile(pair, [0.1, 99.9])
            y_edges = np.linspace(min(float(low), 0), max(float(high), 1), _RATE_BINS + 1)
        above = sheet.axes(columns[column], rows[0])
        below = sheet.axes(columns[column], rows[1], sharex=above, sharey=above)
        for axes, rate, when in zip((above, below), pair, ("before", "after"), strict=True):
            inside = np.clip(rate, y_edges[0], y_edges[-1])
            counts = np.histogram2d(target.ravel(), inside.ravel(), (x_edges, y_edges))[0].T
            norm.vmax = max(2.0, norm.vmax or 0.0, float(counts.max()))
            mesh = axes.pcolormesh(x_edges, y_edges, np.ma.masked_equal(counts, 0), cmap="Blues", norm=norm)
            line = ([-0.25, 0.25, np.nan, 0.75, 1.25], [0, 0, np.nan, 1, 1]) if one_hot else ([0, 1], [0, 1])
            axes.plot(*line, color=_VERMILION, linestyle=_DASHES, linewidth=1.5)
            fit = f"mean |error| {np.mean(np.abs(rate - target)):.3f}"
            axes.set_title(f"{name}\n{fit}" if when == "before" else fit, fontsize=9, y=1)
            axes.tick_params(labelleft=labelled, labelbottom=axes is below)
            highest = "highest " if setup.spec.neuron.readout == "integrating-max" else ""
            unit = f"{highest}membrane / threshold / steps" if integrating else "rate (spikes per step)"
            axes.set(xticks=[0, 1] if one_hot else [0, 0.5, 1], ylabel=f"{when}: {unit}" if labelled else "")
        below.set_xlabel("target rate")
    scale = sheet.axes((_WIDTH - 0.95, 0.13), (rows[0][0], sum(rows[1]) - rows[0][0]))
    label, ticks = "(neuron, sample) pairs per cell", _decades(norm.vmax or 2.0)
    sheet.figure.colorbar(mesh, cax=scale, label=label, ticks=ticks, format=_COUNT).minorticks_off()
    return sheet.figure


def _of_presentations(setup: Setup, targets: Targets) -> list[NDArray[np.float32] | None]:
    """Target rates over all steps of a presentation: of sequences the mean of all windows', of a readout the last."""
    windows = setup.spec.windows
    if windows == 1:
        return list(targets)
    means = [None if each is None else each.mean(axis=1) for each in targets]
    last = targets[-1]
    if last is not None and not setup.design.neuron.outputs_fire:
        means[-1] = last[:, -1] / np.float32(windows)
    return means


def _decades(most: float) -> LogLocator:
    """Where a logarithmic axis of counts up to `most` has ticks."""
    from matplotlib.ticker import LogLocator

    return LogLocator(subs=(1, 2, 5) if most < _FEW_COUNTS else (1,))


def _weights(outcome: Outcome) -> Figure:
    names, some = _panels(outcome.setup.teacher.network)
    sheet = _sheet(outcome, f"What the synapses deliver per spike, before and after learning{some}", 4.12)
    columns = spans(0.85, _WIDTH - 0.12, [1] * len(names), [0.65] * (len(names) - 1))
    grid = [sheet.axes(column, (sheet.top + 0.42, sheet.height - sheet.top - 1.22)) for column in columns]
    for axes, (layer, name) in zip(grid, names.items(), strict=True):
        pair = [weights[layer][0].ravel() for weights in (outcome.start, outcome.chip.weights())]
        levels = np.unique(pair).astype(np.float64)
        spacing = float(np.diff(levels).min()) if len(levels) > 1 else 1.0
        wanted = np.ptp(levels) / np.clip(3 * len(pair[0]) ** (1 / 3), 11, 81)
        few = np.ptp(levels) <= _FEW_LEVELS * spacing and np.allclose(levels, spacing * np.rint(levels / spacing), 1e-3)
        # An odd number of levels per bin, so that all bins hold as many and the middle one lies on zero.
        width = spacing if few else (2 * (wanted // (2 * spacing)) + 1) * spacing
        middles = np.arange(np.rint(levels[0] / width), np.rint(levels[-1] / width) + 1)
        edges = width * np.unique(np.add.outer([-0.3, 0.3] if few else [-0.5, 0.5], middles))  # few: gaps between them
        before, after = (np.histogram(weights, edges)[0] for weights in pair)
        axes.stairs(before, edges, fill=True, color=_VERMILION, alpha=0.35, label="before")
        axes.stairs(after, edges, color=_BLUE, linewidth=1.6, label="after")
        axes.set(yscale="log", ylim=(0.7, None), xlabel="weight (thresholds)")
        axes.yaxis.set_major_locator(_decades(max(before.max(), after.max())))
        axes.yaxis.set_major_formatter(_COUNT)
        axes.yaxis.minorticks_off()
        axes.set_title(f"{name}\nmean |change| {np.mean(np.abs(pair[1] - pair[0])):.2g} th", fontsize=9, y=1)
    grid[0].set_ylabel("synapses per bin")
    sheet.figure.legend(*grid[0].get_legend_handles_labels(), loc="lower center", ncols=2, frameon=False)
    return sheet.figure
