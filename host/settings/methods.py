"""Settings of the methods, tables of a run's spec."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from learning_circuit import tell_settings


@tell_settings
class ConversionSpec(BaseModel):
    """How the teacher's weights become the chip's (see METHODS.md for the sources)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # What one spike per step stands for: the teacher's largest activations, or the twin's largest column currents.
    balancing: Literal["activation", "current"] = "activation"
    bias_correction: bool = False  # shift each bias by the mean error of the twin's rate
    # Charge that a window begins with, for every method that starts from the teacher's weights.
    initial_membrane_th: Annotated[float, Field(ge=0, le=1)] = 0.0
    samples: Annotated[int, Field(ge=1, le=100_000)] = 1024  # training samples that currents and rates are taken from


@tell_settings
class OfflineSpec(BaseModel):
    """Gradients through time on the host: offline-ltl and noise-aware."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: Annotated[int, Field(ge=1, le=65536)] = 32  # samples per step of Adam
    boxcar_width_th: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0  # p of Eq. 8
