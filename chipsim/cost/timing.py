"""How long a sample takes: the window, the pipeline of layers, and the link that may be slower than both."""

from __future__ import annotations

from dataclasses import dataclass

from chipsim.cost.counts import EventCounts
from chipsim.design import ChipSpec, LayerShape, rule_of
from chipsim.physical import PhysicalSpec, rows_per_input
from learning_circuit import Rows


def latency_steps(spec: ChipSpec) -> int:
    """Steps from a sample's first input to its last output: each layer sees the spikes of the step before.

    Of a sequence that has all its windows.
    """
    return spec.presentation_steps + spec.n_layers - 1


@dataclass(frozen=True)
class SampleTime:
    """Times of one sample in microseconds."""

    latency_us: float  # from the first input to the last output, window overhead included
    window_us: float  # samples follow each other at this distance if the link keeps up
    link_us: float  # in which the link carries a sample

    @property
    def stall_us(self) -> float:
        """How long the chip waits for the link, per sample. Sending the next sample overlaps with this one."""
        return max(0.0, self.link_us - self.window_us)

    @property
    def interval_us(self) -> float:
        """The distance at which samples follow each other."""
        return self.window_us + self.stall_us

    @property
    def stall_fraction(self) -> float:
        return self.stall_us / self.interval_us


def sample_time(spec: ChipSpec, physical: PhysicalSpec, link_bytes: float) -> SampleTime:
    """Latency (T + L - 1) steps; throughput one window of T steps, since layers overlap, or what the link allows."""
    step_us = physical.timing.step_period_ns / 1e3
    overhead = physical.timing.window_overhead_us
    return SampleTime(
        latency_us=latency_steps(spec) * step_us + overhead,
        window_us=spec.presentation_steps * step_us + overhead,
        link_us=8 * link_bytes / physical.link.bandwidth_mbit_per_s,  # bits over Mbit/s are microseconds
    )


def rows_per_core(physical: PhysicalSpec, rows: float, fan_in: int) -> float:
    """How many of a layer's active rows, `rows` among `fan_in`, meet in one core: a wide layer takes several."""
    inputs_per_core = physical.array.core_rows / rows_per_input(physical)
    return rows * min(1.0, inputs_per_core / fan_in)


def step_cycles(physical: PhysicalSpec, rows: float, rows_written: float) -> float:
    """Clock cycles that a core needs in a step that delivers `rows` spikes and writes `rows_written` rows."""
    timing = physical.timing
    return timing.stage_cycles + timing.row_event_cycles * rows + timing.row_write_cycles * rows_written


def cycles_available(physical: PhysicalSpec) -> float:
    """Clock cycles in a step period."""
    return physical.timing.step_period_ns * physical.timing.clock_mhz / 1e3


def busiest_step_cycles(spec: ChipSpec, physical: PhysicalSpec, counts: EventCounts, learning: bool) -> float:
    """Cycles of an average step in the layer that needs most."""
    updates = rows_of_updates(spec) if learning else ()
    return max(
        layer_cycles(
            physical, shape, counts.row_events(layer, shape) / spec.presentation_steps, updates if shape.learns else ()
        )
        for layer, shape in enumerate(spec.shapes)
    )


def rows_of_updates(spec: ChipSpec) -> tuple[Rows, ...]:
    """Which rows each update of the learning rule writes."""
    return rule_of(spec.learning_circuit).rows(spec.learning_circuit)


def layer_cycles(physical: PhysicalSpec, shape: LayerShape, rows: float, updates: tuple[Rows, ...]) -> float:
    """Cycles of a step in which all positions together see `rows` active rows.

    A crossbar that positions share serves them in turn; crossbars of their own work side by side. updates: as
    `rows_of_updates`, empty where weights rest. Each writes the bias and the rows that it names: those that are active,
    or all of them, which is the most that may have left a trace.
    """
    seen = rows_per_core(physical, rows / shape.positions, shape.rows)
    every = rows_per_core(physical, shape.rows, shape.rows)
    written = sum((seen if each is Rows.SPIKES else every) + 1 for each in updates)
    return shape.visits * step_cycles(physical, seen, written)
