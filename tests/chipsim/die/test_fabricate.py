"""From a spec and a die seed to a die's tables."""

import numpy as np
import pytest
from small_chips import lesson, programmed, spec_of

from chipsim.die.fabrication import fabricate

SIZES = (20, 30, 25, 10)
LEAKY = {"kind": "lif", "synapse_tau_steps": 4.0}
# noise -> what it fabricates, read from a layer's tables
SITES = {
    "mismatch:0.3@weight": lambda made: made.gain,
    "mismatch:0.3@leak": lambda made: made.tables.decay,
    "mismatch:0.3@synapse_tau": lambda made: made.tables.current_decay,
    "mismatch:0.3@boxcar": lambda made: boxcar_width(made),
    "mismatch:0.3@threshold": lambda made: alive(made, made.tables.threshold),
    "silencing:0.3@hidden": lambda made: np.isinf(made.tables.threshold),
    "silencing:0.4@output": lambda made: np.isinf(made.tables.threshold),
    "thermal:0.1": lambda made: made.tables.noise,
    "quantization:4": lambda made: np.array(made.weight_bits),
}


def boxcar_width(made):
    """Both edges hang on the neuron's own threshold; their distance from each other does not, but for rounding."""
    return made.tables.boxcar_high - made.tables.boxcar_low


def same(read, also):
    """Equal but for the rounding of the boxcar's edges: other draws differ by far more."""
    return np.allclose(read, also, rtol=0, atol=1e-6)


def alive(made, values):
    """`values` with the same mark wherever a neuron is silenced."""
    return np.where(np.isinf(made.tables.threshold), -1, values)


def dies(*noise, die_seed=1):
    return fabricate(spec_of(SIZES, noise=noise, neuron=LEAKY), die_seed)


def test_an_ideal_die_has_ones_and_zeros():
    for layer, made in enumerate(fabricate(spec_of(SIZES), 1)):
        n_out = SIZES[layer + 1]
        ones, zeros = np.ones(n_out, np.float32), np.zeros(n_out, np.float32)
        assert made.gain.shape == (1, n_out)  # one row for all: an ideal crossbar costs no memory
        assert made.weight_bits is None
        tables, circuit = made.tables, made.circuit
        for table in (made.gain[0], tables.decay, tables.threshold, tables.reset_charge):
            assert table.dtype == np.float32 and np.array_equal(table, ones)
        assert np.array_equal(tables.noise, zeros) and not circuit.noisy
        assert np.array_equal(tables.boxcar_low, zeros)  # th - p/2 at p = 2
        assert np.array_equal(tables.boxcar_high, 2 * ones)
        assert (tables.low_rail, tables.high_rail) == (-1, 8)
        assert (tables.zero_reset, made.neuron.fires, circuit.layer) == (0, True, layer)


def test_of_a_threshold_taken_off_before_the_leak_the_leak_leaves_a_part():
    """a (U - th S) = a U - a th S, with the die's own thresholds and leaks."""
    noise = ("mismatch:0.2@threshold", "mismatch:0.2@leak", "silencing:0.2")
    neuron = {"kind": "lif", "tau_steps": 4.0}
    after, before = (
        fabricate(spec_of(SIZES, noise=noise, neuron=neuron | {"reset": reset}), 1)
        for reset in ("subtract", "subtract-before-leak")
    )
    for a, b in zip(after, before, strict=True):
        assert np.array_equal(a.tables.decay, b.tables.decay) and np.array_equal(a.tables.threshold, b.tables.threshold)
        assert np.allclose(b.tables.reset_charge, a.tables.decay * a.tables.reset_charge, rtol=1e-6)
        assert (a.tables.zero_reset, b.tables.zero_reset) == (0, 0)


def test_the_design_reaches_the_tables():
    design = {"accumulator_bits": 5, "dead_zone_counts": 1.5, "boxcar_width_th": 0.5, "warm_up_steps": 7}
    neuron = {"kind": "lif", "tau_steps": 4.0, "reset": "zero", "low_rail_th": -2.5, "high_rail_th": 3.0}
    for made in fabricate(spec_of(SIZES, neuron=neuron, circuit=design), 1):
        assert np.array_equal(made.tables.decay, np.full(len(made.tables.decay), np.exp(-1 / 4), np.float32))
        assert not made.tables.reset_charge.any() and made.tables.zero_reset == 1
        assert (made.tables.low_rail, made.tables.high_rail) == (-2.5, 3)
        assert set(made.tables.boxcar_low) == {0.75} and set(made.tables.boxcar_high) == {1.25}
        assert made.tables.accumulator_full == 31
        assert (made.tables.slope, made.tables.step_size, made.tables.dead_zone) == (1, 0, 1.5)
        assert made.circuit.warm_up == 7


@pytest.mark.parametrize(("gate", "expected"), [("linear", (1, 0, 2)), ("sign", (0, 1, 0)), ("ternary", (0, 1, 2))])
def test_only_a_bare_sign_gate_has_no_dead_zone(gate, expected):
    for made in fabricate(spec_of(circuit={"error_gate": gate, "dead_zone_counts": 2.0}), 1):
        assert (made.tables.slope, made.tables.step_size, made.tables.dead_zone) == expected


def test_an_integrating_readout_has_no_rails_and_no_boxcar():
    *hidden, output = fabricate(spec_of(neuron={"readout": "integrating"}), 1)
    assert not output.neuron.fires
    assert np.isneginf(output.tables.low_rail) and np.isposinf(output.tables.high_rail)
    assert np.isneginf(output.tables.boxcar_low).all() and np.isposinf(output.tables.boxcar_high).all()
    for made in hidden:
        assert made.neuron.fires and made.tables.low_rail == -1
        assert np.isfinite(made.tables.boxcar_low).all()


@pytest.mark.parametrize("noise", [text for text in SITES if not text.startswith(("thermal", "quantization"))])
def test_a_die_is_its_seed(noise):
    read = SITES[noise]
    same, again, other = dies(noise), dies(noise), dies(noise, die_seed=2)
    assert all(np.array_equal(read(a), read(b)) for a, b in zip(same, again, strict=True))
    layers = {"silencing:0.3@hidden": (0, 1), "silencing:0.4@output": (2,)}.get(noise, (0, 1, 2))
    for layer in layers:
        assert not np.array_equal(read(same[layer]), read(other[layer]))


def test_streams_of_per_step_noise_are_the_dies_own():
    one, two = dies()[0], dies(die_seed=2)[0]
    keys = [one.circuit.noise_key, one.circuit.dither_key, two.circuit.noise_key, two.circuit.dither_key]
    assert len({tuple(map(int, key)) for key in keys}) == 4
    assert all(0 <= word < 2**32 for key in keys for word in key)


@pytest.mark.parametrize("noise", SITES)
@pytest.mark.parametrize("order", [1, -1], ids=["first", "last"])
def test_switching_one_noise_on_never_changes_anothers_draw(noise, order):
    """Alone or in company, before or after the others: the same errors at its own site."""
    silences = noise.startswith("silencing")
    others = [text for text in SITES if text != noise and not (silences and text.startswith("silencing"))]
    alone, together = dies(noise), dies(*[noise, *others][::order])
    for a, b in zip(alone, together, strict=True):
        if "threshold" in noise:  # the silenced have none to compare
            living = np.isfinite(b.tables.threshold)
            assert living.sum() > 0
            assert np.array_equal(a.tables.threshold[living], b.tables.threshold[living])
        elif silences:
            role_is_mine = (a is alone[-1]) == noise.endswith("output")
            assert not role_is_mine or np.array_equal(SITES[noise](a), SITES[noise](b))
        else:
            assert same(SITES[noise](a), SITES[noise](b))


def test_the_sites_of_one_effect_draw_apart():
    """All of mismatch at once is each of its sites alone."""
    together = dies("mismatch:0.3")
    for site in ("weight", "leak", "synapse_tau", "boxcar", "threshold"):
        alone = dies(f"mismatch:0.3@{site}")
        read = SITES[f"mismatch:0.3@{site}"]
        assert all(same(read(a), read(b)) for a, b in zip(alone, together, strict=True))
    made = together[0]
    low = made.tables.threshold - made.tables.boxcar_low
    high = made.tables.boxcar_high - made.tables.threshold
    drawn = [made.tables.threshold, low, high, made.gain[0], made.gain[1]]
    assert np.all(np.abs(np.corrcoef(drawn) - np.eye(5)) < 0.7)  # 30 values each: chance stays below


@pytest.mark.parametrize("site", ["weight", "threshold", "leak", "synapse_tau", "boxcar"])
def test_layers_of_one_size_draw_apart(site):
    noise = f"mismatch:0.3@{site}"
    first, second = fabricate(spec_of((30, 30, 30), noise=(noise,), neuron=LEAKY), 1)
    assert not np.array_equal(SITES[noise](first), SITES[noise](second))


@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize("noise", ["mismatch:0.3@weight", "mismatch:0.3@threshold", "thermal:0.1", "quantization:4"])
def test_a_noise_in_one_layer(noise, layer):
    """There it is as if it were everywhere, elsewhere the chip is ideal."""
    everywhere, here, ideal = dies(noise), dies(f"{noise},layer={layer}"), dies()
    read = SITES[noise]
    for n in range(3):
        expected = everywhere[n] if n == layer - 1 else ideal[n]
        assert np.array_equal(read(here[n]), read(expected))
        assert here[n].circuit.noisy == expected.circuit.noisy
    assert not np.array_equal(read(everywhere[layer - 1]), read(ideal[layer - 1]))


def test_two_layers_two_levels():
    made = dies("mismatch:0.1@weight,layer=1", "mismatch:0.6@weight,layer=2")
    assert made[0].gain.std() == pytest.approx(0.1, rel=0.15)
    assert made[1].gain.std() == pytest.approx(0.6, rel=0.15)
    assert made[2].gain.shape == (1, SIZES[3])


def test_a_threshold_is_also_the_charge_of_its_reset():
    for made in dies("mismatch:0.3@threshold"):
        assert np.array_equal(made.tables.reset_charge, made.tables.threshold)
        assert made.tables.threshold.std() > 0.1


def test_leak_mismatch_is_one_of_time_constants():
    spec = spec_of(SIZES, noise=("mismatch:0.3@leak",), neuron={"kind": "lif", "tau_steps": 5.0})
    for made in fabricate(spec, 1):
        gain = -1 / np.log(made.tables.decay.astype(float)) / 5
        assert 0.1 < gain.std() < 0.5 and abs(gain.mean() - 1) < 0.3
    ideal = fabricate(spec_of(SIZES, noise=("mismatch:0.3@leak",)), 1)
    assert all((made.tables.decay == 1).all() for made in ideal)  # an IF neuron has nothing to leak


def test_synaptic_mismatch_is_one_of_time_constants():
    noise = ("mismatch:0.3@synapse_tau",)
    for made in fabricate(spec_of(SIZES, noise=noise, neuron={"synapse_tau_steps": 5.0}), 1):
        assert made.circuit.exponential
        gain = -1 / np.log(made.tables.current_decay.astype(float)) / 5
        assert 0.1 < gain.std() < 0.5 and abs(gain.mean() - 1) < 0.3
    assert not any(made.circuit.exponential for made in fabricate(spec_of(SIZES, noise=noise), 1))


def test_a_layer_scores_by_its_highest_membrane_only_at_the_output():
    made = fabricate(spec_of(SIZES, neuron={"readout": "integrating-max"}), 1)
    assert [not layer.neuron.fires for layer in made] == [False, False, True]
    assert made[-1].tables.peak == 1


def test_silenced_neurons_have_an_infinite_threshold_and_never_fire():
    spec = spec_of((4, 40, 30, 20), steps=8, noise=("silencing:0.4",))
    hidden_1, hidden_2, output = fabricate(spec, 3)
    for made in (hidden_1, hidden_2):
        dead = np.isinf(made.tables.threshold)
        assert 0 < dead.sum() < len(dead)
        assert np.array_equal(made.tables.threshold[~dead], np.ones((~dead).sum()))
        assert np.array_equal(made.tables.reset_charge, np.where(dead, 0, 1))
    assert np.isfinite(output.tables.threshold).all()  # a dead class is only there when asked for
    # Driven as hard as can be, they stay at the upper rail and silent; all others fire at every step.
    weights = [(np.zeros((n_in, n_out), np.float32), np.full(n_out, 50, np.float32)) for n_in, n_out in layers(spec)]
    task = lesson(spec)
    counts = programmed(spec, weights, die_seed=3).infer(task.events, task.windows).counts
    for made, count in zip((hidden_1, hidden_2, output), counts, strict=True):
        assert np.array_equal(count, np.tile(np.where(np.isinf(made.tables.threshold), 0, 8), (3, 1)))


def layers(spec):
    return zip(spec.layer_sizes, spec.layer_sizes[1:], strict=False)


def test_no_current_reaches_a_dead_integrating_readout():
    neuron = {"readout": "integrating"}
    noise = ("silencing:0.5@output", "mismatch:0.2@weight", "stuck:0.3", "read:0.2", "thermal:0.1", "drift:0.1")
    spec = spec_of((4, 5, 40), noise=noise, neuron=neuron)
    dead = (fabricate(spec, 1)[-1].gain == 0).all(axis=0)
    assert 0 < dead.sum() < 40
    assert (fabricate(spec, 1)[-1].gain[:, ~dead] > 0).any(axis=0).all()
    task = lesson(spec)
    membrane = programmed(spec, task.weights, die_seed=1).infer(task.events, task.windows).membrane
    assert not membrane[:, dead].any() and membrane[:, ~dead].any(axis=0).all()
