"""Who hears how a sweep goes on."""

from __future__ import annotations

from typing import Protocol

from host.sweep.rows import Result


class SweepListener(Protocol):
    """Hears how a sweep goes on; a terminal shows it."""

    def stage(self, text: str) -> None: ...

    def running(self, tasks: int) -> None: ...

    def finished(self, result: Result) -> None: ...


class NullSweepListener:
    """Hears and says nothing."""

    def stage(self, text: str) -> None:
        pass

    def running(self, tasks: int) -> None:
        pass

    def finished(self, result: Result) -> None:
        pass
