"""From a spec and a die seed to the die's tables. The only place that asks the nonidealities."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.design import AveragePool, ChipSpec, LayerShape, own_channel
from chipsim.die.ageing import Drift
from chipsim.layout import CircuitTables, NeuronTables, PulseTables
from chipsim.simd import aligned
from learning_circuit import SLOPE_AND_STEP, LearningCircuitSpec, full_scale
from nonideality import LayerErrors, stream, stream_key

_EVERYWHERE = np.float32(np.inf)


class FabricatedLayer(NamedTuple):
    """What the fab made of one layer."""

    neurons: NeuronTables
    circuit: CircuitTables
    gain: NDArray[np.float32]  # see SynapseTables
    drive_gain: NDArray[np.float32]  # see Fields; of the neurons' shape
    weight_bits: int | None
    stuck: NDArray[np.float32]  # as gain: what stuck synapses deliver, in full-scale weights; their gain is 0
    drift: Drift
    spike_bit_errors: float  # probabilities per bit on the host link
    target_bit_errors: float


def draw_errors(spec: ChipSpec, die_seed: int) -> list[LayerErrors]:
    """Each layer's errors on die `die_seed`: one random stream per (die, effect, site, layer).

    Those of a layer on an image have an axis more, see `_image_errors`.
    """
    return [
        _sheet(spec, die_seed, layer, shape.rows, shape.columns)
        if shape.dense
        else _image_errors(spec, die_seed, layer, shape)
        for layer, shape in enumerate(spec.shapes)
    ]


def _sheet(spec: ChipSpec, die_seed: int, layer: int, n_in: int, n_out: int, *of_what: int) -> LayerErrors:
    """Errors of n_out columns of n_in synapses, and of as many neurons. of_what: part of the random streams' names."""
    role: Literal["hidden", "output"] = "output" if layer == spec.n_layers - 1 else "hidden"
    errors = LayerErrors(n_in, n_out, role)
    for noise in spec.noises:
        if noise.layer in (None, layer + 1):
            for site in noise.sites:
                noise.effect.fill(site, errors, stream("die", die_seed, noise.effect.name, site, layer, *of_what))
    return errors


# What belongs to a crossbar and to the drivers that write its columns; all else belongs to neurons.
_OF_SYNAPSES = ("weight_gain", "pulse_gain", "stuck", "drift_exponent")
_OF_COLUMNS = ("pulse_up_gain", "pulse_down_gain", "cycle_noise", "write_noise")
_OF_NEURONS = (
    *("threshold_gain", "time_constant_gain", "synapse_time_constant_gain", "enabled", "membrane_noise"),
    *("boxcar_low_gain", "boxcar_high_gain"),
    *("comparator_offset", "boxcar_low_offset", "boxcar_high_offset", "missed_counts", "charge_gain", "read_noise"),
)


def _image_errors(spec: ChipSpec, die_seed: int, layer: int, shape: LayerShape) -> LayerErrors:
    """Errors of a layer on an image, from two sheets: one of all neurons, and one of each crossbar with its drivers.

    Neurons' arrays are (positions, columns), synapses' (crossbars, 1 or rows + 1, columns), drivers' (crossbars,
    columns).
    """
    errors = _sheet(spec, die_seed, layer, 1, shape.n_out)
    for name in _OF_NEURONS:
        setattr(errors, name, getattr(errors, name).reshape(shape.positions, shape.columns))
    places = [()] if shape.crossbars == 1 else [(place,) for place in range(shape.crossbars)]
    sheets = [_sheet(spec, die_seed, layer, shape.rows, shape.columns, *place) for place in places]
    for name in (*_OF_SYNAPSES, *_OF_COLUMNS):
        setattr(errors, name, np.stack([getattr(sheet, name) for sheet in sheets]))
    return errors


def fabricate(spec: ChipSpec, die_seed: int) -> list[FabricatedLayer]:
    """The tables of die `die_seed`, layer by layer."""
    return [_layer(spec, die_seed, layer, errors) for layer, errors in enumerate(draw_errors(spec, die_seed))]


def _layer(spec: ChipSpec, die_seed: int, layer: int, errors: LayerErrors) -> FabricatedLayer:
    shape = spec.shapes[layer]
    integrating = errors.role == "output" and spec.neuron.readout != "spiking"
    # From here on the threshold itself, on which reset and boxcar hang, too.
    errors.threshold_gain = spec.neuron.threshold_th_of(layer) * errors.threshold_gain
    threshold = errors.threshold_gain
    noise = errors.membrane_noise
    read_noise = errors.read_noise * errors.charge_gain
    drive_gain = errors.charge_gain
    if integrating:  # a dead readout is one that neither current nor noise reaches
        drive_gain = drive_gain * errors.enabled
        noise = noise * errors.enabled
        read_noise = read_noise * errors.enabled
    else:
        threshold = np.where(errors.enabled, threshold, np.inf)
    gain, stuck = errors.weight_gain, errors.stuck.astype(np.float64)
    if shape.dense:  # what is a neuron's own is its synapses' own
        gain = gain * drive_gain
    elif shape.crossbars > 1:
        gain = gain * drive_gain[:, None, :]
    if isinstance(shape.layer, AveragePool):
        stuck = stuck * own_channel(shape)
    decay = np.ones_like(threshold)
    if spec.neuron.kind == "lif":
        decay = np.exp(-1 / (spec.neuron.tau_steps_of(layer) * errors.time_constant_gain))
    current_decay = np.zeros_like(threshold)
    if spec.neuron.synapse_tau_steps is not None:
        current_decay = np.exp(-1 / (spec.neuron.synapse_tau_steps * errors.synapse_time_constant_gain))
    subtracts = spec.neuron.reset == "subtract"
    reset_charge = errors.threshold_gain * errors.charge_gain
    gain, stuck = np.where(stuck != 0, 0, gain), stuck * gain
    exponent = errors.drift_exponent
    if np.any(exponent):  # drift moves gains, so every synapse needs its own
        gain = np.broadcast_to(gain, np.broadcast_shapes(gain.shape, exponent.shape))
    neurons = NeuronTables(
        decay=_float32(decay),
        exponential=spec.neuron.synapse_tau_steps is not None,
        current_decay=_float32(current_decay),
        threshold=_float32(threshold),
        reset_charge=_float32(np.where(errors.enabled & subtracts, reset_charge, 0)),
        zero_reset=np.float32(not subtracts),
        low_rail=-_EVERYWHERE if integrating else np.float32(spec.neuron.low_rail_th),
        high_rail=_EVERYWHERE if integrating else np.float32(spec.neuron.high_rail_th),
        integrating=integrating,
        peak=integrating and spec.neuron.readout == "integrating-max",
        noise=_float32(noise),
        noisy=bool(np.any(noise) or np.any(read_noise)),
        read_noise=_float32(read_noise),
        reads=bool(np.any(read_noise)),
        noise_key=np.array(stream_key("membrane noise", die_seed)),
        layer=np.int64(layer),
    )
    return FabricatedLayer(
        neurons=neurons,
        circuit=_circuit(spec, die_seed, errors, integrating),
        gain=_float32(gain),
        drive_gain=_float32(drive_gain),
        weight_bits=errors.weight_bits,
        stuck=_float32(stuck),
        drift=Drift(exponent, errors.drift_t0_s, errors.window_s),
        spike_bit_errors=errors.spike_bit_errors,
        target_bit_errors=errors.target_bit_errors,
    )


def _circuit(spec: ChipSpec, die_seed: int, errors: LayerErrors, integrating: bool) -> CircuitTables:
    nominal = spec.learning_circuit
    slope, step_size = SLOPE_AND_STEP[nominal.error_gate]
    # Eq. 8 with the neuron's own threshold: the gate's two comparators take their references from it.
    low = errors.threshold_gain - nominal.boxcar_width_th / 2 * errors.boxcar_low_gain
    high = errors.threshold_gain + nominal.boxcar_width_th / 2 * errors.boxcar_high_gain
    low, high = low + errors.boxcar_low_offset, high + errors.boxcar_high_offset
    if integrating:  # a readout without a threshold has nothing for the boxcar to be near
        low, high = np.full_like(low, -np.inf), np.full_like(high, np.inf)
    return CircuitTables(
        accumulator_full=full_scale(nominal.accumulator_bits),
        slope=np.float32(slope),
        step_size=np.float32(step_size),
        dead_zone=np.float32(0 if nominal.error_gate == "sign" else nominal.dead_zone_counts),
        traced=nominal.trace_tau_steps is not None,
        trace_decay=np.float32(0 if nominal.trace_tau_steps is None else np.exp(-1 / nominal.trace_tau_steps)),
        warm_up=np.int64(nominal.warm_up_steps),
        boxcar_low=_float32(low),
        boxcar_high=_float32(high),
        dither_key=np.array(stream_key("update rounding", die_seed)),
        comparator_offset=_float32(errors.comparator_offset),
        miss_probability=_float32(errors.missed_counts),
        missed_per_log=_float32(_per_log(errors.missed_counts)),
        has_misses=bool(np.any(errors.missed_counts)),
        missed_key=np.array(stream_key("missed counts", die_seed)),
        update=_update(nominal, die_seed, errors),
    )


def _update(nominal: LearningCircuitSpec, die_seed: int, errors: LayerErrors) -> PulseTables:
    step_up, step_down = nominal.pulse_steps or (errors.step_up, errors.step_down)
    bounded = step_up is not None or step_down is not None
    factors = (errors.pulse_gain, errors.pulse_up_gain, errors.pulse_down_gain)
    temporal = bool(np.any(errors.cycle_noise) or np.any(errors.write_noise))
    return PulseTables(
        imperfect=bool(bounded or temporal or any(np.any(factor != 1) for factor in factors)),
        temporal=temporal,
        up=_float32(errors.pulse_up_gain),
        down=_float32(errors.pulse_down_gain),
        gain=_float32(errors.pulse_gain),
        cycle=_float32(errors.cycle_noise),
        noise=_float32(errors.write_noise),
        step_up=_float32(np.ones(2) if step_up is None else np.array(step_up)),
        step_down=_float32(np.ones(2) if step_down is None else np.array(step_down)),
        bounded=bounded,
        key=np.array(stream_key("update pulses", die_seed)),
    )


def _per_log(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / ln(1 - p)."""
    with np.errstate(divide="ignore"):  # the ends: -infinity for p = 0, 0 for p = 1
        return 1 / np.log1p(-probability)


def _float32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    table = aligned(values.shape, np.float32)
    table[...] = values
    return table
