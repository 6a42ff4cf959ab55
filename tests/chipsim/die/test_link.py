"""Bit errors on the host link: how many there are, what they do to the words, and that they cost nothing when off."""

import numpy as np
import pytest
from reference_link import flipped_bits
from scipy import stats
from small_chips import current_events, events_of, lesson, programmed, spec_of, spike_events, taught

from chipsim import ChipSpec
from chipsim.die.link import BitErrors, HostLink, address_bits


def link(n_in=8, n_out=1, spikes=0.0, targets=0.0, die_seed=1, target_bits=16):
    return HostLink(die_seed, ChipSpec(layer_sizes=(n_in, n_out)).shapes, target_bits, spikes, [targets])


def rows_of(events, s, t):
    return events.rows[s, events.begin[s, t] : events.end[s, t]].tolist()


def targets_over(wires, *sent, windows=None):
    """What arrives of each layer's targets, without the padding."""
    windows = np.arange(len(sent[0])) if windows is None else windows
    return [arrived[:, : s.shape[1]].copy() for arrived, s in zip(wires.targets(sent, windows), sent, strict=True)]


def test_events_without_errors_are_not_copied():
    spec = spec_of((8, 3))
    events = spike_events(spec, np.random.default_rng(1), 2)
    arrived, lost = link().events(events, np.arange(2))
    assert arrived is events and lost == (0, 0)


@pytest.mark.parametrize("bits", [2, 5, 16])
def test_targets_are_rounded_to_words(bits):
    """To the nearest word, halves up; what a word cannot hold becomes the nearest end of its range."""
    one = 2.0 ** (bits - 1)
    words = np.arange(2 * one)
    sent = np.concatenate([words, words + 0.25, words + 0.5, words + 0.75, [-7, -0.5, 2 * one, 1e30]]) / one
    expected = np.concatenate([words, words, words + 1, words + 1, [0, 0, 2 * one, 2 * one]])
    [arrived] = targets_over(link(n_out=len(sent), target_bits=bits), sent.astype(np.float32)[None])
    assert (arrived[0] * one).tolist() == np.minimum(expected, 2 * one - 1).tolist()


def test_a_target_just_below_a_half_is_rounded_down():
    """Where adding a half in float32 would already round up."""
    [arrived] = targets_over(link(target_bits=2), np.array([[np.nextafter(np.float32(0.25), np.float32(0))]]))
    assert arrived[0, 0] == 0


def test_padding_stays_zero_when_chunks_shrink_and_grow():
    wires = link(n_out=5, targets=0.5)
    for n in (3, 40, 7):
        [arrived] = wires.targets([np.ones((n, 5), np.float32)], np.arange(n))
        assert arrived.shape == (n, 16) and not arrived[:, 5:].any()


@pytest.mark.parametrize(("rate", "n_bits"), [(0.001, 16), (0.05, 16), (0.5, 16), (0.05, 5)])
def test_target_bits_flip_independently_at_the_rate(rate, n_bits):
    """All bits alike, all words alike, neighbours independent."""
    sent, one = np.full((400, 50), 0.75, np.float32), 2 ** (n_bits - 1)
    [arrived] = targets_over(link(n_out=sent.shape[1], targets=rate, target_bits=n_bits), sent)
    words = np.rint(arrived * one).astype(int) ^ int(0.75 * one)
    bits = (words[..., None] >> np.arange(n_bits)) & 1
    assert stats.binomtest(int(bits.sum()), bits.size, rate).pvalue > 1e-3
    per_bit = bits.sum(axis=(0, 1))
    assert stats.chisquare(per_bit).pvalue > 1e-3
    flat = bits.ravel()
    both = int((flat[:-1:2] & flat[1::2]).sum())
    assert stats.binomtest(both, flat.size // 2, rate**2).pvalue > 1e-3


def test_gaps_between_errors_are_geometric():
    flips = sorted(flipped_bits(1, "targets", 0.1, 0, 5, 50_000))
    gaps = np.diff(flips)
    observed = [np.sum(gaps == k) for k in range(1, 20)] + [np.sum(gaps >= 20)]
    expected = [len(gaps) * 0.1 * 0.9 ** (k - 1) for k in range(1, 20)] + [len(gaps) * 0.9**19]
    assert stats.chisquare(observed, expected).pvalue > 1e-3


def test_a_word_without_a_flipped_bit_means_what_was_sent():
    """Rates that the word cannot hold exactly, or at all, are rounded; more happens only where an error hits."""
    rng = np.random.default_rng(1)
    sent = rng.normal(0.5, 1.0, (300, 20)).astype(np.float32)
    [rounded] = targets_over(link(n_out=20), sent)
    [arrived] = targets_over(link(n_out=20, targets=0.002), sent)
    hit = arrived != rounded
    assert 0.01 < hit.mean() < 0.06  # 1 - 0.998^16 is 3.2 %
    assert (arrived >= 0).all() and (arrived < 2).all()
    assert sent.min() < 0 and sent.max() > 2


def test_addresses_beyond_the_array_are_dropped_and_counted():
    """Five rows have three address bits: an event for row 4 survives only if no bit flips or it lands on 4 again."""
    mask = np.zeros((20_000, 1, 5), bool)
    mask[:, 0, 4] = True
    events = events_of(mask)
    arrived, lost = link(n_in=5, spikes=0.1).events(events, np.arange(20_000))
    kept = (arrived.end - arrived.begin).sum()
    assert lost == (20_000 - kept, 0)  # one event a step meets no other
    # 100 stays below 5 as 100, or with its highest bit flipped as 0xx; 101, 110, 111 are beyond.
    assert stats.binomtest(int(kept), 20_000, 0.1 + 0.9**3).pvalue > 1e-3
    rows = [rows_of(arrived, s, 0) for s in range(20_000)]
    assert {row for step in rows for row in step} == {0, 1, 2, 3, 4}


def test_rows_arrive_ascending_and_once_per_step(rng):
    spec = spec_of((11, 3), steps=6)
    events = spike_events(spec, rng, 200, density=0.7)
    arrived, lost = link(n_in=11, spikes=0.2).events(events, np.arange(200))
    sent = int((events.end - events.begin).sum())
    assert sum(lost) == sent - int((arrived.end - arrived.begin).sum())
    assert lost.events_off_array > 0 and lost.events_merged > 0
    for s in range(200):
        for t in range(6):
            rows = rows_of(arrived, s, t)
            assert rows == sorted(set(rows)) and all(0 <= row < 11 for row in rows)


def test_a_constant_current_keeps_its_amplitudes(rng):
    spec = spec_of((13, 3), steps=4)
    events = current_events(spec, rng, 50)
    arrived, lost = link(n_in=13, spikes=0.05).events(events, np.arange(50))
    assert (arrived.end == arrived.end[:, :1]).all() and min(lost) > 0
    for s in range(50):
        sent = events.amplitude[s, : events.end[s, 0]].tolist()
        assert set(arrived.amplitude[s, : arrived.end[s, 0]].tolist()) <= set(sent)


def test_the_sent_events_stay_as_they_were(rng):
    spec = spec_of((11, 3))
    events = spike_events(spec, rng, 5)
    kept = [array.copy() for array in events]
    programmed(spec_of((11, 3), noise=("link:0.2",)), lesson(spec).weights).infer(events, np.arange(5))
    assert all(np.array_equal(a, b) for a, b in zip(events, kept, strict=True))


def test_errors_belong_to_die_site_layer_and_window():
    sent = np.full((4, 30), 0.5, np.float32)
    windows = np.array([3, 4, 3, 2**40 + 3])
    [one] = targets_over(link(n_out=30, targets=0.05), sent, windows=windows)
    assert np.array_equal(one[0], one[2]) and not np.array_equal(one[0], one[1]) and not np.array_equal(one[0], one[3])
    [other_die] = targets_over(link(n_out=30, targets=0.05, die_seed=2), sent, windows=windows)
    assert not np.array_equal(one, other_die)
    both = HostLink(1, ChipSpec(layer_sizes=(8, 30, 30)).shapes, 16, 0.0, [0.05, 0.05])
    two_layers = targets_over(both, sent, sent, windows=windows)
    assert np.array_equal(two_layers[0], one) and not np.array_equal(two_layers[1], one)
    assert not np.array_equal(BitErrors.at(0.1, "spikes", 0, 1).key, BitErrors.at(0.1, "targets", 0, 1).key)


def test_sites_and_layers():
    """Errors of targets leave inference alone; those of spikes do not; a layer's targets are its own."""
    task = lesson(spec_of())

    def run(*noise):
        chip = programmed(task.spec.model_copy(update={"noise": noise}), task.weights)
        inferred = chip.infer(task.events, task.windows)
        taught(task, chip)
        return inferred, chip.weights()

    ideal, spikes, targets = run(), run("link:0.1@spikes"), run("link:0.1@targets,layer=2")
    for name in ("events_off_array", "events_merged"):
        first, *others = spikes[0].activity[name].tolist()
        assert first > 0 and others == [0, 0]
        assert not targets[0].activity[name].any()
    assert not np.array_equal(spikes[0].counts[0], ideal[0].counts[0])
    assert np.array_equal(targets[0].membrane, ideal[0].membrane)
    changed = [not np.array_equal(a[0], b[0]) for a, b in zip(targets[1], ideal[1], strict=True)]
    assert changed == [False, True, True] or changed == [False, True, False]


@pytest.mark.parametrize(("n_in", "bits"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (256, 8), (257, 9), (784, 10)])
def test_address_bits(n_in, bits):
    assert address_bits(n_in) == bits
