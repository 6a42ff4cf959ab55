"""The reference model: the whole chip stepped cycle by cycle, one neuron and one synapse at a time.

All layers step in every cycle, each on the spikes that the layer before it fired in the cycle before (the one-step
delay of Eq. 2), so layer l's window starts l cycles late and a window takes T + L - 1 cycles. Nothing of the kernels
is used. All arithmetic is on np.float32 scalars, in the order the kernels document, so that bits can be compared.
Equation numbers are those of Yang et al. 2022.
"""

import math
from dataclasses import dataclass

import numpy as np
from reference_bias import restated
from reference_image_layer import ReferenceImageLayer
from reference_layer import COUNTERS, OF_INTEGERS, F, Input, ReferenceLayer, zero_tally
from reference_link import received_steps, received_targets

from chipsim.die import AGEING_WINDOWS, draw_errors, fabricate
from chipsim.random import natural_exp


@dataclass
class ReferenceResult:
    """As chipsim.Result, with the membranes and spikes of every neuron."""

    counts: list  # per layer (S, n_out)
    membrane: np.ndarray  # (S, n_classes)
    activity: dict  # name -> (n_layers,)
    probed_membranes: list  # per layer (S, T, n_out)
    spikes: list  # per layer (S, T, n_out)
    signals: list  # per layer name -> (S, T, n_out), input (S, T, positions, rows), synapses (S, T, rows, n_out)


SHOWN_AS = dict.fromkeys(("boxcar", "open", "saturated"), np.uint8) | dict.fromkeys(
    ("target_word", "step_word", "dither", "increment"), np.int32
)


def exponential(x):
    """exp of an array, by the package's own arithmetic, which test_exponential.py holds against mathematics."""
    return np.array([natural_exp(value) for value in x.ravel()], F).reshape(x.shape)


class ReferenceChip:
    """A die that steps in plain Python."""

    def __init__(self, spec, die_seed, synapses, neuron=None, rule=None):
        """synapses: per layer (SynapseTables, SynapseState) as program_layer returns; copied.

        neuron, rule: `reference_formulas` of another neuron or learning rule.
        """
        self.spec = spec
        self.die_seed = die_seed
        self.learned, self.rested_s = 0, 0.0  # windows, seconds
        self.layers = []
        fabricated = zip(fabricate(spec, die_seed), draw_errors(spec, die_seed), strict=True)
        drawn = [(restated(spec, n, made, errors), errors) for n, (made, errors) in enumerate(fabricated)]
        layers = [made for made, _ in drawn]
        for shape, made, (tables, state) in zip(spec.shapes, layers, synapses, strict=True):
            design, formulas = spec.learning_circuit, (neuron if made.neuron.fires else None, rule)
            if not shape.dense:
                self.layers.append(ReferenceImageLayer(shape, made, design, tables, state, *formulas))
                continue
            layer = ReferenceLayer(made, state.weight.copy(), design)
            layer.neuron, layer.rule = formulas
            layer.full_scale, layer.gain = tables.full_scale, tables.gain.copy()
            if tables.coded:
                layer.coded = True
                layer.code, layer.residue = state.coded.code.copy(), state.coded.residue.copy()
                layer.lsb = (tables.lsb, tables.bias_lsb)
            self.layers.append(layer)
        for number, (layer, (_, errors)) in enumerate(zip(self.layers, drawn, strict=True), start=1):
            if spec.learning_circuit.arithmetic == "integer":
                layer.switch_on(spec.target_bits, number, errors.comparator_offset)

    def run(self, events, windows, targets=None, rates=None, broadcast=None):
        """Windows one after another. rates: (S, n_layers) float32, None where weights rest; broadcast: (S,) or None."""
        shapes = [(len(windows), self.spec.steps, n) for n in self.spec.layer_sizes[1:]]
        traces = [np.zeros(shape, np.float32) for shape in shapes]
        spikes = [np.zeros(shape, np.uint8) for shape in shapes]
        counts = [np.zeros((s, n), np.float32) for s, _, n in shapes]
        membrane = np.zeros(counts[-1].shape, np.float32)
        signals = [room_for_signals(shape, layer) for shape, layer in zip(shapes, self.layers, strict=True)]
        for layer in self.layers:
            layer.tally = zero_tally()
        for s, window in enumerate(windows):
            told = None if broadcast is None else broadcast[s]
            moments = None if rates is None else [(rate, told) for rate in rates[s]]
            self._run_window(events, s, window, targets, moments, traces, spikes, signals)
            if rates is not None:
                self._live()
            for layer, count in zip(self.layers, counts, strict=True):
                count[s] = layer.count
            membrane[s] = self.layers[-1].membrane
            self._answer(counts[-1][s])
        counters = (*COUNTERS, *OF_INTEGERS) if self.spec.learning_circuit.arithmetic == "integer" else COUNTERS
        activity = {name: np.array([layer.tally[name] for layer in self.layers]) for name in counters}
        return ReferenceResult(counts, membrane, activity, traces, spikes, signals)

    def _answer(self, counts):
        """No spike of any output neuron is no answer; several with the most spikes are a tie."""
        if self.layers[-1].made.neuron.fires:
            most = max(counts)
            self.layers[-1].tally["abstentions"] += most == 0
            self.layers[-1].tally["ties"] += most > 0 and list(counts).count(most) > 1

    def _live(self):
        """A window was learned from: weights drift after every AGEING_WINDOWS of them."""
        self.learned += 1
        if self.learned % AGEING_WINDOWS == 0:
            for layer in self.layers:
                self._drift(layer, self.learned, self.rested_s)

    def rest(self, seconds):
        for layer in self.layers:
            self._drift(layer, self.learned, self.rested_s + seconds)
        self.rested_s += seconds

    def _drift(self, layer, windows, rested_s):
        """w(t) = w(t0) (t / t0)^-nu, from how old the layer is to how old it gets; stuck synapses stay."""
        drift = layer.made.drift
        if not drift.exponent.any():
            return
        old = math.log1p(layer.seconds / drift.t0_s)
        layer.seconds = windows * drift.window_s + rested_s
        new = math.log1p(layer.seconds / drift.t0_s)
        nu = drift.exponent.astype(F)
        layer.gain[...] = layer.made.gain * exponential(-(nu * F(new)))
        older = layer.weight * exponential(-(nu * F(new - old)))
        if layer.coded:
            weights, bias = np.s_[..., :-1, :], np.s_[..., -1, :]
            older[weights] = layer.gain[weights] * (layer.code[weights].astype(F) * layer.lsb[0])
            older[bias] = layer.gain[bias] * (layer.code[bias].astype(F) * layer.lsb[1])
        layer.weight[...] = np.where(layer.made.gain == 0, layer.weight, older)

    def _received(self, events, s, window, targets):
        """What comes over the host link of a window: its steps as Inputs, and each layer's targets."""
        steps = [input_of(events, s, t) for t in range(self.spec.steps)]
        first = self.layers[0].made
        if first.spike_bit_errors:
            graded = len(events.amplitude) > 0
            words = [list(zip(x.rows, x.amplitudes or x.rows, strict=True)) for x in steps]
            sent = words[:1] if graded else words  # a constant current is sent once
            n_in = self.spec.layer_sizes[0]
            arrived, off_array, merged = received_steps(sent, n_in, first.spike_bit_errors, self.die_seed, window)
            self.layers[0].tally["events_off_array"] += off_array
            self.layers[0].tally["events_merged"] += merged
            steps = [Input([row for row, _ in step], [x for _, x in step] if graded else None) for step in arrived]
            steps *= self.spec.steps if graded else 1
        if targets is None:
            return steps, None
        seen = [None if target is None else target[s] for target in targets]
        for n, layer in enumerate(self.layers):
            if seen[n] is not None:
                rate, bits = layer.made.target_bit_errors, self.spec.target_bits
                seen[n] = received_targets(seen[n], bits, rate, self.die_seed, n, window)
        return steps, seen

    def _run_window(self, events, s, window, targets, moments, traces, spikes, signals):
        for layer in self.layers:
            layer.start_window(window)
        steps = self.spec.steps
        inputs, targets = self._received(events, s, window, targets)
        wires = [[] for _ in self.layers]  # what each layer fired in the cycle before
        for cycle in range(steps + len(self.layers) - 1):
            fired_now = [[] for _ in self.layers]
            for n, layer in enumerate(self.layers):
                t = cycle - n  # this layer's step, from 0
                if not 0 <= t < steps:
                    continue
                seen = inputs[t] if n == 0 else Input(wires[n - 1])
                target = None if targets is None else targets[n]
                moment = None if moments is None else moments[n]
                traces[n][s, t] = layer.step(t + 1, seen, target, moment)
                spikes[n][s, t] = layer.fired
                note_signals(signals[n], s, t, layer, seen)
                fired_now[n] = [i for i, fired in enumerate(layer.fired) if fired]
            wires = fired_now


def room_for_signals(shape, layer):
    """A layer's signals, named as in chipsim.Signals; codes and residues only for few-bit weights."""
    room = {name: np.zeros(shape, np.float32) for name in layer.neuron_signals + layer.circuit_signals}
    for name, dtype in SHOWN_AS.items():
        if name in room:
            room[name] = np.zeros(shape, dtype)
    layer.start_window(0)
    room["input"] = np.zeros((*shape[:2], *layer.input_shown(Input([])).shape), np.float32)
    for name, now in layer.synapses_shown().items():
        room[name] = np.zeros((*shape[:2], *now.shape), now.dtype)
    return room


def note_signals(room, s, t, layer, seen):
    for name in layer.neuron_signals + layer.circuit_signals:
        room[name][s, t] = layer.shows[name]
    for name, now in layer.synapses_shown().items():
        room[name][s, t] = now
    room["input"][s, t] = layer.input_shown(seen)


def input_of(events, s, t):
    """The chip's own input at step t of window s."""
    here = slice(events.begin[s, t], events.end[s, t])
    amplitudes = list(events.amplitude[s, here]) if len(events.amplitude) else None
    return Input([int(row) for row in events.rows[s, here]], amplitudes)
