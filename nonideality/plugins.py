"""Plug-ins: what other packages offer beside what is built in, by name, under an entry point group.

A package offers one with a line in its pyproject.toml, ``[project.entry-points."chipsim.encoders"]`` and
``morning = "acme.encoders:Morning"``. Names are known without loading anything. A plug-in is loaded when it is asked
for, and not before: a broken one hurts nobody who does not use it.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from nonideality.near import did_you_mean


class Named(Protocol):
    """What every plug-in is: a class with a name."""

    name: ClassVar[str]


T = TypeVar("T", bound=Named)
_OURS = "chipsim"  # the package that brings what is built in
_PREFIX = "chipsim."  # begins the name of every group


class Plugin(NamedTuple):
    """Something with a name, and the package that offers it."""

    group: str
    name: str
    package: str
    version: str


@dataclass(frozen=True)
class ListedPlugin:
    """A line of a group's listing."""

    plugin: Plugin
    source: str | None  # file in which it stands, if that can be found out
    problem: str | None  # why it cannot be used


class _Entry(NamedTuple):
    """An entry point."""

    plugin: Plugin
    value: str  # module:attribute

    def load(self) -> Any:
        return metadata.EntryPoint(self.plugin.name, self.value, self.plugin.group).load()


class PluginGroup(Generic[T]):
    """The classes of one kind, by name: those that are built in, and those of other packages."""

    def __init__(
        self,
        group: str,
        base: type | None = None,
        required: Iterable[str] = (),
        built_in: Iterable[type[T]] = (),
        *,
        what: str,
        error: type[ValueError],
        see: str = "",
        names: Iterable[str] = (),
    ) -> None:
        """group: of entry points; base, required, built_in: see `provide`.

        what: how errors call such a thing, "noise"; error: what is raised, with one line; see: a command that lists
        them; names: of what is built in, where the classes are provided later.
        """
        self.group = group
        self.what = what
        self._error = error
        self._see = f" (see '{see}')" if see else ""
        self._names = tuple(names)
        self._base: type | None = None
        self._required: tuple[str, ...] = ()
        self._built_in: dict[str, type[T]] = {}
        self.provide(base, required, built_in)

    def provide(self, base: type | None = None, required: Iterable[str] = (), built_in: Iterable[type[T]] = ()) -> None:
        """Say what the classes are. For a room above the one that needs their names: called as it is imported.

        base: of which all are subclasses; required: attributes that each must have besides `name`, which is that of its
        entry point; built_in: our own classes.
        """
        classes = {each.name: each for each in built_in}
        if classes and self._names and tuple(classes) != self._names:
            raise TypeError(f"{self.group}: classes {', '.join(classes)} for the names {', '.join(self._names)}")
        self._names = self._names or tuple(classes)
        self._base, self._required, self._built_in = base, ("name", *required), classes

    @property
    def built_in(self) -> tuple[str, ...]:
        """The names of what is built in."""
        return self._names

    def names(self) -> tuple[str, ...]:
        """All names, ours first, each once; nothing is loaded."""
        others = sorted({entry.plugin.name for entry in self._entries()})
        return (*self._names, *(name for name in others if name not in self._names))

    def offers(self, name: str) -> tuple[Plugin, ...]:
        """Every package that offers `name`, chipsim itself first: one, unless it is unknown or taken twice."""
        return (*self._ours(name), *(entry.plugin for entry in self._entries() if entry.plugin.name == name))

    def check(self, name: str) -> None:
        """Raises the group's error if `name` is unknown, or if two packages offer it. Loads nothing."""
        offers = self.offers(name)
        if not offers:
            known = self.names()
            choose = f"choose from {', '.join(known)}" if known else "none is installed"
            raise self._error(f"unknown {self.what} {name!r}: {did_you_mean(name, known)}{choose}{self._see}")
        if len(offers) > 1:
            raise self._error(f"{self.what} {name!r} {_taken(offers)}")

    def plugin(self, name: str) -> Plugin | None:
        """The package that `name` comes from; None for one of ours. Raises what `check` does."""
        self.check(name)
        [offer] = self.offers(name)
        return None if name in self._names else offer

    def get(self, name: str) -> type[T]:
        """The class called `name`. Raises what `check` does, and if it cannot be loaded or is no such class."""
        self.check(name)
        if name in self._names:
            assert name in self._built_in, f"import the room that provides the classes of {self.group} first"
            return self._built_in[name]
        [entry] = [entry for entry in self._entries() if entry.plugin.name == name]
        found, problem = self._loaded(entry)
        if found is None:
            raise self.broken(name, problem)
        return found

    def make(self, name: str, *arguments: Any) -> T:
        """An object of the class called `name`. Raises what `get` does; see `blamed`."""
        kind: Any = self.get(name)
        with self.blamed(name, "cannot be made"):
            made: T = kind(*arguments)
        return made

    @contextmanager
    def blamed(self, name: str, what: str) -> Iterator[None]:
        """Around a call of another package's code: what it raises becomes the group's error, in one line.

        An error of the group's own kind passes as it is, and so does anything that is raised by what is built in.
        """
        try:
            yield
        except Exception as error:  # foreign code may fail in any way; the user needs to know whose
            if isinstance(error, self._error) or name in self._names:
                raise
            raise self.broken(name, f"{what}: {one_line(error)}; repair or uninstall its package") from error

    def broken(self, name: str, problem: str) -> ValueError:
        """The group's error about a plug-in of another package, in one line."""
        where = " and ".join(
            f"of {entry.plugin.package} {entry.plugin.version} ({entry.value})"
            for entry in self._entries()
            if entry.plugin.name == name
        )
        return self._error(f"{self.what} {name!r} {where} {problem}")

    def load_all(self) -> tuple[dict[str, type[T]], list[str]]:
        """What can be used, by name, and a line about each that cannot. Loads all."""
        usable: dict[str, type[T]] = {}
        problems = []
        for name in self.names():
            try:
                usable[name] = self.get(name)
            except self._error as error:
                problems.append(str(error))
        return usable, problems

    def listing(self) -> list[ListedPlugin]:
        """What every package offers, ours first. Loads all."""
        listed = []
        for name in self.names():
            offers = self.offers(name)
            taken = _taken(offers) if len(offers) > 1 else None
            for plugin in self._ours(name):
                listed.append(ListedPlugin(plugin, _file_of(self._built_in.get(name)), taken))
            for entry in self._entries():
                if entry.plugin.name == name:
                    found, problem = self._loaded(entry)
                    source = _file_of(found) if found is not None else _file_of_module(entry.value)
                    listed.append(ListedPlugin(entry.plugin, source, problem or taken))
        return listed

    def _ours(self, name: str) -> tuple[Plugin, ...]:
        return (Plugin(self.group, name, _OURS, _version(_OURS)),) if name in self._names else ()

    def _entries(self) -> tuple[_Entry, ...]:
        return _entries(tuple(sys.path)).get(self.group, ())

    def _loaded(self, entry: _Entry) -> tuple[type[T] | None, str]:
        """The class behind an entry point; or None, and what is wrong with it."""
        name, package = entry.plugin.name, entry.plugin.package
        try:
            with redirect_stdout(sys.stderr):  # what it prints belongs to no result
                found = entry.load()
        except (Exception, SystemExit) as error:  # foreign code may fail in any way; the user needs to know whose
            return None, f"cannot be loaded: {one_line(error)}; repair or uninstall {package}"
        if not isinstance(found, type) or not issubclass(found, self._base or object):
            wanted = "a class" if self._base is None else f"a subclass of {_shown(self._base)}"
            return None, f"is not {wanted}; make it one, or uninstall {package}"
        missing = [attribute for attribute in self._required if not hasattr(found, attribute)]
        if missing:
            return None, f"lacks {', '.join(missing)}; add them to the class, or uninstall {package}"
        if inspect.isabstract(found):
            methods = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
            return None, f"lacks {methods}; write them, or uninstall {package}"
        kind: Any = found
        if kind.name != name:
            return None, f"calls itself {kind.name!r}; give class and entry point one name, or uninstall {package}"
        return kind, ""


def one_line(error: BaseException) -> str:
    """An error of foreign code: its kind, and what it says."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _taken(offers: Iterable[Plugin]) -> str:
    packages = " and ".join(f"{offer.package} {offer.version}" for offer in offers)
    return f"is offered by {packages}: uninstall one of them, or rename it there"


def _shown(base: type) -> str:
    """A class as it is imported: from the face of its package."""
    package = base.__module__.rpartition(".")[0] or base.__module__
    return f"{package}.{base.__name__}"


@cache
def _entries(path: tuple[str, ...]) -> dict[str, tuple[_Entry, ...]]:
    """Entry points of all packages, by group. path: sys.path, so that what is put there later is found, too.

    Read line by line and not by `metadata.entry_points`, which one malformed file makes fail for everybody.
    """
    found: dict[str, list[_Entry]] = {}
    seen: set[str] = set()  # of a package that is there twice, Python imports the first one
    for distribution in metadata.distributions():
        try:
            text = distribution.read_text("entry_points.txt") or ""
            if _PREFIX not in text:
                continue
            package, version = str(distribution.metadata["Name"]), str(distribution.metadata["Version"])
        except Exception:  # a package whose files cannot be read offers nothing
            continue
        key = re.sub(r"[-_.]+", "-", package).lower()
        if key in seen:
            continue
        seen.add(key)
        for group, name, value in _lines(text):
            found.setdefault(group, []).append(_Entry(Plugin(group, name, package, version), value))
    return {group: tuple(entries) for group, entries in found.items()}


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    """Group, name and module:attribute of each of our entry points in a package's entry_points.txt."""
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif line and not line.startswith(("#", ";")) and group.startswith(_PREFIX):
            name, _, value = line.partition("=")
            yield group, name.strip(), value.strip()


def groups_found() -> tuple[str, ...]:
    """The groups of ours in which other packages offer something."""
    return tuple(sorted(_entries(tuple(sys.path))))


@cache
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # run from its sources
        return "unknown"


def _file_of(found: type | None) -> str | None:
    try:
        return None if found is None else inspect.getsourcefile(found)
    except TypeError:  # made without a file
        return None


def _file_of_module(value: str) -> str | None:
    """The file of a module that cannot be loaded, as far as Python finds it."""
    try:
        spec = util.find_spec(value.partition(":")[0].strip())
    except Exception:  # the package around it may be what is broken
        return None
    return None if spec is None else spec.origin
