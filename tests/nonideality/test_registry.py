"""The catalogue of effects: complete, and open to other packages."""

import math
import re

import numpy as np
import pytest
from plug_ins import EFFECT, write_package
from small_chips import spec_of

from chipsim.die import fabricate
from nonideality import LayerErrors, NoiseError, catalogue, effect_named, parse

ROLES = ("hidden", "output")
BUILT_IN = ["mismatch", "quantization", "thermal", "silencing"]
BUILT_IN += ["comparator", "boxcar", "missed", "pulse", "asymmetry", "cycle", "write", "nonlinear"]
BUILT_IN += ["trace", "homeostasis", "competition"]
BUILT_IN += ["read", "stuck", "drift", "pelgrom", "ktc", "ir", "link"]


def test_the_catalogue_holds_what_the_design_promises():
    assert list(catalogue()) == BUILT_IN


@pytest.mark.parametrize("name", list(catalogue()))
def test_every_entry_explains_itself(name):
    effect = catalogue()[name]
    assert effect.name == name and re.fullmatch(r"[a-z][a-z_]*", name)
    for text in (effect.summary, effect.level_meaning, effect.unit, effect.source):
        assert isinstance(text, str) and text.strip()
    assert effect.persistence in ("frozen", "temporal")
    assert effect.moment in ("fabricate", "program", "operate", "age")
    assert effect.sites and set(effect.default_sites()) <= effect.sites.keys()
    assert effect.default_sites()
    for site in effect.sites.values():
        assert site.meaning and "{level}" in site.distribution
    low, high = effect.level_range
    assert low < high
    assert effect.__doc__


@pytest.mark.parametrize("name", list(catalogue()))
def test_every_entry_works_at_each_of_its_sites(name):
    """It changes the errors of its role, from its own generator alone, and the same draw gives the same errors."""
    effect_class = catalogue()[name]
    level = 4.0 if effect_class.whole_levels else 0.5
    effect = effect_class(level)
    for site in effect_class.sites:
        role = site if site in ROLES else "hidden"
        sheets = [LayerErrors(4, 30, role) for _ in range(3)]
        for sheet in sheets[:2]:
            effect.fill(site, sheet, np.random.default_rng(1))
        first, again, ideal = (sheet.__dict__ for sheet in sheets)
        assert all(np.array_equal(first[key], again[key]) for key in first)
        assert any(not np.array_equal(first[key], ideal[key]) for key in first)
        assert f"{level:g}" in effect.describe(site) and "{" not in effect.describe(site)


@pytest.mark.parametrize("name", list(catalogue()))
def test_every_entry_checks_its_level(name):
    effect = catalogue()[name]
    low, high = effect.level_range
    wrong = [low - 1, math.nan, math.inf, -math.inf]
    wrong += [high + 1] if math.isfinite(high) else []
    wrong += [low + 0.5] if effect.whole_levels else []
    for level in wrong:
        with pytest.raises(NoiseError, match=f"^{name}: level {re.escape(f'{level:g}')} is not a "):
            effect(level)
    assert effect(low).level == low


def test_effects_by_name():
    for name, effect in catalogue().items():
        assert effect_named(name) is effect
    with pytest.raises(NoiseError, match="^unknown noise 'creep': choose from mismatch, quantization, thermal, sil"):
        effect_named("creep")


def test_a_third_partys_effect_is_used_like_ours(site):
    write_package(site, entries={"nonidealities:droop": "acme:Droop"}, sources={"acme.py": EFFECT})
    assert list(catalogue()) == [*BUILT_IN, "droop"]
    assert parse("droop:0.5,depth=2").effect.option_values == {"depth": 2.0}
    with pytest.raises(NoiseError, match="'width=2' is not key=value with a key from layer, depth, each once"):
        parse("droop:0.5,width=2")
    with pytest.raises(NoiseError, match="depth 'deep' is not a number"):
        parse("droop:0.5,depth=deep")
    first, second = fabricate(spec_of((2, 3, 4), noise=("droop:0.5,depth=2,layer=2",)), 0)
    assert set(first.tables.threshold) == {1} and set(second.tables.threshold) == {1.25}


def test_without_it_its_name_is_unknown():
    with pytest.raises(NoiseError, match="unknown noise 'droop'"):
        parse("droop:0.5")


def test_a_broken_one_is_named_where_it_is_used_and_only_there(site):
    """What can be broken, and how each is said: `test_plugins.py`."""
    write_package(site, entries={"nonidealities:droop": "acme:Droop"}, sources={"acme.py": "import no_such_module"})
    assert parse("mismatch:0.2").effect.name == "mismatch"
    assert list(catalogue()) == BUILT_IN
    line = (
        r"^noise 'droop' of acme 1\.2 \(acme:Droop\) cannot be loaded: ModuleNotFoundError: No module named 'no_such_mo"
    )
    with pytest.raises(NoiseError, match=line):
        parse("droop:0.2")


def test_a_defect_of_an_effect_is_blamed_on_its_package(site):
    """Of its own code, or of what its attributes are."""
    for number, (was, now) in enumerate(
        (
            ("    def fill", "    def __init__(self, *_):\n        1 / 0\n\n    def fill"),
            ("sites = {", "sites = 5 or {"),
        )
    ):
        name = f"droop{'x' * number}"
        source = EFFECT.replace(was, now).replace('"droop"', f'"{name}"')
        write_package(
            site, f"acme{number}", "1.2", {f"nonidealities:{name}": f"a{number}:Droop"}, {f"a{number}.py": source}
        )
    for name, said in (("droop", "ZeroDivisionError"), ("droopx", "AttributeError")):
        with pytest.raises(NoiseError, match=rf"^noise '{name}' of acme\d 1\.2 \(a\d:Droop\) fails: {said}[^\n]+$"):
            parse(f"{name}:0.2")


def test_an_effect_that_explains_nothing_is_refused(site):
    source = EFFECT.replace('    unit = "relative"\n', "").replace('    source = "made up"\n', "")
    write_package(site, entries={"nonidealities:droop": "acme:Droop"}, sources={"acme.py": source})
    with pytest.raises(NoiseError, match="lacks unit, source; add them to the class"):
        parse("droop:0.2")
