"""From a chip's spec to CONFIGURE, and back. The receiver opens no file: a spec that names one is refused."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from pydantic import ValidationError

from chipsim.design import (
    AveragePool,
    ChipError,
    ChipSpec,
    Dense,
    LayerShape,
    check_announced,
    check_installed,
    plugins_of,
)
from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.limits import Limits
from chipsim.wire.messages.die import Configure
from chipsim.wire.messages.network_layout import (
    ERROR_GATES,
    NEURONS,
    OTHER,
    READOUTS,
    RESETS,
    AveragePoolFields,
    Circuit,
    ConvolutionFields,
    DenseFields,
    Layer,
    NeuronFields,
    choice,
)

_READS_A_FILE = "pulse_curve_csv"


def configure(spec: ChipSpec, die_seed: int) -> Configure:
    """The command that makes this die. What the host read from files is inside: the spec's own JSON names none."""
    circuit = spec.learning_circuit
    return Configure(
        die_seed,
        spec.steps,
        spec.target_bits,
        tuple(map(_layer_of, spec.shapes)),
        _neuron_of(spec),
        Circuit(  # that has no widths of a circuit in integers
            choice(ERROR_GATES, circuit.error_gate) if circuit.arithmetic == "float" else OTHER,
            circuit.accumulator_bits,
            circuit.update_accumulator_bits,
            circuit.warm_up_steps,
            circuit.dead_zone_counts,
            circuit.boxcar_width_th,
        ),
        spec.model_dump_json(exclude_none=True).encode(),
        plugins_of(spec),
    )


def _neuron_of(spec: ChipSpec) -> NeuronFields:
    """The fields have one leak and the nominal threshold for all layers: the spec alone says what goes beyond."""
    neuron, taus = spec.neuron, spec.tau_steps
    leaks_alike = neuron.kind != "lif" or (len(set(taus)) == 1 and math.isfinite(taus[0]))
    says_all = leaks_alike and set(spec.thresholds_th) == {1.0}
    return NeuronFields(
        choice(NEURONS, neuron.kind) if says_all else OTHER,
        choice(RESETS, neuron.reset),
        choice(READOUTS, neuron.readout),
        taus[0] if says_all else 0.0,
        neuron.low_rail_th,
        neuron.high_rail_th,
    )


def _layer_of(shape: LayerShape) -> Layer:
    """Flattening is no layer of the wire: neurons keep their numbers."""
    if isinstance(shape.layer, Dense):
        return DenseFields(shape.n_in, shape.n_out)
    if isinstance(shape.layer, AveragePool):
        return AveragePoolFields(*shape.input, *shape.kernel, *shape.stride)
    unrolled = int(shape.layer.form == "unrolled")
    return ConvolutionFields(*shape.input, shape.columns, *shape.kernel, *shape.stride, *shape.padding, unrolled)


def chip_spec(command: Configure, limits: Limits) -> ChipSpec:
    """The spec of a simulated die.

    Raises WireError if it is no spec, names a file, is not what the fields say, or needs a plug-in that is not here in
    the host's version.
    """
    try:
        settings = json.loads(command.spec)
    except (ValueError, RecursionError) as error:
        raise _refused(f"it is not JSON: {error}") from None
    if not isinstance(settings, dict):
        raise _refused("it is not an object")
    _check(settings, limits)
    try:
        check_installed(command.plugins)  # before a spec is read whose names would be unknown
        spec = ChipSpec.model_validate(settings)
        check_announced(spec, command.plugins)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _refused(f"{where}: {first['msg']}") from None
    except ChipError as error:
        raise WireError(ErrorCode.REFUSED, str(error)) from None
    _check_size(spec, limits)
    _check_fields(command, configure(spec, command.die_seed))
    return spec


def _check_fields(sent: Configure, meant: Configure) -> None:
    """Raises WireError that names the first of CONFIGURE's fields that does not say what the spec means."""
    said, wanted = _fields_of(sent), _fields_of(meant)
    for name in {**wanted, **said}:
        if said.get(name) != wanted.get(name):
            raise _refused(f"{name} is {wanted.get(name)} by the spec and {said.get(name)} in CONFIGURE's fields")


def _fields_of(command: Configure) -> dict[str, Any]:
    """The fixed fields that a spec says again, by their names in PROTOCOL.md; layers from 1."""
    fields: dict[str, Any] = {"steps": command.steps, "target_bits": command.target_bits}
    fields["n_layers"] = len(command.layers)
    for number, layer in enumerate(command.layers, start=1):
        parts = {"kind": layer.KIND, **asdict(layer)}
        fields |= {f"layers[{number}].{name}": value for name, value in parts.items()}
    for part, values in (("neuron", command.neuron), ("circuit", command.circuit)):
        fields |= {f"{part}.{name}": value for name, value in asdict(values).items()}
    return fields


def _check(settings: dict[str, Any], limits: Limits) -> None:
    """What must be known before the settings are read: that they name no file, and are not too many."""
    circuit = settings.get("learning_circuit")
    if isinstance(circuit, dict) and circuit.get(_READS_A_FILE) is not None:
        raise _refused(f"{_READS_A_FILE} names a file, and a chip opens none: send pulse_steps")
    noise = settings.get("noise", ())
    if isinstance(noise, list) and len(noise) > limits.noises:
        raise WireError(ErrorCode.TOO_LARGE, f"CONFIGURE: {len(noise)} noises, at most {limits.noises} are allowed")


def _check_size(spec: ChipSpec, limits: Limits) -> None:
    synapses = sum(map(synapses_kept, spec.shapes))
    if spec.n_layers > limits.layers or max(spec.layer_sizes) > limits.neurons or synapses > limits.synapses:
        raise WireError(
            ErrorCode.TOO_LARGE,
            f"CONFIGURE: a chip of {spec.n_layers} layers and {synapses} synapses, at most {limits.layers} layers,"
            f" {limits.neurons} neurons each and {limits.synapses} synapses are allowed",
        )
    lines = sum(shape.positions * shape.kernel[0] for shape in spec.shapes if not shape.dense)
    if lines > limits.kernel_lines:
        raise WireError(
            ErrorCode.TOO_LARGE,
            f"CONFIGURE: kernels of {lines} lines, each counted at every position, at most {limits.kernel_lines} are"
            " allowed",
        )


def synapses_kept(shape: LayerShape) -> int:
    """Synapses that a simulated layer keeps, biases included."""
    return shape.crossbars * (shape.rows + 1) * shape.columns


def _refused(rule: str) -> WireError:
    return WireError(ErrorCode.REFUSED, "the die's spec is refused: " + " ".join(rule.split())[:500])
