"""Gets the files of a data set: what is there already stays, the rest comes from a mirror, or is said to be missing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import cast

from chipsim.reading import UnreadableError, open_file
from host.data.datasets import place_among
from host.data.download import Progress, download
from host.data.folders import data_folders, downloads_folder
from host.data.mirrors import RemoteFile
from host.data.source import DataSource
from host.errors import DataError
from host.settings import DATA_SOURCES


@dataclass(frozen=True)
class Gotten:
    """A data set that is where runs find it, or, if `missing`, what has to be put where."""

    name: str
    folder: Path | None  # None: it needs no files
    came_from: dict[str, str]  # file name -> address
    missing: tuple[RemoteFile, ...] = ()


def get(
    source: DataSource, data_dir: str | None, mirrors: Sequence[str], progress: Progress, offline: bool = False
) -> Gotten:
    """Put a data set's files where runs look for them: below `data_dir`, else CHIPSIM_DATA, else the user's cache.

    What is there already stays where it is: of `data_dir` if that is given, else of all places where runs look.
    mirrors: addresses of folders to ask before those that are known. offline: ask nobody, and tell what is missing.
    Raises DataError; OSError if a folder cannot be written.
    """
    folders = data_folders(data_dir) or [downloads_folder()]
    place = place_among(source, folders[:1] if data_dir else folders)
    if place is None:
        return Gotten(source.name, None, {})
    if not source.downloads:
        raise DataError(f"{source.name} cannot be downloaded: {source.how_to_get}")
    folder = place.folder or folders[0] / (source.files_of or source.name)
    if source.made and all((folder / name).is_file() for name in source.made):
        return Gotten(source.name, folder, {})
    lacking = tuple(file for file in _checked(source) if not _is_there(file, folder))
    if offline and lacking:
        return Gotten(source.name, folder, {}, lacking)
    folder.mkdir(parents=True, exist_ok=True)
    _refuse_little_room(folder, sum(file.n_bytes for file in lacking) + source.made_bytes)
    came_from = {
        file.name: download(file._replace(mirrors=(*map(_as_folder, mirrors), *file.mirrors)), folder, progress)
        for file in lacking
    }
    with DATA_SOURCES.blamed(source.name, "cannot be unpacked"):
        source.unpack(folder)
    for file in lacking if source.made else ():
        (folder / file.name).unlink()  # what it held is there; what a person has put there is his
    return Gotten(source.name, folder, came_from)


def _checked(source: DataSource) -> list[RemoteFile]:
    """What there is to download. Raises DataError if another package names no file, or no sum of it."""
    with DATA_SOURCES.blamed(source.name, "cannot be downloaded"):
        files = [RemoteFile(*file) for file in source.downloads]
        for file in files:
            if file.name != Path(file.name).name or file.n_bytes < 1 or len(bytes.fromhex(file.sha256)) != 32:
                raise ValueError(f"{file.name!r} of {file.n_bytes} bytes, SHA-256 {file.sha256!r}, is no file")
    return files


def _is_there(file: RemoteFile, folder: Path) -> bool:
    """Raises DataError if another file has its name: it is somebody's, and no download replaces it."""
    path = folder / file.name
    if not path.exists():
        return False
    try:
        with open_file(path) as content:
            found = hashlib.file_digest(cast(BufferedReader, content), "sha256").hexdigest()
    except UnreadableError as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    if found != file.sha256:
        raise DataError(
            f"{path} is there and is not the published file (SHA-256 {found[:12]}..., not {file.sha256[:12]}...): move"
            " it away, or name another folder with --data-dir"
        )
    return True


def _refuse_little_room(folder: Path, n_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise DataError(
            f"{folder} has room for {free / 1e6:,.0f} MB, and {n_bytes / 1e6:,.0f} MB are needed: name another folder"
            " with --data-dir"
        )


def _as_folder(address: str) -> str:
    """Raises DataError."""
    if not address.startswith(("http://", "https://")):
        raise DataError(f"--mirror {address!r} must begin with http:// or https://")
    return address if address.endswith("/") else f"{address}/"
