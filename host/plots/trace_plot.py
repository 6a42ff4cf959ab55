"""The picture of a trace: a column per neuron, its signals stacked in the order of the path, as a logic analyser does.

Every colour is doubled by a line style or a place. matplotlib is imported only when something is drawn.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chipsim.execution import in_words
from host.plots.palette import BLACK, BLUE, DASHES, GREEN, GREY, PURPLE, VERMILION
from host.plots.png import png_of
from host.trace import (
    STAGES,
    THRESHOLDS,
    NeuronWaveform,
    SignalTimeline,
    Units,
    Waveform,
    error_lines,
    name_of,
    quantity,
    unit_of,
    waves,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_NEURONS = 3  # columns that fit
_MOST_STEPS = 200  # on the time axis, unless one sample has more
_MOST_LINES = 60  # a line per step is drawn up to here
_LOOKS: tuple[tuple[str, Any], ...] = ((BLUE, "-"), (VERMILION, DASHES), (GREEN, "-."), (BLACK, ":"))
_RAIL_IN_SIGHT = 0.6  # spans of the membrane beyond its range where a rail is still drawn
_SMALL, _NORMAL = 7.0, 8.5  # points


def waveform_png(waveform: Waveform, step_s: float, units: Units = THRESHOLDS) -> bytes:
    """The picture as a PNG file."""
    return png_of(waveform_plot(waveform, step_s, units), 150)


def waveform_plot(waveform: Waveform, step_s: float, units: Units = THRESHOLDS) -> Figure:
    """The first neurons of a trace over the first of its samples, as many as can be read."""
    from matplotlib.figure import Figure

    neurons = waveform.neurons[:_MOST_NEURONS]
    scene = _Scene(waveform, step_s, units)
    panels = _panels(waveform, units)
    heights = [height for _, height, _ in panels]
    width = {1: 9.0, 2: 12.0, 3: 17.0}[len(neurons)]
    figure = Figure((width, 1.7 + 0.55 * sum(heights)), layout="constrained")
    figure.suptitle(_title(waveform, scene, round(13 * width)), fontsize=10, parse_math=False)
    grid = figure.subplots(len(panels), len(neurons), sharex=True, squeeze=False, height_ratios=heights)
    for column, neuron in enumerate(neurons):
        for (label, _, draw), axes in zip(panels, grid[:, column], strict=True):
            scene.background(axes, neuron.layer)
            draw(scene, axes, neuron)
            axes.tick_params(labelsize=_SMALL)
            axes.spines[["top", "right"]].set_visible(False)
            if column == 0:
                axes.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=_NORMAL)
        grid[0, column].set_title(_header(neuron, units, len(neurons)), fontsize=_SMALL + 0.5, loc="left")
        grid[-1, column].set_xlabel(f"time ({scene.unit}), {quantity(step_s)} per step", fontsize=_NORMAL)
        grid[0, column].set_xlim(0, scene.end)
        grid[0, column].locator_params(axis="x", nbins=9, steps=[1, 2, 5, 10])
    figure.align_ylabels(grid[:, 0])
    return figure


class _Scene:
    """What is drawn of a trace, and the time axis."""

    def __init__(self, waveform: Waveform, step_s: float, units: Units) -> None:
        self.waveform = waveform
        self.units = units
        period = SignalTimeline.of(waveform).period
        self.shown = max(1, min(len(waveform.samples), _MOST_STEPS // period))
        self.timeline = SignalTimeline.of(waveform, self.shown)
        factor, self.unit = unit_of(period * step_s)
        self.step = step_s / factor
        self.end = self.shown * period * self.step
        self._waves = {(*wave.scope, wave.name): units.shown(wave) for wave in waves(waveform)}

    def line(self, neuron: NeuronWaveform, *path: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """Times and values of a neuron's signal (or another one in its layer: its path); the last holds to the end."""
        layer, mine = ("chip", f"layer{neuron.layer}"), (f"neuron{neuron.neuron}", *path)
        wave = self._waves[(*layer, *mine)] if (*layer, *mine) in self._waves else self._waves[(*layer, *path)]
        seen = wave.at < self.timeline.cycles
        at, values = wave.at[seen] * self.step / len(STAGES), wave.values[seen].astype(float)
        return np.append(at, self.end), np.append(values, values[-1])

    def background(self, axes: Axes, layer: int) -> None:
        """A line per step, a stronger one where windows of a sequence meet, and grey where the layer is idle."""
        begins = self.timeline.begins(layer) / len(STAGES) * self.step
        ends = begins + self.timeline.steps * self.step
        n_steps = self.shown * self.timeline.period
        if n_steps <= _MOST_LINES:
            for step in range(n_steps + 1):
                axes.axvline(step * self.step, color=GREY, linewidth=0.4, zorder=0)
        per_window = self.timeline.steps // self.timeline.windows * self.step
        for begin, number in product(begins, range(1, self.timeline.windows)):
            axes.axvline(begin + number * per_window, color=GREY, linewidth=1.2, zorder=0)
        idle = zip([0.0, *ends], [*begins, self.end], strict=True)
        for first, last in idle:
            if last > first:
                axes.axvspan(first, last, facecolor="#E8E8E8", edgecolor=GREY, hatch="////", linewidth=0, zorder=0.8)


_Draw = Callable[[_Scene, "Axes", NeuronWaveform], None]


def _panels(waveform: Waveform, units: Units) -> list[tuple[str, float, _Draw]]:
    """Label, height and contents of the panels, from the column to the synapse."""
    n_rows = max(len(neuron.rows) for neuron in waveform.neurons) - 1
    current = waveform.spec.encoding == "current" and any(neuron.layer == 1 for neuron in waveform.neurons)
    panels: list[tuple[str, float, _Draw]] = [
        (f"input rows\n({'current, ' if current else ''}spikes)", 0.4 * n_rows + 0.2, _inputs),
        (f"column current\n({units.current.symbol})", 1.3, _current),
        (f"membrane ({units.voltage.symbol})", 3.2, _membrane),
        ("spike", 0.5, _spike),
        ("spike count and\ntarget count" if waveform.learns else "count", 1.6, _counts),
    ]
    own = {
        signal.field.name: signal.field for neuron in waveform.neurons for signal in neuron.own if len(signal.values)
    }
    panels += [(f"{name}\n({field.unit})" if field.unit else name, 1.2, _own(name)) for name, field in own.items()]
    if waveform.learns:
        learning: list[tuple[str, float, _Draw]] = []
        if any(len(neuron.error) for neuron in waveform.neurons):  # of a circuit with gates
            learning = [
                ("target minus count\n(spikes)", 1.3, _difference),
                ("error gate\n(spikes per step)" if _is_linear(waveform) else "error gate", 1.2, _error),
                ("learning gates", 0.9, _gates),
            ]
        learning += [
            (f"update pulse\n({units.small_charge[0]})", 1.2, _pulse),
            (
                f"weight change\n({'LSB' if len(waveform.neurons[0].code) else units.small_charge[0]})",
                2.2,
                _weights,
            ),
        ]
        panels += [(label, height, _where_it_learns(draw)) for label, height, draw in learning]
    return panels


def _own(name: str) -> _Draw:
    """A field that the neuron or the learning rule declares."""

    def drawn(scene: _Scene, axes: Axes, neuron: NeuronWaveform) -> None:
        if any(signal.field.name == name for signal in neuron.own):
            axes.step(*scene.line(neuron, name), where="post", color=BLACK, linewidth=1.1)
            axes.margins(y=0.12)

    return drawn


def _where_it_learns(draw: _Draw) -> _Draw:
    def drawn(scene: _Scene, axes: Axes, neuron: NeuronWaveform) -> None:
        if neuron.learns:
            draw(scene, axes, neuron)
        else:
            axes.set_yticks([])
            axes.text(0.5, 0.5, "does not learn", transform=axes.transAxes, ha="center", va="center", fontsize=_SMALL)

    return drawn


def _is_linear(waveform: Waveform) -> bool:
    return waveform.design.learning_circuit.error_gate == "linear"


def _title(waveform: Waveform, scene: _Scene, width: int) -> str:
    spec = waveform.spec
    shown = [
        f"{sample} (class {label}, answer {in_words(answer)})"
        for sample, label, answer in zip(waveform.samples, waveform.labels, waveform.classes, strict=True)
    ][: scene.shown]
    left_out = [f"{scene.shown} of {len(waveform.samples)} samples"] if scene.shown < len(waveform.samples) else []
    if len(waveform.neurons) > _MOST_NEURONS:
        left_out.append(f"{_MOST_NEURONS} of {len(waveform.neurons)} neurons")
    what = f"{'Learning' if waveform.learns else 'Inferring'} {waveform.part} sample {', '.join(shown)}"
    what += f" after {waveform.learned_before:,} learned" + (f" [{', '.join(left_out)}]" if left_out else "")
    network = "-".join(map(str, waveform.design.layer_sizes))
    facts = f"{waveform.data}, {network}, {spec.steps_text}, {spec.encoding} encoding; "
    facts += f"noise {', '.join(spec.noise)}" if spec.noise else "no noise"
    facts += f"; die seed {spec.die}"
    return "\n".join(textwrap.wrap(what, width) + textwrap.wrap(facts, width))


def _header(neuron: NeuronWaveform, units: Units, columns: int) -> str:
    """Which neuron, and what the fab got wrong with it."""
    lines = error_lines(neuron, units)
    frozen = f"as made: {'; '.join(lines)}" if lines else "made as designed"
    return "\n".join([name_of(neuron), *textwrap.wrap(frozen, 100 if columns == 1 else 70)])


def _lanes(axes: Axes, lines: list[tuple[str, tuple[NDArray[Any], NDArray[Any]]]], color: str) -> None:
    """Digital signals under each other, the first on top; a level between 0 and 1 is drawn as high as it is."""
    n = len(lines)
    for lane, (_, (at, values)) in enumerate(lines):
        base = n - 1 - lane
        axes.fill_between(at, base, base + 0.72 * values, step="post", color=color, alpha=0.35, linewidth=0)
        axes.step(at, base + 0.72 * values, where="post", color=color, linewidth=1)
    axes.set(ylim=(-0.15, n), yticks=[n - 0.64 - lane for lane in range(n)])
    axes.set_yticklabels([name for name, _ in lines])
    axes.tick_params(axis="y", length=0)


def _inputs(scene: _Scene, axes: Axes, neuron: NeuronWaveform) -> None:
    constant_current = neuron.layer == 1 and scene.waveform.spec.encoding == "current"
    lines = []
    for r, row in enumerate(neuron.rows[:-1]):
        amplitude = f": {neuron.input[0, 0, r]:.2f}" if constant_current and scene.shown == 1 else ""
        lines.append((f"row {row}{amplitude}", scene.line(neuron, "input", f"row{row}")))
    _lanes(axes, lines, BLACK)


def _current(scene: _Scene, axes: Axes, neuron: NeuronWaveform) -> None:
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.step(*scene.line(neuron, "current"), where="post", color=BLACK, linewidth=1.1, label="current")
    if neuron.noise.any():
        at, values = scene.line(neuron, "noise")
        axes.step(at, values, where="post", color=VERMILION, linestyle=DASHES, linewidth=0.9, label="noise")
        _legend(axes)
    axes.margins(y=0.12)


def _membrane(scene: _Scene, axes: Axes, neuron: NeuronWaveform) -> None:
    volts, level = scene.units.voltage, scene.units.level
    unit = "" if scene.units.name == "th" else f" {volts.symbol}"
    at, values = scene.line(neuron, "membrane")
    low, high = (neuron.fabricated[name] for name in ("low_rail", "high_rail"))
    threshold = neuron.fabricated.get("threshold", np.inf)  # another package's neuron fires by what it likes
    fires = np.isfinite(threshold) and not neuron.integrating
    bottom, top = float(min(values.min(), volts.rest)), float(max(values.max(), volts.of(threshold if fires else 0)))
    span = max(top - bottom, 1e-3 * volts.factor)
    near = bottom - _RAIL_IN_SIGHT * span, top + _RAIL_IN_SIGHT * span
    rails = {volts.of(rail): f"rail {volts.text(rail)}{unit}" for rail in (low, high) if np.isfinite(rail)}
    far = [f"{label} out of sight" for rail, label in rails.items() if not near[0] <= rail <= near[1]]
    rails = {rail: label for rail, label in rails.items() if near[0] <= rail <= near[1]}
    bottom, top = min([bottom, *rails]), max([bottom + span, top, *rails])
    axes.set_ylim(bottom - 0.08 * (top - bottom), top + 0.08 * (top - bottom))
    edges = [neuron.fabricated.get(f"boxcar_{edge}", np.inf) for edge in ("low", "high")]  # not every rule has a gate
    if neuron.learns and np.isfinite(edges).all():
        label = f"boxcar {level(edges[0])} to {level(edges[1])}{unit}"
        axes.axhspan(*map(volts.of, edges), color=BLUE, alpha=0.13, linewidth=0, label=label, zorder=0.6)
        for edge in edges:
            axes.axhline(volts.of(edge), color=BLUE, linestyle=":", linewidth=1, zorder=0.7)
    for rail, label in rails.items():
        axes.axhline(rail, color=GREEN, linestyle="-.", linewidth=1.2, label=label, zorder=1)
    if fires:
        label = f"threshold {level(threshold)}{unit}"
        axes.axhline(volts.of(threshold), color=VERMILION, linestyle=DASHES, linewidth=1.3, label=label)
    axes.step(at, values, where="post", color=BLACK, linewidth=1.2, label="membrane")
    if neuron.spike.any():
        begins = scene.timeline.begins(neuron.layer)[:, None] / len(STAGES)
        when = begins + np.arange(scene.timeline.steps) + STAGES.index("compare") / len(STAGES)
        fired = neuron.spike[: scene.shown] == 1
        seen = volts.of(neuron.membrane[: scene.shown][fired])
        axes.plot(when[fired] * scene.step, seen, "v", color=VERMILION, markersize=4, label="spike", zorder=3)
    for label in far:
        axes.plot([], [], linestyle="none", label=label)
    _legend(axes)


def _spike(scene: _Scene, axes: Axes, neuron: NeuronWaveform) -> None:
    _lanes(axes, [("none: readout" if neuron.integrating else "spike", scene.line(neuron, "spike"))], BLACK)


def _counts(scene: _Scene, axes: Axes, neuron: NeuronWaveform) -> None:
    label = "membrane / threshold" if neuron.integrating else "spikes"
    axes.step(*scene.line(neuron, "count"), where="post", color=BLACK, linewidth=1.2, label=label)
    if len(neuron.target_count):
        at, values = scene.line(neuron, "target_count")
        axes.step(at, values, where="post", color=BLUE, linestyle=DASHES, linewidth=1.2, label="target")
    full = neuron.fabricated["accumulator_full"]
    if full <= scene.timeline.steps // scene.timeline.windows and not neuron.integrating:
        axes.axhline(full, color=VERMILION, linestyle="-.", linewidth=1, label=f"full at {full:g}")
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, -0.1 * max(high, 1)), max(high, 1))
    axes.locator_params(axis="y", integer=True, nbins=5)
    _legend(axes)


def _difference(scene: _Scene, axes: Axes, neuron: NeuronWaveform) -> None:
    """Both change in the same cycle, so they have the same times but for where a window begins."""
    dead_zone = neuron.fabricated["dead_zone"]
    at, count = scene.line(neuron, "count")
    difference = scene.line(neuron, "target_count")[1] - count
    axes.axhline(0, color=GREY, linewidth=0.8)
    if dead_zone > 0:
        label = f"dead zone ± {dead_zone:g}"
        axes.axhspan(-dead_zone, dead_zone, color=VERMILION, alpha=0.13, linewidth=0, zorder=0.6, label=label)
        for edge in (-dead_zone, dead_zone):
            axes.axhline(edge, color=VERMILION, linestyle=DASHES, linewidth=0.8, zorder=0.7)
        _legend(axes)
    axes.step(at, difference, where="post", color=BLACK, linewidth=1.1)
    axes.margins(y=0.12)


def _error(scene: _Scene, axes: Axes, neuron: NeuronWaveform) -> None:
    at, values = scene.line(neuron, "error")
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.fill_between(at, 0, values, step="post", color=VERMILION, alpha=0.25, linewidth=0)
    axes.step(at, values, where="post", color=VERMILION, linewidth=1.1)
    _around_zero(axes, values)


def _gates(scene: _Scene, axes: Axes, neuron: NeuronWaveform) -> None:
    enabled = scene.line(neuron, "update_enable")
    _lanes(axes, [("boxcar", scene.line(neuron, "boxcar")), ("past warm-up", enabled)], BLUE)


def _pulse(scene: _Scene, axes: Axes, neuron: NeuronWaveform) -> None:
    at, values = scene.line(neuron, "pulse")
    values = scene.units.small_charge[1] * values
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.fill_between(at, 0, values, step="post", color=BLACK, linewidth=0)
    axes.step(at, values, where="post", color=BLACK, linewidth=1)
    _around_zero(axes, values)


def _around_zero(axes: Axes, values: NDArray[Any]) -> None:
    most = float(np.abs(values).max())
    axes.set_ylim(-1.15 * (most or 1), 1.15 * (most or 1))
    if most == 0:
        axes.set_yticks([0])


def _weights(scene: _Scene, axes: Axes, neuron: NeuronWaveform) -> None:
    axes.axhline(0, color=GREY, linewidth=0.8)
    for r, row in enumerate(neuron.rows):
        name = neuron.row_name(row)
        color, style = (PURPLE, "-") if name == "bias" else _LOOKS[r % len(_LOOKS)]
        text = name.replace("row", "row ")
        at, weight = scene.line(neuron, f"weight_{name}")
        width = 2.2 if name == "bias" else 1.2
        held = f"{weight[0]:{'+z.3f' if scene.units.name == 'th' else '+z.4g'}} {scene.units.charge.symbol}"
        if len(neuron.code):
            full = 2.0**scene.waveform.design.learning_circuit.update_accumulator_bits
            code, residue = (scene.line(neuron, f"{what}_{name}")[1] for what in ("code", "residue"))
            axes.step(at, code - code[0], where="post", color=color, linestyle=style, linewidth=2.2)
            moved = code + residue / full
            label = f"{text}: code {code[0]:g}, {held}"
            axes.step(at, moved - moved[0], where="post", color=color, linestyle=style, linewidth=0.9, label=label)
        else:
            label = f"{text}: {held}"
            change = scene.units.small_charge[1] * (weight - weight[0])
            axes.step(at, change, where="post", color=color, linestyle=style, linewidth=width, label=label)
    axes.margins(y=0.1)
    if len(neuron.pulse) and not neuron.pulse[: scene.shown].any():
        axes.set(ylim=(-1, 1), yticks=[0])
    _legend(axes, "thick: stored\nthin: with accumulator" if len(neuron.code) else None)


def _legend(axes: Axes, title: str | None = None) -> None:
    """Beside the lines, where it hides none of them."""
    options: dict[str, Any] = {"fontsize": _SMALL, "frameon": False, "handlelength": 2.2, "borderaxespad": 0}
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title=title, title_fontsize=_SMALL, **options)
