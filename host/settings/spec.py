"""Everything a run is defined by, resolved once: flags over the file over the defaults."""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from chipsim import ChipSpec, NeuronSpec, SynapseSpec
from chipsim.design import (
    SequenceAnswer,
    SequenceWindows,
    TargetBits,
    check_devices,
    check_integers,
    check_sequence,
)
from chipsim.physical import PhysicalSpec
from host.settings.choices import Norm, OutputTarget
from host.settings.in_the_loop import LoopSpec
from host.settings.methods import ConversionSpec, OfflineSpec
from host.settings.plugins import DatasetName, EncodingName, MethodName
from host.settings.scale import AUTO, ScaleName
from host.settings.stdp import StdpSpec
from host.settings.through_time import ThroughTimeSpec
from learning_circuit import LearningCircuitSpec, tell_settings
from nonideality import parse_all

Seed = Annotated[int, Field(ge=0, lt=2**32)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Rest = Annotated[float, Field(ge=0, allow_inf_nan=False)]  # seconds; see noise drift
Width = Annotated[int, Field(ge=1, le=1_000_000)]
_YOUNG_IN_TRAINING = (
    "validation_samples",
    "checked_samples",
    "learned_samples",
    "shift_px",
    "flip",
    "window_steps",
)  # younger than files


@tell_settings
class TeacherSpec(BaseModel):
    """The ANN that the chip is to follow: trained here, with layers as `hidden` says, or read from a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Annotated[
        str | None,
        Field(description="ONNX or NIR file: the network to follow, its layers become the chip's."),
    ] = None
    digest: str | None = None  # of that file's contents, see host.teachers.files
    step_s: Annotated[Positive | None, Field(description="Length of a step in seconds, for a NIR file.")] = None
    # See host.teachers.nir.dynamics.
    integration: Annotated[
        Literal["euler", "exponential"] | None, Field(description="How a NIR file's dynamics go over a step.")
    ] = None
    epochs: Annotated[int, Field(ge=1)] | None = None  # None: by the size of the data set
    shift_px: Annotated[int, Field(ge=0)] = 0  # training images are moved by up to so many pixels, see host.data.shift
    method: Annotated[
        Literal["ann", "through-time"],
        Field(description="How the teacher is trained: as an ANN, or from there on as a spiking network."),
    ] = "ann"
    norm: Norm = "neuron"  # whether y_norm of Eq. 4 is one figure per layer or per neuron
    norm_percentile: Annotated[float, Field(ge=50, le=100)] = 99.0  # of the positive activations

    @model_serializer(mode="wrap")
    def _without_what_is_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """See `RunSpec`."""
        written: dict[str, Any] = handler(self)
        if self.method == "ann":
            written.pop("method", None)
        return written


@tell_settings
class TrainingSpec(BaseModel):
    """How the die comes to its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Annotated[MethodName, Field(description="How the die is trained: see chipsim methods.")] = "on-chip-ltl"
    start: Annotated[
        Literal["teacher", "random"], Field(description="The weights that the die is programmed with.")
    ] = "teacher"
    output_target: OutputTarget = "logits"
    epochs: Annotated[Annotated[int, Field(ge=0)] | None, Field(description="Passes over the training data.")] = (
        None  # by the size of the data set
    )
    # In thresholds, falling linearly; None: by method.
    learning_rate: Annotated[Positive | None, Field(description="At the first sample, falling to 0.")] = None
    validation_fraction: Annotated[float, Field(gt=0, le=0.5)] = 0.15  # of the training data, 2,000 samples at most
    validation_samples: Annotated[int, Field(ge=1)] | None = None  # in place of the fraction, however many
    checked_samples: Annotated[int, Field(ge=1)] | None = None  # of these, looked at in each check; None: all
    learned_samples: Annotated[int, Field(ge=1)] | None = None  # of those not held out, that a die learns from
    shift_px: Annotated[int, Field(ge=0)] = 0  # images are moved by up to so many pixels, anew in every epoch
    flip: bool = False  # and half of them seen in a mirror; see host.data.augmentation
    window_steps: Annotated[int, Field(ge=2, le=4096)] | None = None  # while a die learns on chip; None: `steps`
    chunk: Annotated[int, Field(ge=1, le=65536)] = 2048  # samples sent at a time; changes no result
    rest_before_s: Rest = 0.0  # after programming, before the die is looked at
    rest_after_s: Rest = 0.0  # after learning, before it is looked at again

    @property
    def held_out(self) -> float:
        """What validates: a share of the training samples, or, from 1 on, how many."""
        return self.validation_fraction if self.validation_samples is None else self.validation_samples

    @property
    def augments(self) -> tuple[str, ...]:
        """The settings by which images are changed before they are learned from."""
        return tuple(f"training.{name}" for name in ("shift_px", "flip") if getattr(self, name))

    @model_serializer(mode="wrap")
    def _without_what_is_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """See `RunSpec`."""
        written: dict[str, Any] = handler(self)
        for name in _YOUNG_IN_TRAINING:
            if name in written and not getattr(self, name):
                del written[name]
        return written


@tell_settings
class RunSpec(BaseModel):
    """A run: data, network, chip, noise, learning, seeds. The same spec gives the same bits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: Annotated[DatasetName, Field(description="FILE.npz or FOLDER with idx files.")] = "digits"
    data_dir: Annotated[str | None, Field(description="Where data sets are looked for, before CHIPSIM_DATA.")] = None
    scale: Annotated[
        ScaleName,
        Field(description="How stored values become 0 to 1: auto, type, data, feature (each its own range), LOW,HIGH."),
    ] = AUTO
    # None where teacher.file says the layers.
    hidden: Annotated[
        tuple[Width, ...], Field(max_length=64, description="Widths of the hidden layers, such as 128,64.")
    ] = (128, 64)
    steps: Annotated[int, Field(ge=2, le=4096, description="Steps of a window.")] = 16
    windows: SequenceWindows = 1
    sequence_answer: SequenceAnswer = "sum"
    target_bits: TargetBits = 16
    encoding: Annotated[EncodingName, Field(description="How inputs become spikes.")] = "rate"
    noise: Annotated[
        tuple[str, ...], Field(description="KIND:LEVEL[@SITE][,key=value...], repeatable; 'ideal' for none.")
    ] = ()
    die: Annotated[Seed, Field(description="Seed of the die: which errors the fab made.")] = 1
    seed: Annotated[Seed, Field(description="Seed of teacher, split, order and encoding.")] = 1
    # In physical units; the settings below follow from it where nothing else is said.
    chip: Annotated[
        PhysicalSpec | None,
        Field(description="Preset or TOML file (see chipsim spec); what it says gives way to other settings."),
    ] = None
    neuron: NeuronSpec = NeuronSpec()
    synapse: SynapseSpec = SynapseSpec()
    learning_circuit: LearningCircuitSpec = LearningCircuitSpec()
    teacher: TeacherSpec = TeacherSpec()
    training: TrainingSpec = TrainingSpec()
    in_the_loop: LoopSpec = LoopSpec()
    conversion: ConversionSpec = ConversionSpec()
    offline: OfflineSpec = OfflineSpec()  # of training.method "offline-ltl" and "noise-aware"
    through_time: ThroughTimeSpec = ThroughTimeSpec()  # of teacher.method "through-time"
    stdp: StdpSpec = StdpSpec()

    @field_validator("noise")
    @classmethod
    def _readable(cls, noise: tuple[str, ...]) -> tuple[str, ...]:
        parse_all(noise)
        return noise

    @model_validator(mode="after")
    def _learns(self) -> RunSpec:
        if self.learning_circuit.warm_up_steps >= self.steps:
            raise ValueError(
                f"warm_up_steps {self.learning_circuit.warm_up_steps} leaves no step to learn in: keep it below steps"
                f" ({self.steps})"
            )
        longest = max(self.steps, self.training.window_steps or 0)
        check_sequence(self.windows, longest, self.learning_circuit)
        self._is_made_of_known_circuits()
        if self.teacher.file is None:
            self.check_layers(len(self.hidden) + 1)
        elif self.hidden:
            raise ValueError(
                f"hidden {self.hidden} and teacher.file {self.teacher.file}: the file says the layers; leave one out"
            )
        elif self.teacher.epochs is not None:
            raise ValueError("teacher.epochs and teacher.file: the file's network is trained already; leave one out")
        elif self.teacher.shift_px:
            raise ValueError("teacher.shift_px and teacher.file: the file's network is trained already; leave one out")
        is_nir = self.teacher.file is not None and self.teacher.file.endswith(".nir")
        if not is_nir and (self.teacher.step_s, self.teacher.integration) != (None, None):
            raise ValueError(
                "teacher.step_s and teacher.integration (--dt, --integration) are for a NIR file: leave them out"
            )
        return self

    def _is_made_of_known_circuits(self) -> None:
        """Raises ValueError if it is not: before anything is trained, and not only once the network is known."""
        noises = parse_all(self.noise)
        check_devices(noises, self.learning_circuit, self.synapse)
        n_layers = len(self.hidden) + 1 if self.teacher.file is None else None
        check_integers(self.learning_circuit, self.neuron, self.synapse, self.target_bits, noises, n_layers)
        if self.learning_circuit.arithmetic == "integer" and self.encoding == "current":
            raise ValueError(
                "learning_circuit.arithmetic 'integer' adds whole increments in rows that spiked, and encoding current"
                " has amplitudes that would multiply them: choose rate, or another encoding of spikes"
            )

    @model_serializer(mode="wrap")
    def _without_what_is_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A setting younger than files is left out where it says nothing: hash and file stay as they were."""
        written: dict[str, Any] = handler(self)
        if self.scale == AUTO:
            written.pop("scale", None)
        if self.through_time == ThroughTimeSpec():
            written.pop("through_time", None)
        if self.stdp == StdpSpec():
            written.pop("stdp", None)
        for name in ("windows", "sequence_answer"):
            if getattr(self, name) == type(self).model_fields[name].default:
                written.pop(name, None)
        return written

    def __repr__(self) -> str:
        """What is set otherwise than by default, ten lines at most; `to_toml` gives everything."""
        settings = ", ".join(f"{name}={value!r}" for name, value in _set_otherwise(self))
        lines = textwrap.wrap(f"RunSpec({settings})", 100, subsequent_indent="  ", max_lines=10, placeholder=" ...)")
        return "\n".join(lines)

    @property
    def steps_text(self) -> str:
        """How long a sample is shown, in words."""
        return in_steps(self)

    def check_layers(self, n_layers: int) -> None:
        """Raises ValueError if a noise, or what is set layer by layer, is not for a network of `n_layers`."""
        self.neuron.check_layers(n_layers)
        for text, noise in zip(self.noise, parse_all(self.noise), strict=True):
            if noise.layer is not None and noise.layer > n_layers:
                raise ValueError(f"noise {text!r}: there is no layer {noise.layer}; this network has 1 to {n_layers}")

    def design(self, n_in: int, n_classes: int) -> ChipSpec:
        """With the fully connected layers that `hidden` says."""
        return self.design_of({"layer_sizes": (n_in, *self.hidden, n_classes)})

    def design_of(self, layers: Mapping[str, Any]) -> ChipSpec:
        """With these layers, described as in a ChipSpec."""
        return ChipSpec(
            **layers,
            steps=self.steps,
            windows=self.windows,
            sequence_answer=self.sequence_answer,
            target_bits=self.target_bits,
            neuron=self.neuron,
            synapse=self.synapse,
            learning_circuit=self.learning_circuit,
            noise=self.noise,
        )

    def to_toml(self) -> str:
        """The spec as a file for ``--config``. Settings left open (None) are left out."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True), multiline_strings=False)

    def hash(self) -> str:
        """Eight hex digits over all settings that decide the results; `data_dir`, `chunk`, a teacher's place do not.

        A short name for people; `host.run.identity` says by what a run is known.
        """
        facts = deciding_settings(self.model_dump(mode="json"))
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]


def in_steps(spec: RunSpec | ChipSpec) -> str:
    """How long a sample is shown, in words."""
    return f"{spec.steps} steps" if spec.windows == 1 else f"{spec.windows} windows of {spec.steps} steps"


def _set_otherwise(table: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by dotted name that are not at their defaults."""
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        if isinstance(value, BaseModel) and isinstance(field.default, BaseModel):
            yield from _set_otherwise(value, f"{prefix}{name}.")
        elif value != field.default:
            yield f"{prefix}{name}", value


def deciding_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a spec's settings, as JSON values, that decide what a run finds."""
    facts = {name: value for name, value in settings.items() if name != "data_dir"}
    facts["teacher"] = {name: value for name, value in settings["teacher"].items() if name != "file"}
    facts["training"] = {name: value for name, value in settings["training"].items() if name != "chunk"}
    return facts
