"""What happens in a step, a stage each, in the order of the hardware: deliver, disturb, integrate, count, gate, write.

A stage lives while code is generated and costs nothing later: it emits straight-line code for the sixteen columns of
each vector, from what the stages before left on the wires.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from chipsim.kernel.columns import Own, OwnState
from chipsim.kernel.plan import When
from chipsim.kernel.wires import Step
from chipsim.neurons import BEFORE_MISS, COUNT, CURRENT, DRIVE, KEPT, NOISE, SPIKE, SYNAPTIC, TARGET_COUNT, pulse_field
from chipsim.simd import Lanes, index, no_lanes
from learning_circuit import Brings, Field, Seen, accumulated, counted_with_misses


class Stage(ABC):
    """One stage of a step."""

    @abstractmethod
    def emit(self, step: Step) -> None:
        """Generate its code for all columns of the step."""


class Deliver(Stage):
    """Spikes of rows, or a constant current, become column currents (Eq. 2)."""

    def emit(self, step: Step) -> None:
        plan = step.plan
        if plan.current == "spikes":
            currents = self._delivered(step)
        else:  # a constant current stays what it is until the weights change
            with step.builder.if_then(step.is_stale):
                for v, current in enumerate(self._delivered(step)):
                    step.columns.store(DRIVE.name, v, current)
            currents = [step.columns.load(DRIVE.name, v) for v in step.vectors]
        step.currents = step.changed(
            plan.exponential, "exponential", currents, lambda v, current: self._filtered(step, v, current)
        )

    def _delivered(self, step: Step) -> list[Lanes]:
        currents = step.crossbar.deliver(step.active, step.t)
        return step.changed(
            step.plan.scaled,
            "scales",
            currents,
            lambda v, current: current * step.columns.fabricated("drive_gain", v),
        )

    def _filtered(self, step: Step, v: int, drive: Lanes) -> Lanes:
        """I[t] = e^(-1 / tau_syn) I[t-1] + drive."""
        left = step.columns.fabricated("current_decay", v) * step.columns.load(SYNAPTIC.name, v)
        step.columns.store(SYNAPTIC.name, v, left + drive)
        return left + drive


class Disturb(Stage):
    """Noise of the membrane, and of the events that it reads, drawn outside for four steps at a time."""

    def emit(self, step: Step) -> None:
        step.quiet_currents = step.currents
        step.currents = step.changed(
            step.plan.noise, "noisy", step.currents, lambda v, current: current + step.noise(v)
        )


class Integrate(Stage):
    """The membrane takes its charge, keeps within its rails, and is compared (Eqs. 1 and 3)."""

    def emit(self, step: Step) -> None:
        for v in step.vectors:
            own, state = Own(step.columns, v), OwnState(step.columns, v)
            current = step.currents[v]
            spiked = step.spiked_before(v) if step.neuron.fires else no_lanes(step.builder)
            step.neuron.integrate(own, state, spiked, current)
            if step.neuron.fires:
                self._hold(step, v, own, state)
                spiked = step.neuron.fire(own, state)
                if step.guards_neurons:
                    spiked = spiked & step.there(v)
                step.fired(v, spiked)
            state.keep()
            step.states.append(state)

    def _hold(self, step: Step, v: int, own: Own, state: OwnState) -> None:
        """Within the rails."""
        u, low, high = state.membrane, own.low_rail, own.high_rail
        is_below, is_above = u < low, u > high
        state.membrane = is_below.where(low, is_above.where(high, u))
        if step.guards_neurons:
            is_below, is_above = is_below & step.there(v), is_above & step.there(v)
        step.low_hits.add(is_below)
        step.high_hits.add(is_above)


class Count(Stage):
    """Accumulators count spikes, but for those that they miss, and the charge of targets."""

    def emit(self, step: Step) -> None:
        for v, state in enumerate(step.states):
            full = step.columns.fabricated("accumulator_full", v)
            if not step.neuron.fires:
                score: Any = step.neuron.score(Own(step.columns, v), state, state.count)
                state.count = score
            else:
                self._count(step, v, state, full)
            if step.plan.learns and Brings.TARGET in step.rule.brings:
                target = step.target(v)
                state.target_count = self._sum(state.target_count, target, full)
                state.target = target
            for name in (COUNT.name, TARGET_COUNT.name, BEFORE_MISS.name):
                if name in state.__dict__ and step.columns.keeps(name):
                    step.columns.store(name, v, getattr(state, name))

    def _count(self, step: Step, v: int, state: OwnState, full: Lanes) -> None:
        spiked, count = step.spiked[v], state.count
        if step.in_window:  # a counter that only counts up is looked at for being full when the window ends
            state.count = spiked.where(count + 1.0, count)
            return
        spikes = spiked.as_floats()
        if step.plan.missed is When.NEVER:
            state.count = self._sum(count, spikes, full)
            return
        counted = counted_with_misses(count, spikes, state.before_miss, full)
        state.count, state.before_miss, missed = counted
        step.missed.add(missed)

    def settle(self, step: Step) -> None:
        """The window of a loop in registers is over."""
        for v in step.vectors if step.neuron.fires else ():
            count = step.columns.load(COUNT.name, v)
            full = step.columns.fabricated("accumulator_full", v)
            step.columns.store(COUNT.name, v, self._sum(count.broadcast_like(0.0), count, full))

    def _sum(self, count: Lanes, increment: Lanes, full: Lanes) -> Lanes:
        return accumulated(count, increment, full)


class Adapt(Stage):
    """Homeostasis: what a neuron changes in itself while it learns."""

    def emit(self, step: Step) -> None:
        begins = step.moment.per_step >= 1.0
        for v in step.vectors if step.neuron.fires else ():
            kept = OwnState(step.columns, v)
            step.neuron.adapt(Own(step.columns, v), kept, step.spiked[v], begins)
            kept.keep()


class Gate(Stage):
    """The learning rule makes the pulses of this step's updates."""

    def emit(self, step: Step) -> None:
        step.pulses = [[] for _ in step.plan.rows]
        only_shown = [field.name for field in step.rule.fields if field.lasts == "step"]
        moment = step.moment
        if step.is_learning is not None:
            moment = moment._replace(warm_up_is_over=step.is_learning)
        for v, state in enumerate(step.states):
            own, kept = Own(step.columns, v), OwnState(step.columns, v)
            pulses: list[Any] = step.rule.pulses(own, kept, self._seen(step, v, state), moment)
            if len(pulses) != len(step.plan.rows):
                raise TypeError(
                    f"learning rule {step.plan.rule!r} returns {len(pulses)} pulses for the {len(step.plan.rows)}"
                    " updates that its rows() names; return one for each"
                )
            if step.rule.in_integers:
                step.saturated.add(kept.saturated)
            kept.keep(step.is_learning, only_shown)  # watching the warm-up changes nothing
            for number, pulse in enumerate(pulses):
                passed: Any = pulse if step.is_learning is None else step.is_learning.where(pulse, 0.0)
                if step.guards_pulses:
                    passed = step.there(v).where(passed, 0.0)
                step.pulses[number].append(passed)
                step.n_open[number].add(passed.not_equal(0.0))

    def observe(self, step: Step) -> None:
        """At every step, the warm-up included."""
        for v, state in enumerate(step.states):
            kept = OwnState(step.columns, v)
            step.rule.observe(Own(step.columns, v), kept, self._seen(step, v, state), step.moment)
            kept.keep()

    def _seen(self, step: Step, v: int, state: OwnState) -> Seen:
        brings_target = Brings.TARGET in step.rule.brings
        return Seen(
            membrane=state.membrane,
            spiked=step.spiked[v] if step.neuron.fires else no_lanes(step.builder),
            count=state.count,
            target_count=state.target_count if brings_target else None,
            target=state.target if brings_target else None,
            dither=step.dither(v) if step.rule.in_integers else None,
        )


class Write(Stage):
    """Every synapse of an open column moves by its pulse times what its row carries (Eq. 10).

    Ideal analog synapses are written here, whole rows at a time. Where only open columns are visited, their pulses are
    left for `chipsim.kernel.write_open_columns`.
    """

    def emit(self, step: Step) -> None:
        for number, rows in enumerate(step.plan.rows):
            field = pulse_field(number)
            if step.columns.keeps(field.name):
                for v, pulse in enumerate(step.pulses[number]):
                    step.columns.store(field.name, v, pulse)
            if step.plan.write in ("codes", "devices") or step.rule.unipolar or step.rule.in_integers:
                continue
            opens = step.builder.icmp_signed(">", step.n_open[number].value, index(0))
            if step.plan.write == "any":
                opens = step.builder.and_(opens, step.writes_directly)
            with step.builder.if_then(opens):
                step.crossbar.write(step.gain, step.pulses[number], step.written_rows[rows], step.t)


class ProbeStage(Stage):
    """What a step shows besides its state: noted for whoever looks on, and read by nobody else."""

    def emit(self, step: Step) -> None:
        if step.plan.probed is When.NEVER:
            return
        with step.builder.if_then(step.watched):
            self._note_all(step)

    def _note_all(self, step: Step) -> None:
        self.note_charge(step)
        for v, state in enumerate(step.states):
            later, quiet = state.copy(), step.currents[v].broadcast_like(0.0)
            spiked = step.spiked[v] if step.neuron.fires else no_lanes(step.builder)
            step.neuron.integrate(Own(step.columns, v), later, spiked, quiet)
            self._note(step, KEPT, v, later.membrane)
            if step.neuron.fires:
                self._note(step, SPIKE, v, step.spiked[v].as_floats())

    def note_charge(self, step: Step) -> None:
        """What reaches the membranes."""
        for v in step.vectors:
            self._note(step, CURRENT, v, step.quiet_currents[v])
            if step.plan.noise is not When.NEVER:  # zeros where there is none
                self._note(step, NOISE, v, step.noise(v))

    def _note(self, step: Step, field: Field, v: int, value: Lanes) -> None:
        step.columns.store(field.name, v, value)


DELIVER, DISTURB, INTEGRATE, COUNT_UP, ADAPT, GATE, WRITE, PROBE = (
    Deliver(),
    Disturb(),
    Integrate(),
    Count(),
    Adapt(),
    Gate(),
    Write(),
    ProbeStage(),
)
