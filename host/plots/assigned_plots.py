"""Pictures of a run whose neurons got their classes when all was learned: what they answer to, thresholds, synapses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chipsim.execution import ABSTAINED
from host.plots.palette import BLUE, GREY, VERMILION
from host.plots.sheet import Sheet, spans
from host.run import Outcome
from host.training import LabelledScore

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_FIELDS = 100  # neurons whose weights are shown
_ACROSS = 10  # of them in a row
_BINS = 60
_LEFT, _WIDTH = 0.85, 10.0  # inches


def height_of_fields(n: int) -> float:
    """Inches that n receptive fields take, see `receptive_fields`."""
    return 0.4 + 1.2 * -(-n // _ACROSS)


def receptive_fields(outcome: Outcome, sheet: Sheet) -> Figure:
    """The weights of each neuron as an image, sorted by the class that it stands for; what is cut is red."""
    weights, kept, _ = _learned(outcome)
    order = _by_class(outcome)[:MOST_FIELDS]
    shape = _image_shape(outcome, len(weights))
    rows = -(-len(order) // _ACROSS)
    full = float(weights.max()) or 1.0
    cut = _cut_color()
    columns = spans(0.2, _WIDTH - 0.2, [1] * _ACROSS, [0.12] * (_ACROSS - 1))
    places = spans(sheet.top + 0.3, sheet.height - 0.1, [1] * rows, [0.3] * (rows - 1))
    for k, neuron in enumerate(order):
        axes = sheet.axes(columns[k % _ACROSS], places[k // _ACROSS])
        shown = np.ma.masked_array(weights[:, neuron], kept[:, neuron] == 0).reshape(shape)
        axes.imshow(shown, cut, vmin=0, vmax=full, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"{neuron}: {_said(_classes(outcome)[neuron])}", fontsize=7, y=1)
    return sheet.figure


def thresholds(outcome: Outcome, sheet: Sheet) -> Figure:
    """How far each threshold has risen, sorted by class, and how many neurons stand for each class."""
    _, _, theta = _learned(outcome)
    order, classes = _by_class(outcome), _classes(outcome)
    upper, lower = spans(sheet.top + 0.3, sheet.height - 0.5, [1, 1], [0.75])
    across = _LEFT, _WIDTH - _LEFT - 0.2
    axes = sheet.axes(across, upper)
    axes.bar(np.arange(len(order)), theta[order], width=1.0, color=[_shade(classes[each]) for each in order])
    axes.set(xlim=(-0.5, len(order) - 0.5), ylabel="rise of the threshold\n(steps)", xticks=[])
    axes.set_xlabel("neurons, by the class that they stand for; grey and blue in turn, silent ones last")
    n_classes = outcome.setup.dataset.n_classes
    counts = [int(np.sum(classes == label)) for label in range(n_classes)]
    beside = sheet.axes(across, lower)
    beside.bar(np.arange(n_classes), counts, color=[_shade(label) for label in range(n_classes)])
    beside.bar(n_classes, int(np.sum(classes == ABSTAINED)), color=VERMILION)
    ticks = [*range(0, n_classes, max(1, n_classes // 12)), n_classes]
    beside.set_xticks(ticks, [*(str(tick) for tick in ticks[:-1]), "silent"])
    beside.set(xlabel="class", ylabel="neurons that\nstand for it")
    return sheet.figure


def synapses(outcome: Outcome, sheet: Sheet) -> Figure:
    """What is delivered, before and after; and how many synapses of each input are left."""
    weights, kept, _ = _learned(outcome)
    upper, lower = spans(sheet.top + 0.3, sheet.height - 0.5, [1, 1], [0.75])
    across = _LEFT, _WIDTH - _LEFT - 0.2
    axes = sheet.axes(across, upper)
    before = outcome.start[0][0]
    edges = np.linspace(0, float(max(weights.max(), before.max())) or 1.0, _BINS + 1)
    axes.stairs(np.histogram(before, edges)[0], edges, fill=True, color=VERMILION, alpha=0.35, label="before")
    left = weights[kept != 0]
    axes.stairs(np.histogram(left, edges)[0], edges, color=BLUE, linewidth=1.6, label="after, of those left")
    axes.set(yscale="log", ylim=(0.7, None), xlabel="weight (thresholds)", ylabel="synapses per bin")
    axes.yaxis.set_major_formatter("{x:,.0f}")  # powers of ten would be set as mathematics, which takes long
    axes.yaxis.minorticks_off()
    axes.legend(frameon=False, fontsize=8)
    beside = sheet.axes(across, lower)
    beside.bar(np.arange(len(kept)), kept.sum(axis=1), width=1.0, color=GREY)
    beside.set(xlim=(-0.5, len(kept) - 0.5), ylim=(0, kept.shape[1]), xlabel="input")
    beside.set_ylabel(f"synapses left\n({int(kept.sum()):,} of {kept.size:,})")
    return sheet.figure


def _learned(outcome: Outcome) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Weights and which are left, both (rows, neurons), and the rise of thresholds (neurons,)."""
    state: Any = outcome.chip.snapshot()
    return state["layer1.weight"][:-1], state["layer1.kept"], state["layer1.theta"]


def _classes(outcome: Outcome) -> NDArray[np.int64]:
    """(neurons,), ABSTAINED where one is silent."""
    assert isinstance(outcome.after, LabelledScore)
    return np.array(outcome.after.stands_for, np.int64)


def _by_class(outcome: Outcome) -> NDArray[np.int64]:
    """Neurons by class; silent ones last."""
    classes = _classes(outcome)
    return np.argsort(np.where(classes == ABSTAINED, np.iinfo(np.int64).max, classes), kind="stable")


def _said(label: int) -> str:
    return "silent" if label == ABSTAINED else f"class {label}"


def _shade(label: int) -> str:
    return VERMILION if label == ABSTAINED else (GREY, BLUE)[label % 2]


def _image_shape(outcome: Outcome, n_in: int) -> tuple[int, int]:
    """(height, width) of an input of one channel; any other is drawn as one row above the other."""
    image = outcome.setup.dataset.image_shape
    if image is not None and image[0] == 1:
        return image[1], image[2]
    side = int(np.sqrt(n_in))
    return (side, side) if side * side == n_in else (1, n_in)


def _cut_color() -> Any:
    """Colours of weights, and of a synapse that is cut."""
    from matplotlib import colormaps

    return colormaps["Greys"].with_extremes(bad="#F2C6AE")
