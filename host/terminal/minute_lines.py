"""How something goes on, for whoever reads a log: a line a minute on stderr."""

from __future__ import annotations

import sys
import threading
import time
from typing import NamedTuple

EVERY_S = 60.0


class _Stand(NamedTuple):
    text: str  # what is going on
    began: float
    done: int = 0
    total: int = 0  # 0: nobody knows
    note: str = ""
    first: tuple[float, int] | None = None  # when something was done for the first time, and how much that was


class MinuteLines:
    """Says every minute what is going on, what is done, what is missing, and how long that will take."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._stand: _Stand | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._talk, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def stage(self, text: str) -> None:
        self._stand = _Stand(text, time.monotonic())

    def rename(self, text: str) -> None:
        if self._stand is not None:
            self._stand = self._stand._replace(text=text)

    def progress(self, done: int, total: int, counted: str = "", note: str = "") -> None:
        """counted: for a bar; a line says it in its own words."""
        if self._stand is not None:
            first = self._stand.first or (time.monotonic(), done)
            self._stand = self._stand._replace(done=done, total=total, note=note, first=first)

    def _talk(self) -> None:
        while not self._ended.wait(self._every_s):
            if self._stand is not None:
                print(f"chipsim: {_said(self._stand, time.monotonic())}", file=sys.stderr, flush=True)


def _said(stand: _Stand, now: float) -> str:
    text, began, done, total, note, first = stand
    passed = now - began
    parts = [text]
    if total:
        parts.append(f"{done:,} of {total:,} done, {total - done:,} missing")
    if note:
        parts.append(note)
    parts.append(f"for {_duration(passed)}")
    if 0 < done < total:
        # What is gone on with was not done in this time.
        since, already = first if first is not None and done > first[1] else (began, 0)
        parts.append(f"about {_duration(max(0.0, now - since) * (total - done) / (done - already))} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
