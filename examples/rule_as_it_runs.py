"""What each step from the paper's rule to the circuit's costs: the table in host/methods/METHODS.md.

    pip install ./examples/tandem_powers          # the rule with other powers of 1 / t
    python examples/rule_as_it_runs.py --seeds 10

Figures are kept in rule_as_it_runs.json beside this file: what it holds is not run again, and the table is made of it.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from host.files import write_text
from host.run import resolve, run

FIGURES = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).parents[1] / "host" / "methods" / "METHODS.md"
BEGIN, END = "<!-- from examples/rule_as_it_runs.py -->", "<!-- to here -->"
STEPS, WARM_UP, RATE = 16, 8, 2e-3  # of a run at its defaults
STARTS: dict[str, dict[str, Any]] = {
    "random": {"training.start": "random"},
    "teacher": {"noise": ["mismatch:0.3"]},
}
AS_IT_RUNS = "as it runs"


class Row(NamedTuple):
    """A part of the rule, in the paper's words and in ours, and what it is compared with."""

    part: str
    paper: str
    here: str
    why: str
    otherwise: dict[str, dict[str, Any]]  # what is measured instead, and its settings


def powers(power: int, warm_up: int = WARM_UP) -> dict[str, Any]:
    """The error as d / t^power, with the rate at which a step's mean factor is that of d / t."""
    t = np.arange(warm_up + 1, STEPS + 1)
    rate = RATE * np.mean(1 / t) / np.mean(1 / t.astype(float) ** power)
    return {
        "learning_circuit.rule": "tandem_powers",
        "learning_circuit.rule_settings.power": power,
        "training.learning_rate": float(f"{rate:.4g}"),
    }


OPEN_RAILS = {"neuron.low_rail_th": -1e6, "neuron.high_rail_th": 1e6}
NO_DEAD_ZONE = {"learning_circuit.dead_zone_counts": 0.0}


def warm_up(steps: int) -> dict[str, Any]:
    return {"learning_circuit.warm_up_steps": steps}


ROWS = (
    Row(
        "membrane",
        "(1) without bounds",
        "between rails, 0 and 8 th (`neuron.low_rail_th`, `high_rail_th`), on every chip, the ideal one too",
        "a circuit has supplies; a membrane that is driven far below the threshold is seldom in the boxcar again, and"
        " hardly learns",
        {"open rails": OPEN_RAILS},
    ),
    Row(
        "1 / t of the error",
        "(9, 11) y - C / t",
        "gate `linear`: (y t - C) / t, from two counters and an ideal divider; gates `sign` and `ternary`, and the dead"
        " zone of all: y t - C alone, two counters compared",
        "errors of a rate, as printed, where sizes pass; where signs pass, neither divider nor t is needed",
        {"y t - C, no 1 / t": powers(0)},
    ),
    Row(
        "2 / t of the gradient",
        "(11) times 2 / t",
        "left out; the 2 and the 1 / p of (8) are part of eta",
        "one factor less that changes from step to step",
        {"(y - C / t) 2 / t": powers(2)},
    ),
    Row(
        "dead zone",
        "none",
        "errors up to 1 count pass nothing (`dead_zone_counts`)",
        "counts are whole, so a neuron at its target is up to a count off; most writes are left out",
        {"none": NO_DEAD_ZONE},
    ),
    Row(
        "warm-up",
        "the first few steps; the authors' code 12 of 16",
        "half of the window (`warm_up_steps`)",
        "early counts are few, so their errors are rough",
        {"none": warm_up(0), "12 steps": warm_up(12)},
    ),
    Row(
        "gate",
        "sign(e) on the chip, e in (10)",
        "`linear`: e itself outside the dead zone",
        "steps shrink with the error; a pulse of one size needs a smaller rate (1e-4 for 2e-3)",
        {"`sign`": {"learning_circuit.error_gate": "sign"}},
    ),
    Row(
        "all of these",
        "as printed",
        "as above",
        "",
        {"as printed, 4 steps of warm-up": OPEN_RAILS | NO_DEAD_ZONE | warm_up(4) | powers(2, warm_up=4)},
    ),
)


def settings_measured() -> dict[str, dict[str, Any]]:
    """By the names that figures are kept under."""
    return {AS_IT_RUNS: {}} | {
        f"{row.part}: {name}": settings for row in ROWS for name, settings in row.otherwise.items()
    }


def read_figures(path: Path = FIGURES) -> dict[str, Any]:
    """name -> its settings and, of each start, [accuracy, weight updates per sample] of seeds 1, 2, and so on.

    Only those whose settings still hold.
    """
    kept = json.loads(path.read_text()) if path.exists() else {}
    return {
        name: kept[name]
        if name in kept and kept[name]["settings"] == settings
        else {"settings": settings, **{start: [] for start in STARTS}}
        for name, settings in settings_measured().items()
    }


def write_figures(figures: dict[str, Any], path: Path = FIGURES) -> None:
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in figures.items()]
    write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def measure(figures: dict[str, Any], seeds: int, threads: int) -> Iterator[str]:
    """Run what is missing, seed by seed; yields what was found."""
    for seed in range(1, seeds + 1):
        for name, entry in figures.items():
            for start, beside in STARTS.items():
                if len(entry[start]) >= seed:
                    continue
                spec = resolve(None, {**beside, **entry["settings"], "seed": seed, "die": seed})
                found = run(spec, threads).summary
                accuracy, updates = found["accuracy"]["after"], found["weight_updates"] / found["train_samples"]
                entry[start].append([round(accuracy, 5), round(updates, 1)])
                yield f"seed {seed}, {start}, {name}: {100 * accuracy:.2f} %, {updates:.0f} updates per sample"


def interval(values: Any, sign: str = "") -> str:
    """Mean and half of Student's interval of 95 %."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    mean = round(float(np.mean(values)), 1) + 0.0  # never -0.0
    return f"{mean:{sign}.1f} +- {half:.1f}"


def table(figures: dict[str, Any]) -> list[str]:
    """As Markdown. Costs are paired: those of one seed and die are subtracted first."""
    accuracy, updates = (
        {name: {start: np.array(entry[start])[:, k] for start in STARTS} for name, entry in figures.items()}
        for k in range(2)
    )
    ours = accuracy[AS_IT_RUNS]
    head = (
        f"As it runs: {interval(100 * ours['random'])} % from random weights on the ideal chip,"
        f" {interval(100 * ours['teacher'])} % of dies with mismatch 0.3 from the teacher's weights (digits, defaults,"
        f" mean of {len(ours['random'])} seeds and dies, interval of 95 %). A cost is how many points more another way"
        " has on the same seeds and dies: negative where ours is better. Writes: that way's over ours, random start and"
        " calibration."
    )
    lines = [
        *textwrap.wrap(head, 120),
        "",
        "| | paper | here | why | measured instead | cost, random start | cost, calibration | writes |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in ROWS:
        words = [row.part, row.paper, row.here, row.why]
        for name in row.otherwise:
            key = f"{row.part}: {name}"
            costs = [interval(100 * (accuracy[key][start] - ours[start]), "+") for start in STARTS]
            ratios = [np.mean(updates[key][start] / updates[AS_IT_RUNS][start]) for start in STARTS]
            writes = ", ".join(f"{ratio:#.3g}" for ratio in ratios)
            lines.append(f"| {' | '.join([*words, name, *costs, writes])} |")
            words = [""] * len(words)
    return lines


def put_into(page: str, lines: list[str]) -> str:
    """The page with `lines` between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([before + BEGIN, *lines, END]) + after


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--figures", type=Path, default=FIGURES)
    parser.add_argument("--page", type=Path, default=PAGE)
    arguments = parser.parse_args()
    figures = read_figures(arguments.figures)
    for found in measure(figures, arguments.seeds, arguments.threads):
        write_figures(figures, arguments.figures)
        print(found, flush=True)
    write_text(arguments.page, put_into(arguments.page.read_text(), table(figures)))


if __name__ == "__main__":
    main()
