"""The chain rule of host.gradients.all_layers.backward in plain loops over dense float64 arrays, one line per
equation.
"""

from dataclasses import dataclass

import numpy as np
from small_chips import events_of

from chipsim.layout import new_masks, padded_width
from host.gradients.all_layers import ShownWindows, errors_of, largest_scores, last_scores, spiking_scores


@dataclass
class Case:
    """What the host sent and read of S samples, dense, and what it believes of each layer."""

    weights: list  # (w (n_in, n_out), bias (n_out,)) of each layer
    inputs: np.ndarray  # (S, T, n_in) amplitudes
    codes: list  # per layer (S, T, n_out) uint8
    converters: list  # chipsim.design.Adc of each layer
    spikes: list  # per layer (S, T, n_out) bool, None for a readout that does not fire
    models: list
    labels: np.ndarray
    readout: str  # spiking, integrating or integrating-max
    thresholds: list  # per layer that fires (n_out,)

    def membranes(self):
        return [adc.low + c * adc.lsb for adc, c in zip(self.converters, self.codes, strict=True)]

    def shown(self):
        """As a chip hands it over, its codes read as membranes."""
        fired = [
            masks_of(np.zeros(c.shape, bool) if s is None else s) for s, c in zip(self.spikes, self.codes, strict=True)
        ]
        padded = [np.pad(c, ((0, 0), (0, 0), (0, padded_width(c.shape[2]) - c.shape[2]))) for c in self.codes]
        membranes = [adc.membrane(codes) for adc, codes in zip(self.converters, padded, strict=True)]
        return ShownWindows(membranes, [events_of(s) for s in self.spikes[:-1]], fired)

    def thresholds_in_vectors(self):
        return [np.pad(th, (0, padded_width(len(th)) - len(th))) for th in self.thresholds]

    def scores(self):
        if self.readout == "spiking":
            return spiking_scores(self.counts()[-1], self.inputs.shape[1])
        kind = last_scores if self.readout == "integrating" else largest_scores
        return kind(self.membranes()[-1].astype(np.float32))

    def counts(self):
        return [s.sum(axis=1).astype(np.float32) for s in self.spikes if s is not None]

    def errors(self, spec):
        return errors_of(self.scores(), self.counts()[: len(self.weights) - 1], self.labels, self.inputs.shape[1], spec)


def masks_of(spikes):
    """Spikes (S, T, n) as bits."""
    masks = new_masks(*spikes.shape)
    for s, t, i in zip(*np.nonzero(spikes), strict=True):
        masks[i // 64, s, t, i // 16 % 4] |= np.uint16(1 << i % 16)
    return masks


def slow_gradients(case, errors):
    """dL/dw and dL/dbias of every layer. errors: of the loss."""
    scores, membranes = case.scores(), case.membranes()
    n_samples, steps = case.inputs.shape[:2]
    gradients = [(np.zeros(w.shape), np.zeros(b.shape)) for w, b in case.weights]
    for s in range(n_samples):
        d_current_above = None
        for layer in range(len(case.weights) - 1, -1, -1):
            model, n = case.models[layer], case.weights[layer][0].shape[1]
            d_current = np.zeros((steps + 1, n))
            for i in range(n):
                d_next = 0.0
                for t in range(steps - 1, -1, -1):
                    u = membranes[layer][s, t, i]
                    if case.spikes[layer] is None:
                        d = float(errors.scores[s, i]) if scores.steps[s, i] == t else 0.0
                        d += model.decay * d_next
                    else:
                        e = float(errors.counts[layer][s, i])  # Eq. 5
                        if d_current_above is not None:
                            e += case.weights[layer + 1][0][i] @ d_current_above[t]
                        surrogate = 1 / (model.steepness * abs(u - case.thresholds[layer][i]) + 1) ** 2  # Eq. 4
                        emptied = model.reset == "zero" and case.spikes[layer][s, t, i]
                        d = e * surrogate + (0 if emptied else model.decay * d_next)  # Eq. 6
                        if not model.lower_limit <= u <= model.upper_limit:
                            d = 0.0
                    d_current[t, i] = d + model.synaptic_decay * d_current[t + 1, i]  # Eq. 7
                    d_next = d
            came_in = case.inputs if layer == 0 else case.spikes[layer - 1]
            gradients[layer][0][...] += came_in[s].T @ d_current[:steps]  # Eq. 8
            gradients[layer][1][...] += d_current[:steps].sum(axis=0)  # Eq. 9
            d_current_above = d_current
    return gradients
