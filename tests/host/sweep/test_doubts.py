"""What makes a die's figures doubtful, whatever its accuracy."""

import pytest

from host.sweep.facts import limits_met


@pytest.mark.parametrize(
    ("facts", "met"),
    [
        ({"saturation": {}}, (0, ())),
        ({"saturation": {"learning": {"accumulator_full": 3}, "test_after": {"accumulator_full": 4}}}, (7, ())),
        ({"saturation": {}, "cost": {"inference": {"spikes_per_layer": [0.0, 2.0, 0.0, 0.0]}}}, (0, (1, 3))),
        ({"saturation": {}, "cost": {"inference": None}}, (0, ())),
    ],
)
def test_what_of_a_runs_facts_makes_them_doubtful(facts, met):
    assert limits_met(facts) == met
