"""examples/adaptive_exponential on chips, against a slow formula of its own, bit for bit."""

import math

import numpy as np
import pytest
from example_packages import install_example
from reference_formulas import NeuronFormula
from small_chips import lesson, spec_of
from test_delta_rule import DELTA_RULE
from witnessed import NOISES, SIZES, assert_learns_as_its_witness

F = np.float32
NEURON = {"kind": "adaptive_exponential", "kind_settings": {"jump_th": 0.5, "reset_th": 0.1}}


def exponential(x):
    """exp(x): k = floor(x / ln 2 + 1/2), r = x - k ln 2 in two parts, 2^k times Taylor's series to r^7."""
    if not x >= F(-87):
        return F(0)
    x = min(x, F(88))
    k = F(math.floor(x * F(1 / math.log(2)) + F(0.5)))
    r = (x - k * F(0.693359375)) - k * F(math.log(2) - 0.693359375)
    series = F(1 / 5040)
    for divisor in (720, 120, 24, 6, 2, 1, 1):
        series = r * series + F(1 / divisor)
    return series * F(2.0 ** int(k))


def integrate(own, state, spiked, charge):
    """Brette and Gerstner 2005, Eqs. 1 to 3, by forward Euler; the membrane in thresholds above rest."""
    u, w = state["membrane"], state["adaptation"]
    if spiked:
        u, w = own.reset, w + own.jump
    spike_current = own.sharpness * exponential((u - own.threshold) / own.sharpness)
    return {
        "membrane": u + ((spike_current - u - w) * own.leak + charge),
        "adaptation": w + (own.coupling * u - w) * own.adaptation_leak,
        "spike_current": spike_current,
    }


ADAPTIVE_EXPONENTIAL = NeuronFormula(
    integrate, lambda own, state: state["membrane"] >= own.peak, {"adaptation": F(0), "spike_current": F(0)}
)


def strong(spec, **options):
    """A lesson whose weights make these neurons fire, which leak and have farther to go."""
    task = lesson(spec, **options)
    task.weights = [(3 * weight, 3 * bias) for weight, bias in task.weights]
    return task


@pytest.fixture(autouse=True)
def installed(site):
    return install_example("adaptive_exponential", site)


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("noise", NOISES)
def test_it_fires_and_learns_as_its_formula(noise, constant_current):
    spec = spec_of(SIZES, 8, NOISES[noise], NEURON)
    task = strong(spec, n_windows=2, constant_current=constant_current)
    learned = assert_learns_as_its_witness(task, neuron=ADAPTIVE_EXPONENTIAL)
    assert (learned.activity["weight_updates"] > 0).all() and (learned.activity["spikes"] > 0).all()
    for signals in learned.signals:
        assert len(np.unique(signals["adaptation"])) > 50 and signals["spike_current"].max() > 0.5


@pytest.mark.parametrize("width", [10, 40, 70])
def test_any_width_below_a_readout(width):
    """The readout is the chip's own, and takes none of the neuron's settings."""
    spec = spec_of((5, width, 3), 6, ("mismatch:0.2",), NEURON | {"readout": "integrating"})
    assert_learns_as_its_witness(strong(spec, n_windows=2), threads=2, neuron=ADAPTIVE_EXPONENTIAL)


def test_with_another_rule(site):
    install_example("delta_rule", site)
    spec = spec_of((7, 20, 4), 8, ("mismatch:0.2", "comparator:0.5"), NEURON, {"rule": "delta_rule"})
    assert_learns_as_its_witness(strong(spec), neuron=ADAPTIVE_EXPONENTIAL, rule=DELTA_RULE)


def test_the_exponential_against_mathematics(rng):
    x = rng.uniform(-87, 88, 2000).astype(F)
    found = np.array([exponential(each) for each in x], np.float64)
    assert np.max(np.abs(found / np.exp(x.astype(np.float64)) - 1)) <= 3e-7


def test_firing_slows_down_as_it_adapts():
    """By hand: Table 1 of the paper, a constant current of a nanoampere; 1 ms a step."""
    own = {"leak": 1 / 9.37, "threshold": 1, "peak": 2, "sharpness": 0.099, "coupling": 0.133, "jump": 0.133}
    own |= {"adaptation_leak": 1 / 144, "reset": 0}
    own = type("Own", (), {name: F(value) for name, value in own.items()})
    state, spiked, times = {"membrane": F(0), "adaptation": F(0)}, False, []
    charge = F(1e-9 * 1e-3 / 281e-12 / 20.2e-3)
    for t in range(300):
        state = integrate(own, state, spiked, charge)
        spiked = bool(state["membrane"] >= own.peak)
        times += [t] if spiked else []
    between = np.diff(times)
    assert len(between) > 5 and between[-1] > between[0] and (np.diff(between) >= -1).all()
