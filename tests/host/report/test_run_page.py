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
from host.errors import RunFolderError
from host.plots import save_plots
from host.report.limits import limits
from host.report.run_page import run_page
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


ABSURD = {
    "accuracy.after": [None, "0.9", 1.5, -0.1, True, {}, [0.9]],
    "test_samples": [0, -1, 0.5, "60", None, 10**30],
    "train_samples": ["many", -1, 1e300],
    "network": [6, [], ["6"], [0, 3], None],
    "saturation": [[], {"x": {}}, {"learning": {"accumulator_full": "2"}}, {"learning": 3}],
    "recovered_fraction": ["all", 1e308, []],
    "noise": [{}, ["mismatch:0.2"], [{"text": "mismatch:0.2"}], [{"text": 1, "meaning": []}]],
    "dataset": [None, 1, {}],
    "link": [[], {}, {"chip": "in process"}],
    "link.down": [{"LEARN": {"messages": 1}}, {"LEARN": 1}, []],
    "link.bytes_per_sample": [{}, {"learning": 1}],
    "cost.inference.spikes": [10**400, -(10**400)],
    "weight_updates": [-1, "1", 10**30],
}


@pytest.mark.parametrize("name", ABSURD)
def test_what_no_run_has_found_is_refused_in_one_line(folder: Path, tmp_path: Path, name: str) -> None:
    copy = shutil.copytree(folder, tmp_path / "run")
    whole = (copy / "result.json").read_text()
    for value in ABSURD[name]:
        facts = json.loads(whole)
        *tables, last = name.split(".")
        table = facts
        for each in tables:
            table = table[each]
        table[last] = value
        (copy / "result.json").write_text(json.dumps(facts))
        with pytest.raises(RunFolderError) as refused:
            run_page(copy)
        line = str(refused.value)
        assert "result.json cannot be read" in line and last in line and line.isprintable()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("validation_accuracy", "accuracy"),
        ("weight_updates", ""),
        ("\n0,", "\nnan,"),
        ("\n0,", "\n1e308,"),
        ("\n0,", "\n,"),
        ("\n0,0.0", "\n0"),
        ("\n0,", "\n\x1b[31m,"),
    ],
)
def test_checks_that_were_none(folder: Path, tmp_path: Path, old: str, new: str) -> None:
    copy = shutil.copytree(folder, tmp_path / "run")
    text = (copy / "metrics.csv").read_text()
    assert old in text
    (copy / "metrics.csv").write_text(text.replace(old, new, 1))
    with pytest.raises(RunFolderError, match=r"metrics\.csv cannot be read .*; name another run") as refused:
        run_page(copy)
    assert str(refused.value).isprintable()


def test_abstentions_are_a_share_of_samples_not_of_steps() -> None:
    counts = {phase: {"abstentions": n} for phase, n in (("learning", 5), ("test_before", 0), ("test_after", 30))}
    [met] = limits(counts, (6, 7, 3), 6, {"learning": 100, "test_before": 60, "test_after": 60}, 0)
    assert met.shares == {"learning": 0.05, "test_before": 0.0, "test_after": 0.5} and met.notable
