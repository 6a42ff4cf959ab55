"""The page of one run, made from its folder."""

import json
import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import report
from small_runs import SMALL, write_npz

from host.cli import cli
from host.plots import save_plots
from host.report.limits import limits
from host.run import RunFolder, resolve, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run")
    data = write_npz(path / "<b>data & more.npz")
    spec = resolve(None, {**SMALL, "dataset": str(data), "die": 7})
    outcome = run(spec, folder=RunFolder.create(spec, path / "run"))
    save_plots(outcome, path / "run")
    return path / "run"


def _text(page: Path) -> str:
    body = re.sub(r"<style>.*?</style>", "", page.read_text(encoding="utf-8"), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_page_of_a_run(folder: Path) -> None:
    assert str(folder / "report.html") in report(folder)
    text, result = _text(folder / "report.html"), json.loads((folder / "result.json").read_text())
    for name, accuracy in result["accuracy"].items():
        assert f"{name} {100 * accuracy:.2f} %" in text
    for noise in result["noise"]:
        for meaning in noise["meaning"]:
            assert meaning in text
    assert "chipsim run --dataset=" in text.replace("'", "") and "--die=7" in text
    assert result["spec_hash"] in text
    checks = (folder / "metrics.csv").read_text().splitlines()[1:]
    table = re.search(
        r"<caption>Checks while learning</caption>.*?</table>", (folder / "report.html").read_text(), re.S
    )
    assert table is not None and table[0].count("<tr>") == len(checks) + 1


def test_pictures_travel_inside_the_page(folder: Path) -> None:
    report(folder, "-o", folder.parent / "alone.html")
    page = (folder.parent / "alone.html").read_text(encoding="utf-8")
    assert re.findall(r'<img src="([^"]{22})', page) == ["data:image/png;base64,"] * 3
    assert all(len(alt) > 50 for alt in re.findall(r'alt="([^"]*)"', page))
    assert "<b>data" not in page and "&lt;b&gt;data &amp; more" in page


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("missing", "the run is not finished; finish it with chipsim run --resume"),
        ("cut", "cannot be read"),
        ("older", "lacks accuracy, test_samples: it is of another version"),
        ("no object", "holds no JSON object"),
    ],
)
def test_a_run_that_is_not_finished(folder: Path, tmp_path: Path, damage: str, words: str) -> None:
    copy = shutil.copytree(folder, tmp_path / "run")
    (copy / "report.html").unlink(missing_ok=True)
    result = copy / "result.json"
    if damage == "missing":
        result.unlink()
    elif damage == "older":
        facts = json.loads(result.read_text())
        del facts["accuracy"], facts["test_samples"]
        result.write_text(json.dumps(facts))
    elif damage == "no object":
        result.write_text("[]")
    else:
        result.write_text(result.read_text()[:100])
    answer = CliRunner().invoke(cli, ["report", str(copy)])
    assert answer.exit_code != 0 and words in answer.stderr
    assert not (copy / "report.html").exists()


def test_abstentions_are_a_share_of_samples_not_of_steps() -> None:
    counts = {phase: {"abstentions": n} for phase, n in (("learning", 5), ("test_before", 0), ("test_after", 30))}
    [met] = limits(counts, (6, 7, 3), 6, {"learning": 100, "test_before": 60, "test_after": 60}, 0)
    assert met.shares == {"learning": 0.05, "test_before": 0.0, "test_after": 0.5} and met.notable
