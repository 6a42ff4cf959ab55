"""From a spec and a die seed to the die's tables. The only place that asks the nonidealities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chipsim.design import (
    LEARNING_RULES,
    NEURONS,
    AveragePool,
    ChipError,
    ChipSpec,
    LayerShape,
    NeuronSpec,
    left_of_charge,
    own_channel,
    rule_of,
)
from chipsim.die.ageing import Drift
from chipsim.die.integers import check_circuit
from chipsim.die.trial import check_values, is_foreign, places_for, settings_for, try_neuron, try_rule
from chipsim.layout import (
    DISTURBANCES,
    CircuitTables,
    ColumnBlock,
    FieldPlaces,
    PulseTables,
    SynapseState,
    SynapseTables,
    Tables,
    stacked,
)
from chipsim.neurons import NeuronModel, neuron_of
from chipsim.simd import aligned
from learning_circuit import TAPS, LearningCircuitSpec, LearningRule, UnipolarSynapses, full_scale, start_states
from nonideality import EFFECTS, LayerErrors, Noise, NoiseError, Place, PluginGroup, fill, stream, stream_key

_WIDEST_CODE = 16  # bits, sign included: an int16


class FabricatedLayer(NamedTuple):
    """What the fab made of one layer."""

    neuron: NeuronModel
    rule: LearningRule
    places: FieldPlaces
    tables: Tables  # values of all fabricated fields, arrays of the neurons' shape, or one for the layer
    circuit: CircuitTables
    gain: NDArray[np.float32]  # see SynapseTables
    weight_bits: int | None
    stuck: NDArray[np.float32]  # as gain: what stuck synapses deliver, in full-scale weights; their gain is 0
    unipolar: UnipolarSynapses | None  # None: of either sign, and with a bias
    drift: Drift
    registers: NDArray[np.uint32]  # (columns,) states in which the neurons' shift registers start; 0 without any
    spike_bit_errors: float  # probabilities per bit on the host link
    target_bit_errors: float

    def block(self, n_positions: int, synapses: SynapseTables, state: SynapseState) -> ColumnBlock:
        """All columns of the layer with these synapses, still to be split. n_positions: 1 of a dense layer."""
        values, n_columns = self.tables._asdict(), state.weight.shape[-1]
        lasting = aligned((n_positions, len(self.places.lasting), n_columns), np.float32)
        for row, field in enumerate(self.places.lasting):
            lasting[:, row] = field.start
        return ColumnBlock(
            first=np.int64(0),
            n_columns=np.int64(n_columns),
            synapses=synapses,
            state=state,
            tables=stacked(self.places.tables, values),
            disturbances=stacked(DISTURBANCES, values),
            numbers=np.array([values[field.name] for field in self.places.numbers], np.float32),
            lasting=lasting,
            circuit=self.circuit,
            registers=self.registers,
        )


def draw_errors(spec: ChipSpec, die_seed: int) -> list[LayerErrors]:
    """Each layer's errors on die `die_seed`: one random stream per (die, effect, site, layer).

    Those of a layer on an image have an axis more, see `_image_errors`.
    """
    sheet = partial(_sheet, spec.noises, spec.n_layers)
    layers = [
        sheet(Place(die_seed, layer), shape.rows, shape.columns)
        if shape.dense
        else _image_errors(sheet, die_seed, layer, shape)
        for layer, shape in enumerate(spec.shapes, start=1)
    ]
    if spec.synapse.weight_bits is not None:
        for errors in layers:
            errors.weight_bits = spec.synapse.weight_bits
    return layers


def try_effects(spec: ChipSpec, die_seed: int) -> None:
    """Whether effects of other packages can be used on a die, before anything else of a run is done.

    Raises NoiseError of one line that names the package.
    """
    foreign = [noise for noise in spec.noises if is_foreign(EFFECTS, noise.effect.name)]
    for noise in foreign:
        noise.describe()  # as every run's report does
    if foreign:
        draw_errors(spec, die_seed)


def _sheet(noises: Sequence[Noise], n_layers: int, place: Place, n_in: int, n_out: int) -> LayerErrors:
    """Errors of n_out columns of n_in synapses, and of as many neurons."""
    role: Literal["hidden", "output"] = "output" if place.layer == n_layers else "hidden"
    errors = LayerErrors(n_in, n_out, role, place)
    crossbar = () if place.crossbar is None else (place.crossbar,)
    for noise in noises:
        if noise.layer in (None, place.layer):
            for site in noise.sites:
                name = noise.effect.name
                fill(noise.effect, site, errors, stream("die", place.die, name, site, place.layer - 1, *crossbar))
    return errors


# What belongs to a crossbar and to the drivers that write its columns; all else belongs to neurons.
_OF_SYNAPSES = ("weight_gain", "pulse_gain", "stuck", "drift_exponent")
_OF_COLUMNS = ("pulse_up_gain", "pulse_down_gain", "cycle_noise", "write_noise")
_OF_DEVICES = ("step_up", "step_down", "drift_t0_s", "window_s", "weight_bits")  # one for all crossbars of a layer
_OF_NEURONS = (
    *("threshold_gain", "time_constant_gain", "synapse_time_constant_gain", "enabled", "membrane_noise", "held_noise"),
    *("boxcar_low_gain", "boxcar_high_gain"),
    *("comparator_offset", "boxcar_low_offset", "boxcar_high_offset", "missed_counts", "charge_gain", "read_noise"),
    *("theta_step_gain", "theta_leak_gain", "margin_offset"),
)


def _image_errors(
    sheet: Callable[[Place, int, int], LayerErrors], die_seed: int, layer: int, shape: LayerShape
) -> LayerErrors:
    """Errors of a layer on an image, from two sheets: one of all neurons, and one of each crossbar with its drivers.

    Neurons' arrays are (positions, columns), synapses' (crossbars, 1 or rows + 1, columns), drivers' (crossbars,
    columns).
    """
    _, height, width = shape.output
    errors = sheet(Place(die_seed, layer, "neurons", height, width), 1, shape.n_out)
    for name in _OF_NEURONS:
        setattr(errors, name, getattr(errors, name).reshape(shape.positions, shape.columns))
    numbers = [None] if shape.crossbars == 1 else range(shape.crossbars)
    places = [Place(die_seed, layer, "synapses", height, width, crossbar) for crossbar in numbers]
    sheets = [sheet(place, shape.rows, shape.columns) for place in places]
    for name in (*_OF_SYNAPSES, *_OF_COLUMNS):
        setattr(errors, name, _joined(name, [getattr(each, name) for each in sheets]))
    for name in _OF_DEVICES:
        setattr(errors, name, _in_common(name, [getattr(each, name) for each in sheets], errors.place))
    return errors


def _joined(name: str, of_crossbars: list[NDArray[Any]]) -> NDArray[Any]:
    """(crossbars, ...), with a single row for each if all have but one."""
    rows = max(len(each) for each in of_crossbars)
    if name in _OF_SYNAPSES and any(len(each) < rows for each in of_crossbars):
        of_crossbars = [np.broadcast_to(each, (rows, each.shape[1])) for each in of_crossbars]
    return np.stack(of_crossbars)


def _in_common(name: str, of_crossbars: list[Any], place: Place) -> Any:
    """What all crossbars have. Raises NoiseError if they differ, since a layer's devices are of one kind."""
    for number, each in enumerate(of_crossbars):
        if not np.array_equal(each, of_crossbars[0]):
            raise NoiseError(
                f"{name} of {place} is {of_crossbars[0]} in crossbar 0 and {each} in crossbar {number}: all crossbars"
                " of a layer hold the same devices; let the effect say the same of each"
            )
    return of_crossbars[0]


def fabricate(spec: ChipSpec, die_seed: int) -> list[FabricatedLayer]:
    """The tables of die `die_seed`, layer by layer."""
    return [_layer(spec, die_seed, layer, errors) for layer, errors in enumerate(draw_errors(spec, die_seed))]


def _layer(spec: ChipSpec, die_seed: int, layer: int, errors: LayerErrors) -> FabricatedLayer:
    shape, nominal = spec.shapes[layer], spec.learning_circuit
    is_readout = errors.role == "output" and spec.neuron.readout != "spiking"
    neuron, rule = neuron_of(spec.neuron, is_readout), rule_of(nominal)
    here = spec.neuron.model_copy(update={"tau_steps": spec.neuron.tau_steps_of(layer)})
    # From here on the threshold itself, on which reset and boxcar hang, too.
    errors.threshold_gain = spec.neuron.threshold_th_of(layer) * errors.threshold_gain
    places = places_for(neuron, rule)
    _check_fit(spec, shape, neuron, rule)
    if rule.in_integers:
        check_circuit(nominal, neuron, errors, layer + 1)
    if not is_readout:
        try_neuron(neuron)
    try_rule(rule, nominal)
    per_step, held = errors.membrane_noise, errors.held_noise
    kind_settings = {} if is_readout else spec.neuron.kind_settings  # a readout stands in for neurons of that kind
    own = _made_by(
        NEURONS, neuron, errors.missed_counts.shape, settings_for(NEURONS, neuron, here, kind_settings), errors
    )
    drive_gain = errors.charge_gain
    if spec.neuron.charge_window is not None and spec.neuron.synapse_tau_steps is None:
        drive_gain = drive_gain * left_of_charge(neuron.left_after_step(own), spec.neuron.charge_window)
    read_noise = errors.read_noise * drive_gain
    if is_readout:  # a dead readout is one that neither current nor noise reaches
        drive_gain = drive_gain * errors.enabled
        per_step, held = per_step * errors.enabled, held * errors.enabled
        read_noise = read_noise * errors.enabled
    gain, stuck = errors.weight_gain, errors.stuck.astype(np.float64)
    if shape.dense:  # what is a neuron's own is its synapses' own
        gain = gain * drive_gain
    elif shape.crossbars > 1:
        gain = gain * drive_gain[:, None, :]
    if isinstance(shape.layer, AveragePool):
        stuck = stuck * own_channel(shape)
    own_settings = nominal.rule_settings | ({"target_bits": spec.target_bits} if rule.in_integers else {})
    circuit_settings = settings_for(LEARNING_RULES, rule, nominal, own_settings)
    unipolar = rule.synapses(circuit_settings) if rule.unipolar else None
    is_stuck = stuck != 0
    if unipolar is not None:
        stuck = np.where(is_stuck, (stuck + 1) / 2, 0)  # low is 0
    gain, stuck = np.where(is_stuck, 0, gain), stuck * gain
    if unipolar is not None:  # there is no bias: its row delivers nothing and takes no pulse
        gain = np.broadcast_to(gain, (shape.rows + 1, shape.columns)).copy()
        gain[-1], stuck = 0, np.broadcast_to(stuck, gain.shape).copy()
        stuck[-1] = 0
    exponent = errors.drift_exponent
    if np.any(exponent):  # drift moves gains, so every synapse needs its own
        gain = np.broadcast_to(gain, np.broadcast_shapes(gain.shape, exponent.shape))
    exponential = spec.neuron.synapse_tau_steps is not None
    current_decay = np.zeros_like(per_step)
    if spec.neuron.synapse_tau_steps is not None:
        current_decay = np.exp(-1 / (spec.neuron.synapse_tau_steps * errors.synapse_time_constant_gain))
    trace_decay = np.zeros_like(errors.trace_time_constant_gain)
    if nominal.trace_tau_steps is not None:
        trace_decay = np.exp(-1 / (nominal.trace_tau_steps * errors.trace_time_constant_gain))
    missed = errors.missed_counts
    first_noise = np.hypot(per_step, held)
    renewed = held * np.sqrt(np.maximum(0, 1 - np.square(neuron.left_after_step(own))))  # so that its variance stays
    chip = {
        "low_rail": -np.inf if is_readout else spec.neuron.low_rail_th,
        "high_rail": np.inf if is_readout else spec.neuron.high_rail_th,
        "accumulator_full": full_scale(nominal.accumulator_bits),
        "noise": np.hypot(per_step, renewed),
        "first_noise": first_noise,
        "read_noise": read_noise,
        "current_decay": current_decay,
        "miss_probability": missed,
        "missed_per_log": _per_log(missed),
        "drive_gain": drive_gain,
    }
    learned = _made_by(LEARNING_RULES, rule, missed.shape, circuit_settings, errors, neuron.fires)
    return FabricatedLayer(
        neuron=neuron,
        rule=rule,
        places=places,
        tables=Tables(**{name: _float32(value) for name, value in {**own, **learned, **chip}.items()}),
        circuit=CircuitTables(
            layer=np.int64(layer),
            exponential=exponential,
            scales=bool(not shape.dense and shape.crossbars == 1 and np.any(drive_gain != 1)),
            noisy=bool(np.any(first_noise) or np.any(read_noise)),
            reads=bool(np.any(read_noise)),
            noise_key=np.array(stream_key("membrane noise", die_seed)),
            has_misses=bool(np.any(missed)),
            missed_key=np.array(stream_key("missed counts", die_seed)),
            warm_up=np.int64(nominal.warm_up_steps),
            trace_decay=_float32(trace_decay),
            trace_offset=_float32(rule.trace_offset(circuit_settings) * errors.trace_offset_gain),
            dither_key=np.array(stream_key("update rounding", die_seed)),
            dither_bits=np.int64(nominal.dither_bits),
            taps=np.uint32(TAPS[nominal.lfsr_bits] if nominal.has_registers else 0),
            update=_update(nominal, die_seed, errors, unipolar),
        ),
        gain=_float32(gain),
        weight_bits=errors.weight_bits,
        stuck=_float32(stuck),
        unipolar=unipolar,
        drift=Drift(exponent, errors.drift_t0_s, spec.windows * errors.window_s),
        registers=start_states(nominal.lfsr_bits, nominal.lfsr_seed, layer + 1, shape.columns)
        if nominal.has_registers
        else np.zeros(shape.columns, np.uint32),
        spike_bit_errors=errors.spike_bit_errors,
        target_bit_errors=errors.target_bit_errors,
    )


def _check_fit(spec: ChipSpec, shape: LayerShape, neuron: NeuronModel, rule: LearningRule) -> None:
    """Raises ChipError if neurons that compete, or unipolar synapses, are in a layer that cannot have them."""
    if rule.in_integers != (spec.learning_circuit.arithmetic == "integer"):
        raise ChipError(
            f"learning rule {rule.name!r} has in_integers set, which is chipsim's own rule's where"
            " learning_circuit.arithmetic is 'integer': leave it out"
        )
    if neuron.competes and not shape.dense:
        raise ChipError(f"neuron {neuron.name!r} competes in fully connected layers only: choose another --neuron")
    if neuron.competes and spec.windows > 1:
        raise ChipError(f"neuron {neuron.name!r} competes within single windows: leave windows (--windows) out")
    if neuron.competes and spec.neuron.synapse_tau_steps is not None:
        raise ChipError(
            f"neuron {neuron.name!r} takes its charge within a step: leave neuron.synapse_tau_steps (--synapse-tau) out"
        )
    if rule.unipolar and spec.synapse.weight_bits == _WIDEST_CODE:
        raise ChipError(
            f"synapse.weight_bits {_WIDEST_CODE} are for weights of either sign, and learning rule {rule.name!r} has"
            f" unipolar synapses: choose {_WIDEST_CODE - 1} or less"
        )
    if rule.unipolar and not shape.dense:
        raise ChipError(f"learning rule {rule.name!r} has unipolar synapses, which only fully connected layers have")


def try_plugins(neuron_spec: NeuronSpec, circuit: LearningCircuitSpec) -> None:
    """Whether the neuron and the learning rule of a chip can be used, before anything else of a run is done.

    Raises ChipError of one line that names the package, if they are another's.
    """
    if not is_foreign(NEURONS, neuron_spec.kind) and not is_foreign(LEARNING_RULES, circuit.rule):
        return
    neuron_spec = neuron_spec.model_copy(update={"tau_steps": neuron_spec.tau_steps_of(0), "threshold_th": 1.0})
    small = ChipSpec(layer_sizes=(1, 2, 2), neuron=neuron_spec, learning_circuit=circuit)
    fabricate(small, die_seed=0)


def _made_by(group: PluginGroup[Any], part: Any, shape: tuple[int, ...], *arguments: Any) -> Mapping[str, Any]:
    """Values of the fabricated fields of a neuron or a rule, checked if another package made them."""
    if not is_foreign(group, part.name):
        return part.fabricate(*arguments)  # type: ignore[no-any-return]
    with group.blamed(part.name, "fails"):
        values: Mapping[str, Any] = part.fabricate(*arguments)
    check_values(group, part.name, part.fields, values, shape)
    return values


def _update(
    nominal: LearningCircuitSpec, die_seed: int, errors: LayerErrors, unipolar: UnipolarSynapses | None
) -> PulseTables:
    step_up, step_down = nominal.pulse_steps or (errors.step_up, errors.step_down)
    if unipolar is not None:  # a device has a curve of its own, or follows the rule's
        of_rule = (unipolar.steps_up, unipolar.steps_down)
        step_up, step_down = (step_up, step_down) if step_up is not None else of_rule
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


def _float32(values: ArrayLike) -> NDArray[np.float32]:
    """As a table; a number stays one."""
    given = np.asarray(values, np.float64)
    table = aligned(given.shape, np.float32)
    table[...] = given
    return table
