"""Rows as CSV and Parquet."""

import csv
import json
from pathlib import Path

import pytest
import synthetic
from conftest import NASTY, report

from host.sweep import SweepStore


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_csv_has_every_row_and_gives_every_number_back(classic: Path, tmp_path: Path) -> None:
    said = json.loads(report(classic, "-o", tmp_path / "r.html", "--csv", tmp_path / "rows.csv", "--json"))
    table = _csv(tmp_path / "rows.csv")
    with SweepStore.open(classic) as store:
        rows = list(store.rows(said["sweep"]))
    assert said["tasks"] == {"done": 135, "failed": 1, "missing": 8}
    assert len(table) == len(rows) == 144
    for line, row in zip(table, rows, strict=True):
        assert (line["task"], line["status"], int(line["die"])) == (row.task, row.status, row.die)
        [(axis, level)] = row.point.items()
        assert float(line[axis]) == level
        assert line["after"] == ("" if row.after is None else repr(row.after))
        assert json.loads(line["saturation"] or "null") == (row.summary or {}).get("saturation")
    assert [line["message"] for line in table if line["status"] == "failed"] == [NASTY]


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    axes = {"mismatch": [0, 0.1], "encoding": ["rate", "current"]}
    synthetic.fill(tmp_path / "s.sqlite", axes, 3, cross=True, missing=(2,))
    report(tmp_path / "s.sqlite", "--csv", tmp_path / "s.csv", "--parquet", tmp_path / "s.parquet")
    table, lines = parquet.read_table(tmp_path / "s.parquet").to_pylist(), _csv(tmp_path / "s.csv")
    assert list(table[0]) == list(lines[0])
    assert len(table) == len(lines) == 12
    for entry, line in zip(table, lines, strict=True):
        assert (entry["encoding"], entry["task"]) == (line["encoding"], line["task"])
        assert entry["mismatch"] == float(line["mismatch"])
        assert entry["before"] == (float(line["before"]) if line["before"] else None)
        assert isinstance(entry["synaptic_events"], int | None)
    assert table[2]["status"] == "missing" and table[2]["after"] is None
