"""The circuit in integers on single numbers: formulas in doubles are exact, whatever the registers hold."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_circuit import Float32, Float64, IntegerTandem, LearningCircuitSpec, Moment, Seen, whole_increment


@st.composite
def registers(draw):
    """Widths, and what the registers hold at a step."""
    a = draw(st.integers(1, 23))
    f = draw(st.integers(1, min(15, 24 - a)))
    full = (2**a - 1) * 2**f
    d = draw(st.integers(0, 24))
    return {
        "a": a,
        "f": f,
        "kf": draw(st.integers(0, 24)),
        "d": d,
        "i": draw(st.integers(2, 24)),
        "count": draw(st.integers(0, 2**a - 1)),
        "charge": draw(st.integers(0, full)),
        "offset": draw(st.sampled_from([0, 0, 1, -5, 2**24 - 1, 1 - 2**24])),
        "k": draw(st.one_of(st.integers(0, 2**24 - 1), st.sampled_from([2**24 - 1, 1]))),
        "dither": draw(st.integers(0, 2**d - 1)),
        "zone": draw(st.sampled_from([0.0, 0.5, 1.0])),
        "gate": draw(st.sampled_from(["linear", "sign", "ternary"])),
    }


@given(registers())
def test_an_increment_is_exact(r):
    circuit = LearningCircuitSpec(
        arithmetic="integer",
        accumulator_bits=r["a"],
        error_gate=r["gate"],
        dead_zone_counts=r["zone"],
        step_word_fraction_bits=r["kf"],
        dither_bits=r["d"],
        increment_bits=r["i"],
    )
    units, rule = 2 ** r["f"], IntegerTandem()
    names = [name for name in IntegerTandem.Settings.model_fields if name != "target_bits"]
    chosen = {name: getattr(circuit, name) for name in names}
    settings = IntegerTandem.Settings(target_bits=r["f"] + 1, **chosen)
    errors = SimpleNamespace(threshold_gain=1.0, boxcar_low_gain=1.0, boxcar_high_gain=1.0)
    errors.boxcar_low_offset = errors.boxcar_high_offset = 0.0
    errors.comparator_offset = r["offset"] / units
    own = SimpleNamespace(**{name: Float32(v) for name, v in rule.fabricate(settings, errors, True).items()})
    seen = Seen(
        *(Float32(1.0), None, Float32(r["count"]), Float32(r["charge"] / units), Float32(0.5)),
        dither=Float32(r["dither"] / 2 ** r["d"] + (2**-24 if r["d"] < 24 else 0)),
    )
    state = SimpleNamespace()
    [pulse] = rule.pulses(own, state, seen, Moment(None, None, None, step_word=Float32(r["k"])))
    d = r["charge"] - r["count"] * units + r["offset"]
    size, s = (d, r["f"] + r["kf"]) if r["gate"] == "linear" else ((d > 0) - (d < 0), r["kf"])
    both = max(s, r["d"])
    wanted = (size * r["k"] * 2 ** (both - s) + r["dither"] * 2 ** (both - r["d"])) // 2**both
    held = max(-(2 ** (r["i"] - 1) - 1), min(2 ** (r["i"] - 1) - 1, wanted))
    is_open = abs(d) > (0 if r["gate"] == "sign" else int(r["zone"] * units))
    assert float(pulse) == (held if is_open else 0)
    assert bool(state.open) == is_open and bool(state.saturated) == (is_open and held != wanted)
    assert float(state.dither) == r["dither"]


@pytest.mark.parametrize(("over", "passes"), [(True, 3), (False, 0)])
def test_nothing_is_written_while_the_warm_up_lasts(over, passes):
    rule = IntegerTandem()
    own = SimpleNamespace(
        **{field.name: Float32(1) for field in rule.fields if field.lasts == "fabricated"}
        | {"comparator_offset": Float32(0), "boxcar_low": Float32(0), "boxcar_high": Float32(2)}
        | {"largest_increment": Float32(9)}
    )
    seen = Seen(Float32(1), None, Float32(1), Float32(4), Float32(0.5), dither=Float32(0))
    state = SimpleNamespace()
    moment = Moment(None, None, None, step_word=Float32(1), warm_up_is_over=Float32(np.bool_(over)))
    [pulse] = rule.pulses(own, state, seen, moment)
    assert float(pulse) == passes and bool(state.open) == over


def test_doubles_keep_what_singles_lose():
    wide = Float32(2**24 - 1).in_double() * Float32(2**24 - 1).in_double()
    assert isinstance(wide, Float64) and float(wide) == (2**24 - 1) ** 2
    assert float(wide.in_single()) == float(np.float32((2**24 - 1) ** 2))
    assert float(whole_increment(Float64(-0.25), Float64(0.2))) == -1
    assert float(whole_increment(Float64(2.0**40), Float64(0.5))) == 2**24
