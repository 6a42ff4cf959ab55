"""The rows of a sweep as a table for other programs: CSV or Parquet, one row per die and point, written as read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from host.errors import SettingError
from host.files import replacing
from host.report.chart import text_of
from host.report.scale import is_number
from host.sweep import Row

_BATCH = 10_000
_TEXT = ("task", "status", "message")
_MADE_WITH = ("chipsim", "numba", "numpy")
_WHOLE = ("die", "test_samples")
_ACCURACIES = ("teacher", "ideal", "before", "after")
_ACTIVITY = ("train_samples", "synaptic_events", "weight_updates", "code_writes")


def columns(axes: Sequence[str]) -> list[str]:
    """Names in their order. Saturation, cost and silent layers, of many figures, are JSON texts."""
    found = [*_ACCURACIES, "test_samples", *_ACTIVITY, "saturation", "cost", "silent_layers"]
    return ["task", *axes, "die", "status", "message", *found, "teacher_digest", *_MADE_WITH]


def records(rows: Iterable[Row], axes: Sequence[str]) -> Iterator[dict[str, Any]]:
    for row in rows:
        summary = row.summary or {}
        yield {
            **{name: getattr(row, name) for name in (*_TEXT, *_WHOLE, *_ACCURACIES)},
            **{axis: row.point.get(axis) for axis in axes},
            **{name: summary.get(name) for name in _ACTIVITY},
            **{name: json.dumps(summary[name]) if name in summary else None for name in ("saturation", "cost")},
            "silent_layers": json.dumps(row.limits.silent_layers) if summary else None,
            "teacher_digest": row.teacher_digest,
            **{name: getattr(row.made_with, name, None) for name in _MADE_WITH},
        }


def write_csv(path: Path, rows: Iterable[Row], axes: Sequence[str]) -> None:
    """Comma-separated, a header, empty where there is nothing. Raises OSError."""
    with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns(axes), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records(rows, axes))


def write_parquet(path: Path, rows: Iterable[Row], axes: Mapping[str, Sequence[Any]]) -> None:
    """Columnar, for pandas, polars or DuckDB. axes: name -> levels; numbers stay numbers.

    Raises SettingError without pyarrow, OSError.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise SettingError("--parquet needs pyarrow: pip install 'chipsim[parquet]', or use --csv") from None
    numeric = {axis for axis, levels in axes.items() if all(map(is_number, levels))}
    types = dict.fromkeys((*_WHOLE, *_ACTIVITY), pa.int64()) | dict.fromkeys((*_ACCURACIES, *numeric), pa.float64())
    schema = pa.schema([(name, types.get(name, pa.string())) for name in columns(list(axes))])
    entries = records(rows, list(axes))
    with replacing(path) as beside, pq.ParquetWriter(beside, schema) as writer:
        while batch := list(islice(entries, _BATCH)):
            for entry in batch:
                for axis in axes:
                    if entry[axis] is not None:
                        entry[axis] = float(entry[axis]) if axis in numeric else text_of(entry[axis])
            writer.write_table(pa.Table.from_pylist(batch, schema))
