"""Imperfections of the learning circuit: each one's draws against the distribution that it promises."""

import re

import numpy as np
import pytest
from scipy import stats

from nonideality import LayerErrors, NoiseError, parse
from nonideality.nonlinear import exponential_steps

N = 20000


def filled(text, n_out=N, n_in=1, seed=1, role="hidden"):
    """The sheet after one effect has acted at all its default sites, each with a stream of its own."""
    noise = parse(text)
    errors = LayerErrors(n_in, n_out, role)
    for number, site in enumerate(noise.sites):
        noise.effect.fill(site, errors, np.random.default_rng([seed, number]))
    return errors


def is_normal(values, sigma):
    return stats.kstest(np.ravel(values) / sigma, "norm").pvalue > 1e-3


def is_truncated_normal(values, sigma):
    return stats.kstest(np.ravel(values), stats.truncnorm(-1 / sigma, np.inf, loc=1, scale=sigma).cdf).pvalue > 1e-3


@pytest.mark.parametrize("sigma", [0.3, 2.0])
def test_comparator_offsets_are_normal(sigma):
    assert is_normal(filled(f"comparator:{sigma}").comparator_offset, sigma)


@pytest.mark.parametrize("sigma", [0.1, 1.0])
def test_boxcar_edges_are_normal_and_independent(sigma):
    errors = filled(f"boxcar:{sigma}")
    assert is_normal(errors.boxcar_low_offset, sigma) and is_normal(errors.boxcar_high_offset, sigma)
    assert stats.pearsonr(errors.boxcar_low_offset, errors.boxcar_high_offset).pvalue > 1e-4
    assert not filled(f"boxcar:{sigma}@high").boxcar_low_offset.any()
    assert not filled(f"boxcar:{sigma}@low").boxcar_high_offset.any()


def test_the_chances_to_miss_a_spike_add_up():
    errors = filled("missed:0.3", 5)
    parse("missed:0.5").effect.fill("accumulator", errors, np.random.default_rng(1))
    assert errors.missed_counts == pytest.approx([0.65] * 5)


@pytest.mark.parametrize("sigma", [0.2, 0.7])
def test_pulse_gains_are_truncated_normals(sigma):
    synapses = filled(f"pulse:{sigma}@synapse", 2000, n_in=9).pulse_gain
    assert synapses.shape == (10, 2000)
    assert is_truncated_normal(synapses, sigma)
    columns = filled(f"pulse:{sigma}@column")
    assert is_truncated_normal(columns.pulse_up_gain, sigma)
    assert np.array_equal(columns.pulse_up_gain, columns.pulse_down_gain)
    assert (columns.pulse_gain == 1).all()


def test_what_is_delivered_is_no_business_of_the_pulse():
    assert (filled("pulse:0.5", 50).weight_gain == 1).all()


@pytest.mark.parametrize("level", [0.4, -1.0, 2.0])
def test_asymmetry_splits_into_two_halves(level):
    errors = filled(f"asymmetry:{level}", 5)
    assert errors.pulse_up_gain == pytest.approx([1 + level / 2] * 5)
    assert errors.pulse_down_gain == pytest.approx([1 - level / 2] * 5)


def test_the_spread_of_asymmetry_is_normal_per_column():
    errors = filled("asymmetry:0.2,spread=0.3")
    assert is_normal(errors.pulse_up_gain - errors.pulse_down_gain - 0.2, 0.3)
    assert errors.pulse_up_gain + errors.pulse_down_gain == pytest.approx(np.full(N, 2.0))
    wild = filled("asymmetry:1,spread=50")
    assert (wild.pulse_up_gain >= 0).all() and (wild.pulse_down_gain >= 0).all()


@pytest.mark.parametrize(("kind", "array"), [("cycle", "cycle_noise"), ("write", "write_noise")])
def test_independent_variations_of_a_write_add_in_square(kind, array):
    errors = filled(f"{kind}:0.3", 4)
    parse(f"{kind}:0.4").effect.fill("write", errors, np.random.default_rng(1))
    assert getattr(errors, array) == pytest.approx([0.5] * 4)


@pytest.mark.parametrize("level", [0.01, 1.0, 2.4, 6.0])
def test_exponential_steps_follow_the_pulse_curve(level):
    """The step is the slope of G(p) = (1 - exp(-p nu)) / (1 - exp(-nu)), wherever on the curve the device is."""
    p = np.linspace(0, 1, 101)
    conductance = (1 - np.exp(-p * level)) / (1 - np.exp(-level))
    slope = level * np.exp(-p * level) / (1 - np.exp(-level))
    low_end, high_end = exponential_steps(level)
    assert low_end + (high_end - low_end) * conductance == pytest.approx(slope)
    assert low_end / high_end == pytest.approx(np.exp(level))
    assert stats.hmean([low_end, high_end]) <= 1 <= max(low_end, high_end)


def test_a_linear_device_is_the_limit_of_a_nonlinear_one():
    assert exponential_steps(0).tolist() == [1, 1]
    assert exponential_steps(1e-9) == pytest.approx([1, 1])


def test_up_and_down_are_mirror_images():
    """Not called by each other's name: up shrinks toward the high end, down toward the low end."""
    errors = filled("nonlinear:2.4", 3)
    assert errors.step_up[0] > 1 > errors.step_up[-1]
    assert np.array_equal(errors.step_up, errors.step_down[::-1])
    uneven = filled("nonlinear:2.4,down=1", 3)
    assert np.array_equal(uneven.step_up, errors.step_up)
    assert np.array_equal(uneven.step_down[::-1], exponential_steps(1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("asymmetry:0.1,spread=-1", "asymmetry: spread -1 is not a number of at least 0"),
        ("asymmetry:0.1,spread=inf", "asymmetry: spread inf is not"),
        ("nonlinear:1,down=21", "nonlinear: down 21 is not a number from 0 to 20"),
        ("nonlinear:1,down=nan", "nonlinear: down nan is not"),
        ("asymmetry:3", "asymmetry: level 3 is not a number from -2 to 2"),
        ("missed:1.5", "missed: level 1.5 is not a number from 0 to 1"),
    ],
)
def test_options_are_checked(text, message):
    with pytest.raises(NoiseError, match="^" + re.escape(message)):
        parse(text)


def test_options_are_told():
    [line] = parse("asymmetry:0.1,spread=0.25").describe()
    assert "A = 0.1 + spread z" in line and "spread = 0.25" in line
