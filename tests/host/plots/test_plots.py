"""Plots: the files are there and whole, the chip is left as it was, odd runs are drawn too."""

from __future__ import annotations

import subprocess
import sys
import threading
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from host.plots.run_plots import _look, _spread, _weights, run_figure, save_plots
from host.run import Outcome, resolve, run

NAMES = ["accuracy.png", "raster.png", "rates.png", "weights.png"]
MOST_BYTES = 200_000
QUICK = {"training.epochs": 1, "teacher.epochs": 2, "hidden": [6], "steps": 8}

ODD: dict[str, dict[str, Any]] = {
    "nothing learned, nothing wrong": {"training.epochs": 0},
    "current into an integrating readout": {"encoding": "current", "neuron.readout": "integrating"},
    "latency, leaky, from random": {"encoding": "latency", "neuron.kind": "lif", "training.start": "random"},
    "one spike each, currents that last, scored by the highest membrane": {
        "encoding": "log-latency",
        "neuron.synapse_tau_steps": 3.0,
        "neuron.readout": "integrating-max",
        "noise": ["mismatch:0.5"],
    },
    "few levels": {"noise": ["quantization:3"]},
    "many levels": {"noise": ["quantization:8"]},
    "no hidden layer, integrating": {"hidden": [], "neuron.readout": "integrating", "noise": ["mismatch:0.5"]},
    "many layers": {"hidden": [5, 4, 5, 4, 5, 4, 5], "noise": ["mismatch:0.1", "thermal:0.1", "quantization:7"]},
    "one neuron": {"hidden": [1]},
    "dead, and more steps than bins": {"noise": ["silencing:1"], "steps": 70},
}


def clusters(path: Path, n_classes: int, n_in: int = 3, n_test: int = 5) -> Path:
    """A small data set with every class in its training part."""
    rng = np.random.default_rng(7)
    centres = rng.random((n_classes, n_in))

    def part(n: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        labels = np.arange(n) % n_classes
        return np.clip(centres[labels] + rng.normal(0, 0.1, (n, n_in)), 0, 1).astype(np.float32), labels

    (x_train, y_train), (x_test, y_test) = part(max(40, 3 * n_classes)), part(n_test)
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return path


def outcome_of(path: Path, settings: dict[str, Any]) -> Outcome:
    return run(resolve(None, {**QUICK, "dataset": str(path), **settings}))


def check_files(paths: list[Path], folder: Path) -> None:
    assert [path.name for path in paths] == NAMES
    assert sorted(path.name for path in folder.iterdir()) == NAMES, "nothing half-written is left beside"
    for path in paths:
        content = path.read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82")
        width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
        assert width == 1400 and 600 <= height <= 1400
        assert len(content) < MOST_BYTES


def draw(outcome: Outcome, folder: Path) -> None:
    """Draw, and hold any complaint of matplotlib or numpy (a log of 0, a layout that does not fit) to be an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_files(save_plots(outcome, folder), folder)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    path = clusters(tmp_path_factory.mktemp("data") / "three.npz", 3, n_test=20)
    return outcome_of(path, {"hidden": [6, 5], "noise": ["mismatch:0.5", "thermal:0.3"], "encoding": "bernoulli"})


@pytest.mark.parametrize("name", ODD)
def test_odd_runs_are_drawn(name: str, tmp_path: Path) -> None:
    draw(outcome_of(clusters(tmp_path / "two.npz", 2), ODD[name]), tmp_path / "plots")


@pytest.mark.parametrize("readout", ["spiking", "integrating"])
def test_a_hundred_classes(readout: str, tmp_path: Path) -> None:
    path = clusters(tmp_path / "hundred.npz", 100, n_in=12, n_test=130)
    draw(outcome_of(path, {"noise": ["mismatch:0.5"], "neuron.readout": readout}), tmp_path / "plots")


def test_one_test_sample_and_a_name_that_looks_like_mathematics(tmp_path: Path) -> None:
    draw(outcome_of(clusters(tmp_path / r"a$\frac_{$ b.npz", 2, n_test=1), {}), tmp_path / "plots")


def test_plotting_leaves_the_chip_as_it_was_and_gives_the_same_pictures_in_a_thread(
    outcome: Outcome, tmp_path: Path
) -> None:
    before = outcome.chip.snapshot()
    here = [path.read_bytes() for path in save_plots(outcome, tmp_path / "new" / "folder")]
    thread = threading.Thread(target=save_plots, args=(outcome, tmp_path / "there"))
    thread.start()
    thread.join()
    after = outcome.chip.snapshot()
    assert before.keys() == after.keys()
    for name in before:
        assert np.array_equal(before[name], after[name]), name
    assert here == [(tmp_path / "there" / name).read_bytes() for name in NAMES]


def test_the_sample_shown_is_the_sample_evaluated(outcome: Outcome) -> None:
    """Same window number, so the same Bernoulli spikes and thermal noise: the counts are those of the evaluation."""
    setup = outcome.setup
    start = setup.chip(setup.design, setup.start_weights(), 1)
    for index in (0, 3, 19):
        for chip, score in ((start, outcome.before), (outcome.chip, outcome.after)):
            _, result = _look(outcome, chip, index)
            assert result.classes[0] == score.classes[index]
            for layer, (counts, rates) in enumerate(zip(result.counts, score.rates, strict=True), start=1):
                assert np.array_equal(counts[0], np.rint(rates[index] * setup.spec.steps))
                assert np.array_equal(counts[0], result.spikes[layer][0].sum(axis=0))


@pytest.mark.parametrize("bits", [None, 3, 7, 12])
@pytest.mark.parametrize("shape", [(3, 1), (1, 2), (30, 20)])
def test_every_synapse_is_in_a_bin(outcome: Outcome, shape: tuple[int, int], bits: int | None) -> None:
    from matplotlib.patches import StepPatch

    rng = np.random.default_rng(5)
    pair = rng.normal(0, 0.1, (2, *shape)).astype(np.float32)
    if bits is not None:
        lsb = np.float32(0.3 / 2 ** (bits - 1))
        pair = np.rint(pair / lsb).astype(np.float32) * lsb
    nothing = np.zeros(shape[1], np.float32)

    class Learned:
        def weights(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
            return [(pair[1], nothing)] * 3

    figure = _weights(replace(outcome, start=[(pair[0], nothing)] * 3, chip=cast(Any, Learned())))
    for axes in figure.axes:
        drawn = [patch.get_data()[0] for patch in axes.patches if isinstance(patch, StepPatch)]
        assert [counts.sum() for counts in drawn] == [pair[0].size] * 2


def test_nothing_is_written_if_a_picture_cannot_be_drawn(outcome: Outcome, tmp_path: Path) -> None:
    broken = replace(outcome, start=[])  # the last picture needs it
    with pytest.raises(IndexError):
        save_plots(broken, tmp_path / "plots")
    assert not (tmp_path / "plots").exists()


def test_matplotlib_is_imported_late_and_pyplot_never(tmp_path: Path) -> None:
    path = clusters(tmp_path / "two.npz", 2)
    program = f"""
import sys
from pathlib import Path
import host.plots.run_plots
assert "matplotlib" not in sys.modules
from host.run.die_run import run
from host.run.resolution import resolve
outcome = run(resolve(None, {{**{QUICK!r}, "dataset": {str(path)!r}}}))
host.plots.run_plots.save_plots(outcome, Path({str(tmp_path / "plots")!r}))
assert "matplotlib.figure" in sys.modules and "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])


def test_what_the_lines_are_stands_beside_the_legend(outcome: Outcome) -> None:
    figure = run_figure(outcome, "accuracy")
    figure.draw_without_rendering()
    upper = figure.axes[0]
    (header,) = [text for text in upper.texts if text.get_text().startswith("lines:")]
    legend = upper.get_legend().get_window_extent()
    assert legend.x1 < header.get_window_extent().x0 and header.get_window_extent().x1 < figure.bbox.width


def test_labels_are_spread_in_order_and_no_further_than_needed() -> None:
    rng = np.random.default_rng(3)
    assert np.allclose(_spread(np.array([5.0, 1.0, 9.0]), 1, 0, 10), [5, 1, 9])
    assert np.allclose(_spread(np.array([5.0, 5.0]), 1, 0, 10), [4.5, 5.5])
    assert np.allclose(_spread(np.array([10.0, 10.0, 10.0]), 1, 0, 10), [8, 9, 10])
    for _ in range(200):
        wanted = rng.uniform(0, 10, rng.integers(1, 6))
        places = _spread(wanted, 1.5, 0, 10)
        order = np.argsort(wanted)
        assert np.all(np.diff(places[order]) > 1.5 - 1e-9)
        assert places.min() > -1e-9 and places.max() < 10 + 1e-9
