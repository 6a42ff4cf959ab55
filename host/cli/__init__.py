"""The command line."""

from host.cli.commands import main

__all__ = ["main"]
