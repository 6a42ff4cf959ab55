"""The independent reader of VCD files, kept from changing how this process takes a broken pipe.

vcdvcd is a command line tool, too, and lets SIGPIPE kill whoever imports it: a later test that writes to a process
which has just died would end the whole run without a word.
"""

import signal

_before = signal.getsignal(signal.SIGPIPE) if hasattr(signal, "SIGPIPE") else None

from vcdvcd import VCDVCD  # noqa: E402

if _before is not None:
    signal.signal(signal.SIGPIPE, _before)

__all__ = ["VCDVCD"]
