"""On which line of a TOML file each key stands, which tomllib does not say."""

from __future__ import annotations

import re

# Strings and comments are swallowed whole, so that nothing inside them passes for a bracket or a key.
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}\n=]"
    r"|[^\"'#\[\]{}\n=]+",
    re.DOTALL,
)
_KEY_PART = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|[A-Za-z0-9_-]+')

Path = tuple[str, ...]


def key_lines(text: str) -> dict[Path, int]:
    """Line (from 1) of every table header and key, by its path of names. `text` must be valid TOML.

    Keys of inline tables have the line of their key; of an array's tables the first counts.
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    line, depth, in_value = 1, 0, False
    statement = ""  # what has been read of a header, or of a key before its equals sign
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "\n" and depth == 0:
            if statement.strip().startswith("["):
                table = _names(statement)
                lines.setdefault(table, line)
            statement, in_value = "", False
        elif token == "=" and not in_value:
            lines.setdefault((*table, *_names(statement)), line)
            in_value = True
        elif in_value:
            depth += (token in "[{") - (token in "]}")
        elif not token.startswith("#"):
            statement += token
        line += token.count("\n")
    if statement.strip().startswith("["):
        lines.setdefault(_names(statement), line)
    return lines


def line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """Line of `path`, or of the innermost table around it that is in the file."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _names(statement: str) -> Path:
    """The names of a dotted key, with or without a header's brackets."""
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in _KEY_PART.findall(statement))
