"""What an encoding is: how values in [0, 1] become events at the chip's input rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from chipsim import Events


class Encoding(ABC):
    """One encoding, for windows of so many steps. Subclass it, give the class attributes and `fill`, and register it.

    What is random follows from the seed, the window's number, the input and the step, never from a generator: a window
    is encoded alike in any company.
    """

    name: ClassVar[str]  # as written in ``--encoding name``
    meaning: ClassVar[str]  # one line; x is the value, T the number of steps
    one_spike: ClassVar[bool] = False  # an input spikes at most once in a window
    latency: ClassVar[bool] = False  # a value is told by the time of a spike, not by how many there are

    @classmethod
    def fingerprint(cls) -> str:
        """Of the data that it reads, such as a digest of a file; empty: it reads none. A run is known by it, too."""
        return ""

    def __init__(self, n_in: int, steps: int, seed: int) -> None:
        """Make what `fill` needs besides its arguments."""
        self.n_in = n_in
        self.steps = steps
        self.seed = seed

    @abstractmethod
    def fill(self, values: NDArray[np.float32], windows: NDArray[np.int64], events: Events) -> None:
        """Write the events of samples (S, n_in) in [0, 1], shown in windows (S,), by a compiled function.

        For window s and step t: events.rows[s, begin[s, t]:end[s, t]] are the inputs that spike, ascending, each once.
        begin and end are (S, T), and a step begins where the last one ends, the first at 0. rows has room for every
        input at every step, or once if `one_spike`, and a few more. Nothing is there before: all of begin and end has
        to be written.
        """
