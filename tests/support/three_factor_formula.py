"""examples/three_factor as a slow formula of its own, for the reference model."""

import numpy as np
from reference_formulas import RuleFormula

F = np.float32


def observe(own, state, seen):
    state["surprise"] = F(1) - state["habit"] if seen.spiked else -state["habit"]
    state["habit"] = state["habit"] + state["surprise"] * F(1 / 64)
    state["tag"] = own.tag_decay * state["tag"] + state["surprise"]


def pulses(own, state, seen):
    excess = seen.count * (F(1) / F(seen.t)) - own.wanted_rate
    return [seen.rate * seen.broadcast * state["tag"], -(seen.rate * own.homeostasis * excess)]


THREE_FACTOR = RuleFormula(
    pulses,
    starts={"tag": F(0), "surprise": F(0)},
    life={"habit": F(0.25)},
    updates=("traces", "all"),
    observe=observe,
    follows_targets=False,
)
