"""What met its limit in a chip, in words and as a share of the times it could have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PHASES = {"learning": "while learning", "test_before": "in the test before", "test_after": "in the test after"}
NOTABLE = 0.01  # share from which on a page warns
# Inhibition holds a silent neuron at the lower rail in every chip of this kind: told, but no reason to warn.
_USUAL = ("membrane_low_rail",)

_STEPS, _UPDATES, _SAMPLES, _UNKNOWN = "of all neurons' steps", "of all weight updates", "of all samples shown", ""
_MEANING = {
    "membrane_low_rail": ("membrane at the lower rail", _STEPS),
    "membrane_high_rail": ("membrane at the upper rail", _STEPS),
    "accumulator_full": ("spike accumulator full, spikes not counted", _STEPS),
    "weight_full_scale": ("weight at the end of its range, writes held back", _UPDATES),
    "increments_saturated": ("increment at the end of its range", _STEPS),
    "events_off_array": ("input event lost on the link, its address beyond the array", _UNKNOWN),
    "events_merged": ("input event lost on the link, merged with another of its row", _UNKNOWN),
    "abstentions": ("no output fired, so no answer: counted as wrong", _SAMPLES),
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
        words, of = _MEANING.get(name, (name.replace("_", " "), _STEPS))
        chances = {
            phase: {
                _STEPS: samples[phase] * sum(network[1:]) * steps,
                _UPDATES: weight_updates if phase == "learning" else 0,
                _SAMPLES: samples[phase],
                _UNKNOWN: 0,
            }[of]
            for phase in counts
        }
        shares = {phase: count / chances[phase] if chances[phase] else None for phase, count in counts.items()}
        found.append(MetLimit(words, of, counts, shares, name in _USUAL))
    return found
