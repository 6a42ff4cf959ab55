"""What a bug report needs, gathered part by part: what is broken is told, and the other parts are told all the same.

So everything of ours and of others is imported where it is looked at, and nothing that goes wrong there gets out.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from importlib import metadata
from pathlib import Path
from typing import Any

_Facts = dict[str, Any]
_PLUG_INS = "chipsim."  # begins the name of every entry point group of ours
_NONIDEALITIES = "chipsim.nonidealities"  # shown even where nobody adds to it
_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)\s*(\[[^]]*\])?\s*(?P<versions>[^;]*)(;.*extra\s*==\s*['\"](?P<extra>[^'\"]+))?"
)
# Modules of packages that are imported by another name.
_MODULES = {"pyvcd": "vcd", "pyzmq": "zmq", "scikit-learn": "sklearn"}
_VARIABLES = re.compile(r"(CHIPSIM|NUMBA)_")
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|://[^/]*@", re.IGNORECASE)  # in a name or a value


def facts() -> _Facts:
    """Everything, as JSON values; under ``problems`` a line for each thing that is broken."""
    problems: list[str] = []
    parts: dict[str, Callable[[list[str]], Any]] = {
        "chipsim": _chipsim,
        "machine": _machine,
        "packages": _packages,
        "caches": _caches,
        "compiler": _compiler,
        "environment": _environment,
        "data": _data,
        "plug_ins": _plug_ins,
    }
    found: _Facts = {}
    for name, part in parts.items():
        try:
            with redirect_stdout(sys.stderr):  # what others print as they are loaded belongs to no report
                found[name] = part(problems)
        except (Exception, SystemExit) as error:
            found[name] = {"error": _said(error)}
            problems.append(f"{name}: {_said(error)}")
    found["problems"] = problems
    told: _Facts = _without_home(found)
    return told


def _said(error: BaseException) -> str:
    """An error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _without_home(value: Any) -> Any:
    """`value` with the home folder as ~ in every text."""
    if isinstance(value, dict):
        return {name: _without_home(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_home(each) for each in value]
    if isinstance(value, str):
        for home in _homes():
            value = re.sub(rf"{re.escape(home)}(?![\w.-])", "~", value)
    return value


def _homes() -> Iterator[str]:
    home = os.path.expanduser("~")
    for name in dict.fromkeys((home, os.path.realpath(home))):
        if len(name) > 1 and name.startswith(os.sep):  # not the root, and one that is known
            yield name.rstrip(os.sep)


def _chipsim(problems: list[str]) -> _Facts:
    import chipsim

    try:
        installed: str | None = metadata.version("chipsim")
    except metadata.PackageNotFoundError:
        installed = None
    if installed != chipsim.__version__:
        what = "nothing" if installed is None else installed
        problems.append(f"chipsim: {chipsim.__version__} runs and {what} is installed; install it again")
    return {"version": chipsim.__version__, "installed": installed, "folder": str(Path(chipsim.__file__).parent)}


def _machine(problems: list[str]) -> _Facts:
    from host.cli.options import usable_cores

    return {
        "python": f"{platform.python_version()} ({platform.python_implementation()}, {sys.executable})",
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "usable_cores": usable_cores(),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    named = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return f"{named[1]} ({platform.machine()})" if named else platform.processor() or platform.machine()


def _packages(problems: list[str]) -> list[_Facts]:
    """Packages that chipsim needs, and those of its extras. The first are imported: a version proves little."""
    found = []
    for text in metadata.requires("chipsim") or ():
        match = _REQUIREMENT.match(text)
        if match is None or match["name"] == "chipsim":
            continue
        name, extra = match["name"], match["extra"]
        error = None
        try:
            version: str | None = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = None
        if extra is None:
            error = "is not installed" if version is None else _import_error(_module(name))
        if error is not None:
            problems.append(f"package {name}: {error}; install chipsim again")
        found.append(
            {
                "name": name,
                "needs": match["versions"].strip("() "),
                "extra": extra,
                "version": version,
                "error": error,
            }
        )
    return found


def _module(package: str) -> str:
    return _MODULES.get(package, package.replace("-", "_"))


def _import_error(module: str) -> str | None:
    try:
        importlib.import_module(module)
    except (Exception, SystemExit) as error:
        return _said(error)
    return None


def _caches(problems: list[str]) -> _Facts:
    from chipsim.simd import KERNEL_FOLDER, cache_root, changeable_by_others

    root = cache_root()
    writable = _writable(root)
    if (kernels := root / "kernels").is_dir() and (why := changeable_by_others(kernels)):
        problems.append(f"cache: {why}, so kernels are compiled at every start; chown it, or chmod go-w it")
    if not writable:
        problems.append(
            f"cache {root} cannot be written: kernels are compiled at every start; name another folder with"
            " CHIPSIM_CACHE"
        )
    inside = sorted(folder for folder in root.iterdir() if folder.is_dir()) if root.is_dir() else []
    return {
        "folder": str(root),
        "writable": writable,
        "kernels": None if KERNEL_FOLDER is None else str(KERNEL_FOLDER),
        "holds": [{"name": folder.name, **_size(folder)} for folder in inside],
    }


def _writable(folder: Path) -> bool:
    """Whether a file can be made in the folder, or in the one in which it would be made."""
    place = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    try:
        with tempfile.TemporaryFile(dir=place):
            return True
    except OSError:
        return False


def _size(folder: Path) -> _Facts:
    sizes = []
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                sizes.append(os.lstat(os.path.join(parent, name)).st_size)
            except OSError:  # another process may have removed it
                continue
    return {"files": len(sizes), "bytes": sum(sizes)}


def _compiler(problems: list[str]) -> _Facts:
    import numba

    from chipsim.simd import processor

    if numba.config.DISABLE_JIT:
        problems.append("NUMBA_DISABLE_JIT is set: nothing is compiled, and no chip runs; unset it")
    return {
        "jit": not numba.config.DISABLE_JIT,
        "threads": numba.config.NUMBA_NUM_THREADS,
        "target": processor(),
    }


def _environment(problems: list[str]) -> dict[str, str]:
    names = sorted(name for name in os.environ if _VARIABLES.match(name))
    values = {name: os.environ[name] for name in names}
    return {name: "(not shown)" if _SECRET.search(f"{name} {value}") else value for name, value in values.items()}


def _data(problems: list[str]) -> list[_Facts]:
    from host.cli.text import data_json

    wanted = ("name", "found", "looked_in")
    return [{name: entry[name] for name in wanted} for entry in json.loads(data_json(None))["data"]]


def _plug_ins(problems: list[str]) -> dict[str, list[_Facts]]:
    points = metadata.entry_points()
    groups = sorted({_NONIDEALITIES, *(group for group in points.groups if group.startswith(_PLUG_INS))})
    found = {group: [_plug_in(point, problems) for point in points.select(group=group)] for group in groups}
    broken = {(group, each["name"]) for group, plug_ins in found.items() for each in plug_ins if each["error"]}
    if any(found.values()):
        try:
            problems += _of_no_use(broken)
        except (Exception, SystemExit) as error:  # something of ours that is told elsewhere
            problems.append(f"plug-ins: {_said(error)}")
    return found


def _of_no_use(broken: set[tuple[str, str]]) -> Iterator[str]:
    """A line about each plug-in that loads and yet cannot be used. broken: those that are told already."""
    from host.cli.text import plugin_groups

    for group in plugin_groups().values():
        for listed in group.listing():
            plugin = listed.plugin
            if listed.problem is not None and (plugin.group, plugin.name) not in broken:
                yield f"plug-in {plugin.name} of {plugin.package} {plugin.version}: {listed.problem}"


def _plug_in(point: metadata.EntryPoint, problems: list[str]) -> _Facts:
    error = None
    try:
        point.load()
    except (Exception, SystemExit) as reason:  # foreign code may fail in any way
        error = _said(reason)
        problems.append(f"plug-in {point.name} ({point.value}): {error}; repair or uninstall its package")
    package = point.dist
    return {
        "name": point.name,
        "value": point.value,
        "package": None if package is None else package.name,
        "version": None if package is None else package.version,
        "error": error,
    }


def lines(found: _Facts) -> list[str]:
    """The facts as text, a heading per part."""
    told: list[str] = []
    for name, show in _SHOWN.items():
        part = found[name]
        is_broken = isinstance(part, dict) and part.keys() == {"error"}
        told += [name.replace("_", "-"), *(f"  {line}" for line in ([part["error"]] if is_broken else show(part))), ""]
    problems = found["problems"]
    return [*told, "problems", *(f"  {problem}" for problem in problems or ["none"])]


def _table(rows: Iterable[tuple[str, object]]) -> list[str]:
    rows = list(rows)
    width = max((len(name) for name, _ in rows), default=0)
    return [f"{name:<{width}}  {value}" for name, value in rows] or ["none"]


_WORDS = {"None": "none", "True": "yes", "False": "no"}


def _show_facts(part: _Facts) -> list[str]:
    return _table((name.replace("_", " "), _WORDS.get(str(value), value)) for name, value in part.items())


def _show_packages(part: list[_Facts]) -> list[str]:
    rows = []
    for each in part:
        version = each["version"] or "missing"
        extra = f", extra {each['extra']}" if each["extra"] else ""
        broken = f"  BROKEN: {each['error']}" if each["error"] else ""
        rows.append((each["name"], f"{version} ({each['needs'] or 'any'}{extra}){broken}"))
    return _table(rows)


def _show_caches(part: _Facts) -> list[str]:
    kernels = part["kernels"] or "nowhere: they are compiled at every start"
    return _table(
        [
            ("folder", part["folder"] + ("" if part["writable"] else " (cannot be written)")),
            ("of this version", kernels),
            *((each["name"], f"{each['bytes'] / 2**20:.1f} MiB, {each['files']:,} files") for each in part["holds"]),
        ]
    )


def _show_data(part: list[_Facts]) -> list[str]:
    from host.data import told_places

    def place(each: _Facts) -> str:
        return each["found"] or f"not found; looked in {told_places(each['looked_in'])}"

    return _table((each["name"], place(each)) for each in part)


def _show_plug_ins(part: dict[str, list[_Facts]]) -> list[str]:
    told = []
    for group, points in part.items():
        told.append(f"{group}: {len(points) or 'none'}")
        for each in points:
            state = f"BROKEN: {each['error']}" if each["error"] else "loads"
            told.append(f"  {each['name']}  {each['package']} {each['version']}, {each['value']}  {state}")
    return told


_SHOWN: dict[str, Callable[[Any], list[str]]] = {
    "chipsim": _show_facts,
    "machine": _show_facts,
    "packages": _show_packages,
    "caches": _show_caches,
    "compiler": _show_facts,
    "environment": lambda part: _table(part.items()),
    "data": _show_data,
    "plug_ins": _show_plug_ins,
}
