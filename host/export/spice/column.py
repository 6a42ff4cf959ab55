"""A neuron and its synapses in volts, amperes and farads, with what the model says of their membrane and spikes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec
from chipsim.design import left_of_charge, readable
from chipsim.design_rules import renewed_noises
from chipsim.physical import PhysicalSpec, derive
from host.errors import ExportError
from host.export.spice.schedule import Schedule, schedule_of
from host.run import RunListener
from host.settings import RunSpec
from host.trace import NeuronWaveform, trace

_NEVER_FIRES = "is an integrating readout and never fires: choose a hidden neuron, or --set neuron.readout=spiking"
_LEAST_TH = 0.05  # by which a membrane has to move


@dataclass(frozen=True)
class Synapse:
    """One row's current source."""

    name: str  # row3, or bias
    code: int | None  # None: analog
    current_a: float  # during a pulse; negative: it sinks
    active: NDArray[np.bool_]  # (windows, steps)


@dataclass(frozen=True)
class Column:
    """All that a deck needs. Arrays are (windows, steps)."""

    chip: PhysicalSpec
    schedule: Schedule
    layer: int
    neuron: int
    left_out: tuple[str, ...]  # noises that a deck has none of
    synapses: tuple[Synapse, ...]  # those that deliver something; the others are left out
    decay: float  # a of Eq. 1
    threshold_th: float
    reset_th: float | None  # what is left of it at the comparison; None: to zero
    rails_th: tuple[float, float]
    charge_left: float
    reset_left: float
    membrane_th: NDArray[np.float64]
    spike: NDArray[np.bool_]

    @property
    def windows(self) -> int:
        return int(self.spike.shape[0])

    @property
    def steps(self) -> int:
        return int(self.spike.shape[1])

    @property
    def swing_v(self) -> float:
        return self.chip.neuron.threshold_v - self.chip.neuron.resting_v

    @property
    def capacitance_f(self) -> float:
        return 1e-15 * self.chip.neuron.membrane_capacitance_ff

    @property
    def leak_s(self) -> float:
        """Conductance to rest; 0: none."""
        return -math.log(self.decay) * self.capacitance_f / (1e-9 * self.schedule.step_ns)

    @property
    def reset_a(self) -> float | None:
        """Current of a subtractive reset, for as long as it takes."""
        if self.reset_th is None:
            return None
        begins_ns, ends_ns = self.schedule.reset_ns
        return self._coulombs(self.reset_th / self.reset_left) / (1e-9 * (ends_ns - begins_ns))

    @property
    def unit_a(self) -> float:
        """Current of one LSB, or of a weight of one threshold where weights are analog."""
        values = derive(self.chip)
        charge_fc = values["threshold_charge_fc"] if values["top_code"] is None else values["lsb_charge_fc"]
        assert charge_fc is not None, "every chip has both"
        begins_ns, ends_ns = self.schedule.pulse_ns
        return 1e-6 * charge_fc / (ends_ns - begins_ns)

    def volts(self, thresholds: Any) -> Any:
        return self.chip.neuron.resting_v + self.swing_v * thresholds

    def _coulombs(self, thresholds: float) -> float:
        return thresholds * self.swing_v * self.capacitance_f


def column_of(
    spec: RunSpec,
    place: tuple[int, int],
    windows: int,
    *,
    part: Any = "test",
    after: int | None = 0,
    threads: int = 1,
    listener: RunListener | None = None,
) -> Column:
    """The column of neuron `place` (layer from 1, neuron), as it is on the die of `spec` after so many samples.

    Shown are the first `windows` samples of `part`. Raises ExportError for what no deck can be made of, TraceError,
    DataError, ChipError.
    """
    chip = spec.chip
    if chip is None:
        raise ExportError("a deck has volts and farads, and no chip says them: add --chip, such as cmos-180nm")
    if spec.windows > 1:
        raise ExportError(
            f"samples are sequences of {spec.windows} windows, and a deck has single ones: --set windows=1"
        )
    if spec.neuron.synapse_tau_steps is not None:
        raise ExportError(
            f"chip {chip.name} has exponential synaptic currents, and a deck has pulses: leave"
            " synaptic_time_constant_us (--synapse-tau) out"
        )
    if spec.neuron.kind not in ("if", "lif"):
        raise ExportError(f"neurons are of kind {spec.neuron.kind!r}, and a deck has if and lif: --set neuron.kind=lif")
    if spec.neuron.readout != "spiking" and spec.teacher.file is None and place[0] == len(spec.hidden) + 1:
        raise ExportError(f"neuron {place[0]}:{place[1]} {_NEVER_FIRES}")
    schedule = schedule_of(chip)
    placed, left_out = _placed(spec, schedule)
    shown = trace(
        placed,
        [place],
        "all",
        part=part,
        samples=range(windows),
        learn=False,
        after=after,
        threads=threads,
        listener=listener,
    )
    [neuron] = shown.neurons
    _check(neuron, shown.design, chip)
    return _column(neuron, placed, chip, schedule, left_out)


def _placed(spec: RunSpec, schedule: Schedule) -> tuple[RunSpec, tuple[str, ...]]:
    """The run with the deck's phases, and without noise that a deck has not; and these noises."""
    wanted: Mapping[str, Any] = {
        "charge_window": schedule.charge_window,
        "reset_window": schedule.reset_window if spec.neuron.reset == "subtract" else None,
    }
    for name, window in wanted.items():
        given = getattr(spec.neuron, name)
        if given is not None and window is not None and not np.allclose(given, window, rtol=0, atol=1e-9):
            raise ExportError(
                f"neuron.{name} = {list(given)} is not where the chip's phases are: leave it out, and state"
                " pulse_start_ns, reset_width_ns and comparator_ns in the chip's [timing]"
            )
    neuron = spec.neuron.model_copy(update=dict(wanted))
    left_out = renewed_noises(spec.noise)
    kept = tuple(text for text in spec.noise if text not in left_out)
    return spec.model_copy(update={"neuron": neuron, "noise": kept}), left_out


def _check(neuron: NeuronWaveform, design: ChipSpec, chip: PhysicalSpec) -> None:
    """Raises ExportError if a deck would not be this neuron's."""
    name = f"neuron {neuron.layer}:{neuron.neuron}"
    if not design.shapes[neuron.layer - 1].dense:
        raise ExportError(f"{name} is of a layer on an image, whose synapses are shared: choose one of a dense layer")
    if neuron.integrating:
        raise ExportError(f"{name} {_NEVER_FIRES}")
    if not np.isin(neuron.input, (0.0, 1.0)).all():
        raise ExportError("inputs are constant currents, and a deck has spikes: choose --encoding rate, or latency")
    if not math.isfinite(neuron.fabricated["threshold"]):
        raise ExportError(f"{name} is dead on this die: choose another one, or another --die")
    if np.abs(neuron.membrane).max() < _LEAST_TH:
        raise ExportError(f"{name} hardly leaves rest in these windows: choose another one, or more --windows")
    top_v = chip.neuron.resting_v + (chip.neuron.threshold_v - chip.neuron.resting_v) * neuron.fabricated["threshold"]
    if top_v > chip.process.supply_v:
        raise ExportError(
            f"{name} fires at {readable(top_v, 4)} V on this die, above supply_v {chip.process.supply_v:g}: raise the"
            " supply, or choose another neuron"
        )


def _column(
    neuron: NeuronWaveform, spec: RunSpec, chip: PhysicalSpec, schedule: Schedule, left_out: Sequence[str]
) -> Column:
    figures = neuron.fabricated
    decay = figures["decay"]
    charge_left = float(left_of_charge(decay, schedule.charge_window))
    reset_left = float(left_of_charge(decay, schedule.reset_window))
    begins_ns, ends_ns = schedule.pulse_ns
    threshold_c = 1e-15 * (derive(chip)["threshold_charge_fc"] or 0.0)
    codes = neuron.code_before if len(neuron.code_before) else [None] * len(neuron.rows)
    amperes = neuron.weight_before.astype(np.float64) / charge_left * threshold_c / (1e-9 * (ends_ns - begins_ns))
    synapses = [
        Synapse(neuron.row_name(row), None if code is None else int(code), float(current_a), neuron.input[:, :, k] > 0)
        for k, (row, code, current_a) in enumerate(zip(neuron.rows, codes, amperes, strict=True))
    ]
    return Column(
        chip=chip,
        schedule=schedule,
        layer=neuron.layer,
        neuron=neuron.neuron,
        left_out=tuple(left_out),
        synapses=tuple(each for each in synapses if each.current_a and each.active.any()),
        decay=decay,
        threshold_th=figures["threshold"],
        reset_th=None if spec.neuron.reset == "zero" else figures["reset_charge"],
        rails_th=(figures["low_rail"], figures["high_rail"]),
        charge_left=charge_left,
        reset_left=reset_left,
        membrane_th=neuron.membrane.astype(np.float64),
        spike=neuron.spike.astype(bool),
    )
