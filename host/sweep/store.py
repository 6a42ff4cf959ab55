"""The database of sweeps: what was asked, what is done, what failed. One process writes, any number read."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from host.errors import SweepError
from host.run import MadeWith, canonical, made_with, settings_without_places
from host.sweep.connection import (
    connect_to_write,
    errors_of,
    look,
    settle,
    tell_of_rows_taken_in,
    transaction,
)
from host.sweep.facts import LimitsMet, read_object
from host.sweep.lock import WriterLock
from host.sweep.rows import Packed, Result, Row, Sweep, Timing, check_figures, damaged
from host.sweep.tables import Named, Tables

_FEWEST_DIGITS = 8  # of a sweep's id
_CHECKPOINT_S = 1.0  # so old may rows grow before they are in the file itself
_KEY_BYTES = 32
_FIELDS = (
    "t.key, t.name, t.die, r.status, r.message, r.teacher, r.ideal, r.before, r.after, r.test_samples, r.summary,"
    " r.spec, r.spikes_not_counted, r.silent_layers, b.digest, m.chipsim, m.numba, m.numpy"
)
_JOINS = (
    "LEFT JOIN result r ON r.task = t.id LEFT JOIN taught_by b ON b.id = r.taught_by"
    " LEFT JOIN made_with m ON m.id = r.made_with"
)


_NONE_MET = LimitsMet(0, ())


class Known(NamedTuple):
    """What is stored of a task."""

    status: str | None  # "done", "failed", "lost"; None if it has not run
    packed_spec: Packed | None


class SweepStore:
    """A sweep database. Every method raises SweepError, in one line, if the file cannot be read or written."""

    def __init__(self, path: Path, connection: sqlite3.Connection, undo: ExitStack, mix_versions: bool = False) -> None:
        """undo: what closing takes."""
        self.path = path
        self.mix_versions = mix_versions
        self._connection = connection
        self._undo = undo
        self._checkpoint = time.monotonic()
        self._tables = Tables(connection)

    @staticmethod
    def create(path: Path, mix_versions: bool = False) -> SweepStore:
        """Make the database, or go on with the one that is there, as its only writer.

        mix_versions: whether its rows may come from several versions of chipsim, numba and numpy, and from teachers
        that one recipe has made differently.
        """
        if path.exists():  # looked at before anything is written beside it: what is no sweep stays as it was
            look(path).close()
        try:
            lock = WriterLock.take(Path(os.path.realpath(path)))
        except OSError as error:
            raise SweepError(f"cannot make {path}: {error.strerror}; choose another --out") from None
        with ExitStack() as undo, errors_of(path):
            undo.callback(lock.release)
            connection = connect_to_write(path)
            undo.callback(connection.close)
            undo.callback(settle, connection)
            return SweepStore(path, connection, undo.pop_all(), mix_versions)

    @staticmethod
    def open(path: Path) -> SweepStore:
        """Read only; works while a sweep writes."""
        reading = look(path)
        if not reading.there:
            reading.close()
            raise SweepError(f"{path} holds no sweep yet: run chipsim sweep --out {path}")
        if reading.taken_in:
            tell_of_rows_taken_in(path)
        undo = ExitStack()
        undo.callback(reading.close)
        return SweepStore(path, reading.connection, undo)

    def __enter__(self) -> SweepStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._undo.close()

    # What was asked.

    def sweeps(self) -> list[Sweep]:
        """In the order in which they were first asked for."""
        with errors_of(self.path):
            rows = self._connection.execute("SELECT key, request, created FROM sweep ORDER BY created, id").fetchall()
        found = []
        keys = [_printable(key) for key, *_ in rows]
        for key, (_, request, created) in zip(keys, rows, strict=True):
            name = _short(key, keys)
            try:
                datetime.fromisoformat(created)
                found.append(Sweep(name, read_object(request), created))
            except (ValueError, TypeError) as error:
                raise SweepError(f"{self.path}, sweep {name}: its request cannot be read: {error}") from None
        return found

    def add_sweep(
        self,
        key: str,
        request: Mapping[str, Any],
        plan: Iterable[tuple[dict[str, Any], Named]],
        created: str | None = None,
    ) -> str:
        """Store a request and its plan, (point, task) in order, unless it is there already. Returns its id.

        key: a hash over the request; created: when it was first asked for, ISO 8601, now if None.
        """
        with errors_of(self.path), transaction(self._connection):
            if self._connection.execute("SELECT 1 FROM sweep WHERE key = ?", (key,)).fetchone() is None:
                row = (key, canonical(request), created or datetime.now(UTC).isoformat(timespec="milliseconds"))
                sweep = self._connection.execute("INSERT INTO sweep (key, request, created) VALUES (?, ?, ?)", row)
                last, number = "", 0
                for point, task in plan:
                    if (text := canonical(point)) != last:  # the tasks of a point follow each other
                        last, number = text, self._tables.point(text)
                    entry = (sweep.lastrowid, number, self._tables.task(task))
                    self._connection.execute("INSERT INTO plan (sweep, point, task) VALUES (?, ?, ?)", entry)
            keys = [each for (each,) in self._connection.execute("SELECT key FROM sweep")]
        with errors_of(self.path):
            self._bring_in()
        return _short(key, keys)

    def key_of(self, sweep: str) -> str:
        """The whole key of the sweep whose key begins with `sweep`. Raises SweepError if there is none, or several."""
        with errors_of(self.path):
            query = "SELECT key FROM sweep WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key != ?1"
            found = [key for (key,) in self._connection.execute(query, (sweep,))]
        if not found or (len(found) > 1 and found[0] != sweep):
            known = ", ".join(each.id for each in self.sweeps()) or "another file"
            what = "no sweep" if not found else f"{len(found)} sweeps"
            raise SweepError(f"{self.path} holds {what} {sweep!r}: choose {known}")
        return str(found[0])

    def id_of(self, sweep: str) -> str:
        """The id of the sweep whose key begins with `sweep`. Raises SweepError."""
        with errors_of(self.path):
            keys = [key for (key,) in self._connection.execute("SELECT key FROM sweep")]
        return _short(self.key_of(sweep), keys)

    # What was found.

    def rows(self, sweep: str | None = None) -> Iterator[Row]:
        """The rows of one sweep in the order of its plan; without a name those of all sweeps, equal ones once.

        sweep: its key, or the first digits of it.
        """
        if sweep is None:
            same = "SELECT MIN(n.id) FROM plan n JOIN point p ON p.id = n.point GROUP BY p.text, n.task"
            plan, arguments = f"(SELECT point, task, id FROM plan WHERE id IN ({same}))", []
        else:
            plan = "(SELECT point, task, id FROM plan WHERE sweep = (SELECT id FROM sweep WHERE key = ?))"
            arguments = [self.key_of(sweep)]
        query = (
            f"SELECT p.text, {_FIELDS} FROM {plan} n JOIN point p ON p.id = n.point JOIN task t ON t.id = n.task"
            f" {_JOINS} ORDER BY n.id"
        )
        with errors_of(self.path):
            for point, *fields in self._connection.execute(query, arguments):
                yield self._row(fields, point)

    def rows_of(self, keys: Iterable[str]) -> list[Row]:
        """The rows of these tasks in their order, whichever sweep they belong to; of no point."""
        rows = []
        with errors_of(self.path):
            for key in keys:
                query = f"SELECT {_FIELDS} FROM task t {_JOINS} WHERE t.key = ?"
                fields = self._connection.execute(query, (bytes.fromhex(key),)).fetchone()
                rows.append(_missing(key) if fields is None else self._row(fields, "{}"))
        return rows

    def all_results(self) -> Iterator[tuple[Row, Timing, str | None]]:
        """Every row that has been run, how long it took, and its teacher's recipe."""
        query = (
            f"SELECT {_FIELDS}, r.seconds, r.worker, hex(b.recipe) FROM task t {_JOINS} WHERE r.task IS NOT NULL"
            " ORDER BY t.id"
        )
        with errors_of(self.path):
            for *fields, seconds, worker, recipe in self._connection.execute(query):
                row = self._row(fields, "{}")
                yield row, Timing(row.key, seconds, worker), recipe.lower() or None

    def known(self, key: str) -> Known:
        """What is stored under the key of a task."""
        query = "SELECT r.status, r.spec FROM task t JOIN result r ON r.task = t.id WHERE t.key = ?"
        with errors_of(self.path):
            found = self._connection.execute(query, (bytes.fromhex(key),)).fetchone()
        return Known(None, None) if found is None else Known(found[0], self._text(found[1]))

    def holds(self, task: Named, spec: str) -> str | None:
        """The status under the task's key, None if it has not run. Raises SweepError if that is of another spec."""
        known = self.known(task.key)
        if known.packed_spec is None:
            return None
        try:
            text = known.packed_spec.text()
            same = text == spec or _same_settings(read_object(text), json.loads(spec))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise damaged(task.name, f"its spec cannot be read: {error}") from None
        if not same:
            raise damaged(task.name, "it was run with other settings than its key says")
        check_figures(task.name, str(known.status), {}, 1)
        return known.status

    def points_of(self, sweep: str, key: str) -> list[dict[str, Any]]:
        """Where a task stands in a sweep, given by its whole key: mostly one point."""
        query = (
            "SELECT p.text FROM plan n JOIN point p ON p.id = n.point"
            " WHERE n.task = (SELECT id FROM task WHERE key = ?) AND n.sweep = (SELECT id FROM sweep WHERE key = ?)"
        )
        with errors_of(self.path):
            return [_read_point(point) for (point,) in self._connection.execute(query, (bytes.fromhex(key), sweep))]

    def mean_seconds(self) -> float | None:
        """Of the tasks that are done; None if there are none."""
        with errors_of(self.path):
            query = "SELECT AVG(seconds) FROM result WHERE status = 'done'"
            found: float | None = self._connection.execute(query).fetchone()[0]
        return found

    def record(self, results: Iterable[tuple[Result, Timing]]) -> None:
        """Store results in one transaction; a task that was there already is replaced."""
        with errors_of(self.path):
            try:
                with transaction(self._connection):
                    for result, timing in results:
                        self._store(result, timing)
            except BaseException:  # dictionaries that were begun meanwhile are gone
                self._tables.forget()
                raise
            if time.monotonic() - self._checkpoint > _CHECKPOINT_S:
                self._bring_in()

    # Who has found it.

    def makers(self) -> list[MadeWith]:
        """The versions that its rows were made with."""
        with errors_of(self.path):
            rows = self._connection.execute("SELECT chipsim, numba, numpy FROM made_with ORDER BY id").fetchall()
        return [MadeWith(*map(_printable, row)) for row in rows]

    def teachers(self) -> list[tuple[str, str]]:
        """Recipe and digest of each teacher that its rows follow."""
        with errors_of(self.path):
            return self._connection.execute("SELECT lower(hex(recipe)), lower(hex(digest)) FROM taught_by").fetchall()

    def mixtures(self) -> list[str]:
        """A sentence for each thing that its rows do not have in common and should."""
        makers, recipes = self.makers(), [recipe for recipe, _ in self.teachers()]
        told = [f"rows were made with {' and with '.join(map(str, makers))}"] if len(makers) > 1 else []
        if len(set(recipes)) < len(recipes):
            told.append("rows follow different teachers that one training gave on different machines")
        return told

    def refusal_of_versions(self, others: MadeWith | None = None) -> str | None:
        """Why rows made with these versions, this process's if None, may not stand beside those that there are."""
        here = others or made_with()
        unlike = [each for each in self.makers() if each != here]
        if not unlike or self.mix_versions:
            return None
        return (
            f"{self.path} holds rows made with {unlike[0]}, not with {here}: use those versions, name another --out, or"
            " add --mix-versions, which rows then tell"
        )

    def refusal_of_teacher(self, recipe: str, digest: str) -> str | None:
        """Why rows of this teacher may not stand beside those of others that the same recipe has made."""
        known = [each for of, each in self.teachers() if of == recipe]
        if not known or digest in known or self.mix_versions:
            return None
        return (
            f"{self.path} holds rows of teacher {known[0]}, and the same training gives {digest} here, as another"
            " processor rounds otherwise: go on where the sweep was begun, or with the folder `teachers` of its cache"
            " (see chipsim doctor), name another --out, or add --mix-versions, which rows then tell"
        )

    def _bring_in(self) -> None:
        """Put what stands in the file beside the database into it, as far as readers let it."""
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        self._checkpoint = time.monotonic()

    def _row(self, fields: Iterable[Any], point: str) -> Row:
        """From the columns `_FIELDS`. Raises SweepError naming the row if they hold what no run has found."""
        key, name, die, status, message, *figures = fields
        teacher, ideal, before, after, test_samples, summary, spec, full, silent, digest, *made = figures
        name = _printable(name)
        if not (isinstance(key, bytes) and len(key) == _KEY_BYTES and isinstance(die, int) and 0 <= die < 2**32):
            raise damaged(name, f"its key or its die, {die!r}, is none")
        if status is None:
            return Row(name, _read_point(point), die, "missing", key=key.hex())
        accuracies = {"teacher": teacher, "ideal": ideal, "before": before, "after": after}
        check_figures(name, status, accuracies, test_samples)
        found: dict[str, Any] = {}
        if status == "done":
            found = accuracies | {"test_samples": test_samples, "packed_summary": self._text(summary)}
        return Row(
            name,
            _read_point(point),
            die,
            status,
            None if message is None else _printable(message),
            packed_spec=self._text(spec),
            limits=_limits(name, full, silent),
            key=key.hex(),
            teacher_digest=digest.hex() if isinstance(digest, bytes) else None,
            made_with=_maker(*made),
            **found,
        )

    def _text(self, content: Any) -> Packed:
        text = content if isinstance(content, bytes) else b""
        self._tables.prepare(text)
        return Packed(text, self._tables.unpacked)

    def _store(self, result: Result, timing: Timing) -> None:
        execute = self._connection.execute
        task = self._tables.task(result)
        taught_by = None
        if result.recipe is not None and result.teacher_digest is not None:
            pair = (bytes.fromhex(result.recipe), bytes.fromhex(result.teacher_digest))
            taught_by = self._tables.id_of("taught_by", ("recipe", "digest"), pair)
        row = (
            task,
            result.status,
            result.message,
            *(result.teacher, result.ideal, result.before, result.after),
            result.test_samples,
            result.limits.spikes_not_counted,
            ",".join(map(str, result.limits.silent_layers)),
            self._tables.packed("spec", result.spec),
            None if result.summary is None else self._tables.packed("summary", result.summary),
            taught_by,
            self._tables.id_of("made_with", MadeWith._fields, result.made_with or made_with()),
            *(timing.seconds, timing.worker, round(1000 * time.time())),
        )
        execute(f"INSERT OR REPLACE INTO result VALUES ({', '.join('?' * len(row))})", row)


def _same_settings(stored: dict[str, Any], asked: dict[str, Any]) -> bool:
    return stored == asked or settings_without_places(stored) == settings_without_places(asked)


def _missing(key: str) -> Row:
    return Row(key, {}, 0, "missing", key=key)


def _short(key: str, keys: Iterable[str]) -> str:
    """The first digits of a key, as many as no other one shares."""
    others = [other for other in keys if other != key]
    lengths = range(_FEWEST_DIGITS, len(key))
    return next((key[:n] for n in lengths if not any(other.startswith(key[:n]) for other in others)), key)


def _limits(task: str, full: Any, silent: Any) -> LimitsMet:
    if (full, silent) == (0, ""):
        return _NONE_MET
    try:
        return LimitsMet(int(full), tuple(map(int, silent.split(",") if silent else ())))
    except (TypeError, ValueError, AttributeError):
        raise damaged(task, f"it says {full!r} and {silent!r} of what met its limit") from None


def _printable(text: Any) -> str:
    """A stored text as one line that does nothing to a terminal."""
    if isinstance(text, str) and text.isprintable():
        return text
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in str(text))


@lru_cache(maxsize=64)
def _maker(*versions: Any) -> MadeWith:
    return MadeWith(*map(_printable, versions))


@lru_cache(maxsize=64)
def _read_point(text: str) -> dict[str, Any]:
    try:
        return read_object(text)
    except (ValueError, TypeError) as error:
        raise SweepError(f"a point of the plan, {_printable(text)[:40]!r}, cannot be read: {error}") from None
