"""Sequences behind a wire: the bits of this process, whatever is looked at, in no more bytes than are counted."""

import numpy as np
import pytest
from small_chips import (
    assert_same,
    assert_same_result,
    assert_same_state,
    every_neuron,
    lesson,
    programmed,
    spec_of,
    taught,
)

from chipsim.layout import row_type
from chipsim.wire.packing import one_after_another, side_by_side
from host.link import Timeline
from host.link.remote import RemoteChip, connect
from host.link.traffic import CountedChip, Traffic


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
def test_the_same_bits(server, monkeypatch, constant_current):
    monkeypatch.setattr("chipsim.wire.messages.requests._MOST_WINDOWS", 4)  # more than one frame
    spec = spec_of(sizes=(5, 17, 3), steps=5, windows=3, noise=("link:0.02", "missed:0.3"), target_bits=5)
    task = lesson(spec, n_windows=7, constant_current=constant_current, rate=0.1)
    task.events.end[1, 5:] = task.events.begin[1, 5:]  # ends after its first window
    here, traffic = programmed(spec, task.weights), Traffic()
    counted = CountedChip(programmed(spec, task.weights), traffic, Timeline())
    with connect(server.endpoint) as connection:
        there = RemoteChip(connection, spec, 3)
        there.program(task.weights)
        for run in (
            lambda chip, probes: taught(task, chip, probes),
            lambda chip, p: chip.infer(task.events, task.windows, p),
        ):
            results = [run(chip, every_neuron(spec)) for chip in (there, here, counted)]
            for result in (results[0], results[2]):
                assert_same_result(result, results[1])
                assert_same(result.classes, results[1].classes, "classes")
                for layer, seen in results[1].signals.items():
                    assert_same(result.signals[layer].count, seen.count, "probed counts")
        assert_same_state(there, here)
        for kind in ("LEARN", "INFER", "LEARNED", "INFERRED", "COUNTS", "SIGNALS"):
            crossed = {**connection.traffic.down, **connection.traffic.up}[kind]
            assert {**traffic.down, **traffic.up}[kind] == crossed, kind


def test_currents_side_by_side_come_apart_again():
    spec = spec_of(sizes=(9, 4), steps=3, windows=4)
    events = lesson(spec, n_windows=6, constant_current=True).events
    events.end[2] = events.begin[2]  # silence
    sent = side_by_side(spec, events)
    assert sent.rows.dtype == row_type(36) and (sent.begin == 0).all()
    back = one_after_another(spec, sent)
    for s, t in np.ndindex(events.begin.shape):
        for name in ("rows", "amplitude"):
            mine, theirs = (getattr(each, name)[s, each.begin[s, t] : each.end[s, t]] for each in (back, events))
            assert mine.tolist() == theirs.tolist()
