"""Harnesses of what runs leave: rows of a sweep, a finished run's figures, keys, records of benches, a lock."""

import json
import re
import sqlite3
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

import zmq
from array_parsers import changed
from harness import Harness, kept
from mutations import WORDS, Inputs, raw, words
from scratch import folder, written

from chipsim import ChipError
from chipsim.server import load_public_key
from host.bench import record
from host.errors import HostError
from host.link.traffic import link_lines
from host.report import run_checks, run_result
from host.report.limits import PHASES, limits
from host.report.population import gather
from host.report.run_page import run_page
from host.run import stored_json
from host.studies import criterion
from host.sweep import SweepStore


def _rows(data: bytes) -> None:
    """All that readers of a database ask it."""
    with SweepStore.open(written("it.sqlite", data)) as store:
        for sweep in store.sweeps():
            sweep.check_request()
            _read(store.rows(sweep.id))
            gather(store.rows(sweep.id), criterion("0.9", None))
        _read(row for row, _, _ in store.all_results())
        for recipe, digest in store.teachers():
            assert isinstance(recipe, str) and isinstance(digest, str)
        store.mean_seconds()


def _read(rows) -> None:
    for row in rows:
        assert row.status in ("done", "failed", "lost", "missing")
        if row.status == "done":
            assert all(0 <= value <= 1 for value in (row.teacher, row.ideal, row.before, row.after))
            row.run_spec()
        summary = row.summary
        assert summary is None or summary["identity"] == row.key


_SCHEMA = re.compile(r"\w+")


def _rows_mutation(data: bytes, others: Inputs, rng: Random) -> bytes:
    """Values of any type in any column, rows taken out or doubled; now and then bytes of the file."""
    if rng.random() < 0.2:
        return raw(data, others, rng)
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(data)
        connection.execute("PRAGMA ignore_check_constraints = ON")
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for _ in range(rng.choice((1, 1, 2, 3))):
            _edit(connection, rng.choice(tables), rng)
        connection.commit()
        return connection.serialize()
    except (sqlite3.Error, UnicodeDecodeError, OverflowError):  # an edit that SQLite refuses
        return raw(data, others, rng)
    finally:
        connection.close()


_STORED = (
    None,
    0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    1e308,
    float("inf"),
    2**62,
    -(2**63),
    "",
    "x",
    "done",
    b"",
    b"\0\1",
    b"\0\0x\x9c",
)


def _edit(connection: sqlite3.Connection, table: str, rng: Random) -> None:
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
    ids = [each for (each,) in connection.execute(f"SELECT rowid FROM {table}")]
    if not ids:
        return
    row, column = rng.choice(ids), rng.choice(columns)
    match rng.randrange(10):
        case 0:
            connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
        case 1:
            connection.execute(f"UPDATE {table} SET {column} = (SELECT {rng.choice(columns)} FROM {table} LIMIT 1)")
        case 2 | 3 | 4:
            old = connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (row,)).fetchone()[0]
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (_other(old, rng), row))
        case _:
            value = rng.choice((*_STORED, rng.choice(WORDS).encode("utf-8", "replace").decode()))
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))


def _other(old: object, rng: Random) -> object:
    """A value of its kind: JSON that is JSON, a text that is packed as it was."""
    if isinstance(old, str) and old[:1] == "{":
        return json.dumps(changed(json.loads(old), rng))
    if isinstance(old, str):
        return old + rng.choice(WORDS).encode("utf-8", "replace").decode()
    if isinstance(old, bytes):
        return _packed(old, rng) or raw(old, [old], rng)
    return rng.choice((1, -1, 0.1, 1e300)) * (old or 1)  # type: ignore[operator]


def _packed(old: bytes, rng: Random) -> bytes | None:
    """Without a dictionary: JSON over the same text, changed."""
    try:
        text = json.loads(old if old[:1] == b"{" else zlib.decompress(old[2:]))
    except (ValueError, zlib.error):
        return None
    content = json.dumps(changed(text, rng)).encode()
    return content if old[:1] == b"{" else bytes(2) + zlib.compress(content)


_PAGES = 1000  # of as many inputs a page is made
_FINISHED = ("metrics.csv", "result.json", "spec.toml", "versions.json")  # as the corpus has them, by name


@cache
def _finished(tried: str) -> Path:
    """The folder of a finished run; of its files one is tried."""
    path = folder() / f"finished-{tried}"
    path.mkdir(exist_ok=True)
    for name in _FINISHED:
        (path / name).write_bytes(_kept_file(name))
    run_page(path)  # templates are compiled once, which is no page's own time
    return path


@cache
def _kept_file(name: str) -> bytes:
    return kept("finished")[_FINISHED.index(name)]


def _result(run: Path) -> None:
    summary = run_result(run)
    phases = dict.fromkeys(PHASES, summary["test_samples"])
    limits(summary["saturation"], summary["network"], 6, phases, summary["weight_updates"])
    if "link" in summary:
        link_lines(summary["link"])


def _file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], None]:
    def take(data: bytes) -> None:
        run = _finished(name)
        (run / name).write_bytes(data)
        read(run)
        if zlib.crc32(data) % _PAGES == 0:
            run_page(run)  # all of it, which takes a hundred times as long

    return take


def _json_mutation(data: bytes, others: Inputs, rng: Random) -> bytes:
    if rng.random() < 0.15:
        return _ANY_WORDS(data, others, rng)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _ANY_WORDS(data, others, rng)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        value = changed(value, rng)
    return json.dumps(value).encode()


_ANY_WORDS = words("accuracy", "saturation", "network", "cost", "link", "noise", "test_samples")


def _lines_mutation(data: bytes, others: Inputs, rng: Random) -> bytes:
    """Of lines of JSON."""
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    if lines[at]:
        lines[at] = _json_mutation(lines[at], others, rng)
    return b"\n".join(lines)


def _key(data: bytes) -> None:
    _socket().curve_serverkey = load_public_key(written("it.key", data))  # which is how it is used


@cache
def _socket() -> zmq.Socket:
    return zmq.Context.instance().socket(zmq.DEALER)


def _record(data: bytes) -> None:
    path = written("record.jsonl", data)
    for bench in ("dense", "link"):
        found = record.earlier(path, bench, none_is_fine=True)
        if found is not None:
            assert found.latest.bench == bench and found.values


HARNESSES = (
    Harness(
        "rows",
        _rows,
        (HostError,),
        (
            "host/sweep/rows.py",
            "host/sweep/facts.py",
            "host/sweep/packing.py",
            "host/sweep/store.py::open,sweeps,rows,all_results,_row,_text,_limits,_printable,_read_point,_short,teachers",
            "host/sweep/connection.py::look,is_sweep,errors_of,__exit__,_read_only,_left_behind,_without_its_rows",
        ),
        _rows_mutation,
        lambda: kept("rows"),
    ),
    Harness(
        "result",
        _file("result.json", _result),
        (HostError,),
        (
            "host/report/run_facts.py",
            "host/run/stored.py::stored_result,stored_json",
            "host/report/limits.py",
            "host/link/traffic/summary.py",
        ),
        _json_mutation,
        lambda: [_kept_file("result.json")],
    ),
    Harness(
        "metrics",
        _file("metrics.csv", run_checks),
        (HostError,),
        ("host/report/run_facts.py::read_checks,run_checks,_read_from,_first",),
        words("presentations", "validation_accuracy", "0.5", "\r\n", "7"),
        lambda: [_kept_file("metrics.csv")],
    ),
    Harness(
        "versions",
        _file("versions.json", lambda run: stored_json(run, "versions.json")),
        (HostError,),
        ("host/run/stored.py::stored_json",),
        _json_mutation,
        lambda: [_kept_file("versions.json")],
    ),
    Harness(
        "key",
        _key,
        (ChipError,),
        ("chipsim/server/keys.py::_load,_is_key,load_public_key",),
        words("public-key", "secret-key", "curve", "metadata", "="),
        lambda: kept("key"),
    ),
    Harness(
        "record",
        _record,
        (HostError,),
        ("host/bench/record.py::read,_content,_parsed,earlier",),
        _lines_mutation,
        lambda: kept("record"),
    ),
)
