"""IR drop: wires have resistance, so synapses far from their driver or their neuron count for less."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors
from nonideality.noise_error import NoiseError
from nonideality.options import fraction, positive


def ladder(n_cells: int, load: float) -> NDArray[np.float64]:
    """Voltage at each node of a resistive ladder that is driven with 1 at its near end, nearest node first.

    Each of n_cells wire segments has resistance r, and each node a conductance g to ground; load = r g. The nodes obey
    V[k-1] - 2 V[k] + V[k+1] = load V[k], V[0] = 1, and no current leaves the far end: V[k] is proportional to
    cosh((n + 1/2 - k) u) with 2 (cosh(u) - 1) = load.
    """
    u = 2 * np.arcsinh(np.sqrt(load) / 2)
    left = (n_cells + 0.5 - np.arange(1, n_cells + 1)) * u
    whole = (n_cells + 0.5) * u
    voltage: NDArray[np.float64] = np.exp(left - whole) * (1 + np.exp(-2 * left)) / (1 + np.exp(-2 * whole))
    return voltage


class Ir(Nonideality):
    """Attenuation by the resistance of row and column wires, from a synapse's place alone.

    Rows are driven at column 0, columns end in their neuron (a virtual ground) below the last row, the bias. A row
    that spikes is a ladder loaded by all its synapses; a column is one loaded by the synapses of the rows that spike at
    the same time, and by reciprocity it passes on the part of a synapse's current that a driven ladder has as voltage
    at that place. Every synapse is taken to have the mean conductance, every step the mean activity, and row and column
    to act one after the other: then each synapse has a gain of its own that depends on nothing but its place. For one
    kind of wire alone, equal synapses and all rows active that is the exact solution. For random synapses and rows a
    column's current is off by about a tenth of the drop itself, while wires cost less than half of it.
    """

    name = "ir"
    summary = "IR drop along rows and columns"
    level_meaning = "wire resistance per cell relative to a synapse's on-resistance; in ohms if on= is given"
    unit = "relative (1e-5 is 0.1 ohm of wire at 10 kilohm on-resistance), or ohm"
    persistence = "frozen"
    moment = "fabricate"
    sites: ClassVar = {
        "row": Site(
            "each column's distance from the row drivers at column 0",
            "gain of a resistive ladder, wire {level} per cell; no randomness",
        ),
        "column": Site(
            "each row's distance from the neurons below the last row, the bias",
            "gain of a resistive ladder, wire {level} per cell; no randomness",
        ),
    }
    options: ClassVar = {
        "on": "on-resistance of a synapse in ohm; the level is then the wire's resistance per cell in ohm",
        "conductance": "mean conductance of a synapse relative to on, above 0 and at most 1; 0.5 if not given",
        "activity": "share of rows that spike at the same time, above 0 and at most 1; 0.2 if not given",
    }
    source = "resistive ladder, exact for uniform lines (see `ladder`); compared with nodal analysis in our tests"

    def __init__(self, level: float, options: Mapping[str, float] | None = None) -> None:
        super().__init__(level, options)
        on = positive(self, "on", 1.0)
        relative = self.level / on
        if not np.isfinite(relative):
            raise NoiseError(f"ir: {self.level:g} ohm of wire per cell of {on:g} ohm are beyond all numbers; check on=")
        self.row_load = relative * fraction(self, "conductance", 0.5)
        self.column_load = self.row_load * fraction(self, "activity", 0.2)

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        if site == "row":
            errors.weight_gain = errors.weight_gain * ladder(errors.n_out, self.row_load)[None, :]
        else:
            errors.weight_gain = errors.weight_gain * ladder(errors.n_in + 1, self.column_load)[::-1, None]
