"""Whether others could change what is at a place: what is run as code, or trusted as a key, must be one's own.

The rule is that of OpenSSH's StrictModes (`safe_path` of its misc.c): the file or folder and all folders above it, up
to the home folder or the root, belong to the user or to root, and nobody else may write there. In a folder above, the
sticky bit will do, since it keeps others from renaming what is not theirs; a group of the owner's name is nobody else.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

_ROOT = 0


def changeable_by_others(path: Path) -> str:
    """How others could change what is at `path`, as "FOLDER can be written by others"; empty if they cannot.

    Raises OSError if nothing is there. Systems without owners of files say nothing.
    """
    if not hasattr(os, "geteuid"):
        return ""
    me = os.geteuid()
    real = path.resolve(strict=True)
    for place in _up_to_home(real):
        status = place.stat()
        if status.st_uid not in (_ROOT, me):
            return f"{place} belongs to another user (number {status.st_uid})"
        shared = place != real and status.st_mode & stat.S_ISVTX
        if _others_may_write(place, status.st_mode) and not shared:
            return f"{place} can be written by others"
    return ""


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone. Raises OSError."""
    for place in reversed((folder, *folder.parents)):
        if not place.is_dir():
            place.mkdir(mode=stat.S_IRWXU, exist_ok=True)


def _up_to_home(real: Path) -> Iterator[Path]:
    try:
        home: Path | None = Path.home().resolve()
    except RuntimeError:  # a user without one
        home = None
    for place in (real, *real.parents):
        yield place
        if place == home:
            return


def _others_may_write(place: Path, mode: int) -> bool:
    return bool(mode & stat.S_IWOTH) or bool(mode & stat.S_IWGRP and not _has_its_owners_group(place))


def _has_its_owners_group(place: Path) -> bool:
    """Whether the group is the owner's private one, of the same name, as many systems give each user."""
    try:
        return place.group() == place.owner()
    except KeyError:  # a number without a name
        return False
