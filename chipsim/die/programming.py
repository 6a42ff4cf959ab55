"""Writes weights into a fabricated layer: analog, or rounded to the few levels that the synapses store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chipsim.design import ChipError, LayerShape, SynapseSpec, pooling_weights
from chipsim.layout import CodedSynapses, SynapseState, SynapseTables
from chipsim.simd import aligned

LayerWeights = tuple[NDArray[np.float32], NDArray[np.float32]]
Weights = Sequence[LayerWeights | None]  # None: those of a pooling layer, which are fixed

_FITTED = SynapseSpec()
_CLIP_FRACTIONS = np.linspace(0.2, 1.0, 33)
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


def in_crossbars(weights: Weights, layers: Sequence[LayerShape], thresholds_th: Sequence[float]) -> list[LayerWeights]:
    """Weights and biases of each layer as its crossbars take them, see `Chip.program`. Raises ChipError.

    A dense layer's are (rows, columns) and (columns,); a layer on an image has an axis of crossbars in front.
    thresholds_th: of each layer, by which the fixed weights of pools go.
    """
    shapes = [None if given is None else (given[0].shape, given[1].shape) for given in weights]
    expected = [shape.weight_shape and (shape.weight_shape, shape.weight_shape[1:]) for shape in layers]
    each_its_own = [((n.crossbars, n.rows, n.columns), (n.crossbars, n.columns)) for n in layers]
    if len(shapes) != len(layers) or not all(
        shape == shared or (layer.crossbars > 1 and shape == own)
        for shape, shared, own, layer in zip(shapes, expected, each_its_own, layers, strict=True)
    ):
        raise ChipError(f"weights of shapes {shapes} do not fit this chip: program {expected}")
    placed = []
    for given, layer, threshold_th in zip(weights, layers, thresholds_th, strict=True):
        w, b = pooling_weights(layer, threshold_th) if given is None else given
        if not layer.dense:
            w = np.broadcast_to(w, (layer.crossbars, layer.rows, layer.columns))
            b = np.broadcast_to(b, (layer.crossbars, layer.columns))
        placed.append((w, b))
    return placed


def out_of_crossbars(weight: NDArray[np.float32], layer: LayerShape) -> LayerWeights:
    """Weights and biases of crossbars; one that all positions share gives up its axis."""
    if not layer.dense and layer.crossbars == 1:
        weight = weight[0]
    return weight[..., :-1, :], weight[..., -1, :]


def program_layer(
    weights: NDArray[np.float32],
    biases: NDArray[np.float32],
    gain: NDArray[np.float32],
    weight_bits: int | None,
    accumulator_bits: int,
    synapse: SynapseSpec = _FITTED,
    stuck: NDArray[np.float32] = _NOT_STUCK,
    one_lsb: bool = False,
) -> tuple[SynapseTables, SynapseState]:
    """Synapses programmed to `weights` (..., n_in, n_out) and `biases` (..., n_out), in units of the threshold.

    stuck: of the shape of `gain`, what stuck synapses deliver in full-scale weights, whatever is programmed; their gain
    is 0; one_lsb: biases have that of weights, which is then found for both. Raises ChipError if a weight is not
    finite.
    """
    with np.errstate(over="ignore"):
        wanted = np.concatenate([weights, biases[..., None, :]], axis=-2).astype(np.float32)
    if not np.isfinite(wanted).all():
        raise ChipError("weights to program contain NaN or infinity: every weight and bias must be a finite float32")
    state_weight = aligned(wanted.shape, np.float32)
    no_devices = np.zeros((*wanted.shape[:-2], 0, 0, 2), np.float32)
    if weight_bits is None:
        full_scale = np.max(np.abs(wanted)) or np.float32(1)
        state_weight[...] = gain * wanted + stuck * full_scale
        no_codes = np.zeros((*wanted.shape[:-2], 0, 0), np.int16)
        nothing = CodedSynapses(no_codes, no_codes, np.int32(0), np.int32(0))
        return SynapseTables(gain, no_devices, False, np.float32(1), np.float32(1), full_scale), SynapseState(
            state_weight, nothing
        )
    top = 2 ** (weight_bits - 1) - 1
    fitted = wanted if one_lsb else wanted[..., :-1, :]
    lsb = np.float32((synapse.full_scale_th or full_scale_of(fitted, top)) / top)
    bias_full_scale = synapse.bias_full_scale_th or (
        full_scale_of(wanted[..., -1, :], top) if wanted[..., -1, :].any() else None
    )
    bias_lsb = lsb if one_lsb or bias_full_scale is None else np.float32(bias_full_scale / top)
    steps = np.full((wanted.shape[-2], 1), lsb, np.float32)
    steps[-1] = bias_lsb
    code = aligned(wanted.shape, np.int16)
    code[...] = np.where(stuck != 0, np.sign(stuck) * top, np.clip(np.rint(wanted / steps), -top, top))
    residue = aligned(wanted.shape, np.int16)
    state_weight[...] = gain * (code.astype(np.float32) * steps) + stuck * (np.float32(top) * steps)
    coded = CodedSynapses(code, residue, np.int32(top), np.int32(accumulator_bits))
    return SynapseTables(gain, no_devices, True, lsb, bias_lsb, np.float32(top) * lsb), SynapseState(
        state_weight, coded
    )


def program_unipolar_layer(
    weights: NDArray[np.float32],
    biases: NDArray[np.float32],
    gain: NDArray[np.float32],
    weight_bits: int | None,
    accumulator_bits: int,
    full_scale_th: float,
    stuck: NDArray[np.float32],
) -> tuple[SynapseTables, SynapseState]:
    """As `program_layer`, of synapses that hold from 0 to full_scale_th, few-bit ones in codes from 0 to 2^bits - 1.

    Raises ChipError if a weight is outside, or there is a bias.
    """
    full_scale = np.float32(full_scale_th)
    if np.any(biases):
        raise ChipError("these crossbars have unipolar synapses and no bias: program biases of 0")
    found = f"{np.min(weights):.4g} to {np.max(weights):.4g}"
    if not (np.all(weights >= 0) and np.all(weights <= full_scale * np.float32(1 + 1e-5))):
        raise ChipError(
            f"weights of {found} th do not fit unipolar synapses of 0 to {full_scale_th:g} th: scale them, or set"
            " learning_circuit.rule_settings.w_max_th"
        )
    wanted = np.concatenate([weights, 0 * biases[..., None, :]], axis=-2).astype(np.float32)
    state_weight = aligned(wanted.shape, np.float32)
    no_devices = np.zeros((*wanted.shape[:-2], 0, 0, 2), np.float32)
    if weight_bits is None:
        state_weight[...] = gain * np.minimum(wanted, full_scale) + stuck * full_scale
        no_codes = np.zeros((*wanted.shape[:-2], 0, 0), np.int16)
        nothing = CodedSynapses(no_codes, no_codes, np.int32(0), np.int32(0))
        return SynapseTables(gain, no_devices, False, np.float32(1), np.float32(1), full_scale), SynapseState(
            state_weight, nothing
        )
    top = 2**weight_bits - 1
    lsb = np.float32(full_scale / top)
    code = aligned(wanted.shape, np.int16)
    code[...] = np.where(gain == 0, np.rint(stuck * top), np.clip(np.rint(wanted / lsb), 0, top))
    residue = aligned(wanted.shape, np.int16)
    state_weight[...] = gain * (code.astype(np.float32) * lsb) + stuck * (np.float32(top) * lsb)
    coded = CodedSynapses(code, residue, np.int32(top), np.int32(accumulator_bits))
    return SynapseTables(gain, no_devices, True, lsb, lsb, np.float32(top) * lsb), SynapseState(state_weight, coded)
