"""What a caller gives: settings by the command line's names become overrides of a spec, and help tells of each."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import Any, TypeVar, get_type_hints

from chipsim.physical import PhysicalSpec
from host.api.settings import Settings
from host.cli import usable_cores
from host.errors import HostError, SettingError, file_problem, memory_problem
from host.near import did_you_mean
from host.settings import FLAGS, flagged, keys_of
from nonideality import NoiseError

Place = str | PathLike[str]  # of a file or a folder
_Function = TypeVar("_Function", bound=Callable[..., Any])
# Argument -> the setting's dotted name.
SETTINGS = {flag.name.removeprefix("--").replace("-", "_"): name for name, flag in FLAGS.items()}
_MOST_THREADS, _MOST_WORKERS = 256, 1024


@contextmanager
def one_error() -> Iterator[None]:
    """Whatever a user can mend leaves the block as a UserError with the line that the command line says."""
    try:
        yield
    except NoiseError as error:
        raise HostError(str(error)) from None
    except OSError as error:
        raise HostError(file_problem(error)) from None
    except MemoryError as error:
        raise HostError(memory_problem(error)) from None


def overrides_of(settings: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Overrides by dotted name, see `host.run.resolve`.

    settings: by the names of the command line, None where one is left open; more: any others, by dotted name.
    Raises SettingError for a name that is none.
    """
    given: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in SETTINGS:
            raise SettingError(_unknown(name))
        if value is not None:
            given[SETTINGS[name]] = _value(SETTINGS[name], plain(value))
    return given | {name: plain(value) for name, value in (more or {}).items()}


def _unknown(name: str) -> str:
    dotted = [each for each in SETTINGS.values() if each.rpartition(".")[2] == name]
    if dotted:
        [argument, *_] = [argument for argument, each in SETTINGS.items() if each == dotted[0]]
        return f"unknown setting {name!r}: write {argument}="
    hint = did_you_mean(name, SETTINGS)
    return (
        f"unknown setting {name!r}: {hint}choose from {', '.join(SETTINGS)}; any other setting of a spec is given as"
        " set={'neuron.low_rail_th': -1}"
    )


def _value(setting: str, value: Any) -> Any:
    """A single value where there may be several; 'ideal' for no noise."""
    many = flagged(setting).many
    if many == "keys" and isinstance(value, str):
        return keys_of(value, flagged(setting).choices)
    if many == "repeated":
        values = [value] if isinstance(value, str) else value
        return [] if values == ["ideal"] else values
    return [value] if many == "commas" and isinstance(value, int) else value


def plain(value: Any) -> Any:
    """As a file of settings would hold it: no paths, no arrays, no tuples."""
    if isinstance(value, PhysicalSpec):
        return value.to_table()
    if isinstance(value, PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # numpy's numbers and arrays
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple | range) else value


def threads_of(threads: int | None) -> int:
    """Raises SettingError."""
    return _count("threads", threads, _MOST_THREADS)


def workers_of(workers: int | None) -> int:
    """Raises SettingError."""
    return _count("workers", workers, _MOST_WORKERS)


def _count(name: str, value: int | None, most: int) -> int:
    if value is None:
        return usable_cores()
    if not isinstance(value, int) or not 1 <= value <= most:
        raise SettingError(f"{name} = {value!r} is not a whole number from 1 to {most}")
    return value


def dies_text(dies: int | str | Sequence[int]) -> str:
    """As --dies has it: 20 for dies 1 to 20, or which ones, each as a range, since a single number counts them."""
    chosen = plain(dies)
    return ",".join(f"{die}-{die}" for die in chosen) if isinstance(chosen, list) else str(chosen)


def tells_settings(function: _Function) -> _Function:
    """Decorator: `help()` of a function that takes `Settings` spells them out, as the command line's help does."""
    signature = inspect.signature(function)
    own = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    lines, types = [], get_type_hints(Settings)
    for argument, name in SETTINGS.items():
        setting = flagged(name)
        annotation = types[argument]  # not its name, which the function's own module may not know
        own.append(inspect.Parameter(argument, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation))
        lines.append(f"        {argument}: {setting.help()}")
    function.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
    function.__doc__ = "\n".join([(function.__doc__ or "").rstrip(), "", "    Settings:", "", *lines, "    "])
    return function
