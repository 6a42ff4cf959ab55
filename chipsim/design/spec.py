"""What a chip is designed to be. The unit of every figure is in its name; `th` is the nominal threshold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticKnownError, to_jsonable_python

from chipsim.design.dac import LeakDac, ThresholdDac
from chipsim.design.integers import check_integers
from chipsim.design.layers import AnyLayer, Dense, LayerShape, Shape, shapes_of
from chipsim.design.plugins import LEARNING_RULES, NEURONS, NameOf
from learning_circuit import LearningCircuitSpec, tell_settings
from nonideality import Noise, parse_all

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
TARGET_BITS = (2, 16)  # fewest and most
TargetBits = Annotated[
    int, Field(ge=TARGET_BITS[0], le=TARGET_BITS[1])
]  # of the word in which a target rate arrives, see chipsim.die.link
FullScale = Annotated[float, Field(ge=1e-6, le=1e6)]  # an LSB of it is still a float32


_ONE: TypeAdapter[float] = TypeAdapter(Positive)
_EACH: TypeAdapter[tuple[float, ...]] = TypeAdapter(Annotated[tuple[Positive, ...], Field(min_length=1)])


def _of_all_or_each(value: Any) -> float | tuple[float, ...]:
    """A positive number, or a tuple of them. A mistake is that of the whole setting, by its own name."""
    try:
        return _EACH.validate_python(value) if isinstance(value, list | tuple) else _ONE.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise PydanticKnownError(first["type"], first.get("ctx")) from None  # type: ignore[arg-type]


AtMostAStep = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
PerLayer = Annotated[float | tuple[float, ...], BeforeValidator(_of_all_or_each)]  # of all layers, or one for each


@tell_settings
class NeuronSpec(BaseModel):
    """Neurons of every layer: integrate-and-fire or leaky, Eqs. 1 to 3 of Yang et al. 2022 (arXiv 2210.04532).

    What is set in a layer, which a DAC may have rounded, say `tau_steps_of` and `threshold_th_of`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Annotated[str, NameOf(NEURONS), Field(description="Kind of the neurons.")] = "if"
    kind_settings: dict[str, Any] = {}  # of a kind that has settings of its own
    # a = exp(-1 / tau_steps)
    tau_steps: Annotated[
        PerLayer,
        Field(
            description="Membrane time constant of a lif neuron in steps; one for all layers, or 10,5: one for each."
        ),
    ] = 10.0
    # Of an exponential current; None: charge arrives within a step.
    synapse_tau_steps: Annotated[Positive | None, Field(description="Time constant of synaptic currents in steps.")] = (
        None
    )
    # Of a threshold taken off before the leak a part a is left to take off after it: a (U - th S) = a U - a th S.
    reset: Annotated[
        Literal["subtract", "subtract-before-leak", "zero"],
        Field(
            description="What a spike does to its membrane: subtract takes the threshold off after the next step's leak"
            " (the paper, snnTorch), subtract-before-leak before it (sinabs, SpikingJelly, Rockpool)."
        ),
    ] = "subtract"
    low_rail_th: Annotated[float, Field(le=0, allow_inf_nan=False)] = 0.0
    high_rail_th: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 8.0
    # An integrating readout never fires: its score is its membrane in thresholds, the last one or the highest.
    readout: Annotated[
        Literal["spiking", "integrating", "integrating-max"], Field(description="What the outputs are read by.")
    ] = "spiking"
    # The unit of weights and membranes stays the nominal threshold; the boxcar lies around the layer's own.
    threshold_th: Annotated[
        PerLayer,
        Field(description="Firing threshold over the nominal one; one for all layers, or 1,0.5: one for each."),
    ] = 1.0
    leak_dac: LeakDac = LeakDac()
    threshold_dac: ThresholdDac = ThresholdDac()
    # When within a step the charges of synapses arrive, and reset "subtract" takes its own: from so many steps before
    # the comparison until so many. What flows early leaks until then, see `chipsim.design.within_step`. None: in the
    # moment of the comparison. Exponential currents and other resets say themselves what leaks.
    charge_window: tuple[AtMostAStep, AtMostAStep] | None = None
    reset_window: tuple[AtMostAStep, AtMostAStep] | None = None

    @model_serializer(mode="wrap")
    def _without_what_is_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Settings younger than files and frames are left out where they say nothing: those stay as they were."""
        written: dict[str, Any] = handler(self)
        unset = {name for name in _YOUNGER if getattr(self, name) == type(self).model_fields[name].default}
        return {name: value for name, value in written.items() if name not in unset}

    def settings(self) -> dict[str, Any]:
        """Every setting as JSON holds it, unset ones included."""
        return self.model_dump(mode="json") | {name: to_jsonable_python(getattr(self, name)) for name in _YOUNGER}

    @model_validator(mode="after")
    def _can_be_set(self) -> NeuronSpec:
        """Raises ValueError if a value is beyond its DAC's range, or a threshold beyond the rail."""
        leak_dac, threshold_dac = self.leak_dac.converter, self.threshold_dac.converter
        if leak_dac is not None and self.kind == "lif":
            for where, tau in _each(self.tau_steps):
                if not leak_dac.holds(1 / tau):
                    below = f" to {1 / leak_dac.low:g} steps" if leak_dac.low > 0 else " steps or more"
                    raise ValueError(
                        f"neuron.tau_steps {tau:g}{where}, a leak of {1 / tau:.4g} per step, is beyond its DAC's range"
                        f" of {leak_dac.low:g} to {leak_dac.high:g} per step: choose {1 / leak_dac.high:g}{below}, or"
                        " another range of neuron.leak_dac"
                    )
        for where, threshold in _each(self.threshold_th):
            if threshold_dac is not None and not threshold_dac.holds(threshold):
                raise ValueError(
                    f"neuron.threshold_th {threshold:g}{where} is beyond its DAC's range of {threshold_dac.low:g} to"
                    f" {threshold_dac.high:g} th: choose one of these, or another range of neuron.threshold_dac"
                )
            made = threshold if threshold_dac is None else threshold_dac.nearest(threshold)
            if made > self.high_rail_th:
                raise ValueError(
                    f"neuron.threshold_th {made:g}{where} lies above neuron.high_rail_th {self.high_rail_th:g}, which"
                    " no membrane passes: lower it, or raise the rail"
                )
        return self

    @model_validator(mode="after")
    def _flows_in_time(self) -> NeuronSpec:
        for name in ("charge_window", "reset_window"):
            window = getattr(self, name)
            if window is not None and window[0] < window[1]:
                raise ValueError(
                    f"neuron.{name} {list(window)} ends before it begins: both are steps before the comparison, write"
                    f" [{window[1]:g}, {window[0]:g}]"
                )
        return self

    def tau_steps_of(self, layer: int) -> float:
        """Membrane time constant that is set in a layer, counted from 0; infinite if its DAC switches the leak off."""
        tau, dac = _of(self.tau_steps, layer), self.leak_dac.converter
        if dac is None or self.kind != "lif":
            return tau
        leak = dac.nearest(1 / tau)
        return 1 / leak if leak > 0 else math.inf

    def threshold_th_of(self, layer: int) -> float:
        """Threshold that is set in a layer, counted from 0, in nominal thresholds."""
        threshold, dac = _of(self.threshold_th, layer), self.threshold_dac.converter
        return threshold if dac is None else dac.nearest(threshold)

    def check_layers(self, n_layers: int) -> None:
        """Raises ValueError if what differs by layer was not said for just so many layers."""
        for name in ("tau_steps", "threshold_th"):
            values = getattr(self, name)
            if isinstance(values, tuple) and len(values) != n_layers:
                raise ValueError(
                    f"neuron.{name} has {len(values)} values, and this network {n_layers} layers of neurons: give one"
                    " for each, or a single one for all"
                )

    @property
    def outputs_fire(self) -> bool:
        """Whether output neurons are read by their spikes; else by their membranes."""
        return self.readout == "spiking"

    @property
    def charge_per_step(self) -> float:
        """Part of a spike's charge that arrives within its own step, which is what a weight says: 1 - e^(-1/tau_syn).

        An exponential current goes on, and delivers 1 / charge_per_step times the weight in all.
        """
        return 1.0 if self.synapse_tau_steps is None else -math.expm1(-1 / self.synapse_tau_steps)


_YOUNGER = (
    "kind_settings",
    "threshold_th",
    "leak_dac",
    "threshold_dac",
    "charge_window",
    "reset_window",
)  # than files and frames that must stay as they are


def _of(values: float | tuple[float, ...], layer: int) -> float:
    return values[layer] if isinstance(values, tuple) else values


def _each(values: float | tuple[float, ...]) -> Iterator[tuple[str, float]]:
    """Every value, with the words that say where it belongs."""
    if isinstance(values, tuple):
        yield from ((f" of layer {number}", value) for number, value in enumerate(values, start=1))
    else:
        yield "", values


@tell_settings
class SynapseSpec(BaseModel):
    """How many bits a weight is stored in, and the largest weight and bias that few-bit synapses deliver.

    Bits may be said by the noise ``quantization`` instead, which means the same codes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    full_scale_th: FullScale | None = None  # None: chosen for each layer when it is programmed, so that it fits best
    bias_full_scale_th: FullScale | None = None  # likewise
    weight_bits: Annotated[
        Annotated[int, Field(ge=2, le=16)] | None,
        Field(description="Bits of a stored weight, sign included, in all layers."),
    ] = None

    @model_serializer(mode="wrap")
    def _without_what_is_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Settings younger than files and frames are left out where they say nothing: those stay as they were."""
        written: dict[str, Any] = handler(self)
        if self.weight_bits is None:
            written.pop("weight_bits", None)
        return written

    def settings(self) -> dict[str, Any]:
        """Every setting as JSON holds it, unset ones included."""
        return self.model_dump(mode="json") | {"weight_bits": self.weight_bits}


_ANALOG_ONLY = ("nonlinear", "write")  # what a digital code does not have


def check_devices(noises: Iterable[Noise], circuit: LearningCircuitSpec, synapse: SynapseSpec) -> None:
    """Raises ValueError if a layer's synapses are to be few-bit registers and analog devices at the same time.

    Or if the curve of a device, or the bits of a weight, are given twice.
    """
    by_name: dict[str, list[Noise]] = {}
    for noise in noises:
        by_name.setdefault(noise.effect.name, []).append(noise)
    if synapse.weight_bits is not None:
        _check_registers(by_name, circuit, synapse.weight_bits)
    for digital in by_name.get("quantization", ()):
        for name in _ANALOG_ONLY:
            if any(digital.layer is None or n.layer in (None, digital.layer) for n in by_name.get(name, ())):
                raise ValueError(
                    f"{name} is an error of analog devices, quantization makes digital codes: keep one, or give each"
                    " a layer of its own with layer="
                )
        if circuit.pulse_steps:
            raise ValueError("a measured pulse curve is that of analog devices, quantization makes codes: keep one")
    if circuit.pulse_steps and "nonlinear" in by_name:
        raise ValueError("nonlinear and a measured pulse curve both say how a device steps: keep one")


def _check_registers(by_name: Mapping[str, Sequence[Noise]], circuit: LearningCircuitSpec, bits: int) -> None:
    """Raises ValueError if weights of so many bits in all layers are said to be something else as well."""
    for noise in by_name.get("quantization", ()):
        if noise.effect.level != bits:
            raise ValueError(
                f"synapse.weight_bits {bits} and noise quantization:{noise.effect.level:g} give weights unlike bits:"
                " keep one of the two"
            )
    for name in _ANALOG_ONLY:
        if name in by_name:
            raise ValueError(
                f"{name} is an error of analog devices, synapse.weight_bits {bits} makes digital codes: keep one"
            )
    if circuit.pulse_steps:
        raise ValueError(
            f"a measured pulse curve is that of analog devices, synapse.weight_bits {bits} makes codes: keep one"
        )


@lru_cache
def _shapes(
    input_shape: Shape | None, layers: tuple[AnyLayer, ...], layer_sizes: tuple[int, ...]
) -> tuple[LayerShape, ...]:
    if input_shape is not None:
        return tuple(shapes_of(input_shape, layers))
    return tuple(shapes_of((layer_sizes[0], 1, 1), [Dense(units=n) for n in layer_sizes[1:]]))


class _Image(BaseModel):
    """The part of a spec that describes layers on an image."""

    input_shape: Shape
    layers: tuple[AnyLayer, ...]

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        channels, height, width = self.input_shape
        return (channels * height * width, *(shape.n_out for shape in shapes_of(self.input_shape, self.layers)))


@tell_settings
class ChipSpec(BaseModel):
    """A chip's layers, and what goes wrong when it is made and run.

    Fully connected layers follow from ``layer_sizes`` alone. ``input_shape`` and ``layers`` describe any others;
    ``layer_sizes`` then follows from them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_shape: Shape | None = None  # channels, height, width
    layers: tuple[AnyLayer, ...] = ()
    # Inputs first; an empty one, where nothing else says the sizes, is refused.
    layer_sizes: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=2, validate_default=True)] = ()
    steps: Annotated[int, Field(ge=1, le=4096)] = 16  # of a window
    target_bits: TargetBits = 16
    neuron: NeuronSpec = NeuronSpec()
    synapse: SynapseSpec = SynapseSpec()
    learning_circuit: LearningCircuitSpec = LearningCircuitSpec()
    noise: tuple[str, ...] = ()  # KIND:LEVEL[@SITE][,key=value...]

    @model_validator(mode="before")
    @classmethod
    def _sizes_follow(cls, settings: Any) -> Any:
        if not isinstance(settings, dict) or not settings.get("layers"):
            return settings
        if settings.get("input_shape") is None:
            raise ValueError("layers without input_shape: add the channels, height and width of the input")
        image = _Image.model_validate({name: settings.get(name) for name in ("input_shape", "layers")})
        sizes = image.layer_sizes
        given = settings.get("layer_sizes")
        if given is not None and tuple(given) != sizes:
            raise ValueError(f"layer_sizes {tuple(given)} are not those of the layers, {sizes}: leave layer_sizes out")
        return settings | {"layer_sizes": sizes}

    @model_validator(mode="after")
    def _shape_has_layers(self) -> ChipSpec:
        if self.input_shape is not None and not self.layers:
            raise ValueError("input_shape without layers: describe the layers, or give layer_sizes alone")
        return self

    @field_validator("noise")
    @classmethod
    def _readable(cls, noise: tuple[str, ...]) -> tuple[str, ...]:
        parse_all(noise)
        return noise

    @model_validator(mode="after")
    def _rows_leave_traces(self) -> ChipSpec:
        if self.learning_circuit.trace_tau_steps is not None and not all(shape.dense for shape in self.shapes):
            raise ValueError("trace_tau_steps is for dense layers, and this chip has layers on images: leave it out")
        return self

    @model_validator(mode="after")
    def _rule_is_known(self) -> ChipSpec:
        LEARNING_RULES.check(self.learning_circuit.rule)
        return self

    @model_validator(mode="after")
    def _devices_are_one_kind(self) -> ChipSpec:
        check_devices(self.noises, self.learning_circuit, self.synapse)
        return self

    @model_validator(mode="after")
    def _integers_are_a_circuit(self) -> ChipSpec:
        check_integers(self.learning_circuit, self.neuron, self.synapse, self.target_bits, self.noises, self.n_layers)
        if self.learning_circuit.arithmetic == "integer" and not all(shape.dense for shape in self.shapes):
            raise ValueError(
                "learning_circuit.arithmetic 'integer' is for dense layers, and this chip has layers on images: set it"
                " to float"
            )
        return self

    @model_validator(mode="after")
    def _layers_exist(self) -> ChipSpec:
        for text, noise in zip(self.noise, self.noises, strict=True):
            if noise.layer is not None and noise.layer > self.n_layers:
                raise ValueError(f"noise {text!r}: there is no layer {noise.layer}; this chip has 1 to {self.n_layers}")
        return self

    @model_validator(mode="after")
    def _each_layer_has_its_values(self) -> ChipSpec:
        self.neuron.check_layers(self.n_layers)
        return self

    @property
    def n_layers(self) -> int:
        return len(self.layer_sizes) - 1

    @property
    def tau_steps(self) -> tuple[float, ...]:
        """Of each layer, see `NeuronSpec.tau_steps_of`."""
        return tuple(map(self.neuron.tau_steps_of, range(self.n_layers)))

    @property
    def thresholds_th(self) -> tuple[float, ...]:
        """Of each layer, see `NeuronSpec.threshold_th_of`."""
        return tuple(map(self.neuron.threshold_th_of, range(self.n_layers)))

    @property
    def shapes(self) -> tuple[LayerShape, ...]:
        """Each layer of synapses with the neurons that they drive."""
        return _shapes(self.input_shape, self.layers, self.layer_sizes)

    @property
    def noises(self) -> tuple[Noise, ...]:
        return parse_all(self.noise)

    def weight_bits_of(self, layer: int) -> int | None:
        """Bits in which a layer, from 1, stores a weight, sign included; None: analog."""
        if self.synapse.weight_bits is not None:
            return self.synapse.weight_bits
        levels = [n.effect.level for n in self.noises if n.effect.name == "quantization" and n.layer in (None, layer)]
        return int(min(levels)) if levels else None

    def as_designed(self) -> ChipSpec:
        """The same design without errors; its weights have the bits that they have."""
        bits = tuple(text for text, n in zip(self.noise, self.noises, strict=True) if n.effect.name == "quantization")
        linear = self.learning_circuit.model_copy(update={"pulse_steps": None})
        return self.model_copy(update={"noise": bits, "learning_circuit": linear})

    def ideal(self) -> ChipSpec:
        """As designed, of analog weights and circuits that compute with real numbers."""
        circuit = self.learning_circuit.model_copy(update={"pulse_steps": None, "arithmetic": "float"})
        synapse = self.synapse.model_copy(update={"weight_bits": None})
        return self.model_copy(update={"noise": (), "synapse": synapse, "learning_circuit": circuit})
