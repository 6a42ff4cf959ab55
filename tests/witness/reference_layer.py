"""One layer of the reference model: a crossbar with its neurons and learning circuits, one synapse at a time.

All arithmetic is on np.float32 scalars, in the order the kernels document. Equation numbers are those of Yang et al.
2022.
"""

import math
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
from reference_competition import Competition
from reference_formulas import NeuronFormula, RuleFormula, own_of, state_of
from reference_integers import INTEGER_SIGNALS, Integers
from reference_random import gaussian_of, words_of
from reference_writes import Writes

from chipsim.random import natural_log

F = np.float32
ZERO = F(0)
# What a neuron shows in every step, learning circuit last; names as in chipsim.Signals.
NEURON_SIGNALS = ("current", "noise", "membrane", "kept", "count")
CIRCUIT_SIGNALS = ("target_count", "error", "boxcar", "pulse")
ADAPTIVE = ("adaptive", "winner_take_all")  # neurons whose thresholds rise
SYNAPSE_SIGNALS = ("weight", "code", "residue")
COUNTERS = (
    "synaptic_events",
    "weight_updates",
    "code_writes",
    "membrane_low_rail",
    "membrane_high_rail",
    "accumulator_full",
    "weight_full_scale",
    "missed_counts",
    "spikes",
    "events_off_array",
    "events_merged",
    "abstentions",
    "ties",
)


OF_INTEGERS = ("increments_saturated",)


def zero_tally():
    return dict.fromkeys((*COUNTERS, *OF_INTEGERS), 0)


@dataclass
class Input:
    """What one layer sees in one cycle: the active rows and their amplitudes (None: spikes)."""

    rows: list
    amplitudes: list | None = None


@dataclass
class ReferenceLayer(Competition, Integers, Writes):
    """One crossbar with its neurons and learning circuits, registers included."""

    made: object  # chipsim.die.fabrication.FabricatedLayer, tables only
    weight: np.ndarray  # (n_in + 1, n_out) what a spike delivers
    design: object  # learning circuit spec
    first: int = 0  # number of its first neuron
    coded: bool = False
    code: np.ndarray | None = None
    residue: np.ndarray | None = None
    seconds: float = 0.0  # that its synapses have drifted for
    lsb: tuple = (F(1), F(1))  # of a weight, of a bias
    full_scale: np.float32 = ZERO
    gain: np.ndarray | None = None  # as it is now; made.gain is how it was when programmed
    tally: dict = field(default_factory=zero_tally)
    neuron: NeuronFormula | None = None  # None: Eqs. 1 and 3
    rule: RuleFormula | None = None  # None: Eqs. 8 to 11
    neuron_state: list = field(default_factory=list)  # of each neuron a dict, if `neuron` says how it works
    rule_state: list = field(default_factory=list)  # the same of `rule`
    theta: list | None = None  # rise of each threshold, in steps, if they adapt
    phase: list | None = None  # part of the next count that each loses

    def __post_init__(self):
        if self.made.neuron.name in ADAPTIVE:
            self.theta, self.phase = ([ZERO] * self.weight.shape[1] for _ in range(2))

    @property
    def neuron_signals(self):
        if self.neuron is None:
            return NEURON_SIGNALS if self.theta is None else (*NEURON_SIGNALS, "theta")
        return (*NEURON_SIGNALS, *self.neuron.starts, *self.neuron.life)

    @property
    def circuit_signals(self):
        if self.in_integers:
            return INTEGER_SIGNALS
        if self.rule is None:
            return ("pulse",) if self._is_stdp else CIRCUIT_SIGNALS
        counted = ("target_count",) if self.rule.follows_targets else ()
        return (*counted, *self.rule.starts, *self.rule.life, *self._pulse_names)

    @property
    def _is_stdp(self):
        return self.design.rule == "stdp"

    @property
    def _is_unipolar(self):
        """Synapses hold from 0 on, and there is no bias."""
        return self.design.rule in ("stdp", "stdp_triplet")

    @property
    def _pulse_names(self):
        """Of each update of a rule."""
        n_updates = 1 if self.rule is None else len(self.rule.updates)
        return ("pulse", *(f"pulse_{number}" for number in range(2, n_updates + 1)))

    def start_window(self, window):
        n = self.weight.shape[1]
        self.window = window
        self.traces = {}  # of the rows that have spiked
        self.synaptic = [ZERO] * n
        self.membrane = [ZERO] * n
        self.fired = [False] * n
        self.count = [ZERO if self.made.neuron.fires else F(-np.inf)] * n
        self.target_count = [ZERO] * n
        self.charge = [0] * n  # the same of a circuit in integers, in units of a target word
        self.n_missed = [0] * n
        self.before_miss = [self._spikes_before_miss(i) for i in range(n)]
        self.won, self.held_for = False, 0  # whether somebody won the step before, steps for which all are held empty
        self.stale = True  # whether the current must be computed again, if the input is constant
        self.shows = {name: [ZERO] * n for name in self.neuron_signals + self.circuit_signals}
        self.neuron_state = state_of(self.neuron, n, self.neuron_state) if self.neuron else []
        self.rule_state = state_of(self.rule, n, self.rule_state) if self.rule else []

    def step(self, t, seen, target, moment):
        """Step t (from 1) of the window on what is `seen`. Returns the membranes as the comparator saw them.

        target: (n,) or None, if the rule follows none; moment: learning rate and broadcast, None where weights rest.
        """
        self.tally["synaptic_events"] += len(seen.rows) * self.weight.shape[1]
        if self.made.neuron.name == "winner_take_all":
            self._compete(t, seen)
        else:
            before = list(self.fired)
            for i in range(len(self.membrane)):
                self._integrate_and_fire(i, t, self._synaptic(seen, i), self._noise(i, t, seen), before[i])
        if moment is not None:
            for i in range(len(self.membrane)) if self.theta is not None else ():
                self._adapt(i, t)
            self._learn(t, seen, target, *moment)
        if self.theta is not None:
            self.shows["theta"] = list(self.theta)
        self.shows |= {"membrane": list(self.membrane), "count": list(self.count)}
        self.shows["kept"] = [self._kept(i) for i in range(len(self.membrane))]
        return list(self.membrane)

    def _kept(self, i):
        """What leak and reset leave of the membrane for the next step."""
        if self.neuron is not None:
            return self._by_formula(i, ZERO, self.fired[i])["membrane"]
        tables = self.made.tables
        if self.won or (self.fired[i] and tables.zero_reset == 1):
            return ZERO
        return tables.decay[i] * self.membrane[i] - (tables.reset_charge[i] if self.fired[i] else ZERO)

    def synapses_shown(self):
        return {name: getattr(self, name) for name in SYNAPSE_SIGNALS if getattr(self, name) is not None}

    def input_shown(self, seen):
        """(1, rows + 1), what the rows carry."""
        shown = np.zeros((1, len(self.weight)), F)
        shown[0, seen.rows] = 1 if seen.amplitudes is None else seen.amplitudes
        shown[0, -1] = 1
        return shown

    # Forward: Eqs. 1 to 3

    def _current(self, seen, i):
        """I_i[t] = b_i + sum_j w_ij S_j[t-1], bias first, then rows in their order (Eq. 2)."""
        current = self.weight[-1, i]
        for k, j in enumerate(seen.rows):
            delivered = self.weight[j, i] if seen.amplitudes is None else seen.amplitudes[k] * self.weight[j, i]
            current = current + delivered
        return current

    def _synaptic(self, seen, i):
        """What reaches the membrane: the column's current, or I <- e^(-1 / tau_syn) I + column's current."""
        current = self._current(seen, i)
        if self.made.circuit.exponential:
            current = self.synaptic[i] = self.made.tables.current_decay[i] * self.synaptic[i] + current
        return current

    def _noise(self, i, t, seen):
        """One Gaussian for the membrane's noise and for that of every event read, the bias included."""
        tables, circuit = self.made.tables, self.made.circuit
        if not circuit.noisy:
            return ZERO
        sigma = tables.first_noise[i] if t == 1 else tables.noise[i]
        if circuit.reads:
            power = self._power(seen, i)
            event = tables.read_noise[i] * self.full_scale
            sigma = np.sqrt(sigma * sigma + power * (event * event))
        return gaussian_of(circuit.noise_key, self.window, circuit.layer, t - 1, self.first + i) * sigma

    def _power(self, seen, i):
        """Sum of the squared amplitudes of the events that neuron i reads, the bias first."""
        power = F(1)
        for k in range(len(seen.rows)):
            power = power + (F(1) if seen.amplitudes is None else seen.amplitudes[k] * seen.amplitudes[k])
        return power

    def _integrate_and_fire(self, i, t, current, noise, fired_before):
        tables = self.made.tables
        self.shows["current"][i], self.shows["noise"][i] = current, noise
        charge = current + noise
        if not self.made.neuron.fires:
            self.membrane[i] = tables.decay[i] * self.membrane[i] + charge
            score = self.membrane[i] / tables.threshold[i]
            self.count[i] = max(self.count[i], score) if tables.peak else score
            return
        self.membrane[i] = self._within_rails(self._integrated(i, charge, fired_before))
        self.fired[i] = self._is_above(i)
        if self.fired[i]:
            self.tally["spikes"] += 1
            self._count(i)

    def _within_rails(self, u):
        tables = self.made.tables
        if u < tables.low_rail:
            u = tables.low_rail
            self.tally["membrane_low_rail"] += 1
        if u > tables.high_rail:
            u = tables.high_rail
            self.tally["membrane_high_rail"] += 1
        return u

    def _integrated(self, i, charge, fired_before):
        """Eq. 1, before the rails."""
        if self.neuron is not None:
            now = self.neuron_state[i] = self._by_formula(i, charge, fired_before)
            for name in (*self.neuron.starts, *self.neuron.life):
                self.shows[name][i] = now[name]
            return now["membrane"]
        tables = self.made.tables
        kept = ZERO if fired_before and tables.zero_reset == 1 else self.membrane[i]
        u = tables.decay[i] * kept + charge
        return u - tables.reset_charge[i] if fired_before and tables.zero_reset == 0 else u

    def _is_above(self, i):
        """Eq. 3."""
        if self.neuron is not None:
            state = self.neuron_state[i] | {"membrane": self.membrane[i]}
            return bool(self.neuron.fires(own_of(self.made.tables, i), state))
        return bool(self.membrane[i] >= self._threshold(i))

    def _by_formula(self, i, charge, fired_before):
        state = self.neuron_state[i] | {"membrane": self.membrane[i]}
        return self.neuron.integrate(own_of(self.made.tables, i), state, fired_before, charge)

    def _count(self, i):
        """The accumulator sees this neuron's spike, unless it misses it or is full."""
        if self.before_miss[i] == 0:
            self.n_missed[i] += 1
            self.before_miss[i] = self._spikes_before_miss(i)
            self.tally["missed_counts"] += 1
            return
        self.before_miss[i] -= 1
        if self.count[i] + F(1) > self._full():
            self.tally["accumulator_full"] += 1
        else:
            self.count[i] = self.count[i] + F(1)

    def _spikes_before_miss(self, i):
        """How many spikes come before the next missed one: geometric, from the window's next word."""
        circuit, k = self.made.circuit, self.n_missed[i]
        if self.made.tables.miss_probability[i] == 0:
            return math.inf
        word = words_of(circuit.missed_key, self.window, self.made.circuit.layer, k, self.first + i)[k % 4]
        return math.floor(F(natural_log(F(((word >> 8) + 1) / 2**24))) * self.made.tables.missed_per_log[i])

    def _full(self):
        return F(2**self.design.accumulator_bits - 1)

    # Learning: Eqs. 8 to 11

    def _learn(self, t, seen, target, rate, broadcast):
        if self.in_integers:
            self._learn_in_integers(t, seen, target, rate)
            return
        rows = {"spikes": seen, "traces": self._traced(seen), "all": Input(list(range(len(self.weight) - 1)))}
        if self._is_stdp:
            self._learn_by_timing(t, rows["traces"], rate)
            return
        if self.rule is None:
            updates = ["spikes" if self.design.trace_tau_steps is None else "traces"]
            pulses = [[self._pulse(i, t, target[i], rate)] for i in range(len(self.membrane))]
        else:
            updates = self.rule.updates
            told = [None] * len(self.membrane) if target is None else target
            pulses = [self._pulses_by_formula(i, t, told[i], rate, broadcast) for i in range(len(self.membrane))]
        for number, moved in enumerate(updates):
            self._update(rows[moved], [each[number] for each in pulses], t)

    def _learn_by_timing(self, t, traced, rate):
        """dw_j = eta w_max (x_j - x_tar) (1 - w_j / w_max)^mu of every row j of a neuron that fires.

        Diehl & Cook 2015, Eq. 3.
        """
        settings = {"w_max_th": 0.1} | self.design.rule_settings
        left = dict(zip(traced.rows, traced.amplitudes, strict=True))
        rows = range(len(self.weight) - 1)
        x = [left.get(j, ZERO) - self._of_row("trace_offset", j) for j in rows]
        for i, fired in enumerate(self.fired):
            pulse = rate * F(settings["w_max_th"]) if fired and t > self.design.warm_up_steps else ZERO
            self.shows["pulse"][i] = pulse
            if pulse != 0:
                self.tally["weight_updates"] += len(rows)
                for j in rows:
                    self._write(j, i, pulse, x[j], t)

    def _update(self, moved, pulses, t):
        """w_ij += pulse_i x_j in the rows that are moved and in the bias, whose x is 1."""
        n_biases = 0 if self._is_unipolar else 1
        self.tally["weight_updates"] += (len(moved.rows) + n_biases) * sum(pulse != 0 for pulse in pulses)
        for i, pulse in enumerate(pulses):
            if pulse != 0:
                for k, j in enumerate(moved.rows):
                    self._write(j, i, pulse, None if moved.amplitudes is None else moved.amplitudes[k], t)
                self._write(len(self.weight) - 1, i, pulse, None, t)

    def _traced(self, seen):
        """What is left of the rows' spikes: x_j[t] = e^(-1 / tau) x_j[t-1] + S_j[t-1]."""
        if self.design.trace_tau_steps is None:
            return None
        self.traces = {row: self._of_row("trace_decay", row) * trace for row, trace in self.traces.items()}
        for row, x in zip(seen.rows, seen.amplitudes or [F(1)] * len(seen.rows), strict=True):
            self.traces[row] = self.traces.get(row, ZERO) + x
        return Input(list(self.traces), list(self.traces.values()))

    def _of_row(self, name, row):
        """A figure of the circuit that keeps a row's trace; one for all where they are alike."""
        figures = getattr(self.made.circuit, name)
        return figures[row if len(figures) > 1 else 0]

    def _pulse(self, i, t, target, rate):
        """eta gate(e_i) box_i (Eq. 10), the error taken from the two counters: d = y t - C, e = d / t (Eqs. 9, 11)."""
        design = self.design
        self._count_target(i, target)
        d = self.target_count[i] - self.count[i] + self.made.tables.comparator_offset[i]
        sign = np.sign(d)
        if design.error_gate == "linear":
            gated = d * (F(1) / F(t)) if abs(d) > F(design.dead_zone_counts) else ZERO
        elif design.error_gate == "sign":
            gated = sign
        else:
            gated = sign if abs(d) > F(design.dead_zone_counts) else ZERO
        low, high = self.made.tables.boxcar_low[i], self.made.tables.boxcar_high[i]
        is_open = low < self.membrane[i] < high  # Eq. 8
        pulse = rate * gated if t > design.warm_up_steps and is_open else ZERO
        now = {"target_count": self.target_count[i], "error": gated, "boxcar": is_open, "pulse": pulse}
        for name, value in now.items():
            self.shows[name][i] = value
        return pulse

    def _count_target(self, i, target):
        self.target_count[i] = min(self.target_count[i] + target, self._full())

    def _pulses_by_formula(self, i, t, target, rate, broadcast):
        if target is not None:
            self._count_target(i, target)
        seen = SimpleNamespace(
            membrane=self.membrane[i],
            spiked=self.fired[i],
            count=self.count[i],
            target_count=self.target_count[i],
            target=target,
            rate=rate,
            broadcast=broadcast,
            t=t,
        )
        own, state = own_of(self.made.tables, i), self.rule_state[i]
        self.rule.observe(own, state, seen)
        if t > self.design.warm_up_steps:
            pulses = self.rule.pulses(own, state, seen)
        else:  # a look at what it would do, of which nothing stays but what lasts a step
            tried = dict(state)
            self.rule.pulses(own, tried, seen)
            state |= {name: tried[name] for name in self.rule.shows}
            pulses = [ZERO] * len(self.rule.updates)
        shown = dict(zip(self._pulse_names, pulses, strict=True)) | {"target_count": seen.target_count} | state
        for name in self.circuit_signals:
            self.shows[name][i] = shown[name]
        return pulses
