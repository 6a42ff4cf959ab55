"""In which units a trace is shown: the model's thresholds, or a chip's volts, nanoamperes and femtocoulombs.

A membrane is a voltage, from rest on; a weight, an update pulse and a reset are charges, a weight that of one spike
within a step; what reaches a membrane in a step is shown as the current that brings it evenly, noise alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from chipsim.design import readable
from chipsim.physical import PhysicalSpec, derive
from host.errors import TraceError
from host.trace.waveform import Wave

DEFAULT_STEP_S = 1e-6  # where no chip says how long a step takes

Quantity = Literal["voltage", "current", "charge"]
_QUANTITIES: dict[str, Quantity] = {
    **dict.fromkeys(("membrane", "threshold", "boxcar_low", "boxcar_high", "low_rail", "high_rail"), "voltage"),
    **dict.fromkeys(("current", "noise", "first_noise"), "current"),
    **dict.fromkeys(("pulse", "reset_charge", "weight"), "charge"),
}
_TOLD = 1e-6  # of a threshold
_COUNTED = {"count": "spikes", "target_count": "spikes", "error": "spikes per step"}


@dataclass(frozen=True)
class Unit:
    """What one threshold is, and what rest is."""

    symbol: str
    factor: float = 1.0
    rest: float = 0.0

    def of(self, thresholds: Any) -> Any:
        """A number or an array, in float64; what is in thresholds already stays as it is."""
        if (self.factor, self.rest) == (1.0, 0.0):
            return thresholds
        shown = self.rest + self.factor * np.asarray(thresholds, np.float64)
        return shown if shown.ndim else float(shown)

    def text(self, thresholds: float, digits: int = 6) -> str:
        """A figure as a person reads it, without its unit. Figures are float32: less than that tells is nothing."""
        shown = self.of(thresholds)
        return "0" if abs(shown) < _TOLD * self.factor else readable(shown, digits)


@dataclass(frozen=True)
class Units:
    """Units of everything that has some."""

    name: Literal["th", "chip"]
    voltage: Unit
    current: Unit
    charge: Unit
    small_charge: tuple[str, float]  # unit of small charges, and how many of them are one of `charge`
    step_s: float = DEFAULT_STEP_S

    def quantity(self, signal: str) -> Unit | None:
        """The unit of a signal or a fabricated figure, by its name in the model; None: it is no such quantity."""
        found = _QUANTITIES.get("weight" if signal.startswith("weight_") else signal)
        return None if found is None else getattr(self, found)

    def symbol(self, signal: str, declared: str = "") -> str:
        """Of a signal or a figure. declared: the unit of one that a neuron or a learning rule brings."""
        unit = self.quantity(signal)
        return _COUNTED.get(signal, declared) if unit is None else unit.symbol

    def figure(self, name: str, value: float) -> float:
        """A fabricated figure."""
        unit = self.quantity(name)
        return value if unit is None else unit.of(value)

    def shown(self, wave: Wave) -> Wave:
        """The signal in these units, with its unit in its name unless all are in thresholds."""
        if self.name == "th" or wave.kind != "real":
            return wave
        unit = self.quantity(wave.name)
        if unit is not None:
            return replace(wave, name=f"{wave.name}_{unit.symbol}", values=unit.of(wave.values))
        return replace(wave, name=self.figure_name(wave.name, wave.unit))

    def figure_name(self, name: str, declared: str = "") -> str:
        """With its unit, unless all are in thresholds. Thresholds of others' neurons and rules stay what they are."""
        unit = self.quantity(name)
        if self.name == "th" or (unit is None and declared != "th"):
            return name
        return f"{name}_{'th' if unit is None else unit.symbol}"

    def level(self, thresholds: float) -> str:
        """A membrane's level as a person reads it, without its unit."""
        return f"{thresholds:z.3f}" if self.name == "th" else self.voltage.text(thresholds, 4)

    def sentence(self) -> str:
        """What a threshold is."""
        if self.name == "th":
            return "Voltages, charges and weights are in units of the nominal threshold"
        swing, charge = readable(self.voltage.factor), readable(self.charge.factor)
        return (
            f"Membranes are in V, column currents in nA over a step, pulses and weights in fC within a step; one"
            f" threshold is {swing} V above rest at {readable(self.voltage.rest)} V, and {charge} fC"
        )


THRESHOLDS = Units("th", Unit("th"), Unit("th per step"), Unit("th"), ("10⁻³ th", 1000.0))


def units_of(chip: PhysicalSpec) -> Units:
    """The chip's own."""
    values = derive(chip)
    swing_v, charge_fc = values["swing_v"], values["threshold_charge_fc"]
    assert swing_v is not None and charge_fc is not None, "every chip has both"
    step_us = chip.timing.step_period_ns / 1000
    return Units(
        name="chip",
        voltage=Unit("V", swing_v, chip.neuron.resting_v),
        current=Unit("nA", charge_fc / step_us),  # fC / us = nA
        charge=Unit("fC", charge_fc),
        small_charge=("fC", 1.0),
        step_s=chip.timing.step_period_ns * 1e-9,
    )


def shown_in(chip: PhysicalSpec | None, name: str | None, step_s: float | None) -> Units:
    """Units by their name, those of the chip where there is one and none is named; step_s: as a user gave it.

    Raises TraceError if no chip says what a threshold is, or if the chip has other steps.
    """
    if chip is None and name == "chip":
        raise TraceError("--units chip: no chip says what a threshold is in volts; add --chip, or leave --units out")
    if chip is None or name == "th":
        own = DEFAULT_STEP_S if chip is None else units_of(chip).step_s
        return replace(THRESHOLDS, step_s=own if step_s is None else step_s)
    units = units_of(chip)
    if step_s is not None and abs(step_s - units.step_s) > 1e-9 * units.step_s:
        raise TraceError(
            f"--step-us {readable(1e6 * step_s)}: a step of this chip takes {readable(1e6 * units.step_s)} us, and its"
            f" currents are charges over a step; leave it out, change the chip with --set chip.timing.step_period_ns="
            f"{readable(1e9 * step_s)}, or take --units th"
        )
    return units
