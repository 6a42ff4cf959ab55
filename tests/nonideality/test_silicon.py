"""Read noise, stuck synapses, Pelgrom's law and kT/C noise against the distributions that they promise."""

import math

import numpy as np
import pytest
from scipy import stats
from small_chips import current_events, events_of, lesson, programmed, random_weights, spec_of, taught

from chipsim import Probe
from chipsim.die import draw_errors, fabricate
from nonideality import LayerErrors, NoiseError, parse
from nonideality.pelgrom import Pelgrom

KT_OVER_Q = 8.617333262e-5 * 300  # V, at 300 K
CHARGE = 1.602176634e-19


def filled(noise, n_out=20000, n_in=1):
    errors, parsed = LayerErrors(n_in, n_out, "hidden"), parse(noise)
    for site in parsed.sites:
        parsed.effect.fill(site, errors, np.random.default_rng(1))
    return errors


def readout_membranes(spec, weights, events, n_windows):
    """Final membranes of an integrating readout without any threshold in the way: sums of all that reached it."""
    return programmed(spec, weights).infer(events, np.arange(n_windows)).membrane.astype(float)


READOUT = {"readout": "integrating"}


def uniform_weights(n_in, n_out, value):
    return [(np.full((n_in, n_out), value, np.float32), np.zeros(n_out, np.float32))]


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
def test_read_noise_is_distributed_as_one_draw_per_event(constant_current, rng):
    """Against a simulation that draws for every event, with membrane noise on top; full scale is 0.5 thresholds."""
    n_in, n_out, steps, n_windows, sigma = 12, 16, 5, 400, 0.1
    spec = spec_of((n_in, n_out), steps, (f"read:{sigma}", "thermal:0.02"), READOUT)
    if constant_current:
        events = current_events(spec, rng, 1)
        amplitude = np.zeros((steps, n_in))
        amplitude[:, events.rows[0, : events.end[0, 0]]] = events.amplitude[0, : events.end[0, 0]]
    else:
        mask = rng.random((1, steps, n_in)) < 0.4
        events, amplitude = events_of(mask), mask[0].astype(float)
    events = events._replace(
        **{name: np.repeat(getattr(events, name), n_windows, axis=0) for name in ("rows", "begin", "end")},
        amplitude=np.repeat(events.amplitude, n_windows, axis=0),
    )
    membrane = readout_membranes(spec, uniform_weights(n_in, n_out, 0.5), events, n_windows)
    active = np.concatenate([amplitude, np.ones((steps, 1))], axis=1)  # the bias has an event in every step
    draws = rng.normal(0, 0.5 * sigma, (n_windows * n_out, steps, n_in + 1))
    per_event = 0.5 * amplitude.sum() + (active * draws).sum(axis=(1, 2)) + rng.normal(0, 0.02 * np.sqrt(steps), 6400)
    assert stats.ks_2samp(membrane.ravel(), per_event).pvalue > 1e-3
    expected = np.sqrt((0.5 * sigma) ** 2 * (active**2).sum() + 0.02**2 * steps)
    z = (membrane.ravel() - 0.5 * amplitude.sum()) / expected
    assert stats.kstest(z, "norm").pvalue > 1e-3


def test_read_noise_of_each_step_is_that_of_its_own_events():
    """A step without spikes has the bias's alone, however many came before; every step of a quarter, and beyond."""
    n_in, n_out, steps = 30, 64, 7
    mask = np.zeros((200, steps, n_in), bool)
    mask[:, 1] = mask[:, 6] = True
    spec = spec_of((n_in, n_out), steps, ("read:0.1",), READOUT)
    chip = programmed(spec, uniform_weights(n_in, n_out, 0.01))
    trace = (
        chip.infer(events_of(mask), np.arange(200), [Probe(1, tuple(range(n_out)))]).probed_membranes[1].astype(float)
    )
    steps_taken = np.diff(trace, axis=1, prepend=0).transpose(1, 0, 2).reshape(steps, -1)
    counts = mask[0].sum(axis=1)
    for taken, count in zip(steps_taken, counts, strict=True):
        sigma = 0.1 * 0.01 * np.sqrt(count + 1)
        assert stats.kstest((taken - 0.01 * count) / sigma, "norm").pvalue > 1e-4
    assert np.abs(np.corrcoef(steps_taken) - np.eye(steps)).max() < 5 / np.sqrt(200 * n_out)


def test_read_noise_needs_no_other_noise_and_leaves_its_draws_alone(rng):
    """The thermal noise of a chip keeps its Gaussians when reads become noisy, too: they only get wider."""
    spec = {
        name: spec_of((1, 40), 1, noise, READOUT)
        for name, noise in {
            "thermal": ("thermal:0.1",),
            "read": ("read:0.2",),
            "both": ("read:0.2", "thermal:0.1"),
        }.items()
    }
    weights = [(np.full((1, 40), 2.0, np.float32), np.zeros(40, np.float32))]
    silent = events_of(np.zeros((5, 1, 1), bool))
    seen = {name: readout_membranes(s, weights, silent, 5) for name, s in spec.items()}
    assert np.allclose(seen["read"], seen["thermal"] * 4, rtol=1e-5)  # 0.2 of a full scale of 2 thresholds
    assert np.allclose(seen["both"], seen["thermal"] * np.sqrt(17), rtol=1e-5)


@pytest.mark.parametrize("noise", [("read:0.1",), ("read:0.1", "quantization:4")], ids=["analog", "few bits"])
def test_the_full_scale_is_restored(noise, rng):
    """The scale of read noise is chosen when a chip is programmed, so a snapshot has to bring it along."""
    task = lesson(spec_of(noise=noise))
    chip = programmed(task.spec, task.weights)
    other = programmed(task.spec, random_weights(task.spec, rng, scale=7.0))
    other.restore(chip.snapshot())
    assert np.array_equal(
        other.infer(task.events, task.windows).membrane, chip.infer(task.events, task.windows).membrane
    )


@pytest.mark.parametrize(("site", "low", "high"), [("", 0.1, 0.1), ("@low", 0.2, 0), ("@high", 0, 0.2)])
def test_stuck_synapses_are_binomial(site, low, high):
    stuck = filled(f"stuck:0.2{site}", n_in=3).stuck
    assert stuck.shape == (4, 20000)
    for end, share in ((-1, low), (1, high)):
        count = int((stuck == end).sum())
        assert count == 0 if share == 0 else stats.binomtest(count, stuck.size, share).pvalue > 1e-3


def test_the_level_only_adds_stuck_synapses():
    few, many = filled("stuck:0.1@low").stuck, filled("stuck:0.3@low").stuck
    assert (many[few != 0] == -1).all() and (many != 0).sum() > (few != 0).sum()


@pytest.mark.parametrize("bits", [None, 2, 4], ids=["analog", "2 bits", "4 bits"])
@pytest.mark.parametrize("accumulator_bits", [0, 8])
def test_stuck_synapses_ignore_programming_and_writes(bits, accumulator_bits):
    """They deliver the end of their range before and after learning, all others move, and weights() says so."""
    noise = ("stuck:0.3", "mismatch:0.2@weight") + (() if bits is None else (f"quantization:{bits}",))
    circuit = {"update_accumulator_bits": accumulator_bits, "dead_zone_counts": 0.0}
    task = lesson(spec_of(noise=noise, circuit=circuit), rate=0.4)
    chip = programmed(task.spec, task.weights)
    before = chip.weights()
    taught(task, chip)
    made = fabricate(task.spec, chip.die_seed)
    plain = fabricate(task.spec.model_copy(update={"noise": noise[1:]}), chip.die_seed)
    for n, ((w, b), (w_before, b_before), layer) in enumerate(zip(chip.weights(), before, made, strict=True)):
        end = np.sign(layer.stuck)
        assert (layer.gain[end != 0] == 0).all() and (layer.gain[end == 0] > 0).all()
        now, then = np.vstack([w, b]), np.vstack([w_before, b_before])
        tables = chip._layers[n][0].synapses
        scale = np.full((len(now), 1), tables.full_scale)
        if bits is not None:
            scale[-1] = tables.bias_lsb * (2 ** (bits - 1) - 1)
            assert (chip.snapshot()[f"layer{n + 1}.code"][end != 0] == end[end != 0] * (2 ** (bits - 1) - 1)).all()
        assert np.allclose(now[end != 0], (end * scale * plain[n].gain)[end != 0])
        assert np.array_equal(now[end != 0], then[end != 0])
        assert (now != then)[end == 0].any()


def test_all_stuck_nothing_is_written():
    task = lesson(spec_of(noise=("stuck:1", "quantization:3")), rate=0.5)
    chip = programmed(task.spec, task.weights)
    before = chip.snapshot()
    activity = taught(task, chip).activity
    assert activity["weight_updates"].sum() > 0  # pulses came
    assert activity["code_writes"].sum() == activity["weight_full_scale"].sum() == 0  # and met nothing that moves
    after = chip.snapshot()
    assert all(np.array_equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("area", [0.5, 10.0])
def test_pelgrom(area):
    """sigma = A / sqrt(area), each site by its own coefficient; the capacitor divides charges, stretches time."""
    options = "avt=8,threshold=0.4,leak=5,capacitance=3"
    sigma = {"threshold": 8e-3 / 0.4 / np.sqrt(area), "leak": 0.05 / np.sqrt(area), "capacitance": 0.03 / np.sqrt(area)}
    drawn = {
        "threshold": filled(f"pelgrom:{area}@threshold,{options}").threshold_gain,
        "leak": 1 / filled(f"pelgrom:{area}@leak,{options}").time_constant_gain,
        "capacitance": 1 / filled(f"pelgrom:{area}@capacitance,{options}").charge_gain,
    }
    for site, gains in drawn.items():
        assert stats.kstest((gains - 1) / sigma[site], "norm").pvalue > 1e-3, site
    capacitor = filled(f"pelgrom:{area}@capacitance,{options}")
    assert np.allclose(capacitor.charge_gain * capacitor.time_constant_gain, 1)
    assert capacitor.weight_gain.shape == (1, 20000)  # a column's gain, not a synapse's: it costs nothing


def test_four_times_the_area_is_half_the_mismatch():
    small, large = filled("pelgrom:1@threshold").threshold_gain, filled("pelgrom:4@threshold").threshold_gain
    assert np.allclose(small - 1, 2 * (large - 1), atol=1e-5)


def test_a_capacitor_scales_every_charge_of_its_column():
    spec = spec_of((4, 30), noise=("pelgrom:0.01@capacitance,capacitance=2", "read:0.1"), neuron={"kind": "lif"})
    [made], [errors] = fabricate(spec, 1), [LayerErrors(4, 30, "output")]
    ideal = fabricate(spec.ideal(), 1)[0]
    charge = made.gain[0]
    assert made.gain.shape == (1, 30) and charge.std() > 0.1
    assert np.array_equal(made.tables.reset_charge, charge)
    assert np.allclose(made.tables.read_noise, 0.1 * charge)
    assert np.allclose(np.log(made.tables.decay) / np.log(ideal.tables.decay), charge, rtol=1e-4)
    assert np.array_equal(made.tables.threshold, errors.threshold_gain)


def ktc_sigma(femtofarad, threshold):
    """kT/q is 25.85 mV: sigma^2 = (kT/q) q / C; in thresholds."""
    return np.sqrt(KT_OVER_Q * CHARGE / (femtofarad * 1e-15)) / threshold


LEAKS = {"no leak": {}, "10 steps": {"kind": "lif", "tau_steps": 10.0}, "1 step": {"kind": "lif", "tau_steps": 1.0}}


@pytest.mark.parametrize("femtofarad", [1.0, 100.0])
@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("steps", [1, 2, 30])
def test_a_membrane_holds_kt_over_c_at_every_step_whatever_its_leak(steps, leak, femtofarad):
    """Equipartition, measured on membranes without input at the end of windows of so many steps."""
    spec = spec_of((1, 64), steps, (f"ktc:{femtofarad},threshold=0.8",), READOUT | LEAKS[leak])
    membrane = readout_membranes(spec, uniform_weights(1, 64, 0.0), events_of(np.zeros((300, steps, 1), bool)), 300)
    assert stats.kstest(membrane.ravel() / ktc_sigma(femtofarad, 0.8), "norm").pvalue > 1e-3


@pytest.mark.parametrize("leak", LEAKS)
def test_kt_over_c_is_forgotten_as_fast_as_the_membrane_leaks(leak):
    """A stationary Gauss-Markov process: neighbouring steps correlate by a, and the innovations by nothing."""
    neuron = READOUT | LEAKS[leak]
    a = math.exp(-1 / neuron["tau_steps"]) if "tau_steps" in neuron else 1.0
    spec = spec_of((1, 64), 4, ("ktc:1,threshold=0.8",), neuron)
    events, windows = events_of(np.zeros((300, 4, 1), bool)), np.arange(300)
    chip = programmed(spec, uniform_weights(1, 64, 0.0))
    signals = chip.infer(events, windows, [Probe(1, tuple(range(64)))]).signals[1]
    noise = signals.noise / ktc_sigma(1.0, 0.8)
    assert stats.kstest(noise[:, 0].ravel(), "norm").pvalue > 1e-3
    if a == 1:
        assert not noise[:, 1:].any()
        return
    assert stats.kstest(noise[:, 1:].ravel() / math.sqrt(1 - a * a), "norm").pvalue > 1e-3
    before, after = (signals.membrane[:, t].ravel() for t in (2, 3))
    assert abs(np.corrcoef(before, after)[0, 1] - a) < 4 * (1 - a * a) / math.sqrt(before.size)


def test_kt_over_c_follows_the_temperature_and_joins_thermal_noise():
    assert filled("ktc:5,temperature=1200").held_noise == pytest.approx(2 * filled("ktc:5").held_noise)
    assert filled("ktc:5").held_noise == pytest.approx(ktc_sigma(5.0, 0.5), rel=1e-3)
    [made] = fabricate(spec_of((1, 5), noise=("ktc:5", "thermal:0.003"), neuron={"kind": "lif", "tau_steps": 2.0}), 1)
    kept, held = math.exp(-1 / 2), ktc_sigma(5.0, 0.5)
    assert made.tables.first_noise == pytest.approx(math.hypot(0.003, held), rel=1e-3)
    assert made.tables.noise == pytest.approx(math.hypot(0.003, held * math.sqrt(1 - kept**2)), rel=1e-3)


def test_each_neuron_forgets_by_its_own_leak_and_a_dead_readout_hears_nothing():
    noise = ("ktc:5", "mismatch:0.3@leak", "silencing:0.5@output")
    [made] = fabricate(spec_of((1, 50), noise=noise, neuron=READOUT | {"kind": "lif", "tau_steps": 3.0}), 1)
    alive = made.tables.first_noise > 0
    assert 0 < alive.sum() < 50 and not made.tables.noise[~alive].any()
    kept = made.tables.decay[alive].astype(float)
    assert np.allclose(made.tables.noise[alive] / made.tables.first_noise[alive], np.sqrt(1 - kept**2), rtol=1e-4)


@pytest.mark.parametrize(
    ("noise", "named"),
    [
        ("pelgrom:1,avt=-1", "avt -1"),
        ("pelgrom:1,threshold=0", "threshold 0"),
        ("pelgrom:1,leak=nan", "leak nan"),
        ("ktc:5,temperature=0", "temperature 0"),
        ("ktc:5,threshold=inf", "threshold inf"),
        ("drift:0.1,t0=0", "t0 0"),
        ("drift:0.1,window=-3", "window -3"),
        ("drift:0.1,spread=nan", "spread nan"),
    ],
)
def test_impossible_options(noise, named):
    with pytest.raises(NoiseError, match=f"^{noise.split(':')[0]}: {named} is not a number "):
        parse(noise)


def test_descriptions_tell_the_sigma_that_follows():
    assert Pelgrom(4.0).describe("threshold").endswith("; frozen; here s = 0.005")
    assert parse("ktc:10").describe()[0].endswith("; temporal; here s = 0.00129")


SILICON = ("read:0.1", "stuck:0.2", "drift:0.5", "pelgrom:0.05", "ktc:0.1", "ir:0.01", "link:0.01")
OTHERS = ("mismatch:0.3", "thermal:0.2", "silencing:0.2", "quantization:4")
OWN = {  # what each effect alone writes
    "read": ["read_noise"],
    "stuck": ["stuck"],
    "drift": ["drift_exponent", "drift_t0_s", "window_s"],
    "pelgrom": ["charge_gain"],
    "link": ["spike_bit_errors", "target_bit_errors"],
}


def sheets(*noise):
    return draw_errors(spec_of((6, 20, 10), noise=noise), 5)


@pytest.mark.parametrize("noise", SILICON)
def test_switching_one_on_never_changes_anothers_draw(noise):
    alone, together, without = sheets(noise), sheets(*SILICON[::-1], *OTHERS), sheets(*OTHERS)
    for mine, both in zip(alone, together, strict=True):
        for name in OWN.get(noise.split(":")[0], []):
            assert np.array_equal(getattr(mine, name), getattr(both, name)), name
    pelgrom, ir, ktc = sheets("pelgrom:0.05"), sheets("ir:0.01"), sheets("ktc:0.1")
    for n, both in enumerate(together):  # where effects meet they multiply, or add in square
        old = without[n]
        assert np.array_equal(old.enabled, both.enabled) and np.array_equal(old.boxcar_low_gain, both.boxcar_low_gain)
        assert np.allclose(both.threshold_gain, old.threshold_gain * pelgrom[n].threshold_gain)
        assert np.allclose(both.weight_gain, old.weight_gain * ir[n].weight_gain)
        assert np.allclose(both.held_noise, ktc[n].held_noise) and (both.membrane_noise == old.membrane_noise).all()


def test_dies_and_layers_draw_apart():
    spec = spec_of((20, 20, 20), noise=SILICON)
    one, two = draw_errors(spec, 1), draw_errors(spec, 2)
    for name in ("stuck", "drift_exponent", "charge_gain", "threshold_gain"):
        assert not np.array_equal(getattr(one[0], name), getattr(one[1], name)), name
        assert not np.array_equal(getattr(one[0], name), getattr(two[0], name)), name


def test_level_zero_is_the_ideal_die():
    spec = spec_of(noise=("read:0", "stuck:0", "ir:0", "link:0", "drift:0"))
    task = lesson(spec)
    chip, ideal = programmed(spec, task.weights), programmed(spec.ideal(), task.weights)
    assert np.array_equal(taught(task, chip).membrane, taught(task, ideal).membrane)
    mine, other = chip.snapshot(), ideal.snapshot()
    assert mine.keys() == other.keys() and all(np.array_equal(mine[name], other[name]) for name in mine)
