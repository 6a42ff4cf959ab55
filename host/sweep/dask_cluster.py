"""A Dask cluster as an Executor."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from chipsim import __version__
from host.errors import SweepError

_PATIENCE_S = 10


@contextmanager
def dask_executor(address: str) -> Iterator[tuple[Executor, int]]:
    """The executor of the scheduler at `address`, and how many tasks it runs at a time. Raises SweepError."""
    try:
        from distributed import Client
    except ImportError:
        raise SweepError("--dask needs the package distributed: pip install 'chipsim[dask]'") from None
    for name in filter(lambda name: name.startswith("distributed"), list(logging.root.manager.loggerDict)):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said below, in one line
    try:
        client = Client(address, timeout=_PATIENCE_S)
    except (OSError, ValueError, TimeoutError) as error:
        reason = " ".join(str(error).split())
        raise SweepError(
            f"no Dask scheduler answers at {address} ({reason}): start one with dask scheduler, and name the address"
            " that it prints"
        ) from None
    try:
        threads = client.nthreads()
        if not threads:
            raise SweepError(f"the Dask cluster at {address} has no worker: start one with dask worker {address}")
        others = {version for version in client.run(_version).values() if version != __version__}
        if others:
            raise SweepError(
                f"the workers of {address} run chipsim {', '.join(sorted(others))}, this is {__version__}: install the"
                " same version everywhere"
            )
        yield client.get_executor(pure=False), sum(threads.values())
    finally:
        client.close()


def _version() -> str:
    return __version__
