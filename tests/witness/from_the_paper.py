"""Local Tandem Learning in float64, written from the paper alone: Yang et al. 2022 (arXiv 2210.04532), its page 3 to 5.

Knows numpy, and nothing of ours: no table, no name, no order of sums. A method for each equation, symbols as printed.
Where a setting is not in the paper, the line says where it is from.
"""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Layer:
    """One layer l with its weights w^(l-1) (n_in, n) and biases b (n,)."""

    w: np.ndarray
    b: np.ndarray
    theta: float = 1.0  # firing threshold
    tau_m: float = np.inf  # in steps; infinite: IF, alpha = 1
    tau_syn: float = 0.0  # in steps; an exponential current (Cramer et al. 2022, arXiv 2006.07239); 0: none
    resets_to_zero: bool = False  # as the authors' code does; the paper subtracts
    p: float = 1.0  # width of the boxcar
    warm_up: int = 0  # steps without updates
    closest: float = field(default=np.inf, init=False)  # distance of any comparison in the last window

    def current(self, before, s):
        """Eq. 2: I[t] = sum_j w_ij S_j[t-1] + b_i, which an exponential current adds up."""
        left = np.exp(-1 / self.tau_syn) if self.tau_syn > 0 else 0.0
        return left * before + (s @ self.w + self.b)

    def membrane(self, u, i, s):
        """Eq. 1: U[t] = alpha U[t-1] + I[t] - theta S[t-1]."""
        alpha = np.exp(-1 / self.tau_m)
        return alpha * u * (1 - s) + i if self.resets_to_zero else alpha * u + i - self.theta * s

    def spike(self, u):
        """Eq. 3: Theta(U - theta)."""
        return np.where(u - self.theta >= 0, 1.0, 0.0)

    def surrogate(self, u):
        """Eq. 8: 1/p where |U - theta| < p/2."""
        return np.where(np.abs(u - self.theta) < self.p / 2, 1 / self.p, 0.0)

    def zeta(self, y, c, t):
        """Eq. 11, the negative slope of Eq. 9: 2/t (y / y_norm - C[t] / t). y: over y_norm already."""
        return 2 / t * (y - c / t)

    def update(self, eta, zeta, surrogate, s):
        """Eq. 10: a step of gradient descent; a bias is a weight whose S is 1."""
        self.w = self.w + eta * np.outer(s, zeta * surrogate)
        self.b = self.b + eta * zeta * surrogate

    def window(self, below, y=None, eta=None):
        """Spikes (T, n) on those of the layer below, (T, n_in), that came a step earlier each.

        y: (n,) targets, None where weights rest; eta: (T,) learning rate of each step.
        """
        self.closest = np.inf
        i = u = s = c = np.zeros(len(self.b))
        spikes = []
        for t, seen in enumerate(below, start=1):
            i = self.current(i, seen)
            u = self.membrane(u, i, s)
            s = self.spike(u)
            c = c + s
            distances = [np.abs(u - self.theta)]
            if y is not None and t > self.warm_up:
                self.update(eta[t - 1], self.zeta(y, c, t), self.surrogate(u), seen)
                distances.append(np.abs(distances[0] - self.p / 2))
            self.closest = min(self.closest, *map(np.min, distances))
            spikes.append(s)
        return np.array(spikes)


def present(layers, inputs, targets=None, eta=None):
    """A sample through all layers: counts C[Tw] of each, (n,).

    inputs: (T, n_in), spikes or a constant current; targets: (n,) of each layer. A layer's window begins a step after
    that of the layer below, whose spikes Eq. 2 delays by a step, and nothing goes back: so one layer may follow the
    other.
    """
    counts = []
    for number, layer in enumerate(layers):
        inputs = layer.window(inputs, None if targets is None else targets[number], eta)
        counts.append(inputs.sum(axis=0))
    return counts


def closest(layers):
    """How near any comparison of the last sample came to its threshold."""
    return min(layer.closest for layer in layers)
