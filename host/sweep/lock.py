"""One writer per sweep database.

SQLite's own locks are no use here: it takes them for one transaction at a time, and drops them all when anything in
this process closes the same file.
"""

from __future__ import annotations

from pathlib import Path

from host.errors import SweepError
from host.lock import InUseError, Lock


class WriterLock:
    """Taken beside the database; see `host.lock`."""

    @staticmethod
    def take(database: Path) -> Lock:
        """Raises SweepError naming the holder if somebody else writes; OSError if no file can be made there."""
        try:
            return Lock.take(database.with_name(f"{database.name}.lock"))
        except InUseError as error:
            raise SweepError(
                f"{database} is being written by {error.holder}: wait until it ends, or name another --out"
            ) from None
