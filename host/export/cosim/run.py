"""All checks of an export, one after the other, in a copy of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from host.export.cosim.checks import CHECKS, Asked, Checked
from host.export.cosim.workplace import workplace


def cosim(export: Path, checks: Sequence[str], asked: Asked) -> Iterator[Checked]:
    """Outcomes as they come; nothing is left behind. Raises ExportError if `export` is none."""
    with tempfile.TemporaryDirectory(prefix="chipsim-cosim-") as folder:
        place = workplace(export, Path(folder))
        for name in CHECKS:
            if name in checks:
                yield from CHECKS[name](place, asked)
