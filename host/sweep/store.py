"""The database of sweeps: what was asked, what is done, what failed. One process writes, any number read."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from host.errors import SweepError
from host.sweep.lock import WriterLock

APPLICATION_ID = 0x43685377  # "ChSw"
VERSION = 1
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE task (
    id TEXT PRIMARY KEY,
    spec TEXT NOT NULL,
    die INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    message TEXT,
    teacher REAL, ideal REAL, before REAL, after REAL,
    test_samples INTEGER,
    summary TEXT
);
CREATE TABLE timing (task TEXT PRIMARY KEY, seconds REAL, worker TEXT, finished TEXT);
CREATE TABLE sweep (id TEXT PRIMARY KEY, request TEXT NOT NULL, created TEXT NOT NULL);
CREATE TABLE sweep_task (sweep TEXT, position INTEGER, point TEXT, task TEXT, PRIMARY KEY (sweep, position));
CREATE INDEX sweep_task_by_task ON sweep_task (task, sweep);
PRAGMA application_id = {application_id};
PRAGMA user_version = {version};
COMMIT;
"""
_FIELDS = "t.status, t.message, t.teacher, t.ideal, t.before, t.after, t.test_samples, t.summary, t.spec"


@dataclass(frozen=True)
class Sweep:
    """One request, with its whole plan in the database."""

    id: str
    request: dict[str, Any]
    created: str  # ISO 8601, UTC


class Result(NamedTuple):
    """What became of a task: a row of the table `task`."""

    id: str
    spec: str  # canonical JSON
    die: int
    status: str  # "done" or "failed"
    message: str | None = None
    teacher: float | None = None
    ideal: float | None = None
    before: float | None = None
    after: float | None = None
    test_samples: int | None = None
    summary: str | None = None  # JSON


class Timing(NamedTuple):
    """How long a task took and where: kept apart from its result, which is the same bits in every run."""

    task: str
    seconds: float
    worker: str


class Row(NamedTuple):
    """One (point, die) of a sweep. Accuracies are fractions 0 to 1, None unless the status is "done"."""

    task: str
    point: dict[str, Any]  # axis name -> value; shared between the rows of a point
    die: int
    status: str  # "done", "failed" or "missing"
    message: str | None
    teacher: float | None
    ideal: float | None
    before: float | None
    after: float | None
    test_samples: int | None
    summary_text: str | None
    spec_text: str | None

    @property
    def summary(self) -> dict[str, Any] | None:
        """A run's summary (see host.run.die_run), parsed when asked for."""
        return None if self.summary_text is None else json.loads(self.summary_text)

    @property
    def spec(self) -> dict[str, Any] | None:
        """The settings of the RunSpec, parsed when asked for; None if the task is missing."""
        return None if self.spec_text is None else json.loads(self.spec_text)


def canonical(value: Any) -> str:
    """JSON text that is the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class SweepStore:
    """A sweep database. Every method raises SweepError, in one line, if the file cannot be read or written."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: WriterLock | None) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock

    @staticmethod
    def create(path: Path) -> SweepStore:
        """Make the database, or go on with the one that is there, as its only writer."""
        if path.exists():  # looked at before anything is written beside it: what is no sweep stays as it was
            _look(path)[0].close()
        try:
            lock = WriterLock.take(Path(os.path.realpath(path)))
        except OSError as error:
            raise SweepError(f"cannot make {path}: {error.strerror}; choose another --out") from None
        with ExitStack() as undo, _errors(path):
            undo.callback(lock.release)
            connection = sqlite3.connect(path, isolation_level=None)
            undo.callback(connection.close)
            if not _is_sweep(connection, path):
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_SCHEMA.format(application_id=APPLICATION_ID, version=VERSION))
            # What kill -9 leaves behind is whole in this mode; only a power cut may cost the last results.
            connection.execute("PRAGMA synchronous = NORMAL")
            undo.pop_all()
        return SweepStore(path, connection, lock)

    @staticmethod
    def open(path: Path) -> SweepStore:
        """Read only; works while a sweep writes."""
        connection, there = _look(path)
        if not there:
            connection.close()
            raise SweepError(f"{path} holds no sweep yet: run chipsim sweep --out {path}")
        return SweepStore(path, connection, None)

    def __enter__(self) -> SweepStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def sweeps(self) -> list[Sweep]:
        """In the order in which they were first asked for."""
        with _errors(self.path):
            rows = self._connection.execute("SELECT id, request, created FROM sweep ORDER BY created, rowid").fetchall()
        return [Sweep(name, json.loads(request), created) for name, request, created in rows]

    def rows(self, sweep_id: str | None = None) -> Iterator[Row]:
        """The rows of one sweep in the order of its plan; without a name those of all sweeps, equal ones once."""
        plan = "(SELECT point, task, position FROM sweep_task WHERE sweep = ?)"
        arguments = [sweep_id]
        if sweep_id is None:
            plan, arguments = "(SELECT point, task, MIN(rowid) AS position FROM sweep_task GROUP BY point, task)", []
        elif sweep_id not in (known := [sweep.id for sweep in self.sweeps()]):
            raise SweepError(f"{self.path} holds no sweep {sweep_id!r}: choose {', '.join(known) or 'another file'}")
        query = f"SELECT p.task, p.point, {_FIELDS} FROM {plan} p LEFT JOIN task t ON t.id = p.task ORDER BY p.position"
        with _errors(self.path):
            for task, point, status, *rest in self._connection.execute(query, arguments):
                yield Row(task, _point(point), die_of(task), status or "missing", *rest)

    def rows_of(self, tasks: Iterable[str]) -> list[Row]:
        """The rows of these tasks in their order, whichever sweep they belong to; of no point."""
        query = f"SELECT {_FIELDS} FROM task t WHERE t.id = ?"
        rows = []
        with _errors(self.path):
            for task in tasks:
                status, *rest = self._connection.execute(query, (task,)).fetchone() or (None, *[None] * 8)
                rows.append(Row(task, {}, die_of(task), status or "missing", *rest))
        return rows

    def status(self, task: str) -> tuple[str | None, str | None]:
        """ "done", "failed", or None if it has not run; and the digest of the data it was run on, if it is done."""
        query = "SELECT status, json_extract(summary, '$.data_digest') FROM task WHERE id = ?"
        with _errors(self.path):
            found: tuple[str, str | None] | None = self._connection.execute(query, (task,)).fetchone()
        return found or (None, None)

    def points_of(self, sweep_id: str, task: str) -> list[dict[str, Any]]:
        """Where a task stands in a sweep: mostly one point."""
        query = "SELECT point FROM sweep_task WHERE task = ? AND sweep = ?"
        with _errors(self.path):
            return [_point(point) for (point,) in self._connection.execute(query, (task, sweep_id))]

    def mean_seconds(self) -> float | None:
        """Of the tasks that are done; None if there are none."""
        query = "SELECT AVG(seconds) FROM timing JOIN task ON task.id = timing.task WHERE status = 'done'"
        with _errors(self.path):
            found: float | None = self._connection.execute(query).fetchone()[0]
        return found

    def add_sweep(self, sweep_id: str, request: Mapping[str, Any], plan: Iterable[tuple[dict[str, Any], str]]) -> None:
        """Store a request and its plan, (point, task id) in order, unless it is there already."""
        rows = ((sweep_id, position, canonical(point), task) for position, (point, task) in enumerate(plan))
        with _errors(self.path), _Transaction(self._connection):
            known = self._connection.execute("SELECT 1 FROM sweep WHERE id = ?", (sweep_id,)).fetchone()
            if not known:
                self._connection.execute("INSERT INTO sweep VALUES (?, ?, ?)", (sweep_id, canonical(request), _now()))
                self._connection.executemany("INSERT INTO sweep_task VALUES (?, ?, ?, ?)", rows)

    def record(self, results: Iterable[tuple[Result, Timing]]) -> None:
        """Store results in one transaction; a task that was there already is replaced."""
        now = _now()
        with _errors(self.path), _Transaction(self._connection):
            for result, timing in results:
                marks = ", ".join("?" * len(result))
                self._connection.execute(f"INSERT OR REPLACE INTO task VALUES ({marks})", result)
                self._connection.execute("INSERT OR REPLACE INTO timing VALUES (?, ?, ?, ?)", (*timing, now))


def die_of(task: str) -> int:
    """The die in a task's id, which ends with -die-SEED-HASH."""
    return int(task.rsplit("-", 2)[1])


@lru_cache(maxsize=64)
def _point(text: str) -> dict[str, Any]:
    point: dict[str, Any] = json.loads(text)
    return point


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _look(path: Path) -> tuple[sqlite3.Connection, bool]:
    """A connection that reads, and whether the schema is there. Raises SweepError if `path` is something else."""
    if not path.is_file():
        what = "is no file" if path.exists() else "does not exist"
        raise SweepError(f"sweep database {path} {what}: make one with chipsim sweep --out FILE")
    with ExitStack() as undo, _errors(path):
        connection = _read_only(path)
        undo.callback(connection.close)
        there = _is_sweep(connection, path)
        undo.pop_all()
    return connection, there


def _read_only(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing. Where it may, it takes SQLite's side files away again when it closes."""
    address = path.resolve().as_uri()
    connection = sqlite3.connect(f"{address}?mode=rw", uri=True)
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if path.with_name(f"{path.name}-wal").exists():
            raise
        connection = sqlite3.connect(f"{address}?immutable=1", uri=True)  # a folder without write permission
    return connection


def _is_sweep(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the schema is there; False for an empty database. Raises SweepError if it is something else."""
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [tables] = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    if application == 0 and tables == 0:
        return False
    if application != APPLICATION_ID:
        raise SweepError(f"{path} is an SQLite database but no sweep: name another file")
    if version != VERSION:
        raise SweepError(
            f"{path} is a sweep database of version {version}, this chipsim knows version {VERSION}: use the chipsim"
            " that wrote it, or name another file"
        )
    return True


class _Transaction:
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


class _errors:
    """Turns what SQLite refuses into one line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
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
