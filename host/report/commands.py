"""The command that writes a page again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def report_command(source: str, options: Sequence[str]) -> str:
    return shlex.join(["chipsim", "report", source, *options])
