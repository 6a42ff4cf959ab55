"""Writes weights into a fabricated layer: analog, or rounded to the few levels that the synapses store."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chipsim.memory import aligned
from chipsim.spec import ChipError, SynapseSpec
from chipsim.tables import SynapseState, SynapseTables
from learning_circuit.update_accumulator import CodedSynapses

_FITTED = SynapseSpec()
_CLIP_FRACTIONS = np.linspace(0.2, 1.0, 33)
_NO_DEVICES = np.zeros((0, 0, 2), np.float32)
_NOT_STUCK = np.zeros((1, 1), np.float32)


def full_scale_of(values: NDArray[np.float32], top_code: int) -> float:
    """The weight range for which rounding to codes -top_code .. top_code costs the least mean squared error.

    With few levels it pays to clip the rare large weights. Found on a grid of fractions of the largest magnitude.
    """
    largest = float(np.max(np.abs(values), initial=0.0))
    if largest == 0:
        return 1.0
    flat = values.ravel().astype(np.float64)
    errors = []
    for fraction in _CLIP_FRACTIONS:
        lsb = fraction * largest / top_code
        errors.append(np.mean((flat - lsb * np.clip(np.rint(flat / lsb), -top_code, top_code)) ** 2))
    return float(_CLIP_FRACTIONS[int(np.argmin(errors))] * largest)


def program_layer(
    weights: NDArray[np.float32],
    biases: NDArray[np.float32],
    gain: NDArray[np.float32],
    weight_bits: int | None,
    accumulator_bits: int,
    synapse: SynapseSpec = _FITTED,
    stuck: NDArray[np.float32] = _NOT_STUCK,
) -> tuple[SynapseTables, SynapseState]:
    """Synapses programmed to `weights` (n_in, n_out) and `biases` (n_out,), in units of the threshold.

    stuck: of the shape of `gain`, what stuck synapses deliver in full-scale weights, whatever is programmed; their gain
    is 0. Raises ChipError if a weight is not finite.
    """
    n_in, n_out = weights.shape
    with np.errstate(over="ignore"):
        wanted = np.concatenate([weights, biases[None, :]]).astype(np.float32)
    if not np.isfinite(wanted).all():
        raise ChipError("weights to program contain NaN or infinity: every weight and bias must be a finite float32")
    state_weight = aligned((n_in + 1, n_out), np.float32)
    if weight_bits is None:
        full_scale = np.max(np.abs(wanted)) or np.float32(1)
        state_weight[...] = gain * wanted + stuck * full_scale
        nothing = CodedSynapses(np.zeros((0, 0), np.int16), np.zeros((0, 0), np.int16), np.int32(0), np.int32(0))
        return SynapseTables(gain, _NO_DEVICES, False, np.float32(1), np.float32(1), full_scale), SynapseState(
            state_weight, nothing
        )
    top = 2 ** (weight_bits - 1) - 1
    lsb = np.float32((synapse.full_scale_th or full_scale_of(wanted[:-1], top)) / top)
    bias_full_scale = synapse.bias_full_scale_th or (full_scale_of(wanted[-1:], top) if wanted[-1].any() else None)
    bias_lsb = lsb if bias_full_scale is None else np.float32(bias_full_scale / top)
    steps = np.full((n_in + 1, 1), lsb, np.float32)
    steps[n_in] = bias_lsb
    code = aligned((n_in + 1, n_out), np.int16)
    code[...] = np.where(stuck != 0, np.sign(stuck) * top, np.clip(np.rint(wanted / steps), -top, top))
    residue = aligned((n_in + 1, n_out), np.int16)
    state_weight[...] = gain * (code.astype(np.float32) * steps) + stuck * (np.float32(top) * steps)
    coded = CodedSynapses(code, residue, np.int32(top), np.int32(accumulator_bits))
    return SynapseTables(gain, _NO_DEVICES, True, lsb, bias_lsb, np.float32(top) * lsb), SynapseState(
        state_weight, coded
    )
