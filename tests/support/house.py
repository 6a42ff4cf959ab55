"""Reads the house from its sources: modules, and who imports what, wherever the import stands. Nothing is run."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("chipsim", "host", "learning_circuit", "nonideality")


@dataclass(frozen=True)
class Import:
    """One name that a file imports."""

    file: Path  # below ROOT
    line: int
    module: str  # that it comes from; a module itself, if that is what is imported
    name: str | None
    inside: bool  # a function, and not at the head of the file

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}{f' ({self.name})' if self.name else ''}"


def dotted(file: Path) -> str:
    """The name of the module in a file below ROOT."""
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(*folders: str) -> list[Path]:
    return sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))


MODULES = {dotted(file): file for file in sources(*PACKAGES)}


def is_room(module: str) -> bool:
    """Whether it is a package, which has a face."""
    return module in MODULES and MODULES[module].name == "__init__.py"


ROOMS = [module for module in MODULES if is_room(module)]


def above(module: str) -> str:
    """The package that a module is in; a package is in itself."""
    return module if is_room(module) else module.rpartition(".")[0]


def imports_in(source: str, file: Path) -> Iterator[Import]:
    """Every import, also under TYPE_CHECKING and inside functions."""

    def read(node: ast.AST, inside: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (Import(file, child.lineno, alias.name, None, inside) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    here = above(dotted(file)).split(".")
                    base = ".".join([*here[: len(here) - child.level + 1], *([base] if base else [])])
                for alias in child.names:
                    whole = f"{base}.{alias.name}"
                    is_module = whole in MODULES and alias.name not in faces(base)
                    yield Import(file, child.lineno, *((whole, None) if is_module else (base, alias.name)), inside)
            yield from read(child, inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))

    yield from read(ast.parse(source), False)


def faces(module: str) -> set[str]:
    """The names in a face's ``__all__``; none if it is no face."""
    if not is_room(module):
        return set()
    for node in ast.parse((ROOT / MODULES[module]).read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def imports_of(files: Iterable[Path]) -> list[Import]:
    return [each for file in files for each in imports_in((ROOT / file).read_text(), file)]


def ours(module: str) -> bool:
    return module.split(".")[0] in PACKAGES


def circles(arrows: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Groups of more than one node that reach each other (Tarjan 1972)."""
    out = defaultdict(set)
    for start, end in arrows:
        if start != end:
            out[start].add(end)
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for next_node in out.get(node, ()):
            if next_node not in order:
                visit(next_node)
            if next_node in stack:
                low[node] = min(low[node], low[next_node])
        if low[node] == order[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in list(out):
        if node not in order:
            visit(node)
    return found
