"""A key over the sources of other packages: what is made of their code is made anew when any file of theirs changes."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any


def plugin_sources_key(objects: Iterable[type | Callable[..., Any]]) -> str:
    """Sixteen hex digits over the sources of the packages in which these classes or functions stand.

    Of a package all files count, since any of them may be called; of a module without a package its one file. Where
    they are installed does not count. Raises TypeError for what stands in no file.
    """
    digest = hashlib.sha256()
    for place in sorted({_place(each) for each in objects}):
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
        for file in files:
            content = file.read_bytes()
            digest.update(f"{file.relative_to(place.parent)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _place(each: type | Callable[..., Any]) -> Path:
    """The folder of the outermost package, or the file of a module that is in none.

    A namespace, which packages may share and which has no file, is no package of anybody.
    """
    parts = each.__module__.split(".")
    for length in range(1, len(parts) + 1):
        file = getattr(sys.modules.get(".".join(parts[:length])), "__file__", None)
        if file is not None:
            path = Path(file).resolve()
            return path.parent if path.name == "__init__.py" else path
    raise TypeError(f"{each.__module__}.{each.__qualname__} stands in no file: write it into one")
