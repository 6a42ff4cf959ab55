"""A Dask cluster as an Executor."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from host.errors import SweepError
from host.run import made_with

_PATIENCE_S = 10


@contextmanager
def dask_executor(address: str, mix_versions: bool) -> Iterator[tuple[Executor, int]]:
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
        try:
            others = {found for found in client.run(made_with).values() if found != made_with()}
        except (AttributeError, ImportError):  # no such function there
            raise SweepError(
                f"the workers of {address} run another chipsim: install {made_with().chipsim} everywhere"
            ) from None
        if others and not mix_versions:
            raise SweepError(
                f"the workers of {address} have {' and '.join(map(str, sorted(others)))}, here are {made_with()}:"
                " install the same versions everywhere, or add --mix-versions, which rows then tell"
            )
        yield client.get_executor(pure=False), sum(threads.values())
    finally:
        client.close()
