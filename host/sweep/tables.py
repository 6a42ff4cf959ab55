"""Rows that stand once and are named by a number elsewhere: tasks, points, versions, teachers, dictionaries."""

from __future__ import annotations

import sqlite3
from typing import Any, Protocol

from host.sweep.packing import Packer, dictionary_of, unpacked


class Named(Protocol):
    """What a plan names: a task."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def die(self) -> int: ...


class Tables:
    """Over a connection. Every method may raise sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._dictionaries: dict[int, bytes] = {}  # those seen so far
        self._packers: dict[str, Packer] = {}

    def task(self, task: Named) -> int:
        key = bytes.fromhex(task.key)
        found = self._connection.execute("SELECT id FROM task WHERE key = ?", (key,)).fetchone()
        if found is None:
            return self._added("INSERT INTO task (key, name, die) VALUES (?, ?, ?)", (key, task.name, task.die))
        return int(found[0])

    def point(self, text: str) -> int:
        """Of a new row, whatever others say: two sweeps may have one point each."""
        return self._added("INSERT INTO point (text) VALUES (?)", (text,))

    def id_of(self, table: str, columns: tuple[str, ...], values: tuple[Any, ...]) -> int:
        """Of the row with these values, made if there is none. table, columns: ours, never a user's."""
        same = " AND ".join(f"{column} = ?" for column in columns)
        found = self._connection.execute(f"SELECT id FROM {table} WHERE {same}", values).fetchone()
        if found is None:
            marks = ", ".join("?" * len(columns))
            return self._added(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", values)
        return int(found[0])

    def packed(self, kind: str, text: str) -> bytes:
        """A text of this kind, packed over the dictionaries, which may become one more."""
        if kind not in self._packers:
            self._look_up()
            self._packers[kind] = Packer(self._dictionaries, self._add_dictionary)
        return self._packers[kind].pack(text)

    def prepare(self, content: bytes) -> None:
        """See that this text can be unpacked even when the database is closed."""
        if dictionary_of(content) not in self._dictionaries:  # a writer may have gone on
            self._look_up()

    def unpacked(self, content: bytes) -> str:
        """Raises ValueError if this is no text of ours."""
        return unpacked(content, self._dictionaries)

    def forget(self) -> None:
        """Dictionaries that were begun in a transaction which has come to nothing."""
        self._dictionaries.clear()
        self._packers.clear()

    def _look_up(self) -> None:
        rows = self._connection.execute("SELECT id, text FROM dictionary")
        self._dictionaries.update((number, text) for number, text in rows if isinstance(text, bytes))

    def _add_dictionary(self, content: bytes) -> int:
        number = self._added("INSERT INTO dictionary (text) VALUES (?)", (content,))
        self._dictionaries[number] = content
        return number

    def _added(self, statement: str, values: tuple[Any, ...]) -> int:
        return int(self._connection.execute(statement, values).lastrowid or 0)
