"""Mistakes end in one line, and leave every file as it was."""

import os
from pathlib import Path

import pytest
import synthetic
from click.testing import CliRunner

from host.cli import cli


@pytest.fixture
def database(tmp_path: Path) -> Path:
    synthetic.fill(tmp_path / "s.sqlite", {"mismatch": [0.1]}, 2)
    return tmp_path / "s.sqlite"


def _refusal(*arguments: object) -> str:
    result = CliRunner().invoke(cli, ["report", *map(str, arguments)])
    assert result.exit_code != 0
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stderr


def test_the_database_is_not_written_over(database: Path, tmp_path: Path) -> None:
    content = database.read_bytes()
    (tmp_path / "link").symlink_to(database)
    for name in (database, tmp_path / "link", tmp_path / "." / "s.sqlite", tmp_path / "s.sqlite-wal"):
        for option in ("-o", "--csv", "--parquet"):
            assert "is the database itself" in _refusal(database, option, name)
    assert database.read_bytes() == content


def test_one_name_for_two_files(database: Path, tmp_path: Path) -> None:
    assert "is the report, too" in _refusal(database, "-o", tmp_path / "x", "--csv", tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--at-least", "97"], "did you mean 97%?"),
        (["--at-least", "nan"], "is not a number"),
        (["--at-least", "0.9", "--within", "0.1"], "one of two ways"),
        (["--sweep", "abc"], "--sweep abc: "),
        (["-o", "missing/report.html"], "there is no folder missing"),
        (["-o", "."], "is a folder"),
        (["-o", os.devnull], "is no file that can be replaced"),
    ],
)
def test_wrong_options(database: Path, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(database.parent)
    assert words in _refusal(database, *arguments)
    assert {path.suffix for path in database.parent.iterdir()} <= {".sqlite", ".sqlite-wal", ".sqlite-shm"}


def test_what_is_no_sweep(tmp_path: Path) -> None:
    assert "does not exist" in _refusal(tmp_path / "nothing")
    (tmp_path / "text").write_text("not a database, whatever its name may be" * 100)
    assert "is not a sweep database" in _refusal(tmp_path / "text")
    assert "no spec.toml" in _refusal(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["text"]


def test_options_of_a_sweep_for_a_run(tmp_path: Path) -> None:
    assert "--csv is for a sweep" in _refusal(tmp_path, "--csv", "x.csv")
    assert "--at-least, --sweep are for a sweep" in _refusal(tmp_path, "--sweep", "x", "--at-least", "0.9")


def test_a_folder_that_cannot_be_written(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "report.html")

    monkeypatch.setattr("os.replace", full)
    result = CliRunner().invoke(cli, ["report", str(database)])
    assert isinstance(result.exception, OSError)  # which main() tells in one line
    assert not (tmp_path / "s.html").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".s.html")]


def test_parquet_without_pyarrow(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    assert "pip install 'chipsim[parquet]'" in _refusal(database, "--parquet", tmp_path / "x.parquet")
    assert not (tmp_path / "x.parquet").exists()
