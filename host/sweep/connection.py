"""Connections to a database of sweeps: its schema, who it is, and what SQLite refuses, in one line."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

from host.errors import SweepError

APPLICATION_ID = 0x43685377  # "ChSw"
VERSION = 2
_PATIENCE_S = 30  # for a reader who is just looking
_WAL = (
    b"\2\2"  # bytes 18 and 19 of a file whose newest rows may stand in a file beside it (SQLite's file format, 1.3.3)
)
_LOG = logging.getLogger(__name__)

SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE task (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, name TEXT NOT NULL, die INTEGER NOT NULL);
CREATE TABLE made_with (
    id INTEGER PRIMARY KEY,
    chipsim TEXT NOT NULL, numba TEXT NOT NULL, numpy TEXT NOT NULL,
    UNIQUE (chipsim, numba, numpy)
);
CREATE TABLE taught_by (
    id INTEGER PRIMARY KEY,
    recipe BLOB NOT NULL, digest BLOB NOT NULL,
    UNIQUE (recipe, digest)
);
CREATE TABLE dictionary (id INTEGER PRIMARY KEY, text BLOB NOT NULL);
CREATE TABLE result (
    task INTEGER PRIMARY KEY REFERENCES task (id),
    status TEXT NOT NULL CHECK (status IN ('done', 'failed', 'lost')),
    message TEXT,
    teacher REAL, ideal REAL, before REAL, after REAL,
    test_samples INTEGER,
    spikes_not_counted INTEGER NOT NULL,
    silent_layers TEXT NOT NULL,
    spec BLOB NOT NULL,
    summary BLOB,
    taught_by INTEGER REFERENCES taught_by (id),
    made_with INTEGER NOT NULL REFERENCES made_with (id),
    seconds REAL NOT NULL, worker TEXT NOT NULL, finished INTEGER NOT NULL
);
CREATE TABLE sweep (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, request TEXT NOT NULL, created TEXT NOT NULL);
CREATE TABLE point (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE plan (
    id INTEGER PRIMARY KEY,
    sweep INTEGER NOT NULL REFERENCES sweep (id),
    point INTEGER NOT NULL REFERENCES point (id),
    task INTEGER NOT NULL REFERENCES task (id)
);
CREATE INDEX plan_by_sweep ON plan (sweep);
CREATE INDEX plan_by_task ON plan (task, sweep);
PRAGMA application_id = {application_id};
PRAGMA user_version = {version};
COMMIT;
"""


def connect_to_write(path: Path) -> sqlite3.Connection:
    """For the only writer; the schema is made if there is none. Raises SweepError, sqlite3.Error.

    While a sweep writes, rows go to a file beside the database first, so that others may read meanwhile and a kill
    costs nothing; `settle` makes them one file again.
    """
    with ExitStack() as undo:
        connection = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
        undo.callback(connection.close)
        there = is_sweep(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        if not there:
            connection.executescript(SCHEMA.format(application_id=APPLICATION_ID, version=VERSION))
        # What kill -9 leaves behind is whole in this mode; only a power cut may cost the last results.
        connection.execute("PRAGMA synchronous = NORMAL")
        undo.pop_all()
    return _tolerant(connection)


def settle(connection: sqlite3.Connection) -> None:
    """Bring all rows into the one file. While others use it they do that, when they close it."""
    connection.execute("PRAGMA query_only = OFF")
    connection.execute("PRAGMA busy_timeout = 0")
    with suppress(sqlite3.OperationalError):  # locked, or not to be written
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.execute("PRAGMA journal_mode = DELETE")


class ReadOnly(NamedTuple):
    """A database that is read."""

    connection: sqlite3.Connection
    there: bool  # whether it holds the schema
    whole: bool  # whether its newest rows are with it
    taken_in: bool  # whether rows that stood beside it, of a killed sweep, have become part of it

    def close(self) -> None:
        if self.whole:
            settle(self.connection)
        self.connection.close()


def look(path: Path) -> ReadOnly:
    """Raises SweepError if `path` is something else. Tells of rows that are missing."""
    if not path.is_file():
        what = "is no file" if path.exists() else "does not exist"
        raise SweepError(f"sweep database {path} {what}: make one with chipsim sweep --out FILE")
    with ExitStack() as undo, errors_of(path):
        whole, left_behind = not _without_its_rows(path), _left_behind(path)
        connection = _read_only(path)
        undo.callback(connection.close)
        there = is_sweep(connection, path)
        if there and not whole:
            _tell_of_missing_rows(connection, path)
        if left_behind:
            settle(connection)
            connection.execute("PRAGMA query_only = ON")
            connection.execute(f"PRAGMA busy_timeout = {1000 * _PATIENCE_S}")
        undo.pop_all()
    return ReadOnly(_tolerant(connection), there, whole, left_behind and not _left_behind(path))


def tell_of_rows_taken_in(path: Path) -> None:
    """To whoever reads a database; a sweep that goes on has it all."""
    _LOG.warning("chipsim: what a killed sweep had left in %s-wal is now part of %s", path.name, path)


def _left_behind(path: Path) -> bool:
    """Whether rows stand in the file beside it: of a sweep that goes on, or that was killed."""
    beside = _beside(path)
    return beside.exists() and beside.stat().st_size > 0 and _mode(path) == _WAL


def _without_its_rows(path: Path) -> bool:
    """Whether this is a copy of a database that was being written, without the file that holds the newest rows."""
    writer = path.with_name(f"{path.name}.lock")
    return _mode(path) == _WAL and not _beside(path).exists() and not writer.exists()


def _tell_of_missing_rows(connection: sqlite3.Connection, path: Path) -> None:
    [[verdict], *_] = connection.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise SweepError(f"{path} was copied while it was written and is damaged: copy it again, with {path.name}-wal")
    _LOG.warning(
        "chipsim: %s was copied while it was written, or after its sweep was killed, without %s-wal: its last rows may"
        " be missing; copy both, or ask again for what is missing",
        path,
        path.name,
    )


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _mode(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(20)[18:]


def _read_only(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing. Where it may, it takes SQLite's side files away again when it closes."""
    address = path.resolve().as_uri()
    connection = sqlite3.connect(f"{address}?mode=rw", uri=True, timeout=_PATIENCE_S)
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if _beside(path).exists():
            raise
        connection = sqlite3.connect(f"{address}?immutable=1", uri=True)  # a folder without write permission
    return connection


def _tolerant(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Text that is none is read all the same: whoever reads it says what is wrong with it."""
    connection.text_factory = lambda content: content.decode(errors="replace")
    return connection


def is_sweep(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the schema is there; False for an empty database. Raises SweepError if it is something else."""
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [tables] = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    if application == 0 and tables == 0:
        return False
    if application != APPLICATION_ID:
        raise SweepError(f"{path} is an SQLite database but no sweep: name another file")
    if version != VERSION:
        age = "an older" if version < VERSION else "a newer"
        raise SweepError(
            f"{path} is a sweep database of version {version}, of {age} chipsim; this one knows version {VERSION}: use"
            " the chipsim that wrote it, or name another file"
        )
    return True


class transaction:
    """Everything or nothing; takes the write lock at once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._connection.execute("COMMIT")
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


class errors_of:
    """Turns what SQLite refuses into one line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UnicodeDecodeError):  # words of SQLite's that quote a damaged name
            raise SweepError(f"sweep database {self._path} cannot be used: it is damaged") from None
        if not isinstance(error, sqlite3.Error):
            return
        code = getattr(error, "sqlite_errorname", "")
        if code == "SQLITE_NOTADB":
            raise SweepError(f"{self._path} is not a sweep database: name another file") from None
        if code in ("SQLITE_FULL", "SQLITE_IOERR_WRITE"):
            raise SweepError(
                f"cannot write {self._path}: {error}; what is stored stays: make room and ask again"
            ) from None
        raise SweepError(f"sweep database {self._path} cannot be used: {error}") from None
