"""Pictures of a run without a teacher: drawn without complaint, and what they show is what was measured."""

import warnings

import numpy as np
import pytest
from small_runs import write_npz

from host.errors import HostError
from host.plots import run_figure, save_plots
from host.plots.run_plots import pictures_of
from host.run import resolve, run

ODD = {
    "cut and few levels": {"stdp.prune.below": 0.3, "stdp.round.levels": 2, "noise": ["mismatch:0.2"]},
    "one neuron": {"hidden": [1]},
    "nothing learned, some dead": {"training.epochs": 0, "noise": ["silencing:0.5@output"]},
    "more neurons than are drawn": {"hidden": [130], "noise": ["mismatch:0.5"], "training.epochs": 1},
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    data = write_npz(tmp_path_factory.mktemp("data") / "small.npz")
    small = {"training.method": "stdp", "hidden": [12], "steps": 16, "training.epochs": 2, "dataset": str(data)}
    return {name: run(resolve(None, small | settings)) for name, settings in ODD.items()}


@pytest.mark.parametrize("name", ODD)
def test_drawn(outcomes, name, tmp_path):
    before = outcomes[name].chip.snapshot()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths = save_plots(outcomes[name], tmp_path)
    assert [path.name for path in paths] == ["fields.png", "thresholds.png", "weights.png"]
    assert all(len(path.read_bytes()) < 200_000 for path in paths)
    after = outcomes[name].chip.snapshot()
    assert all(np.array_equal(before[key], after[key]) for key in before)


def test_what_is_drawn_is_what_was_learned(outcomes):
    outcome = outcomes["cut and few levels"]
    state, stands_for = outcome.chip.snapshot(), outcome.after.stands_for
    fields = run_figure(outcome, "fields").axes
    assert len(fields) == 12
    for axes in fields:
        neuron, _, said = axes.get_title().partition(": ")
        shown = np.ma.masked_array(axes.images[0].get_array()).ravel()
        assert np.array_equal(np.ma.getmaskarray(shown), state["layer1.kept"][:, int(neuron)] == 0)
        assert np.array_equal(shown.filled(0), state["layer1.weight"][:-1, int(neuron)])
        assert said == ("silent" if stands_for[int(neuron)] < 0 else f"class {stands_for[int(neuron)]}")
    rises, counts = run_figure(outcome, "thresholds").axes
    assert sorted(bar.get_height() for bar in rises.patches) == sorted(state["layer1.theta"].tolist())
    assert [bar.get_height() for bar in counts.patches] == [stands_for.count(label) for label in (0, 1, 2, -1)]


def test_other_pictures_are_refused_in_one_line(outcomes):
    with pytest.raises(HostError, match="method stdp has no picture 'raster': choose from fields, thresholds, weights"):
        run_figure(outcomes["one neuron"], "raster")
    assert list(pictures_of(outcomes["one neuron"])) == ["fields", "thresholds", "weights"]
