"""The built-in methods by name, with what each does. Imports nothing, so that help answers at once."""

from __future__ import annotations

METHODS: dict[str, str] = {
    "on-chip-ltl": "the die learns by itself, online; nothing is read back",
    "conversion": "the teacher's weights, scaled to rates; nothing is learned",
    "offline-ltl": "Local Tandem Learning through time on the ideal twin, then programmed",
    "online-ltl-off-chip": "the online rule on the ideal twin, then programmed",
    "noise-aware": "offline, each batch on another die with the expected imperfections, then programmed",
    "through-time": "trained through time on the ideal twin, leaks and thresholds too, then programmed",
    "in-the-loop": "the die runs, the host reads its state back and trains through time, batch by batch",
}

# Those that follow no teacher: they learn from samples alone.
UNSUPERVISED_METHODS: dict[str, str] = {
    "stdp": "the die learns by itself from unlabelled samples; neurons get their classes afterwards",
}
