"""examples/tandem_powers: one power of 1 / t is the built-in rule, one is the paper's, bit for bit or to rounding."""

import numpy as np
import pytest
from example_packages import install_example
from paper_cases import RATE, SETTINGS, STEPS, P, PaperCase, assert_learns_alike
from small_chips import assert_same, assert_same_state, every_neuron, lesson, programmed, spec_of, taught

F = np.float32
NOISE = ("mismatch:0.2", "comparator:0.5")


@pytest.fixture(autouse=True)
def installed(site):
    return install_example("tandem_powers", site)


def circuit_of(power):
    return {"rule": "tandem_powers", "rule_settings": {"power": power}}


def test_power_1_is_the_built_in_rule():
    task, other = (lesson(spec_of(noise=NOISE, circuit=circuit)) for circuit in (circuit_of(1), {}))
    mine, built_in = programmed(task.spec, task.weights), programmed(other.spec, other.weights)
    assert taught(task, mine).activity["weight_updates"].all()
    taught(other, built_in)
    assert_same_state(mine, built_in)


@pytest.mark.parametrize("power", [0, 2])
def test_the_error_is_d_over_that_power_of_t(power):
    task = lesson(spec_of(noise=NOISE, circuit=circuit_of(power)))
    chip = programmed(task.spec, task.weights)
    for number, seen in taught(task, chip, every_neuron(task.spec)).signals.items():
        d = (seen.target_count - seen["count"]) + chip._fabricated[number - 1].tables.comparator_offset
        per_step = (F(1) / np.arange(1, d.shape[1] + 1, dtype=F))[:, None]
        expected = d if power == 0 else d * (per_step * per_step)
        assert_same(seen.error, np.where(np.abs(d) > F(0.5), expected, F(0)), f"errors of layer {number}")
        assert np.count_nonzero(seen.error) > 50


@pytest.mark.parametrize("name", ["IF", "LIF, reset to zero, constant current"])
def test_power_2_is_the_paper_s_at_one_learning_rate(name):
    """eta 2 / t (y - C / t) / p of Eqs. 8, 10 and 11, whose 2 and 1 / p the rate has."""
    rate = 8 * RATE
    case = PaperCase(SETTINGS[name], circuit_of(2))
    assert_learns_alike(case, rate, np.full(STEPS, rate * P / 2), samples=50)
