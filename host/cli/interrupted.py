"""What a command says that is interrupted while it fills a database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click


@contextmanager
def interrupted_goes_on(database: Path) -> Iterator[None]:
    """Ctrl-C inside the block ends the process with one line and exit status 130."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"chipsim: interrupted; what is stored in {database} stays: the same command goes on", err=True)
        sys.exit(130)
