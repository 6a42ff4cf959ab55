"""What a neuron is to a chip: from the charge that reaches it, its membrane; from that, whether it fires."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from learning_circuit import Field, Number

MEMBRANE = Field("membrane", "as the comparator sees it, before reset", "th", lasts="window")


class NeuronModel(ABC):
    """A neuron circuit. Subclasses are found by the entry point group ``chipsim.neurons``.

    Formulas are written over a `learning_circuit.Number`, so one text serves a kernel (sixteen neurons at once) and the
    reference model (one).
    """

    name: ClassVar[str]
    summary: ClassVar[str]  # one line
    source: ClassVar[str]  # paper and equation
    fields: ClassVar[tuple[Field, ...]] = ()  # besides `membrane`, which every neuron has
    fires: ClassVar[bool] = True  # but for a chip's own readouts, whose count is a score
    formulas: ClassVar[str] = ""  # the model whose formulas these are, whatever the tables; empty: its own
    first_count: ClassVar[float] = 0.0  # at the start of a window
    rests: ClassVar[bool] = False  # whether state that lasts its life stays as it is while weights rest
    # Whether one neuron of a layer at most fires in a step, see `margin` and `chipsim.kernel.compete_loop`.
    competes: ClassVar[bool] = False

    class Settings(BaseModel):
        """What can be set of a neuron. Fields that the neurons' own settings have are taken from there."""

        model_config = ConfigDict(frozen=True, extra="forbid")

    def fingerprint(self) -> str:
        """Of the data that it reads, such as a digest of a file; empty: it reads none. A run is known by it, too."""
        return ""

    @abstractmethod
    def fabricate(self, settings: Any, errors: Any) -> Mapping[str, Any]:
        """Values of the fabricated fields: (n,) arrays of float64, or numbers for those per layer.

        errors: what the fab got wrong of this layer, a `nonideality.LayerErrors`.
        """

    def left_after_step(self, own: Mapping[str, Any]) -> Any:
        """What is left of a membrane after a step without input, (n,) or a number: the rest is kT/C noise anew.

        own: values of the fabricated fields. 1, a membrane that forgets nothing, unless a neuron says otherwise.
        """
        return 1.0

    @abstractmethod
    def integrate(self, own: Any, state: Any, spiked: Any, current: Number) -> None:
        """One step: assigns `state.membrane`, and whatever else the neuron keeps.

        own: its fabricated fields by name; state: `membrane` and its other fields, as the step before left them;
        spiked: a comparison, whether it fired at the step before; current: charge of this step, in thresholds. The
        chip holds the membrane within its rails afterwards.
        """

    def fire(self, own: Any, state: Any) -> Any:
        """A comparison: whether the neuron fires (Eq. 3), once its membrane is within the rails."""
        raise NotImplementedError(f"neuron {self.name!r} does not fire")

    def adapt(self, own: Any, state: Any, spiked: Any, begins: Any) -> None:
        """At every step while the layer learns, once it is known who fires: what a homeostasis changes in its state.

        spiked: a comparison, whether this neuron fires; begins: a comparison, whether this is a window's first step.
        """
        return

    def margin(self, own: Any, state: Any) -> Number:
        """Of neurons that compete: by how much the membrane is above the neuron's own threshold."""
        raise NotImplementedError(f"neuron {self.name!r} does not compete")

    def score(self, own: Any, state: Any, before: Number) -> Number:
        """Of a chip's own readouts: what stands in for the count. before: the score so far."""
        raise NotImplementedError(f"neuron {self.name!r} is no readout")
