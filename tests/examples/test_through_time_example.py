"""examples/through_time.py: its lines are runs that there can be, its table says what was measured."""

import importlib.util

import pytest
from small_runs import ROOT

from host.run import resolve


@pytest.fixture
def module():
    spec = importlib.util.spec_from_file_location("through_time", ROOT / "examples" / "through_time.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_lines_are_runs(module):
    for name, (_, settings) in module.LINES.items():
        spec = resolve(None, settings)
        assert spec.steps == int(name.split("-")[1])
        assert spec.encoding == "current" and spec.neuron.readout == "integrating"


def test_the_table_by_hand(module):
    """Student's t of 0.975 and two degrees of freedom is 4.303; the standard error of 97, 98, 99 is 0.577."""
    rows = [
        {"after": 96.0 + n, "before": 90.0, "ideal": 99.0, "energy_nj": [n, 10 * n], "hidden_spikes": 50.0}
        for n in (1, 2, 3)
    ]
    text = module.table({"digits-5": rows, "digits-5-dies": rows})
    assert "| digits, T = 5 | 3 | 98.00 +- 2.48 | 2 to 20 | 50 |" in text
    assert "98.00 +- 2.48; before 90.00, ideal 99.00" in text
    assert len(text.splitlines()) == 4
