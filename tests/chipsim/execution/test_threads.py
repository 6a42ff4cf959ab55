"""Dependent pieces of work on a few threads: order, completeness and failure."""

import random
import threading
import time
from functools import partial

import pytest

from chipsim.execution.threads import Threads, WorkPiece

COUNTS = [1, 2, 3, 8]


def random_graph(seed, n_pieces, threads):
    """Pieces that each wait for some earlier ones. Returns (pieces, what each waits for, the log of their runs)."""
    chance = random.Random(seed)
    log = []

    def call(number):
        return lambda: log.append(("start", number)) or time.sleep(0) or log.append(("end", number))

    pieces, needs = [], []
    for number in range(n_pieces):
        needed = chance.sample(range(number), min(number, chance.randrange(4)))
        piece = WorkPiece(call(number), thread=chance.randrange(threads + 1)).after(*[pieces[n] for n in needed])
        pieces.append(piece)
        needs.append(needed)
    return pieces, needs, log


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("seed", range(5))
def test_every_piece_runs_once_and_after_what_it_waits_for(count, seed):
    pieces, needs, log = random_graph(seed, 60, count)
    Threads(count).run(pieces)
    assert sorted(log) == [(event, number) for event in ("end", "start") for number in range(60)]
    for number, needed in enumerate(needs):
        assert all(log.index(("end", other)) < log.index(("start", number)) for other in needed)


def test_one_thread_runs_in_the_caller_in_the_order_listed():
    seen = []
    Threads(1).run([WorkPiece(lambda n=n: seen.append((n, threading.current_thread()))) for n in range(5)])
    assert seen == [(n, threading.current_thread()) for n in range(5)]


@pytest.mark.parametrize("count", [2, 3, 8])
def test_pieces_run_at_the_same_time(count):
    """A barrier of all threads only opens if each of them is in a piece."""
    barrier = threading.Barrier(count, timeout=20)
    Threads(count).run([WorkPiece(barrier.wait, thread) for thread in range(count)])
    assert not barrier.broken


@pytest.mark.parametrize("count", COUNTS)
def test_threads_are_kept_from_run_to_run(count):
    threads = Threads(count)
    for seed in range(3):
        pieces, _, log = random_graph(seed, 20, count)
        threads.run(pieces)
        assert len(log) == 40
    threads.run([])


class Broken(Exception):
    pass


def fail(text):
    raise Broken(text)


@pytest.mark.parametrize("where", ["caller", "worker"])
@pytest.mark.parametrize("count", [2, 3, 8])
def test_an_exception_comes_back_from_any_thread(count, where):
    """All threads meet inside a piece; then only the caller, or only the workers, fail."""
    barrier = threading.Barrier(count, timeout=20)
    caller = threading.current_thread()
    followed = []

    def call():
        barrier.wait()
        if (threading.current_thread() is caller) == (where == "caller"):
            fail(where)

    pieces = [WorkPiece(call, thread) for thread in range(count)]
    last = WorkPiece(lambda: followed.append(1)).after(*pieces)
    threads = Threads(count)
    with pytest.raises(Broken, match=f"^{where}$"):
        threads.run([*pieces, last])
    assert not followed
    # The threads live on.
    pieces, _, log = random_graph(1, 20, count)
    threads.run(pieces)
    assert len(log) == 40


@pytest.mark.parametrize("count", COUNTS)
def test_nothing_runs_after_what_failed(count):
    ran = []
    first = WorkPiece(lambda: fail("first"))
    second = WorkPiece(lambda: ran.append(2)).after(first)
    third = WorkPiece(lambda: ran.append(3)).after(second)
    with pytest.raises(Broken, match="^first$"):
        Threads(count).run([first, second, third])
    assert ran == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("count", COUNTS)
def test_interrupts_come_through(count, error):
    def interrupt():
        raise error

    with pytest.raises(error):
        Threads(count).run([WorkPiece(interrupt)])


@pytest.mark.parametrize("where", ["caller", "worker"])
@pytest.mark.parametrize("place", ["_finish", "_next"])
def test_no_memory_between_two_pieces(monkeypatch, where, place):
    """In the bookkeeping: the others do not wait for ever, and the threads live on."""
    caller, threads, failed = threading.current_thread(), Threads(2), []
    pieces, _, _ = random_graph(3, 60, 2)
    barrier = threading.Barrier(2, timeout=3)  # it is waited for where the other thread has failed
    meeting = [WorkPiece(barrier.wait, thread) for thread in range(2)]
    real = getattr(Threads, place)

    def fails(self, *arguments):
        if not failed and barrier.n_waiting == 0 and (threading.current_thread() is caller) == (where == "caller"):
            failed.append(1)
            raise MemoryError
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Threads, place, fails)
        with pytest.raises(MemoryError):
            threads.run([*meeting, *pieces])
    assert failed
    pieces, _, log = random_graph(1, 20, 2)
    threads.run(pieces)
    assert len(log) == 40


def test_an_exception_waits_for_the_other_threads():
    """A piece that is under way writes into the caller's arrays, so run() must not return before it has ended."""
    barrier, failing = threading.Barrier(2, timeout=20), threading.Event()
    caller = threading.current_thread()
    ended = []

    def call():
        barrier.wait()  # one in the caller, one in the worker
        if threading.current_thread() is caller:
            failing.set()
            fail("while the other works")
        failing.wait(20)
        time.sleep(0.05)
        ended.append(1)

    with pytest.raises(Broken):
        Threads(2).run([WorkPiece(call, 0), WorkPiece(call, 1)])
    assert ended == [1]


def test_after_takes_none_and_returns_itself():
    first, piece = WorkPiece(lambda: None), WorkPiece(lambda: None)
    assert piece.after(None, first, None) is piece
    assert piece.waits_for == [first]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("seed", range(3))
def test_batches_wait_for_pieces_of_earlier_ones(count, seed):
    pieces, needs, log = random_graph(seed, 90, count)
    threads = Threads(count)
    batches = [threads.submit(pieces[start : start + 30]) for start in (0, 30, 60)]
    threads.wait(batches[0])
    assert all(("end", number) in log for number in range(30))
    threads.wait(batches[2])
    threads.wait(batches[1])
    assert sorted(log) == [(event, number) for event in ("end", "start") for number in range(90)]
    for number, needed in enumerate(needs):
        assert all(log.index(("end", other)) < log.index(("start", number)) for other in needed)


def test_a_batch_starts_while_the_one_before_still_runs():
    """The first batch's only piece ends when one of the second has begun."""
    begun = threading.Event()
    threads = Threads(2)
    first = threads.submit([WorkPiece(lambda: begun.wait(20) or fail("the second batch waited for the first"))])
    second = threads.submit([WorkPiece(begun.set)])
    threads.wait(first)
    threads.wait(second)


@pytest.mark.parametrize("count", [2, 3, 8])
def test_later_batches_end_with_the_one_that_failed(count):
    threads = Threads(count)
    go = threading.Event()
    ran = []
    broken = WorkPiece(lambda: go.wait(20) and fail("first"))
    first = threads.submit([broken])
    second = threads.submit([WorkPiece(lambda: ran.append(2)).after(broken)])
    go.set()
    for batch in (second, first):
        with pytest.raises(Broken, match="^first$"):
            threads.wait(batch)
    assert ran == []
    threads.run([WorkPiece(lambda: ran.append(3))])
    assert ran == [3]


class Interrupted(list):
    """Pieces of which the last one never comes."""

    def __iter__(self):
        yield from super().__iter__()
        raise KeyboardInterrupt


@pytest.mark.parametrize("count", [2, 3])
def test_an_interrupt_while_submitting_leaves_nothing_behind(count):
    threads, done = Threads(count), []
    with pytest.raises(KeyboardInterrupt):
        threads.submit(Interrupted([WorkPiece(lambda: None), WorkPiece(lambda: None)]))
    threads.rest()
    threads.run([WorkPiece(partial(done.append, 1))])
    assert done == [1]


@pytest.mark.parametrize("count", COUNTS)
def test_workers_rest_after_no_work_at_all(count):
    threads = Threads(count)
    threads.run([])
    resting = threading.Thread(target=threads.rest, daemon=True)
    resting.start()
    resting.join(timeout=20)
    assert not resting.is_alive()
