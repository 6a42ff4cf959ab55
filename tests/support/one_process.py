"""The engine without processes of its own: tasks run where the test runs, so that no worker has to start."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from host.sweep import Workers


class OneThread(ThreadPoolExecutor):
    """Whose `submit` a test may replace without touching other pools."""


@contextmanager
def one_thread(count: int) -> Iterator[Workers]:
    with OneThread(1) as executor:
        yield Workers(executor, 1)
