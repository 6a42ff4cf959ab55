"""A run's die on a chip server, with the count of what crossed the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chipsim import ChipInterface, ChipSpec
from host.link.remote.connection import Connection
from host.link.remote.remote_chip import RemoteChip
from host.link.timeline import Timeline, overlap


class RemoteSource:
    """As `host.run.chip_source.ChipSource`. The connection is opened when the first die is asked for."""

    def __init__(self, where: str, connect: Callable[[], Connection]) -> None:
        """where: the chip, for the record."""
        self._where = where
        self._connect = connect
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    @property
    def timeline(self) -> Timeline:
        return self.connection.timeline

    def die(self, spec: ChipSpec, die_seed: int) -> ChipInterface:
        return RemoteChip(self.connection, spec, die_seed)

    def link(self) -> dict[str, Any]:
        connection = self.connection
        measured = overlap(connection.timeline.spans())
        return {
            "chip": self._where,
            **connection.traffic.to_json(),
            "imposed": connection.imposed.to_json(),
            "time": {
                "seconds": round(measured.seconds, 3),
                "chip_busy_s": round(measured.chip_s, 3),
                "chip_waits": round(measured.chip_waits, 4),
                "host_work_s": round(measured.host_s, 3),
                "host_work_hidden": round(measured.hidden, 4),
            },
        }

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
