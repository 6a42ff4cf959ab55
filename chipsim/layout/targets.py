"""What a host hands to a die besides spikes, and keeps of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Per layer (S, n_out), of sequences (S, L, n_out); None: of a pooling layer, which never learns.
Targets = Sequence[NDArray[np.float32] | None]


Snapshot = dict[str, NDArray[np.generic]]
