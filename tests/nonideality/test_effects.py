"""Each effect's draws against the distribution that it promises."""

import math

import numpy as np
import pytest
from scipy import stats
from small_chips import lesson, programmed, spec_of

from chipsim.die import fabricate
from nonideality import EFFECTS, LayerErrors, NoiseError, parse
from nonideality.mismatch import Mismatch, mean_of_truncated, truncated_gains
from nonideality.quantization import Quantization
from nonideality.silencing import Silencing
from nonideality.streams import stream
from nonideality.thermal import Thermal

SITES = ("weight", "threshold", "leak", "synapse_tau", "boxcar")


def filled(effect, site, n_out=20000, n_in=1, role="hidden", seed=1):
    errors = LayerErrors(n_in, n_out, role)
    effect.fill(site, errors, np.random.default_rng(seed))
    return errors


def truncated_normal(sigma):
    return stats.truncnorm(-1 / sigma, np.inf, loc=1, scale=sigma)


def gains_at(site, errors):
    return {
        "weight": errors.weight_gain,
        "threshold": errors.threshold_gain,
        "leak": errors.time_constant_gain,
        "synapse_tau": errors.synapse_time_constant_gain,
        "boxcar": np.stack([errors.boxcar_low_gain, errors.boxcar_high_gain]),
    }[site]


@pytest.mark.parametrize("sigma", [0.1, 0.3, 0.7])
@pytest.mark.parametrize("site", SITES)
def test_mismatch_is_a_truncated_normal(site, sigma):
    gains = gains_at(site, filled(Mismatch(sigma), site)).ravel()
    assert (gains > 0).all()
    assert stats.kstest(gains, truncated_normal(sigma).cdf).pvalue > 1e-3


@pytest.mark.parametrize("sigma", [0.1, 0.3, 0.7])
def test_mismatch_moments(sigma):
    """Mean and variance of the truncated normal, within what 100,000 draws can say."""
    gains = truncated_gains(np.random.default_rng(2), sigma, (100000,))
    mean, variance, kurtosis = truncated_normal(sigma).stats("mvk")
    assert abs(gains.mean() - mean) < 4 * np.sqrt(variance / gains.size)
    assert abs(gains.var() - variance) < 4 * variance * np.sqrt((kurtosis + 2) / gains.size)


def test_small_mismatch_is_an_ordinary_normal():
    gains = truncated_gains(np.random.default_rng(3), 0.1, (20000,))
    assert stats.kstest((gains - 1) / 0.1, "norm").pvalue > 1e-3


def test_the_documented_share_of_truncated_gains():
    """Below sigma = 0.3 the truncation concerns fewer than 5 in 10,000."""
    assert stats.norm.cdf(-1 / 0.3) < 5e-4


def test_no_mismatch_is_exactly_ideal():
    for site in SITES:
        assert (gains_at(site, filled(Mismatch(0), site)) == 1).all()


@pytest.mark.parametrize("sigma", [3.0, 30.0, 1e6])
def test_absurd_mismatch_still_makes_gains(sigma):
    gains = truncated_gains(np.random.default_rng(4), sigma, (20000,))
    assert np.isfinite(gains).all() and (gains > 0).all()


def test_the_level_only_scales_a_dies_errors():
    """The same die at two levels: every device keeps its place among the others."""
    small, large = (truncated_gains(np.random.default_rng(5), sigma, (1000,)) for sigma in (0.1, 0.4))
    assert np.array_equal(np.argsort(small), np.argsort(large))


@pytest.mark.parametrize("site", SITES)
def test_mismatch_acts_at_its_site_alone(site):
    errors = filled(Mismatch(0.3), site, n_out=50)
    for other in SITES:
        assert (gains_at(other, errors) == 1).all() == (other != site)
    assert errors.enabled.all() and not errors.membrane_noise.any() and errors.weight_bits is None


def test_synapses_have_a_gain_each_bias_included():
    assert filled(Mismatch(0.3), "weight", n_in=6, n_out=4).weight_gain.shape == (7, 4)


def test_sites_layers_dies_and_boxcar_edges_are_independent():
    """Streams as the fab draws them."""
    drawn = []
    for die in (1, 2):
        for layer in (0, 1):
            for site in SITES:
                errors = LayerErrors(0, 20000, "hidden")
                Mismatch(0.3).fill(site, errors, stream("die", die, "mismatch", site, layer))
                drawn += list(np.atleast_2d(gains_at(site, errors)))
    assert len(drawn) == 2 * 2 * 6
    correlation = np.corrcoef(drawn) - np.eye(24)
    # 190 pairs, each N(0, 1 / 20000): beyond 5 sigma once in 10,000 such tests
    assert np.abs(correlation).max() < 5 / np.sqrt(20000)


def test_two_mismatches_multiply():
    errors = LayerErrors(1, 100, "hidden")
    first, second = filled(Mismatch(0.2), "threshold", 100, seed=1), filled(Mismatch(0.3), "threshold", 100, seed=2)
    Mismatch(0.2).fill("threshold", errors, np.random.default_rng(1))
    Mismatch(0.3).fill("threshold", errors, np.random.default_rng(2))
    assert np.array_equal(errors.threshold_gain, first.threshold_gain * second.threshold_gain)


@pytest.mark.parametrize("level", [0.01, 0.3, 0.9])
@pytest.mark.parametrize("role", ["hidden", "output"])
def test_silencing_is_binomial(level, role):
    enabled = filled(Silencing(level), role, role=role).enabled
    assert stats.binomtest(int((~enabled).sum()), len(enabled), level).pvalue > 1e-3


def test_deaths_are_independent_of_each_other():
    """Pairs of neighbours both dead as often as chance has it."""
    dead = ~filled(Silencing(0.3), "hidden").enabled
    both = int((dead[::2] & dead[1::2]).sum())
    assert stats.binomtest(both, len(dead) // 2, 0.09).pvalue > 1e-3


def test_silencing_all_or_none():
    assert filled(Silencing(0), "hidden").enabled.all()
    assert not filled(Silencing(1), "hidden").enabled.any()


@pytest.mark.parametrize(("site", "role"), [("hidden", "output"), ("output", "hidden")])
def test_silencing_leaves_the_other_layers_alone(site, role):
    assert filled(Silencing(1), site, role=role).enabled.all()


def test_the_dead_stay_dead():
    errors = LayerErrors(1, 1000, "hidden")
    errors.enabled[:500] = False
    Silencing(0.5).fill("hidden", errors, np.random.default_rng(1))
    assert not errors.enabled[:500].any() and 0 < errors.enabled[500:].sum() < 500


def test_fewer_bits_win():
    errors = LayerErrors(1, 3, "hidden")
    for bits, expected in ((6, 6), (4, 4), (5, 4)):
        Quantization(bits).fill("weight", errors, np.random.default_rng(1))
        assert errors.weight_bits == expected


def test_independent_thermal_noises_add_in_square():
    errors = LayerErrors(1, 3, "hidden")
    for sigma in (0.3, 0.4):
        Thermal(sigma).fill("membrane", errors, np.random.default_rng(1))
    assert errors.membrane_noise == pytest.approx([0.5] * 3)


@pytest.mark.parametrize("sigma", [0.05, 0.5])
def test_thermal_noise_on_the_membranes_of_a_chip(sigma):
    """Without any input and far from rails and thresholds, T steps make a sum of T Gaussians."""
    steps, n = 9, 64
    spec = spec_of((1, n), steps, (f"thermal:{sigma}",), {"readout": "integrating"})
    task = lesson(spec, n_windows=300)
    chip = programmed(spec, [(np.zeros((1, n), np.float32), np.zeros(n, np.float32))])
    membrane = chip.infer(task.events, np.arange(300)).membrane
    assert stats.kstest(membrane.ravel() / (sigma * np.sqrt(steps)), "norm").pvalue > 1e-3
    other_die = programmed(spec, [(np.zeros((1, n), np.float32), np.zeros(n, np.float32))], die_seed=4)
    other = other_die.infer(task.events, np.arange(300)).membrane
    assert stats.pearsonr(membrane.ravel(), other.ravel()).pvalue > 1e-4


def test_thermal_noise_scales_with_the_nominal_threshold_not_with_its_mismatch():
    spec = spec_of((1, 50), 1, ("thermal:0.1", "mismatch:0.5@threshold"))
    made = fabricate(spec, 1)[0]
    assert set(made.tables.noise) == {np.float32(0.1)} and made.circuit.noisy


def test_no_thermal_noise_is_exactly_silent():
    assert not fabricate(spec_of((1, 5), 1, ("thermal:0",)), 1)[0].circuit.noisy


def test_descriptions_say_what_a_level_means():
    assert parse("mismatch:0.2@threshold").describe() == [
        "mismatch@threshold: each neuron's comparator threshold, and the charge a subtractive reset removes; "
        "factor 1 + 0.2 z, z ~ N(0, 1), truncated above 0; frozen"
    ]
    assert parse("thermal:0.1,layer=2").describe() == [
        "thermal@membrane: each neuron's membrane, at every step; adds 0.1 th z, z ~ N(0, 1); temporal; layer 2 only"
    ]
    assert len(parse("mismatch:0.2").describe()) == 5
    assert "4 bits: codes -(2^(4-1) - 1) to 2^(4-1) - 1" in parse("quantization:4").describe()[0]


@pytest.mark.parametrize("sigma", [0.3, 0.5, 0.7, 1.0])
def test_the_told_mean_of_truncated_gains_is_that_of_the_draws(sigma):
    gains = truncated_gains(np.random.default_rng(1), sigma, (400_000,))
    assert mean_of_truncated(sigma) == pytest.approx(truncated_normal(sigma).mean(), rel=1e-9)
    assert gains.mean() == pytest.approx(mean_of_truncated(sigma), abs=4 * gains.std() / math.sqrt(gains.size))
    told = f"mean factor {mean_of_truncated(sigma):.4g}, by truncation"
    for noise in (f"mismatch:{sigma:g}@weight", f"pulse:{sigma:g}@column"):
        assert (told in parse(noise).describe()[0]) == (sigma > 0.3), "below 0.05 % nothing is told"
    [line] = parse(f"drift:0.2,spread={sigma:g}").describe()
    assert ("; mean nu / 0.2 " in line) == (sigma > 0.3)
    assert mean_of_truncated(0.0) == 1.0


@pytest.mark.parametrize("kind", EFFECTS.names())
@pytest.mark.parametrize("level", ["1e-320", "1e160", "1e308"])
def test_absurd_levels_are_explained_or_refused(kind, level):
    """Their squares are no numbers."""
    try:
        lines = parse(f"{kind}:{level}").describe()
    except NoiseError as error:
        lines = [str(error)]
    assert lines and all(line.isprintable() for line in lines)
