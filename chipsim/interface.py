"""What a host may ask of a chip, wherever it is: in this process, in another one, or on a bench behind a cable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from chipsim.design import AdcSpec, ChipSpec
from chipsim.die import LayerWeights, Weights
from chipsim.execution import AnyProbe, Readings, Result
from chipsim.layout import Events, Snapshot, Targets


class ChipInterface(Protocol):
    """One die. `chipsim.Chip` is one in this process, `host.link.remote.RemoteChip` one behind a wire.

    Both take the same arguments, raise the same ChipError and give the same bits.
    """

    @property
    def spec(self) -> ChipSpec: ...

    @property
    def die_seed(self) -> int: ...

    def program(self, weights: Weights) -> None:
        """Write weights and biases of every layer, in units of the threshold; they are new then."""

    def infer(self, events: Events, windows: NDArray[np.int64], probes: Sequence[AnyProbe] = ()) -> Result:
        """Run S windows, weights left alone. windows: (S,) the windows' numbers, which key their temporal noise."""

    def learn(
        self,
        events: Events,
        windows: NDArray[np.int64],
        targets: Targets,
        rates: NDArray[np.float32],
        probes: Sequence[AnyProbe] = (),
        broadcast: NDArray[np.float32] | None = None,
    ) -> Result:
        """Run S windows one after another and learn from each.

        targets: per layer (S, n_out), target rates in spikes per step, None where the learning rule asks for none;
        rates: (S,) or (S, n_layers) learning rates; broadcast: (S,), for learning rules that listen to one. The result
        may still be on its way: looking at any part of it waits for it. The arguments are free to be written again as
        soon as this returns.
        """

    def read_back(self, events: Events, windows: NDArray[np.int64], adc: AdcSpec) -> tuple[Result, Readings]:
        """As `infer`, and read every neuron's spikes and, through the converter, its membrane at each step.

        The spikes that are read back stay valid until the next run. A layer on images cannot be read back.
        """

    def age(self, seconds: float) -> None:
        """Let the die rest: its synapses drift for this time."""

    def weights(self) -> list[LayerWeights]:
        """What the crossbars deliver per spike, gain included: per layer (n_in, n_out) and (n_out,) in thresholds."""

    def snapshot(self) -> Snapshot:
        """Everything that changes in a die's life, as copies: what it stores, and its clock if synapses drift.

        A die of the same seed that is restored before it has lived as long goes on bit for bit.
        """

    def restore(self, snapshot: Mapping[str, NDArray[np.generic]]) -> None:
        """Write what a snapshot stores, never time: a clock is put forward to the snapshot's, or stays as it is.

        Raises ChipError if it is not of a chip like this one.
        """
