"""A chip beside the layers of `from_the_paper`: the same weights, the same samples, counts and weights compared.

What METHODS.md lists as other than printed is undone: rails far away, no dead zone.
"""

from dataclasses import dataclass

import numpy as np
from from_the_paper import Layer, closest, present
from small_chips import events_of, programmed, random_weights, spec_of

from chipsim import Events

SIZES, STEPS, WARM_UP, P, RATE = (64, 40, 20, 10), 16, 4, 2.0, 2e-3
OPEN_RAILS = {"low_rail_th": -1e6, "high_rail_th": 1e6}
CIRCUIT = {"boxcar_width_th": P, "dead_zone_counts": 0.0, "warm_up_steps": WARM_UP}
NEAR = 1e-5  # a comparison that comes nearer may end otherwise in float32


@dataclass(frozen=True)
class Setting:
    """Of all neurons, as a chip's spec says it; and what flows into the first layer."""

    neuron: dict
    constant_current: bool = False

    def of_layer(self, number):
        """As the paper's `Layer` says it."""
        leaky = self.neuron.get("kind") == "lif"
        tau, threshold = self.neuron.get("tau_steps", 10.0), self.neuron.get("threshold_th", 1.0)
        return {
            "theta": threshold[number] if isinstance(threshold, tuple) else threshold,
            "tau_m": (tau[number] if isinstance(tau, tuple) else tau) if leaky else np.inf,
            "tau_syn": self.neuron.get("synapse_tau_steps") or 0.0,
            "resets_to_zero": self.neuron.get("reset") == "zero",
        }


LEAKY = {"kind": "lif", "tau_steps": 5.0}
EXPONENTIAL = {"synapse_tau_steps": 2.0}
SETTINGS = {
    "IF": Setting({}),
    "IF, reset to zero": Setting({"reset": "zero"}),
    "IF, exponential current": Setting(EXPONENTIAL),
    "IF, constant current": Setting({}, constant_current=True),
    "LIF": Setting(LEAKY),
    "LIF, reset to zero, constant current": Setting(LEAKY | {"reset": "zero"}, constant_current=True),
    "LIF, reset to zero, exponential current": Setting(LEAKY | EXPONENTIAL | {"reset": "zero"}),
    "LIF, leak and threshold of each layer": Setting(
        {"kind": "lif", "tau_steps": (8.0, 3.0, 5.0), "threshold_th": (0.8, 1.2, 0.5)}
    ),
}


class PaperCase:
    """A chip and the paper's layers with the same weights, and the same samples for both."""

    def __init__(self, setting, circuit=None):
        rng = np.random.Generator(np.random.Philox(key=2210_04532))
        self.spec = spec_of(SIZES, STEPS, (), OPEN_RAILS | setting.neuron, CIRCUIT | (circuit or {}))
        weights = random_weights(self.spec, rng)
        self.chip = programmed(self.spec, weights)
        self.layers = [
            Layer(w.astype(float), b.astype(float), p=P, warm_up=WARM_UP, **setting.of_layer(number))
            for number, (w, b) in enumerate(weights)
        ]
        self.constant_current = setting.constant_current
        self._rng = rng

    def sample(self):
        """Inputs (T, 64), half of them dark as a digit's, and targets (n,) that a word of sixteen bits holds."""
        pixels = self._rng.integers(-16, 17, SIZES[0]).clip(0) / 16
        if self.constant_current:
            inputs = np.tile(pixels, (STEPS, 1))
        else:
            inputs = (self._rng.random((STEPS, SIZES[0])) < pixels).astype(float)
        return inputs, [self._rng.integers(0, 2**15 + 1, n) / 2**15 for n in SIZES[1:]]

    def events(self, inputs):
        """Of one window, as a host sends it."""
        if not self.constant_current:
            return events_of(inputs[None] > 0)
        [rows] = np.nonzero(inputs[0])
        begin = np.zeros((1, STEPS), np.int32)
        amplitude = inputs[:1, rows].astype(np.float32)
        return Events(rows[None].astype(np.uint16), begin, begin + np.int32(len(rows)), amplitude)

    def counts(self, window, inputs):
        """Of the chip and of the paper."""
        result = self.chip.infer(self.events(inputs), np.array([window]))
        return np.concatenate([c[0] for c in result.counts]), np.concatenate(present(self.layers, inputs))

    def learn(self, window, inputs, targets, rate, eta):
        """One sample by both. Returns by how much the weights then differ, at most."""
        sent = [target[None].astype(np.float32) for target in targets]
        self.chip.learn(self.events(inputs), np.array([window]), sent, np.array([rate], np.float32))
        present(self.layers, inputs, targets, eta)
        return max(
            max(np.abs(weight - layer.w).max(), np.abs(bias - layer.b).max())
            for (weight, bias), layer in zip(self.chip.weights(), self.layers, strict=True)
        )

    def synchronise(self):
        """The paper's layers take over the chip's weights."""
        for (weight, bias), layer in zip(self.chip.weights(), self.layers, strict=True):
            layer.w, layer.b = weight.astype(float), bias.astype(float)


def assert_learns_alike(case, rate, eta, samples=100):
    """Weights stay within 3e-6, synchronised after a comparison that came too near to tell."""
    before = [layer.w for layer in case.layers]
    near = 0
    for window in range(samples):
        apart = case.learn(window, *case.sample(), rate, eta)
        if closest(case.layers) < NEAR:
            near += 1
            case.synchronise()
        else:
            assert apart <= 3e-6, f"after sample {window}"
    assert near < samples / 4
    for was, layer in zip(before, case.layers, strict=True):
        assert np.abs(layer.w - was).max() > 100 * 3e-6, "something was learned"
