"""nonideality/README.md says of each effect what the effect says of itself."""

import re
from pathlib import Path

import numpy as np
import pytest

from nonideality import EFFECTS, LayerErrors
from nonideality.errors import SHEET

PAGE = (Path(__file__).resolve().parents[2] / "nonideality" / "README.md").read_text()
BUILT_IN, _ = EFFECTS.load_all()


def words(text):
    return " ".join(text.split())


def entry(name):
    [found] = re.findall(rf"^#### `{name}`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return words(found)


@pytest.mark.parametrize(
    "name", [name for name, effect in BUILT_IN.items() if effect.__module__.startswith("nonideality.")]
)
def test_the_page_says_what_the_effect_says(name):
    effect, said = BUILT_IN[name], entry(name)
    for text in (
        effect.summary[1:],
        effect.level_meaning,
        effect.unit,
        effect.source,
        effect.persistence,
        *effect.remarks,
    ):
        assert words(text) in said
    for site, what in effect.sites.items():
        assert f"`@{site}`" in said
        assert words(what.meaning) in said
        assert words(what.distribution.format(level="LEVEL")) in said
    for key, meaning in effect.option_meanings().items():
        assert f"`{key}=`" in said
        assert words(meaning) in said
    assert f"| `{name}` |" in PAGE


def test_the_effect_that_the_page_writes_works():
    """As it stands there: it fills what it says, and only that."""
    code = re.search(r"This is a complete one, `bent.py`:\n\n(.*?)\n\nIts `pyproject", PAGE, re.DOTALL)[1]
    names = {}
    exec("\n".join(line.removeprefix("    ") for line in code.split("\n")), names)
    errors = LayerErrors(4, 3000, "hidden")
    names["Bent"](0.3).fill("threshold", errors, np.random.default_rng(1))
    assert set(errors.threshold_gain.tolist()) == {1.0, 1.3}
    assert abs(np.mean(errors.threshold_gain > 1) - 1 / 3) < 0.05
    assert all(errors.problem_with(name) is None for name in SHEET)
