"""The brainscales2 preset against what was published: 11.8 us and 2.4 uJ per image (Cramer et al. 2022)."""

import importlib.util

import pytest
from small_runs import ROOT

from chipsim import ChipError
from chipsim.physical import load, place


@pytest.fixture(scope="module")
def example():
    path = ROOT / "examples" / "brainscales2_cost.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.N_TRAIN, module.N_TEST = 200, 100
    return module


@pytest.fixture(scope="module")
def measured(example):
    """The preset's own network, simulated on digits enlarged to 16x16."""
    return example.measured("digits")


def test_the_published_network_fits_exactly(example):
    chip = load("brainscales2")
    assert place(chip, example.NETWORK).column_use == 1
    for sizes in ((256, 247, 10), (256, 246, 11)):
        with pytest.raises(ChipError):
            place(chip, sizes)


def test_time_and_energy_within_a_factor_of_two(measured):
    spec, cost = measured
    image = cost["inference"]
    assert spec.steps == 20
    assert 11.8 / 2 < image["latency_us"] < 11.8 * 2
    assert image["stall_us"] == 0
    low, high = image["energy_nj"]["low"], image["energy_nj"]["high"]
    assert 2400 / 2 < low < high < 2400 * 2


def test_it_is_simulated_activity_that_is_paid_for(measured):
    """One spike per bright pixel, some hidden spikes, and no cost of learning circuits that rest."""
    _, cost = measured
    image = cost["inference"]
    assert 10 < image["input_events"] < 256
    assert image["spikes_per_layer"][0] > 0
    assert image["synaptic_events"] == pytest.approx(246 * image["input_events"] + 10 * image["spikes_per_layer"][0])
    parts = {part["name"]: part for part in image["energy_nj"]["parts"]}
    assert parts["learning circuits"]["high_nj"] == parts["writes"]["high_nj"] == 0
    assert parts["static"]["share"] > 0.5
    taught = {part["name"]: part for part in cost["learning"]["energy_nj"]["parts"]}
    assert taught["learning circuits"]["low_nj"] > 0


def test_the_account_shows_every_line(example, measured):
    text = "\n".join(example.lines("digits", *measured))
    for word in ("100% of the columns", "20 steps x 0.59 us", "published 11.8 us", "static", "published 2.4 uJ"):
        assert word in text


def test_images_are_cut_and_scaled(example, rng):
    large, small = rng.random((3, 28, 28), dtype="float32"), rng.random((2, 8, 8), dtype="float32")
    for images in (large, small):
        scaled = example.images_16x16(images)
        assert scaled.shape == (len(images), 256)
        assert ((scaled == 0) | ((scaled >= 0.2) & (scaled <= 1))).all()
        assert (scaled == 0).any()
