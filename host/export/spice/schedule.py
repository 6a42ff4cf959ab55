"""When in a step what happens: as the chip says, or as it may be where the chip says nothing of it."""

from __future__ import annotations

from dataclasses import dataclass

from chipsim.design import Window, readable
from chipsim.physical import PhysicalSpec
from host.errors import ExportError

_EDGES_PER_STEP = 1000  # a signal rises within a thousandth of a step
_LEAST_EDGES = 5  # that a phase takes
_SHARE = 0.1  # of a step, at most, for a reset or a comparison of which nothing is known


@dataclass(frozen=True)
class Schedule:
    """Phases of a step from its beginning on, in ns: start and end of reset and pulse, and the comparison."""

    step_ns: float
    reset_ns: tuple[float, float]
    pulse_ns: tuple[float, float]
    compared_ns: float
    assumed: tuple[tuple[str, float], ...]  # figures that the chip does not state: name and ns

    @property
    def edge_ns(self) -> float:
        return self.step_ns / _EDGES_PER_STEP

    @property
    def charge_window(self) -> Window:
        """As `chipsim.physical` has it: steps before the comparison."""
        return self._before(self.pulse_ns)

    @property
    def reset_window(self) -> Window:
        return self._before(self.reset_ns)

    def _before(self, phase_ns: tuple[float, float]) -> Window:
        begins, ends = ((self.compared_ns - ns) / self.step_ns for ns in phase_ns)
        return begins, max(0.0, ends)


def schedule_of(chip: PhysicalSpec) -> Schedule:
    """Reset, pulse, comparison, one after the other where the chip does not place them. Raises ExportError."""
    timing, step_ns = chip.timing, chip.timing.step_period_ns
    stated = {
        "reset_width_ns": timing.reset_width_ns,
        "comparator_ns": timing.comparator_ns,
        "pulse_width_ns": chip.synapse.pulse_width_ns,
    }
    widths = _widths(stated, step_ns)
    compared_ns = step_ns - widths["comparator_ns"]
    reset_start_ns = timing.reset_start_ns or 0.0
    reset_ns = (reset_start_ns, reset_start_ns + widths["reset_width_ns"])
    assumed = [(name, widths[name]) for name, width_ns in stated.items() if width_ns is None]
    start_ns = timing.pulse_start_ns
    if start_ns is None:
        start_ns = min(reset_ns[1], compared_ns - widths["pulse_width_ns"])
        assumed.append(("pulse_start_ns", start_ns))
    pulse_ns = (start_ns, start_ns + widths["pulse_width_ns"])
    return Schedule(step_ns, reset_ns, pulse_ns, compared_ns, tuple(assumed))


def _widths(stated: dict[str, float | None], step_ns: float) -> dict[str, float]:
    """Of all three phases: what is not stated shares what is left, a pulse takes all of it."""
    least_ns = _LEAST_EDGES * step_ns / _EDGES_PER_STEP
    for name, width_ns in stated.items():
        if width_ns is not None and width_ns < least_ns:
            raise ExportError(
                f"{name} = {width_ns:g} is too short for a deck, where a phase takes {_LEAST_EDGES} thousandths of a"
                f" step at least: make it {readable(least_ns)} or more"
            )
    widths = {name: width_ns for name, width_ns in stated.items() if width_ns is not None}
    unknown = [name for name in stated if name not in widths]
    left_ns = step_ns - sum(widths.values())
    for number, name in enumerate(unknown):
        share_ns = left_ns / (len(unknown) - number)
        widths[name] = left_ns if name == "pulse_width_ns" else min(_SHARE * step_ns, share_ns)
        left_ns -= widths[name]
    if left_ns < -1e-9 * step_ns or min(widths.values()) < least_ns:
        said = " + ".join(f"{name} {readable(width_ns)}" for name, width_ns in stated.items() if width_ns is not None)
        missing = f", which leaves no room for {' and '.join(unknown)}" if unknown else ""
        raise ExportError(
            f"a step does not close: {said}, of step_period_ns {readable(step_ns)}{missing}: shorten pulse_width_ns, or"
            " make step_period_ns longer"
        )
    return widths
