"""What a host hands to a die besides spikes, and keeps of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Targets = Sequence[NDArray[np.float32] | None]  # per layer (S, n_out); None: of a pooling layer, which never learns


Snapshot = dict[str, NDArray[np.generic]]
