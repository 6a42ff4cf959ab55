"""Keeps a Ctrl-C from getting lost.

Python raises KeyboardInterrupt wherever the main thread happens to be. In a finalizer or a library's callback nothing
can pass it on: Python prints that it was ignored, and the program runs on.
"""

from __future__ import annotations

import signal
import sys
import threading

_SOON_S = 0.02  # by then the finalizer has returned


def keep_interrupts() -> None:
    """From now on, raise a KeyboardInterrupt that nothing could pass on once more, and say nothing of the first."""
    before = sys.unraisablehook

    def again(unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_type is not None and issubclass(unraisable.exc_type, KeyboardInterrupt):
            # A signal proper, since the main thread may be waiting for something by then.
            main = threading.main_thread().ident
            timer = threading.Timer(_SOON_S, signal.pthread_kill, (main, signal.SIGINT))
            timer.daemon = True
            timer.start()
        else:
            before(unraisable)

    sys.unraisablehook = again
