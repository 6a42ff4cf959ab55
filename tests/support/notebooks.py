"""Runs a notebook's code cells in order, in one namespace, as a kernel does: what a cell ends with is shown.

    python tests/support/notebooks.py FILE.ipynb

Without Jupyter. Of its magics it knows ``%%writefile NAME``.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

WRITEFILE = "%%writefile "


def code_cells(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def run(notebook: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(code_cells(notebook), start=1):
        if cell.startswith(WRITEFILE):
            first, _, content = cell.partition("\n")
            Path(first.removeprefix(WRITEFILE).strip()).write_text(content)
        else:
            _show(_value(cell, f"{notebook.name}, code cell {number}", namespace))


def _value(cell: str, name: str, namespace: dict[str, Any]) -> Any:
    """Of the expression that a cell ends with; None if it ends with something else."""
    body = ast.parse(cell, name).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), name, "exec"), namespace)
    return None if last is None else eval(compile(ast.Expression(last.value), name, "eval"), namespace)


def _show(value: Any) -> None:
    """In every form that a notebook would ask for."""
    if value is None:
        return
    for form in ("_repr_html_", "_repr_png_"):
        if (shown := getattr(value, form, None)) is not None:
            shown()
    print(repr(value))


if __name__ == "__main__":
    run(Path(sys.argv[1]))
