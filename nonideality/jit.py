"""How noise generators are compiled: without the interpreter lock and without reference counts.

Reference counts of shared arrays are atomic and cost more than a row of a crossbar; the price of leaving them out
(numba's ``_nrt=False``) is that such a function cannot allocate. The chip's cycle compiles these functions in.
"""

from __future__ import annotations

import numba

stage = numba.njit(nogil=True, _nrt=False)
inlined_stage = numba.njit(nogil=True, _nrt=False, inline="always")
