"""Where data sets are looked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from host.data.formats import IDX_FILES


def data_folders(data_dir: str | None) -> list[Path]:
    """Where data sets are looked for, in this order."""
    named = [data_dir, os.environ.get("CHIPSIM_DATA")]
    return [Path(folder).expanduser() for folder in named if folder]


def find_mnist(data_dir: str | None) -> tuple[Path | None, list[Path]]:
    """The folder that holds MNIST's four files, if any, and all folders that were looked at."""
    return mnist_in(data_folders(data_dir))


def mnist_in(folders: Sequence[Path]) -> tuple[Path | None, list[Path]]:
    """As `find_mnist`, among these folders."""
    looked = [folder for base in folders for folder in (base / "mnist", base)]
    found = [folder for folder in looked if all((folder / file).is_file() for file in IDX_FILES.values())]
    return (found[0] if found else None), looked
