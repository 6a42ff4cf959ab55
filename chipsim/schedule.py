"""Runs dependent pieces of work on a few threads, each piece as soon as what it needs is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from heapq import heappop, heappush


@dataclass
class Piece:
    """One call, and the pieces that wait for it. `thread` is the one that should run it, for its cache's sake."""

    call: Callable[[], object]
    thread: int = 0
    waits_for: int = 0
    followers: list[Piece] = field(default_factory=list)

    def after(self, *others: Piece | None) -> Piece:
        """Let this piece wait for others; returns itself."""
        for other in others:
            if other is not None:
                other.followers.append(self)
                self.waits_for += 1
        return self


class Threads:
    """A few worker threads that are kept between runs. With one thread everything runs in the caller."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count - 1, "chipsim") if count > 1 else None

    def run(self, pieces: list[Piece]) -> None:
        """Run all pieces, those listed first preferred. The first exception is raised when all threads have stopped."""
        if self._pool is None:
            for piece in pieces:  # listed in an order that respects who waits for whom
                piece.call()
            return
        run = _Run(pieces, self.count)
        futures = [self._pool.submit(run.work, thread) for thread in range(1, self.count)]
        try:
            run.work(0)
        finally:
            run.stop()
            for future in futures:
                future.result()
        if run.error is not None:
            raise run.error


class _Run:
    def __init__(self, pieces: list[Piece], threads: int) -> None:
        self.error: BaseException | None = None
        self._left = len(pieces)
        self._ready: list[list[tuple[int, Piece]]] = [[] for _ in range(threads)]  # heaps, earliest listed on top
        self._place = {id(piece): place for place, piece in enumerate(pieces)}
        self._changed = threading.Condition()
        for piece in pieces:
            if piece.waits_for == 0:
                self._offer(piece)

    def stop(self) -> None:
        with self._changed:
            self._left = 0
            self._changed.notify_all()

    def work(self, thread: int) -> None:
        done: Piece | None = None
        while True:
            with self._changed:
                if done is not None:
                    self._finish(done)
                while self._left > 0 and not any(self._ready):
                    self._changed.wait()
                if self._left <= 0:
                    return
                # One's own piece if there is one, else the most loaded thread's; always the one listed first.
                _, done = heappop(self._ready[thread] or max(self._ready, key=len))
            try:
                done.call()
            except BaseException as error:
                with self._changed:
                    self.error = self.error or error
                self.stop()
                return

    def _finish(self, piece: Piece) -> None:
        self._left -= 1
        for follower in piece.followers:
            follower.waits_for -= 1
            if follower.waits_for == 0:
                self._offer(follower)
        self._changed.notify_all()

    def _offer(self, piece: Piece) -> None:
        heappush(self._ready[piece.thread % len(self._ready)], (self._place[id(piece)], piece))
