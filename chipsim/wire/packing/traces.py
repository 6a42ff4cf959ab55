"""What every neuron did at every step of a chunk, as it travels: codes of membranes and spikes, packed without gaps.

"layerN.codes": the codes of S windows of T steps of n_out neurons in as many bits as the converter has, and
"layerN.fired": a bit for each, 1 for a spike; both window by window, then step by step, then neuron by neuron, the
lowest bit first, padded to a whole byte. A readout that does not fire has no "fired".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.design import AdcSpec, ChipSpec
from chipsim.execution import Readings
from chipsim.layout import Events, padded_width, room_for_spikes, spike_bits_of, spikes_of
from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.packing.words import SLACK, bytes_of_words, pack_words, unpack_words


def packed_traces(spec: ChipSpec, read: Readings, bits: int) -> dict[str, NDArray[np.uint8]]:
    """What a chip of dense layers read back, through converters of so many bits."""
    arrays: dict[str, NDArray[np.uint8]] = {}
    for number, n in enumerate(spec.layer_sizes[1:], start=1):
        arrays[f"layer{number}.codes"] = _packed(read.codes[number - 1][:, :, :n], bits)
        if _fires(spec, number):
            fired = spikes_of(read.spike_bits[number - 1], np.arange(n))
            arrays[f"layer{number}.fired"] = np.packbits(fired.reshape(-1), bitorder="little")
    return arrays


def measured_traces(spec: ChipSpec, n_windows: int, bits: int) -> dict[str, NDArray[np.uint8]]:
    """As `packed_traces`, in as many bytes, but without what is in them."""
    arrays: dict[str, NDArray[np.uint8]] = {}
    for number, n in enumerate(spec.layer_sizes[1:], start=1):
        n_words = n_windows * spec.presentation_steps * n
        arrays[f"layer{number}.codes"] = np.empty(bytes_of_words(n_words, bits), np.uint8)
        if _fires(spec, number):
            arrays[f"layer{number}.fired"] = np.empty(bytes_of_words(n_words, 1), np.uint8)
    return arrays


def unpacked_traces(
    spec: ChipSpec, parts: Sequence[Mapping[str, NDArray[Any]]], windows: Sequence[int], converter: AdcSpec
) -> Readings:
    """What `packed_traces` was made of, part after part. windows: how many each part has.

    Raises WireError if anything is missing or of another size.
    """
    codes, converters, fired, spikes = [], [], [], []
    for number, n in enumerate(spec.layer_sizes[1:], start=1):
        shapes = [(n_windows, spec.presentation_steps, n) for n_windows in windows]
        fires = _fires(spec, number)
        arrived = list(zip(parts, shapes, strict=True))
        layer_codes = np.concatenate([_codes(part, number, shape, converter) for part, shape in arrived])
        codes.append(np.pad(layer_codes, ((0, 0), (0, 0), (0, padded_width(n) - n))))
        steps = [_spikes(part, number, shape) if fires else np.zeros(shape, np.uint8) for part, shape in arrived]
        fired.append(spike_bits_of(np.concatenate(steps)))
        converters.append(converter.of(spec.neuron, not fires))
        if number < spec.n_layers:
            spikes.append(_as_events(spec, number, fired[-1]))
    return Readings(codes, converters, spikes, fired)


def _fires(spec: ChipSpec, number: int) -> bool:
    return number < spec.n_layers or spec.neuron.readout == "spiking"


def _packed(codes: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    words = codes.astype(np.uint16).reshape(-1)
    data = np.zeros(bytes_of_words(len(words), bits) + SLACK, np.uint8)
    pack_words(data, words, bits)
    return data[:-SLACK]


def _codes(
    arrays: Mapping[str, NDArray[Any]], number: int, shape: tuple[int, int, int], converter: AdcSpec
) -> NDArray[np.uint8]:
    n = math.prod(shape)
    data = _of(arrays, f"layer{number}.codes", n, converter.bits)
    words = np.empty(n, np.uint16)
    unpack_words(np.concatenate([data, np.zeros(SLACK, np.uint8)]), words, converter.bits)
    return words.astype(np.uint8).reshape(shape)


def _spikes(arrays: Mapping[str, NDArray[Any]], number: int, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    n = math.prod(shape)
    return np.unpackbits(_of(arrays, f"layer{number}.fired", n, 1), count=n, bitorder="little").reshape(shape)


def _of(arrays: Mapping[str, NDArray[Any]], name: str, n_words: int, bits: int) -> NDArray[np.uint8]:
    n_bytes = bytes_of_words(n_words, bits)
    array = arrays.get(name)
    if array is None or array.shape != (n_bytes,) or array.dtype != np.uint8:
        raise WireError(ErrorCode.MALFORMED, f"TRACES: {name} is not there, or is not of {n_bytes} bytes")
    return array


def _as_events(spec: ChipSpec, number: int, fired: NDArray[np.uint16]) -> Events:
    """Spikes of a hidden layer as the next one's input."""
    n_windows = fired.shape[1]
    sent = room_for_spikes(spec.shapes[number - 1], n_windows, spec.presentation_steps, to_image=False)
    sent.gather(fired, 0, n_windows)
    return sent.events
