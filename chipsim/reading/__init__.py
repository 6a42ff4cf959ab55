"""Files from outside, read within bounds: what is no ordinary file, too long or no text is refused, in words.

Read, in this order:

    files     an ordinary file, opened or read whole; text as editors of all kinds write it; a path with ~
    left_over what is written beside its place, and what killed processes left of that
    toml      a table from TOML that is not nested beyond all reason

A pipe or a device is refused before a byte is read: it may never end. An `UnreadableError` is the reason alone, the
end of a sentence that the caller begins with what the file is for and its name, and raises as an error of its own.

May know: nothing of ours. Whoever opens a file that a user names does it here; what such a file says of the sizes of
arrays in it is held against limits in `host/stored_arrays.py`. The tests are in `tests/chipsim/reading/`.
"""

from chipsim.reading.files import (
    TEXT_LIMIT,
    NoTextError,
    UnreadableError,
    expanded,
    open_file,
    read_bytes,
    read_text,
    text_of,
)
from chipsim.reading.left_over import ends_beside, remove_left_over
from chipsim.reading.toml import MAX_DEPTH, TomlError, parse_toml

__all__ = [
    "MAX_DEPTH",
    "TEXT_LIMIT",
    "NoTextError",
    "TomlError",
    "UnreadableError",
    "ends_beside",
    "expanded",
    "open_file",
    "parse_toml",
    "read_bytes",
    "read_text",
    "remove_left_over",
    "text_of",
]
