"""An export's folder: whole or absent, replaced only if it is one of ours and nobody has worked in it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from chipsim.reading import UnreadableError, read_text
from host.errors import ExportError
from host.files import folder_beside, is_folder, is_missing, write_text

MARK = "chipsim-export.json"
FORMAT = "chipsim export 1"
_MADE = ("build",)  # by make, in a folder of ours


def read_mark(folder: Path) -> dict[str, Any]:
    """What an export says of itself. Raises ExportError if this is none."""
    path = folder / MARK
    try:
        facts = json.loads(read_text(path))
    except (OSError, UnreadableError, ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict) or facts.get("format") != FORMAT or not isinstance(facts.get("files"), dict):
        raise ExportError(f"{folder} is no export of chipsim's: it has no {MARK} that says so; name another folder")
    return facts


def read_files(folder: Path) -> dict[str, str]:
    """Path -> text of all files that an export lists.

    Raises ExportError if it is none, or if a file is missing, or is another one than was written.
    """
    found = {}
    for name, digest in read_mark(folder)["files"].items():
        path = folder / PurePosixPath(str(name))
        try:
            content = path.read_bytes() if ".." not in path.parts else b""
        except OSError:
            raise ExportError(f"{folder}: {name} is missing; export into it again after moving it away") from None
        if digest_of(content) != digest:
            raise ExportError(f"{folder}: {name} is not as chipsim wrote it, and would be lost: name another folder")
        found[str(name)] = content.decode()
    return found


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check_place(folder: Path) -> None:
    """Before anything long begins. Raises ExportError if an export cannot be written there."""
    if is_missing(folder):
        parent = folder.absolute().parent
        if not is_folder(parent):
            raise ExportError(f"--out {folder}: there is no folder {folder.parent}; make it, or choose another --out")
        if not os.access(parent, os.W_OK | os.X_OK):
            raise ExportError(f"--out {folder}: cannot write in {parent}; choose another --out")
    elif not is_folder(folder):
        raise ExportError(f"--out {folder}: it is a file, and an export is a folder; choose another --out")
    elif any(folder.iterdir()):
        known = {PurePosixPath(name).parts[0] for name in read_files(folder)} | {MARK, *_MADE}
        foreign = sorted(each.name for each in folder.iterdir() if each.name not in known)
        if foreign:
            raise ExportError(f"--out {folder}: {foreign[0]} is not chipsim's, and would be lost: choose another --out")


def write_export(folder: Path, files: Mapping[str, str], facts: Mapping[str, Any]) -> None:
    """All of it beside, then renamed; what was there is as it was if that fails. Raises ExportError."""
    check_place(folder)
    digests = {name: digest_of(text.encode()) for name, text in sorted(files.items())}
    mark = json.dumps({"format": FORMAT, **facts, "files": digests}, indent=1) + "\n"
    beside: list[Path] = []
    try:
        new = folder_beside(folder.absolute())
        beside.append(new)
        for name, text in {**files, MARK: mark}.items():
            path = new / PurePosixPath(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        os.chmod(new, 0o755)
        _put_in_place(new, folder.absolute(), beside)
    except OSError as error:
        raise ExportError(f"cannot write {folder}: {error.strerror}; choose another --out") from None
    finally:
        for each in beside:
            shutil.rmtree(each, ignore_errors=True)


def write_part(folder: Path, name: str, files: Mapping[str, str]) -> None:
    """A folder within an export, such as ``vectors/run-1``: whole, in place of what had this name.

    Raises ExportError.
    """
    facts = read_mark(folder)
    others = {path: digest for path, digest in facts["files"].items() if not path.startswith(f"{name}/")}
    digests = others | {f"{name}/{file}": digest_of(text.encode()) for file, text in files.items()}
    mark = json.dumps({**facts, "files": dict(sorted(digests.items()))}, indent=1) + "\n"
    place, beside = folder.absolute() / PurePosixPath(name), list[Path]()
    try:
        new = folder_beside(place)
        beside.append(new)
        for file, text in files.items():
            (new / file).write_text(text, encoding="utf-8", newline="\n")
        os.chmod(new, 0o755)
        _put_in_place(new, place, beside)
        write_text(folder / MARK, mark)
    except OSError as error:
        raise ExportError(f"cannot write {folder}: {error.strerror}; choose another --out") from None
    finally:
        for each in beside:
            shutil.rmtree(each, ignore_errors=True)


def _put_in_place(new: Path, folder: Path, beside: list[Path]) -> None:
    """Rename `new`; what is there before goes to a folder of `beside`, and comes back if that fails."""
    if is_missing(folder):
        os.rename(new, folder)
        return
    old = folder_beside(folder)
    beside.append(old)
    os.rename(folder, old)  # over an empty folder
    try:
        os.rename(new, folder)
    except BaseException:
        os.rename(old, folder)
        raise
