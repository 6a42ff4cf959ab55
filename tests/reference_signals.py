"""What the slow witness shows of every neuron and synapse, as chipsim.Signals does."""

import numpy as np

# What a neuron shows in every step, learning circuit last; names as in chipsim.Signals.
NEURON_SIGNALS = ("current", "noise", "membrane", "kept", "count")
CIRCUIT_SIGNALS = ("target_count", "error", "boxcar", "pulse")
SYNAPSE_SIGNALS = ("weight", "code", "residue")


def room_for_signals(shape, layer):
    """A layer's signals, named as in chipsim.Signals; codes and residues only for few-bit weights."""
    n_windows, steps, n_out = shape
    n_rows = len(layer.weight)
    room = {name: np.zeros(shape, np.float32) for name in NEURON_SIGNALS + CIRCUIT_SIGNALS}
    room["boxcar"] = np.zeros(shape, np.uint8)
    room["input"] = np.zeros((n_windows, steps, n_rows), np.float32)
    for name in SYNAPSE_SIGNALS:
        if getattr(layer, name) is not None:
            room[name] = np.zeros((n_windows, steps, n_rows, n_out), getattr(layer, name).dtype)
    return room


def note_signals(room, s, t, layer, seen):
    for name in NEURON_SIGNALS + CIRCUIT_SIGNALS:
        room[name][s, t] = layer.shows[name]
    for name in SYNAPSE_SIGNALS:
        if name in room:
            room[name][s, t] = getattr(layer, name)
    room["input"][s, t, seen.rows] = 1 if seen.amplitudes is None else seen.amplitudes
    room["input"][s, t, -1] = 1
