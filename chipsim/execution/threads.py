"""Runs dependent pieces of work on a few threads, each piece as soon as what it needs is done.

Work comes in batches. A batch may wait for pieces of earlier ones, and it starts while they still run: no thread is
idle at the seam.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from heapq import heappop, heappush


@dataclass(eq=False)
class WorkPiece:
    """One call, and the pieces that it waits for. `thread` is the one that should run it, for its cache's sake."""

    call: Callable[[], object]
    thread: int = 0
    waits_for: list[WorkPiece] = field(default_factory=list)

    def after(self, *others: WorkPiece | None) -> WorkPiece:
        """Let this piece wait for others, of its own batch or an earlier one; returns itself."""
        self.waits_for += [other for other in others if other is not None]
        return self


@dataclass(eq=False)
class Batch:
    """Pieces that were submitted together."""

    left: int
    error: BaseException | None = None


@dataclass(eq=False)
class _Queued:
    """A piece that has not run: how many others it still waits for, and who waits for it."""

    piece: WorkPiece
    batch: Batch
    place: int  # earlier ones first
    needs: int = 0
    followers: list[_Queued] = field(default_factory=list)

    def __lt__(self, other: _Queued) -> bool:
        return self.place < other.place


class Threads:
    """The caller and a few worker threads that are kept. With one thread everything runs in the caller."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count - 1, "chipsim") if count > 1 else None
        self._awake: set[int] = set()  # workers that have not gone to rest
        self._changed = threading.Condition()
        self._ready: list[list[_Queued]] = [[] for _ in range(count)]  # heaps
        self._queued: dict[WorkPiece, _Queued] = {}  # not yet done
        self._batches: list[Batch] = []  # likewise
        self._submitted = 0

    def run(self, pieces: list[WorkPiece]) -> None:
        """Run all pieces, those listed first preferred. The first exception is raised when all threads have stopped."""
        self.wait(self.submit(pieces))

    def submit(self, pieces: list[WorkPiece]) -> Batch:
        """Start all pieces. They go on by themselves, slower than while somebody waits for them.

        With one thread they have run when this returns.
        """
        batch = Batch(len(pieces))
        if self._pool is None:
            for piece in pieces:  # listed in an order that respects who waits for whom
                piece.waits_for.clear()  # or every piece would keep all before it
                piece.call()
            batch.left = 0
            return batch
        if not pieces:
            return batch
        with self._changed:
            try:
                self._batches.append(batch)
                for piece in pieces:
                    self._queue(piece, batch)
                for thread in set(range(1, self.count)) - self._awake:
                    self._pool.submit(self._work, thread, lambda: not self._batches)
                    self._awake.add(thread)
            except BaseException as error:  # an interrupt: half a batch would never end
                self._fail(error)
                raise
            self._changed.notify_all()
        return batch

    def rest(self) -> None:
        """Wait until nothing runs any more, whoever submitted it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._batches)

    def wait(self, batch: Batch) -> None:
        """Work until `batch` is done. Raises what a piece of it, or of one before it, raised, when all have stopped."""
        try:
            self._work(0, lambda: batch.left == 0)
        finally:
            if batch.error is not None:
                with self._changed:
                    self._changed.wait_for(lambda: not self._awake)
        if batch.error is not None:
            raise batch.error

    def _work(self, thread: int, ended: Callable[[], bool]) -> None:
        done: _Queued | None = None
        try:
            while (taken := self._next(thread, ended, done)) is not None:
                try:
                    taken.piece.call()
                    done = taken
                except BaseException as error:
                    self._fail(error)
                    done = None
        except BaseException as error:  # between two pieces: an interrupt, no memory; others would wait for ever
            with self._changed:
                self._awake.discard(thread)
                self._fail(error)
            raise

    def _next(self, thread: int, ended: Callable[[], bool], done: _Queued | None) -> _Queued | None:
        """Wait for a piece to run, having run `done`; None once it has ended."""
        with self._changed:
            if done is not None:
                self._finish(done)
            while not ended() and not any(self._ready):
                self._changed.wait()
            if ended():
                self._awake.discard(thread)
                self._changed.notify_all()
                return None
            # One's own piece if there is one, else the most loaded thread's; always the earliest.
            return heappop(self._ready[thread] or max(self._ready, key=len))

    def _queue(self, piece: WorkPiece, batch: Batch) -> None:
        queued = _Queued(piece, batch, self._submitted)
        self._submitted += 1
        self._queued[piece] = queued
        for other in piece.waits_for:
            if other in self._queued:  # else it has run, or was dropped
                self._queued[other].followers.append(queued)
                queued.needs += 1
        piece.waits_for.clear()
        if queued.needs == 0:
            self._offer(queued)

    def _finish(self, queued: _Queued) -> None:
        if self._queued.pop(queued.piece, None) is None:  # another one has failed meanwhile
            return
        queued.batch.left -= 1
        if queued.batch.left == 0:
            self._batches.remove(queued.batch)
        for follower in queued.followers:
            follower.needs -= 1
            if follower.needs == 0:
                self._offer(follower)
        self._changed.notify_all()

    def _fail(self, error: BaseException) -> None:
        """Drop all that has not run: later batches follow from what has failed."""
        with self._changed:
            for batch in self._batches:
                batch.error = batch.error or error
                batch.left = 0
            self._batches.clear()
            self._queued.clear()
            for heap in self._ready:
                heap.clear()
            self._changed.notify_all()

    def _offer(self, queued: _Queued) -> None:
        heappush(self._ready[queued.piece.thread % self.count], queued)
