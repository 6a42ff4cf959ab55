"""Files that harnesses lay down for parsers that open them: in memory where there is such a place, gone at the end."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

_MEMORY = Path("/dev/shm")


@cache
def folder() -> Path:
    """Of this process."""
    made = Path(tempfile.mkdtemp(prefix="chipsim-fuzz-", dir=_MEMORY if _MEMORY.is_dir() else None))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def written(name: str, data: bytes) -> Path:
    path = folder() / name
    path.write_bytes(data)
    return path
