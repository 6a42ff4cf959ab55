"""What effects write is looked at before a chip is made of it, and what is wrong names whose it is, where and why."""

import re

import numpy as np
import pytest
from plug_ins import EFFECT, write_package
from small_chips import spec_of
from small_images import image_spec

from chipsim.design import Convolution, Dense, Flatten
from chipsim.design_rules import Design
from chipsim.die import draw_errors, fabricate, try_effects
from nonideality import LayerErrors, NoiseError, Place, catalogue, fill, parse
from nonideality.errors import SHEET

WRITES = 'errors.threshold_gain = errors.threshold_gain * (1 + self.level / self.option_values.get("depth", 1))'
assert WRITES in EFFECT


@pytest.fixture
def droop(site):
    """A package whose effect does this in its fill."""

    def offer(*lines):
        body = "\n        ".join(lines)
        write_package(
            site,
            entries={"nonidealities:droop": "acme:Droop"},
            sources={"acme.py": "import numpy as np\n" + EFFECT.replace(WRITES, body)},
        )
        return spec_of((4, 3, 2), noise=("droop:0.5,layer=2",))

    return offer


WHOSE = r"noise 'droop' of acme 1\.2 \(acme:Droop\) "
WHERE = "at site threshold of layer 2, die 7: "
SPOILT = {
    "NaN": ("errors.threshold_gain[1] = np.nan", "threshold_gain holds nan at 1, and not numbers from 0 to 1e+30"),
    "in place": (
        "errors.weight_gain *= np.inf",
        "weight_gain holds inf at (0, 0) and 1 more, and not numbers from -1e",
    ),
    "below": (
        "errors.membrane_noise = np.array([0.1, -0.1])",
        "membrane_noise holds -0.1 at 1, and not numbers from 0",
    ),
    "beyond a probability": ("errors.missed_counts = np.full(2, 1.5)", "missed_counts holds 1.5 at 0 and 1 more, and"),
    "beyond float32": ("errors.pulse_gain = np.full((1, 2), 1e39)", "pulse_gain holds 1e+39 at (0, 0) and 1 more"),
    "another shape": ("errors.threshold_gain = np.ones(3)", "threshold_gain is of shape (3,), and not (2,)"),
    "rows without the bias": (
        "errors.stuck = np.zeros((3, 2), int)",
        "stuck is of shape (3, 2), and not (1, 2) or (4, 2)",
    ),
    "a number for an array": ("errors.comparator_offset = 0.5", "comparator_offset is a float, and not an array"),
    "a list": ("errors.comparator_offset = [0.5, 0.5]", "comparator_offset is a list, and not an array"),
    "nothing": ("errors.enabled = None", "enabled is None, and not an array"),
    "numbers for truth": ("errors.enabled = np.ones(2)", "enabled holds float64, not bool"),
    "objects": ("errors.threshold_gain = np.array([1, '2'], object)", "threshold_gain holds object, not real numbers"),
    "complex": ("errors.threshold_gain = np.array([1, 1j])", "threshold_gain holds complex128, not real numbers"),
    "broken bits": ("errors.weight_bits = 4.5", "weight_bits holds float64, not whole numbers"),
    "too many bits": ("errors.weight_bits = 99", "weight_bits holds 99, and not numbers from 2 to 15"),
    "a text": ("errors.drift_t0_s = '1'", "drift_t0_s is a str, and not a number"),
    "no time": ("errors.drift_t0_s = 0.0", "drift_t0_s holds 0, and not numbers from 1e-30"),
    "half a curve": ("errors.step_up = np.ones(1)", "step_up is of shape (1,), and not (k,) with k of at least 2"),
    "partly stuck": ("errors.stuck = np.full((1, 2), 0.5)", "stuck holds float64, not whole numbers"),
}


@pytest.mark.parametrize(("writes", "problem"), SPOILT.values(), ids=SPOILT)
def test_a_spoilt_sheet_is_refused_by_name(droop, writes, problem):
    spec = droop(writes)
    line = f"{WHOSE}spoils the errors {WHERE}{re.escape(problem)}[^\n]*; repair or uninstall its package"
    with pytest.raises(NoiseError, match=line) as refused:
        fabricate(spec, 7)
    assert "\n" not in str(refused.value)


FAILS = {
    "a missing file": (
        "open('/no/such/thresholds.csv')",
        "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/thresholds.csv'; check that file",
    ),
    "a missing file, as numpy has it": (
        "np.loadtxt('/no/such/thresholds.csv')",
        "FileNotFoundError: /no/such/thresholds.csv not found.; check that file",
    ),
    "a defect": ("1 / 0", "ZeroDivisionError: division by zero; repair or uninstall its package"),
    "two lines": ("raise RuntimeError('one\\ntwo')", "RuntimeError: one two; repair or uninstall its package"),
    "a way out": ("raise SystemExit(0)", "SystemExit: 0; repair or uninstall its package"),
    "its own refusal": (
        "from nonideality import NoiseError; raise NoiseError('thresholds.csv has 3 rows, not 2')",
        "thresholds.csv has 3 rows, not 2; repair or uninstall its package",
    ),
    "a misspelling": (
        "errors.treshold_gain = errors.threshold_gain * 2",
        "AttributeError: a sheet has no 'treshold_gain' to write on: did you mean 'threshold_gain'? choose from",
    ),
    "another layer": ("errors.n_out = 7", "AttributeError: a sheet has no 'n_out' to write on: "),
    "a sheet of its own": ("return errors", "its fill returns a LayerErrors; write on the sheet instead"),
}


@pytest.mark.parametrize(("does", "cause"), FAILS.values(), ids=FAILS)
def test_a_failure_names_plug_in_site_layer_and_cause(droop, does, cause):
    spec = droop(does)
    with pytest.raises(NoiseError, match=f"^{WHOSE}fails {WHERE}{re.escape(cause)}") as refused:
        fabricate(spec, 7)
    assert "\n" not in str(refused.value)


def test_what_a_fill_prints_is_no_result(droop, capsys):
    fabricate(droop("print('hello')"), 7)
    assert capsys.readouterr() == ("", "hello\n")


def test_it_is_tried_before_anything_else_is_done(droop):
    with pytest.raises(NoiseError, match="ZeroDivisionError"):
        try_effects(droop("1 / 0"), 7)
    try_effects(spec_of((4, 3, 2), noise=("mismatch:1e300",)), 7)  # ours need no trial


def test_an_explanation_that_fails_is_blamed_on_its_package(site):
    source = EFFECT + "\n    def describe(self, site):\n        return open('/no/such/words').read()\n"
    write_package(site, entries={"nonidealities:droop": "acme:Droop"}, sources={"acme.py": source})
    with pytest.raises(NoiseError, match=f"^{WHOSE}explains itself badly: FileNotFoundError: .*/no/such/words"):
        try_effects(spec_of((4, 3, 2), noise=("droop:0.5",)), 7)


def test_an_effect_without_the_constructor_of_all_is_refused(site):
    source = EFFECT + "\n    def __init__(self, level, options=None):\n        pass\n"
    write_package(site, entries={"nonidealities:droop": "acme:Droop"}, sources={"acme.py": source})
    with pytest.raises(NoiseError, match=f"^{WHOSE}fails: TypeError: its __init__ does not call that of Nonideality"):
        parse("droop:0.5")


def test_a_level_of_ours_beyond_all_numbers_is_refused():
    line = "^mismatch:1e\\+300 at site threshold of layer 1, die 7: threshold_gain holds .*; choose another level$"
    with pytest.raises(NoiseError, match=line):
        fabricate(spec_of((4, 3, 2), noise=("mismatch:1e300@threshold",)), 7)


@pytest.mark.parametrize("name", list(catalogue()))
def test_ours_put_new_arrays_in_place_of_what_they_change(name):
    """So only those need a look, which keeps dies cheap."""
    effect = catalogue()[name](4.0 if catalogue()[name].whole_levels else 0.5)
    for site in effect.sites:
        errors = LayerErrors(4, 30, "hidden")
        for value in vars(errors).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        fill(effect, site, errors, np.random.default_rng(1))
        assert not any(errors.problem_with(each) for each in SHEET)


def test_an_ideal_sheet_has_no_problem():
    for n_in in (0, 1, 5):
        errors = LayerErrors(n_in, 3, "output")
        assert [errors.problem_with(name) for name in SHEET] == [None] * len(SHEET)


# What an effect is told.


def image(form):
    return image_spec((Convolution(channels=3, kernel=2, form=form), Flatten(), Dense(units=4)), (2, 5, 6))


def told_of(site, make_spec, die_seed):
    """The places that an effect was told on a die, in order."""
    source = EFFECT.replace(WRITES, "TOLD.append((errors.place, errors.role, errors.n_in, errors.n_out))")
    write_package(site, entries={"nonidealities:droop": "acme:Droop"}, sources={"acme.py": "TOLD = []\n" + source})
    draw_errors(make_spec().model_copy(update={"noise": ("droop:0.5",)}), die_seed)
    import acme

    return acme.TOLD


def test_die_layer_and_role_are_told(site):
    assert told_of(site, lambda: spec_of((4, 3, 2)), 7) == [
        (Place(7, 1, "everything"), "hidden", 4, 3),
        (Place(7, 2, "everything"), "output", 3, 2),
    ]


def test_a_shared_crossbar_and_its_neurons_are_told_apart(site):
    assert told_of(site, lambda: image("shared"), 3) == [
        (Place(3, 1, "neurons", 4, 5), "hidden", 1, 60),
        (Place(3, 1, "synapses", 4, 5), "hidden", 8, 3),
        (Place(3, 2, "everything"), "output", 60, 4),
    ]
    assert [Place(3, 1, holds, 4, 5).positions for holds in ("neurons", "synapses", "everything")] == [20, 1, 1]


def test_each_crossbar_of_its_own_is_told(site):
    neurons, *crossbars, dense = told_of(site, lambda: image("unrolled"), 3)
    assert neurons[0] == Place(3, 1, "neurons", 4, 5) and dense[0] == Place(3, 2, "everything")
    assert [place.crossbar for place, *_ in crossbars] == list(range(20))
    assert str(crossbars[7][0]) == "layer 1, crossbar 7 at y 1, x 2"


def by_place(site, line):
    source = EFFECT.replace(WRITES, f"if errors.place.holds == 'synapses':\n            {line}")
    write_package(
        site, entries={"nonidealities:droop": "acme:Droop"}, sources={"acme.py": "import numpy as np\n" + source}
    )
    return draw_errors(image("unrolled").model_copy(update={"noise": ("droop:0.5",)}), 1)[0]


def test_what_one_crossbar_alone_is_given(site):
    errors = by_place(site, "if errors.place.crossbar == 3: errors.weight_gain = np.full((9, 3), 0.5)")
    assert errors.weight_gain.shape == (20, 9, 3)
    assert set(errors.weight_gain[3].ravel()) == {0.5} and set(np.delete(errors.weight_gain, 3, 0).ravel()) == {1.0}


def test_devices_are_those_of_the_crossbars(site):
    assert by_place(site, "errors.weight_bits = 5").weight_bits == 5


def test_devices_that_differ_within_a_layer_are_refused(site):
    with pytest.raises(
        NoiseError, match="^weight_bits of layer 1 is 4 in crossbar 0 and 5 in crossbar 1: all crossbars"
    ):
        by_place(site, "errors.weight_bits = 4 + errors.place.crossbar % 2")


def test_design_rules_ask_it_for_the_chips_own_layers(droop):
    spec = droop("assert errors.n_out == 2, errors.n_out", "errors.membrane_noise = np.array([0.1, 0.3])")
    assert Design(spec).membrane_noise_th == pytest.approx(0.3)
