"""Neurons of one layer of the reference model that see each other, and thresholds that adapt.

Diehl & Cook 2015, Front. Comput. Neurosci. 9:99. What a layer is: `reference_layer.ReferenceLayer`.
"""

import math

import numpy as np

F = np.float32
ZERO = F(0)


class Competition:
    """Of a reference layer: who fires, if only one may, and what follows for the threshold."""

    def _compete(self, t, seen):
        """Of all neurons the one farthest above its own threshold fires, the first of equal ones.

        It empties all membranes, which stay empty for some steps.
        """
        n, tables = len(self.membrane), self.made.tables
        if self.won:
            self.membrane, self.held_for = [ZERO] * n, int(tables.inhibited_steps)
        self.fired = [False] * n
        self.shows |= {"current": [ZERO] * n, "noise": [ZERO] * n}
        self.won = self.held_for == 0
        if self.held_for > 0:
            self.held_for -= 1
            return
        for i in range(n):
            current, noise = self._synaptic(seen, i), self._noise(i, t, seen)
            self.shows["current"][i], self.shows["noise"][i] = current, noise
            self.membrane[i] = self._within_rails(tables.decay[i] * self.membrane[i] + (current + noise))
        margins = [self.membrane[i] - self._threshold(i) for i in range(n)]
        self.won = max(margins) >= 0
        if self.won:
            winner = margins.index(max(margins))
            self.fired[winner] = True
            self.tally["spikes"] += 1
            self._count(winner)

    def _threshold(self, i):
        """Its own, and higher by a step for each of the latest spikes."""
        tables = self.made.tables
        if self.theta is None:
            return tables.threshold[i]
        return tables.threshold[i] * (tables.theta_step[i] * self.theta[i] + F(1))

    def _adapt(self, i, t):
        """theta rises by 1 at a spike; as a window begins it leaks, or as a counter is counted down."""
        tables = self.made.tables
        if t == 1:
            phase = self.phase[i] + tables.theta_counted_down[i]
            lost = F(math.floor(phase))
            self.phase[i] = phase - lost
            self.theta[i] = max(self.theta[i] * tables.theta_kept[i] - lost, ZERO)
        if self.fired[i]:
            self.theta[i] = min(self.theta[i] + F(1), tables.theta_full)
