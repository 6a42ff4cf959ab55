"""Only a numba that was tried compiles kernels: ours use its inside, and others have ended the process.

The range is that of `pyproject.toml`, which pip keeps to; this is for those whom pip was told to obey.
"""

from __future__ import annotations

import os
import re

import numba

FIRST, BEFORE = (0, 63), (0, 69)  # tried, and no longer tried
ANY_NUMBA = "CHIPSIM_ANY_NUMBA"  # in the environment: any is tried


def refusal(version: str) -> str | None:
    """Why a numba of this version is not used, in one line; None if it was tried."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers is not None and FIRST <= (int(numbers[1]), int(numbers[2])) < BEFORE:
        return None
    first, before = (".".join(map(str, each)) for each in (FIRST, BEFORE))
    return (
        f"numba {version} was never tried with this chipsim, which knows those from {first} on and before {before},"
        f" and might crash or compute something else: pip install 'numba>={first},<{before}', or set {ANY_NUMBA}=1 to"
        " try it all the same"
    )


def check() -> None:
    """Raises ImportError of one line, with the name "numba"."""
    why = refusal(numba.__version__)
    if why is not None and os.environ.get(ANY_NUMBA, "0") in ("", "0"):
        raise ImportError(why, name="numba")


check()
