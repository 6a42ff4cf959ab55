"""Where data sets are looked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from chipsim.reading import UnreadableError, expanded
from chipsim.simd import cache_root
from host.data.formats import IDX_FILES
from host.errors import DataError


def data_folders(data_dir: str | None) -> list[Path]:
    """Where data sets are looked for, in this order, at last where downloads are.

    Raises DataError if there is no such home folder.
    """
    named = {"--data-dir": data_dir, "CHIPSIM_DATA": os.environ.get("CHIPSIM_DATA")}
    folders = []
    for where, folder in named.items():
        try:
            folders += [expanded(folder)] if folder else []
        except UnreadableError as error:
            raise DataError(f"{where} {folder}: {error}") from None
    downloads = downloads_folder()
    return [*folders, downloads] if downloads.is_dir() else folders


def told_places(looked_in: Sequence[Path | str]) -> str:
    """Where a data set was looked for, as a person reads it."""
    nowhere = "nowhere: nothing was downloaded yet, and neither --data-dir nor CHIPSIM_DATA is set"
    return ", ".join(map(str, looked_in)) or nowhere


def downloads_folder() -> Path:
    """Where downloads go if nobody names another folder."""
    return cache_root() / "data"


def find_mnist(data_dir: str | None) -> tuple[Path | None, list[Path]]:
    """The folder that holds MNIST's four files, if any, and all folders that were looked at."""
    return mnist_in(data_folders(data_dir))


def mnist_in(folders: Sequence[Path]) -> tuple[Path | None, list[Path]]:
    """As `find_mnist`, among these folders."""
    looked = [folder for base in folders for folder in (base / "mnist", base)]
    found = [folder for folder in looked if all((folder / file).is_file() for file in IDX_FILES.values())]
    return (found[0] if found else None), looked
