"""Learning goes on after `learn` has returned: the next chunk follows without a pause, and no result is lost."""

import numpy as np
import pytest
from small_chips import assert_same_result, assert_same_state, chunk_of, lesson, programmed, spec_of

from chipsim import ChipError
from chipsim.execution.work_plan import WINDOWS_PER_PIECE
from chipsim.simd import BufferPool

CHUNK = 2 * WINDOWS_PER_PIECE + 5


def long_lesson(noise=("mismatch:0.3", "thermal:0.2")):
    return lesson(spec_of(sizes=(12, 150, 70, 17), steps=6, noise=noise), n_windows=4 * CHUNK)


def learn(chip, task, start):
    part = slice(start, start + CHUNK)
    targets = [target[part] for target in task.targets]
    return chip.learn(chunk_of(task.events, part.start, part.stop), task.windows[part], targets, task.rates[part])


@pytest.mark.parametrize("noise", [("mismatch:0.3",), ("link:0.01",), ("drift:0.5",)], ids=lambda noise: noise[0])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_results_may_be_looked_at_late(threads, noise):
    task = long_lesson(noise)
    chip, patient = (programmed(task.spec, task.weights, threads=threads) for _ in range(2))
    starts = range(0, 4 * CHUNK, CHUNK)
    unread = [learn(chip, task, start) for start in starts]
    for start, result in zip(starts, unread, strict=True):
        looked_at = learn(patient, task, start)
        assert looked_at.counts[0].any()
        assert_same_result(result, looked_at)
    assert_same_state(chip, patient)


@pytest.mark.parametrize("ask", ["snapshot", "weights", "infer", "program"])
def test_what_needs_the_weights_waits_for_them(ask):
    task = long_lesson()
    chip, other = (programmed(task.spec, task.weights, threads=2) for _ in range(2))
    result = learn(chip, task, 0)
    looked_at = learn(other, task, 0)
    assert looked_at.counts[0].any()
    if ask == "infer":
        first = [each.infer(chunk_of(task.events, 0, 3), task.windows[:3]) for each in (chip, other)]
        assert_same_result(*first)
    elif ask == "program":
        for each in (chip, other):
            each.program(task.weights)
    elif ask == "weights":
        for mine, theirs in zip(chip.weights(), other.weights(), strict=True):
            np.testing.assert_array_equal(mine[0], theirs[0])
    assert_same_state(chip, other)
    assert_same_result(result, looked_at)


def test_a_chunk_that_is_refused_leaves_the_running_one_alone():
    task = long_lesson()
    chip, other = (programmed(task.spec, task.weights, threads=2) for _ in range(2))
    unread = [learn(chip, task, 0)]
    bad = chunk_of(task.events, CHUNK, 2 * CHUNK)
    rows = bad.rows.copy()
    rows[bad.end[:, -1] > 0, 0] = 99
    part = slice(CHUNK, 2 * CHUNK)
    with pytest.raises(ChipError, match="rows 0 to 11"):
        chip.learn(bad._replace(rows=rows), task.windows[part], [t[part] for t in task.targets], task.rates[part])
    unread += [learn(chip, task, start) for start in (CHUNK, 2 * CHUNK)]
    for start, result in zip((0, CHUNK, 2 * CHUNK), unread, strict=True):
        assert_same_result(result, learn(other, task, start))
    assert_same_state(chip, other)


def test_a_result_knows_what_it_has_not():
    result = learn(programmed(long_lesson().spec, long_lesson().weights), long_lesson(), 0)
    with pytest.raises(AttributeError, match="no_such"):
        _ = result.no_such


def test_room_is_used_again_only_when_no_view_is_left():
    recycler = BufferPool()
    first = recycler.take((4, 32))
    view = first[1:, ::2]
    place = first.ctypes.data
    view[:] = 7
    del first
    second = recycler.take((4, 32))
    second[:] = 1
    assert second.ctypes.data != place and (view == 7).all()
    del view
    third = recycler.take((3, 40))  # another shape of no more than half the room unused
    assert third.ctypes.data == place and third.shape == (3, 40)


def test_a_small_result_does_not_keep_a_large_room():
    recycler = BufferPool()
    large = recycler.take((100, 32))
    place = large.ctypes.data
    del large
    assert recycler.take((1, 32)).ctypes.data != place
    assert recycler.take((0, 32)).shape == (0, 32)
