"""How a teacher is trained: all that decides its weights, but for the data and the version of torch."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

from host.errors import TeacherError
from host.teachers.architecture import Part
from host.teachers.network import ImageShape

Optimizer = Literal["adam", "sgd"]
Augmentation = Literal["none", "shift", "flip-shift"]
Activation = Literal["spike-count", "relu"]
Precision = Literal["float32", "bfloat16"]
Average = Literal["none", "ema", "epochs"]
_LEARNING_RATES = {"adam": 2e-3, "sgd": 0.1}


@dataclass(frozen=True)
class Recipe:
    """How a teacher is trained."""

    parts: tuple[Part, ...]
    epochs: int = 30
    batch: int = 128
    optimizer: Optimizer = "adam"
    learning_rate: float | None = None  # at its height; rises for a tenth of the time, then falls along a cosine
    augmentation: Augmentation | None = None  # None: flip-shift for colour images, none for others
    average: Average = "none"  # of the weights, see `averaging`
    activation: Activation = "spike-count"
    steps: int = 16  # of the chip's windows, for spike-count
    hold_out: float = 0.1  # of the training samples: those that a run of the same seed and fraction validates on
    precision: Precision = "float32"  # of products and activations; weights and sums are float32
    seed: int = 1
    threads: int = 1

    @property
    def rate(self) -> float:
        """Learning rate at its height."""
        return self.learning_rate or _LEARNING_RATES[self.optimizer]

    def moves(self, shape: ImageShape) -> Augmentation:
        """How images of this shape are moved. Raises TeacherError where there are none."""
        flat = shape[1:] == (1, 1)
        if self.augmentation in ("shift", "flip-shift") and flat:
            raise TeacherError(f"--augment {self.augmentation} moves images, and these data are none: choose none")
        return self.augmentation or ("flip-shift" if shape[0] == 3 and not flat else "none")

    def facts(self) -> dict[str, Any]:
        """Each of these by the name of its flag, as JSON holds it."""
        named = {f"--{field.name.replace('_', '-')}": getattr(self, field.name) for field in fields(self)}
        named["--arch"] = ",".join(map(str, named.pop("--parts")))
        named["--augment"] = named.pop("--augmentation")
        return named
