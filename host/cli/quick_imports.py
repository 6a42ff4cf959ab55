"""Imports without a look for garbage in between."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_MANY = 50  # modules


@contextmanager
def quick_imports() -> Iterator[None]:
    """What is imported in the block stays: nobody looks through it for garbage, then or later, an eighth of the time.

    Where little was new, what there is may yet become garbage, and is looked through as ever.
    """
    collects, before = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if collects:
            if len(sys.modules) - before > _MANY:
                gc.freeze()
            gc.enable()
