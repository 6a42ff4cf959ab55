"""What the page of a sweep says, against the rows it was made of."""

import os
import re
from html import unescape
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
import synthetic
from conftest import report

from host.errors import SweepError
from host.report import write_sweep
from host.run import resolve
from host.sweep import SweepStore


def _text(page: Path) -> str:
    """What a reader sees, white space and markup made one space."""
    body = re.sub(r"<style>.*?</style>", "", page.read_text(encoding="utf-8"), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def _rows(database: Path, point: dict[str, float]) -> list:
    with SweepStore.open(database) as store:
        return [row for row in store.rows() if row.point == point and row.status == "done"]


def test_numbers_of_a_level_are_those_of_its_rows(classic: Path, page: Path) -> None:
    rows = _rows(classic, {"mismatch": 0.5})
    after = [100 * row.after for row in rows]
    good = sum(round(450 * row.after) >= round(450 * row.ideal) - 9 for row in rows)  # within 0.02 of 450 samples
    words = f"{fmean(after):.2f} % {min(after):.2f} to {max(after):.2f}"
    line = re.search(r"0\.5 97\.56 % .*? 0\.7 97\.56 %", _text(page))
    assert line is not None
    assert words in line[0]
    assert f"{good} of 8, {100 * good / 8:.0f} %" in line[0]


def test_bands_are_percentiles_where_dies_are_many(tmp_path: Path) -> None:
    synthetic.fill(tmp_path / "s.sqlite", {"mismatch": [0.3]}, 60)
    report(tmp_path / "s.sqlite")
    before = [100 * row.before for row in _rows(tmp_path / "s.sqlite", {"mismatch": 0.3})]
    low, high = np.percentile(before, [5, 95])
    text = _text(tmp_path / "s.html")
    assert "5th to 95th percentile of the dies" in text
    assert f"{fmean(before):.2f} % {low:.2f} to {high:.2f}" in text


def test_failed_and_missing_tasks_are_told(page: Path) -> None:
    text = _text(page)
    assert "1 task has failed" in text
    assert "8 tasks are missing" in text
    assert "quantization 4 0 8" in text  # point, done, missing


def test_every_figure_says_how_to_make_it_again(page: Path, classic: Path) -> None:
    text = _text(page)
    for noise in ("mismatch:0.0,0.1", "silencing:", "thermal:", "quantization:6,4,3,2"):
        assert f"--noise={noise}".replace("0.0", "0") in text
    assert f"chipsim report {classic} --within 0.02 -o {page}" in text
    assert resolve(None, {}).hash() in text
    charts, figures = page.read_text().count("<svg"), page.read_text().count("<figure")
    assert charts == figures > 20
    # Two charts of each of four axes, their histograms, the losses, and a study's.
    assert text.count("Reproduce th") == 4 + 4 + 1 + 1 + 1


def test_worst_die_has_the_command_that_runs_it_again(page: Path, classic: Path) -> None:
    worst = min(_rows(classic, {"mismatch": 0.7}), key=lambda row: (row.after, row.before, row.die))
    die = f" --die={worst.die}" if worst.die != 1 else ""
    assert f"chipsim run --noise=mismatch:0.7{die}" in _text(page)


def test_histograms_hold_every_die(page: Path) -> None:
    table = re.search(
        r"<caption>Dies per bin of accuracy, before / after learning, by mismatch\..*?</table>", page.read_text(), re.S
    )
    assert table is not None
    columns = zip(*[re.findall(r"<td>(\d+) / (\d+)</td>", line) for line in table[0].split("<tr>")[2:]], strict=True)
    sums = [(sum(int(b) for b, _ in column), sum(int(a) for _, a in column)) for column in columns]
    assert sums == [(7, 7), *[(8, 8)] * 5]  # one die of the first level failed


def test_activity_and_cost_where_a_summary_has_it(tmp_path: Path) -> None:
    cost = {"cost": {"energy_per_sample_pj": {"synaptic_events": 1234.5}, "note": "text is no figure"}}
    synthetic.fill(tmp_path / "s.sqlite", {"mismatch": [0.1, 0.2]}, 3, extra=cost)
    report(tmp_path / "s.sqlite")
    text = _text(tmp_path / "s.html")
    assert "energy per sample pj synaptic events" in text
    assert "1234" in text or "1235" in text
    rows = _rows(tmp_path / "s.sqlite", {"mismatch": 0.1})
    events = sum(row.summary["synaptic_events"] for row in rows) / sum(row.summary["train_samples"] for row in rows)
    assert f"{events:,.0f}" in text


def test_saturation_is_a_share_of_what_could_have_been(tmp_path: Path) -> None:
    hits = {phase: synthetic._saturation(0, 0) for phase in ("learning", "test_before", "test_after")}
    steps = 202 * 16  # neurons of 128-64-10, steps of a window
    hits["test_before"]["accumulator_full"] = steps * 450 // 4
    synthetic.fill(tmp_path / "s.sqlite", {"mismatch": [0.1]}, 3, extra={"saturation": hits})
    report(tmp_path / "s.sqlite")
    text = _text(tmp_path / "s.html")
    assert "Spike accumulator full, spikes not counted: up to 25 % of all neurons' steps, in the test before" in text


def test_axes_crossed_become_panels_of_one_axis(tmp_path: Path) -> None:
    axes = {"mismatch": [0.0, 0.1, 0.2], "steps": [4, 8]}
    synthetic.fill(tmp_path / "s.sqlite", axes, 2, cross=True)
    report(tmp_path / "s.sqlite")
    text = _text(tmp_path / "s.html")
    assert "all combinations" in text
    assert "mismatch at steps 4" in text and "mismatch at steps 8" in text
    assert "chipsim sweep --noise=mismatch:0,0.1,0.2 --axis=steps=4,8 --cross --dies 2" in text


def test_levels_that_are_words(tmp_path: Path) -> None:
    synthetic.fill(tmp_path / "s.sqlite", {"encoding": ["rate", "current"]}, 2)
    report(tmp_path / "s.sqlite")
    assert "--axis=encoding=rate,current" in _text(tmp_path / "s.html")


@pytest.mark.parametrize("dies", [1, 3])
def test_one_point_is_a_sweep_too(tmp_path: Path, dies: int) -> None:
    synthetic.fill(tmp_path / "s.sqlite", {"mismatch": [0.0]}, dies)
    report(tmp_path / "s.sqlite")
    assert "good dies" in _text(tmp_path / "s.html")


def test_a_sweep_without_any_result(tmp_path: Path) -> None:
    synthetic.fill(tmp_path / "s.sqlite", {"mismatch": [0.0, 0.1]}, 2, failed=(0,), missing=(1, 2, 3))
    out = report(tmp_path / "s.sqlite")
    assert "0 done, 1 failed, 3 missing" in out
    text = _text(tmp_path / "s.html")
    assert "the teacher did not learn" in text and "3 tasks have not been run yet" in text


def test_the_largest_sweep_is_shown_unless_another_is_named(tmp_path: Path) -> None:
    database = tmp_path / "s.sqlite"
    large = synthetic.fill(database, {"mismatch": [0.0, 0.1]}, 4)
    small = synthetic.fill(database, {"mismatch": [0.15]}, 4)
    assert large in report(database)
    assert small in report(database, "--sweep", small)
    assert "1 more in the same file" in _text(tmp_path / "s.html")


def test_study_in_the_same_file_is_shown(page: Path) -> None:
    text = _text(page)
    assert "Sobol indices before learning" in text
    assert "chipsim sensitivity --noise=mismatch:0..0.3 --noise=silencing:0.1 --dies 3 --samples 8" in text


def test_a_study_alone_and_unfinished(tmp_path: Path) -> None:
    database = tmp_path / "s.sqlite"
    synthetic.fill_study(database, ("mismatch:0..0.3", "thermal:0.1"), 2, 4, missing=5)
    report(database)
    assert "5 tasks are missing or failed, so there is no answer yet" in _text(tmp_path / "s.html")


@pytest.mark.parametrize("figure", [1e308, float("inf"), float("nan")])
def test_a_cost_that_no_chip_has_is_named(tmp_path: Path, figure: float) -> None:
    synthetic.fill(tmp_path / "s.sqlite", {"mismatch": [0.1]}, 1, extra={"cost": {"energy_pj": figure}})
    with pytest.raises(SweepError, match=r"^row mismatch-0.1-die-1-\w{8}: its [^\n]+$"):
        write_sweep(tmp_path / "s.sqlite", None, "0.9", None, None, None, None)
    assert os.listdir(tmp_path) == ["s.sqlite"]
