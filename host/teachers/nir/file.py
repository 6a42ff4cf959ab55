"""The graph in a NIR file, which is HDF5: looked at whole before anything of it is read.

HDF5 can say that what it holds stands in another file, any that its reader may open, and that a few bytes are as many
as one likes. So a file is read if it consists of plain groups and plain arrays of numbers and words, stored in itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from host.errors import TeacherError
from host.teachers.packages import optional
from host.teachers.regular_file import opened

MOST_BYTES = 2**30  # of a file
_ROOM = 2**26  # bytes that any file may unfold to, and
_UNFOLDED = 64  # times its size
_MOST_OBJECTS = 100_000
_DEEPEST = 16
_UNUSED = "metadata"  # of a node: whatever its writer liked
_LONGEST_WORD = 1000  # characters
_FILTERS = ("DEFLATE", "SHUFFLE", "FLETCHER32", "LZF", "SZIP")  # that come with HDF5 and h5py; others load plug-ins


def graph_in(path: Path) -> Any:
    """The nir.NIRGraph, its types not checked. Raises TeacherError."""
    nir, h5py = optional("nir", "reading a NIR file"), optional("h5py", "reading a NIR file")
    with opened(path, MOST_BYTES) as stream:
        try:
            with h5py.File(stream, "r") as file:
                node = _Tree(h5py, path, path.stat().st_size).read(file, only="node").get("node")
        except TeacherError:
            raise
        except Exception as error:  # h5py raises whatever it meets
            raise _unreadable(path, error) from None
    if not isinstance(node, dict):
        raise _unreadable(path, KeyError("it has no group 'node'"))
    try:
        return nir.dict2NIRNode(_unchecked(node))
    except Exception as error:  # nir asserts, and looks up names
        raise _unreadable(path, error) from None


def _unchecked(node: dict[str, Any]) -> dict[str, Any]:
    """A graph, and those within it, whose types nir is not to check."""
    if node.get("type") != "NIRGraph" or not isinstance(node.get("nodes"), dict):
        return node
    inner = {key: _unchecked(each) if isinstance(each, dict) else each for key, each in node["nodes"].items()}
    return node | {"type_check": False, "nodes": inner}


def _unreadable(path: Path, error: Exception) -> TeacherError:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return TeacherError(f"{path} cannot be read as NIR ({reason}): it is damaged, or of another kind")


class _Tree:
    """What is in a file, as dictionaries of arrays and words, within bounds."""

    def __init__(self, h5py: Any, path: Path, size: int) -> None:
        self._h5py, self._path = h5py, path
        self._room = _ROOM + _UNFOLDED * size
        self._seen: set[Any] = set()

    def read(self, group: Any, name: str = "", depth: int = 0, only: str | None = None) -> dict[str, Any]:
        """Raises TeacherError; OSError, KeyError and others of h5py for what is damaged."""
        self._once(group, name)
        if depth > _DEEPEST:
            raise self._refused(name, f"lies more than {_DEEPEST} groups deep")
        found: dict[str, Any] = {}
        for key in group if only is None else {only} & set(group):
            if key == _UNUSED:
                continue
            inside = f"{name}/{key[:_LONGEST_WORD]}"
            if len(key) > _LONGEST_WORD:
                raise self._refused(inside, f"has a name of {len(key):,} characters")
            link = group.get(key, getlink=True)
            if not isinstance(link, self._h5py.HardLink):
                kind = "another file" if isinstance(link, self._h5py.ExternalLink) else "another place"
                raise self._refused(inside, f"is a link to {kind}, which is not followed")
            item = group[key]
            if isinstance(item, self._h5py.Group):
                found[key] = self.read(item, inside, depth + 1)
            elif isinstance(item, self._h5py.Dataset):
                self._once(item, inside)
                found[key] = self._array(item, inside)
            else:
                raise self._refused(inside, "is neither a group nor an array")
        return found

    def _array(self, item: Any, name: str) -> Any:
        plan = item.id.get_create_plist()
        if item.is_virtual or plan.get_external_count():
            raise self._refused(name, "is kept in other files, which are not opened")
        for number in range(plan.get_nfilters()):
            code, _, _, label = plan.get_filter(number)
            if code not in {getattr(self._h5py.h5z, f"FILTER_{each}") for each in _FILTERS}:
                raise self._refused(name, f"is packed by filter {code} {label.decode(errors='replace')!a}")
        if item.shape is None:
            raise self._refused(name, "holds nothing")
        text = self._h5py.check_string_dtype(item.dtype)
        if text is not None:
            return self._words(item, name)
        if item.dtype.kind not in "biuf" or item.dtype.subdtype is not None or item.dtype.itemsize > 8:
            raise self._refused(name, f"is of type {item.dtype}: weights and settings are real numbers")
        chunk = int(np.prod(item.chunks or (1,), dtype=object)) * item.dtype.itemsize
        self._take(max(item.nbytes, chunk), name)
        return item[()]

    def _words(self, item: Any, name: str) -> Any:
        """A word, or an array of words as bytes."""
        if item.size > _MOST_OBJECTS:
            raise self._refused(name, f"holds {item.size:,} words; at most {_MOST_OBJECTS:,} are read")
        fixed = item.dtype.kind == "S"
        self._take(item.size * (item.dtype.itemsize if fixed else 64), name)
        if not item.shape:
            return self._word(item[()], name).decode("utf8")
        words = np.empty(item.shape, object)
        for place in np.ndindex(item.shape):  # one by one: each may claim the same long text
            words[place] = self._word(item[place], name)
        return words

    def _word(self, value: Any, name: str) -> bytes:
        word = value.encode() if isinstance(value, str) else bytes(value)
        if len(word) > _LONGEST_WORD:
            raise self._refused(name, f"holds a word of {len(word):,} characters; names have up to {_LONGEST_WORD}")
        return word

    def _take(self, size: int, name: str) -> None:
        self._room -= size
        if self._room < 0:
            raise self._refused(name, f"unfolds to {size:,} bytes, too many for a file of this size")

    def _once(self, item: Any, name: str) -> None:
        """Hard links could make a file of a few bytes endless."""
        address = self._h5py.h5o.get_info(item.id).addr
        if address in self._seen or len(self._seen) >= _MOST_OBJECTS:
            raise self._refused(name or "/", "stands in the file at a second place, or is one of too many")
        self._seen.add(address)

    def _refused(self, name: str, why: str) -> TeacherError:
        return TeacherError(
            f"{self._path}: {name} {why}: write the graph anew with nir.write, which keeps all of it in one plain file"
        )
