"""What `chipsim check` says: blocks of text, coloured on a terminal, or one JSON object."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from dataclasses import asdict

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from chipsim.design import readable
from chipsim.design_rules import RULES, Design, Finding
from host.settings import in_steps
from host.terminal import can_be_drawn_on, fitted, table

_COLOURS = {"error": "bold red", "warning": "yellow", "note": "cyan", "ok": "green"}
_WORST_FIRST = ("error", "warning", "note")
_PIPE_WIDTH = 120  # where no terminal says how wide it is


def report_json(source: str, design: Design, findings: list[Finding]) -> str:
    checked = {finding.rule for finding in findings}
    return json.dumps(
        {
            "spec": source,
            "network": list(design.chip.layer_sizes),
            "steps": design.chip.steps,
            "errors": _count(findings, "error"),
            "warnings": _count(findings, "warning"),
            "notes": _count(findings, "note"),
            "findings": [asdict(finding) for finding in findings if finding.severity != "ok"],
            "kept": [asdict(finding) for finding in findings if finding.severity == "ok"],
            "not_checked": [
                {"rule": rule.name, "applies_to": rule.applies_to}
                for rule in RULES.values()
                if rule.name not in checked
            ],
        }
    )


def show(source: str, design: Design, findings: list[Finding]) -> None:
    """Print the findings, the worst first, then the rules that are kept."""
    if sys.stdout.isatty():
        plain = "NO_COLOR" in os.environ or not can_be_drawn_on(sys.stdout)  # rich leaves bold and dim letters
        width = shutil.get_terminal_size().columns
        console = Console(highlight=False, width=width, color_system=None if plain else "auto")
        console.print(_report(source, design, findings, console.width))
        return
    text = io.StringIO()
    Console(file=text, highlight=False, width=_PIPE_WIDTH).print(_report(source, design, findings, _PIPE_WIDTH))
    print("\n".join(line.rstrip() for line in text.getvalue().splitlines()))


def _report(source: str, design: Design, findings: list[Finding], width: int) -> Group:
    network = "-".join(map(str, design.chip.layer_sizes))
    parts: list[RenderableType] = [
        Text(f"{source}: {network}, {in_steps(design.chip)}, {design.row_rate:g} spikes per row and step expected")
    ]
    for severity in _WORST_FIRST:
        for finding in findings:
            if finding.severity == severity:
                parts += ["", *_finding(finding)]
    kept = [finding for finding in findings if finding.severity == "ok"]
    checked = {finding.rule for finding in findings}
    left = [f"{rule.name} ({rule.applies_to})" for rule in RULES.values() if rule.name not in checked]
    parts += ["", *_table_of_kept(kept, width), ""] if kept else [""]
    if left:
        parts.append(Text(f"not checked, for other designs: {', '.join(left)}"))
    numbers = {severity: _count(findings, severity) for severity in _WORST_FIRST}
    counts = [f"{n} {severity}{'' if n == 1 else 's'}" for severity, n in numbers.items()]
    return Group(*parts, Text(f"{', '.join(counts)}, {len(kept)} rules kept"))


def _finding(finding: Finding) -> list[RenderableType]:
    head = Text(finding.severity, _COLOURS[finding.severity])
    head.append(f"  {finding.rule}", "bold")
    head.append(f"  {finding.quantity}: {_figure(finding.value, finding.unit)}, {_limit(finding)}", "default")
    details = (Text(f"why: {finding.why}"), Text(f"change: {finding.change}"))
    return [head, *(Padding(text, (0, 0, 0, 4)) for text in details)]


def _table_of_kept(kept: list[Finding], width: int) -> list[Text]:
    """One line each, if there is room."""
    rows = [("ok", each.rule, _figure(each.value, each.unit), _limit(each), each.quantity) for each in kept]
    plain = table(rows, align="<")
    if max(map(len, plain)) > width:
        return [Text(fitted("\n".join(plain), width))]
    lines = [Text(line) for line in plain]
    for line, row in zip(lines, rows, strict=True):
        line.stylize(_COLOURS["ok"], 0, len(row[0]))
        line.stylize("dim", len(line) - len(row[-1]))
    return lines


def _figure(value: float, unit: str) -> str:
    return f"{readable(value, 3)} {unit}".rstrip()


def _limit(finding: Finding) -> str:
    return f"{finding.bound} {_figure(finding.limit, finding.unit)}"


def _count(findings: list[Finding], severity: str) -> int:
    return sum(finding.severity == severity for finding in findings)
