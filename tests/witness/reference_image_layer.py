"""The reference model of layers on an image: at every position a layer of `reference_chip`, which sees its window.

Positions are visited in turn, line by line. Where they share a crossbar, they share its arrays.
"""

from dataclasses import dataclass

import numpy as np
from reference_layer import SYNAPSE_SIGNALS, F, Input, ReferenceLayer, zero_tally

from chipsim.design import AveragePool

OF_DRIVERS = ("up", "down", "gain", "cycle", "noise")


@dataclass
class Position(ReferenceLayer):
    """The neurons of one position."""

    drive_gain: np.ndarray | None = None  # (columns,), of a shared crossbar
    pools: bool = False

    def _current(self, seen, i):
        current = super()._current(seen, i)
        return current if self.drive_gain is None else current * self.drive_gain[i]

    def _power(self, seen, i):
        """A pooling neuron reads the events of its own channel alone."""
        if not self.pools:
            return super()._power(seen, i)
        own = [k for k, row in enumerate(seen.rows) if row % self.weight.shape[1] == i]
        amplitudes = None if seen.amplitudes is None else [seen.amplitudes[k] for k in own]
        return super()._power(Input([seen.rows[k] for k in own], amplitudes), i)


class ReferenceImageLayer:
    """A convolution or a pooling layer. Arrays of crossbars are (crossbars, rows, columns)."""

    def __init__(self, shape, made, design, tables, state, neuron=None, rule=None):
        """neuron, rule: `reference_formulas` of others."""
        self.shape = shape
        self.made = made
        self.seconds = 0.0
        self.weight, self.gain = state.weight.copy(), tables.gain.copy()
        self.coded, self.full_scale = tables.coded, tables.full_scale
        self.code = state.coded.code.copy() if tables.coded else None
        self.residue = state.coded.residue.copy() if tables.coded else None
        self.lsb = (tables.lsb, tables.bias_lsb)
        self.positions = [self._position(p, design, neuron, rule) for p in range(shape.positions)]
        self.tally = zero_tally()

    def _position(self, p, design, neuron, rule):
        k = min(p, self.shape.crossbars - 1)
        made = self.made
        update = made.circuit.update
        here = made._replace(
            tables=part(made.tables, [name for name, values in made.tables._asdict().items() if np.ndim(values)], p),
            circuit=made.circuit._replace(update=part(update, OF_DRIVERS, k)),
        )
        return Position(
            made=here,
            weight=self.weight[k],
            design=design,
            neuron=neuron,
            rule=rule,
            first=p * self.shape.columns,
            coded=self.coded,
            code=self.code[k] if self.coded else None,
            residue=self.residue[k] if self.coded else None,
            lsb=self.lsb,
            full_scale=self.full_scale,
            gain=self.gain[k],
            drive_gain=made.tables.drive_gain[p] if self.shape.crossbars == 1 else None,
            pools=isinstance(self.shape.layer, AveragePool),
        )

    @property
    def tally(self):
        """One for all positions."""
        return self._tally

    @tally.setter
    def tally(self, tally):
        self._tally = tally
        for position in self.positions:
            position.tally = tally

    def start_window(self, window):
        for position in self.positions:
            position.start_window(window)
        n_rows = self.shape.rows + 1
        self.seen = np.zeros((self.shape.positions, n_rows), F)
        self.shown = {name: np.zeros((n_rows, self.shape.n_out), np.int16) for name in SYNAPSE_SIGNALS}
        self.shown["weight"] = np.zeros((n_rows, self.shape.n_out), F)

    def turn_window(self):
        for position in self.positions:
            position.turn_window()

    def step(self, t, seen, target, moment):
        n = self.shape.columns
        moment = moment if self.shape.learns else None
        for p, position in enumerate(self.positions):
            mine = slice(p * n, (p + 1) * n)
            window = self._window_of(seen, p)
            position.step(t, window, None if target is None else target[mine], moment)
            if position.pools:  # an event meets the synapse of its channel alone
                position.tally["synaptic_events"] -= len(window.rows) * (n - 1)
            self.seen[p] = 0
            self.seen[p, window.rows] = 1 if window.amplitudes is None else window.amplitudes
            for name in SYNAPSE_SIGNALS:
                if getattr(position, name) is not None:
                    self.shown[name][:, mine] = getattr(position, name)
        return self.membrane

    def _window_of(self, seen, p):
        """What position p sees of the image: every place of the kernel that lies on a pixel, and its channels."""
        layer, (channels, height, width) = self.shape.layer, self.shape.input
        top, left = getattr(layer, "padding", (0, 0))[:2]
        down, right = layer.stride or layer.kernel
        y, x = divmod(p, self.shape.output[2])
        amplitude_of = dict(zip(seen.rows, seen.amplitudes or [None] * len(seen.rows), strict=True))
        window = Input([], None if seen.amplitudes is None else [])
        for row in range(self.shape.rows):
            place, c = divmod(row, channels)
            ky, kx = divmod(place, layer.kernel[1])
            line, column = y * down - top + ky, x * right - left + kx
            if 0 <= line < height and 0 <= column < width:
                number = (line * width + column) * channels + c
                if number in amplitude_of:
                    window.rows.append(row)
                    if window.amplitudes is not None:
                        window.amplitudes.append(amplitude_of[number])
        return window

    def _all(self, name):
        return [value for position in self.positions for value in getattr(position, name)]

    @property
    def membrane(self):
        return self._all("membrane")

    @property
    def fired(self):
        return self._all("fired")

    @property
    def count(self):
        return self._all("count")

    @property
    def neuron_signals(self):
        return self.positions[0].neuron_signals

    @property
    def circuit_signals(self):
        return self.positions[0].circuit_signals

    @property
    def shows(self):
        names = self.neuron_signals + self.circuit_signals
        return {name: [v for position in self.positions for v in position.shows[name]] for name in names}

    def synapses_shown(self):
        """Each neuron's synapses, (rows + 1, n_out), as its own visit left them."""
        names = SYNAPSE_SIGNALS if self.coded else ("weight",)
        return {name: self.shown[name] for name in names}

    def input_shown(self, seen):
        """(positions, rows + 1)."""
        shown = self.seen.copy()
        shown[:, -1] = 1
        return shown


def part(tables, names, index):
    return tables._replace(**{name: getattr(tables, name)[index] for name in names})
