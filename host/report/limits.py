"""What met its limit in a chip, in words and as a share of the times it could have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PHASES = {"learning": "while learning", "test_before": "in the test before", "test_after": "in the test after"}
NOTABLE = 0.01  # share from which on a page warns
# Inhibition holds a silent neuron at the lower rail in every chip of this kind: told, but no reason to warn.
_USUAL = ("membrane_low_rail",)

_MEANING = {
    "membrane_low_rail": ("membrane at the lower rail", "of all neurons' steps"),
    "membrane_high_rail": ("membrane at the upper rail", "of all neurons' steps"),
    "accumulator_full": ("spike accumulator full, spikes not counted", "of all neurons' steps"),
    "weight_full_scale": ("weight at the end of its range, writes held back", "of all weight updates"),
}


@dataclass(frozen=True)
class MetLimit:
    """One thing that met its limit."""

    words: str
    of: str  # what the shares are shares of
    counts: dict[str, int]  # per phase
    shares: dict[str, float | None]  # None where it could not happen

    usual: bool  # part of how such a chip works

    @property
    def worst(self) -> float:
        return max((share for share in self.shares.values() if share is not None), default=0.0)

    @property
    def notable(self) -> bool:
        return self.worst >= NOTABLE and not self.usual


def limits(
    saturation: Mapping[str, Mapping[str, int]],
    network: Sequence[int],
    steps: int,
    samples: Mapping[str, int],
    weight_updates: int,
) -> list[MetLimit]:
    """What met its limit at least once. samples: shown per phase."""
    found = []
    for name in dict.fromkeys(name for counts in saturation.values() for name in counts):
        counts = {phase: of_phase.get(name, 0) for phase, of_phase in saturation.items()}
        if not any(counts.values()):
            continue
        words, of = _MEANING.get(name, (name.replace("_", " "), "of all neurons' steps"))
        if name == "weight_full_scale":
            chances = {phase: weight_updates if phase == "learning" else 0 for phase in counts}
        else:
            chances = {phase: samples[phase] * sum(network[1:]) * steps for phase in counts}
        shares = {phase: count / chances[phase] if chances[phase] else None for phase, count in counts.items()}
        found.append(MetLimit(words, of, counts, shares, name in _USUAL))
    return found
