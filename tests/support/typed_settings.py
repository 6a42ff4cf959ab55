"""Writes host/api/settings.py, the types of settings as arguments, anew from the fields of a run's spec.

python tests/support/typed_settings.py          # prints it
python tests/support/typed_settings.py --write
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from host.settings import FLAGS, FlaggedSetting, RunSpec, flagged

FILE = Path(__file__).resolve().parents[2] / "host" / "api" / "settings.py"
_HEAD = '''"""The settings of a run as arguments, by the command line's names: what each may be.

Made of the settings' own fields by tests/support/typed_settings.py --write, never by hand; a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Literal, TypedDict

from chipsim.physical import PhysicalSpec


class Settings(TypedDict, total=False):
    """What defines a run; what is left out, or None, is as the chip, the data set or the method says."""

'''
# What Python can say of a setting and a command line cannot.
_WIDER = {
    "chip": "str | PathLike[str] | Mapping[str, Any] | PhysicalSpec",
    "scale": "str | float | tuple[float, float]",
}


def text() -> str:
    return _HEAD + "".join(f"    {_line(flagged(name))}\n" for name in FLAGS)


def _line(setting: FlaggedSetting) -> str:
    argument = setting.flag.removeprefix("--").replace("-", "_")
    return f"{argument}: {_WIDER.get(setting.name) or _type(setting)} | None"


def _type(setting: FlaggedSetting) -> str:
    kind = setting.kind.__name__
    if setting.many == "keys":
        return "str | Mapping[str, Any]"
    if setting.many:
        return f"{kind} | Sequence[{kind}]"
    choices = _literals(setting.name)
    if choices:
        return f"Literal[{', '.join(map(_quoted, choices))}]"
    if setting.kind is str and not setting.choices:  # a name, or a file
        return "str | PathLike[str]"
    return kind


def _quoted(word: str) -> str:
    return f'"{word}"'


def _literals(name: str) -> tuple[str, ...]:
    """The words that a setting may be, unless other packages may bring more of them."""
    annotation: Any = RunSpec
    for part in name.split("."):
        annotation = _bare(annotation.model_fields[part].annotation)
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _bare(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return _bare(parts[0]) if len(parts) == 1 else annotation
    return annotation


if __name__ == "__main__":
    if "--write" in sys.argv:
        FILE.write_text(text())
    else:
        sys.stdout.write(text())
