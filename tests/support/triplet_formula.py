"""The learning rule of triplets as a slow formula of its own, for the reference model."""

import numpy as np
from reference_formulas import RuleFormula

F = np.float32


def observe(own, state, seen):
    for trace, kept in (("fast", own.fast_kept), ("slow", own.slow_kept)):
        state[trace] = kept * state[trace] + F(1) if seen.spiked else kept * state[trace]


def pulses(own, state, seen):
    fast, slow = (state[trace] - F(1) if seen.spiked else state[trace] for trace in ("fast", "slow"))
    up = seen.rate * (own.rise_of_pair + own.rise_of_triplet * slow) if seen.spiked else F(0)
    return [seen.rate * own.fall * fast, up]


TRIPLET = RuleFormula(
    pulses, starts={"fast": F(0), "slow": F(0)}, updates=("spikes", "traces"), observe=observe, follows_targets=False
)
