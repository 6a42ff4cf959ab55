"""The table of RESULTS.md: ideal, before, after, mean over dies and seeds, for each imperfection.

    python examples/accuracy_table.py                                # ten dies of one seed
    python examples/accuracy_table.py --dies 20 --seeds 1,2,3 --out DIR --set learning_circuit.error_gate=ternary
    python examples/accuracy_table.py --dies 20 --seeds 1,2,3 --out DIR --set ... --against DIR_OF_OTHERS

Other settings are at their defaults; a seed decides teacher, split and order. What --out holds is not run again. The
last command says, row by row, by how much these runs are above those stored of the same seeds and dies under other
settings, with a 95 % interval (Student's t over pairs).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from host.bench import commit_of
from host.files import write_text
from host.run import prepare, reference, resolve, run_die, versions
from host.settings import value_of

ROWS: list[tuple[str, dict[str, Any]]] = [
    *((f"mismatch {level}", {"noise": [f"mismatch:{level}"]}) for level in (0.1, 0.2, 0.3, 0.5)),
    *((f"silencing {level}", {"noise": [f"silencing:{level}"]}) for level in (0.1, 0.2, 0.3)),
    *((f"thermal {level}", {"noise": [f"thermal:{level}"]}) for level in (0.1, 0.3)),
    *((f"quantization {bits} bits", {"noise": [f"quantization:{bits}"]}) for bits in (3, 4, 6)),
    ("mismatch 0.3, quantization 4 bits", {"noise": ["mismatch:0.3", "quantization:4"]}),
    ("mismatch 0.2, 4 steps", {"noise": ["mismatch:0.2"], "steps": 4}),
    ("no noise, random start", {"training.start": "random"}),
]
NAMES = ("ideal", "before", "after")


def path_of(out: Path, row: str, seed: int) -> Path:
    return out / f"{row.replace(' ', '-').replace(',', '')}-seed-{seed}.json"


def stored(path: Path) -> dict[str, dict[str, float]]:
    """Accuracies by die."""
    found: dict[str, dict[str, float]] = json.loads(path.read_text())["dies"] if path.exists() else {}
    return found


def measure(settings: dict[str, Any], path: Path | None, dies: int, threads: int) -> dict[str, dict[str, float]]:
    """Accuracies of dies 1 to `dies`, which differ by nothing else; teacher and ideal chip are made once."""
    done = stored(path) if path else {}
    missing = [die for die in range(1, dies + 1) if str(die) not in done]
    if missing:
        setup = prepare(resolve(None, settings))
        ideal = reference(setup, threads)
        for die in missing:
            spec = setup.spec.model_copy(update={"die": die})
            accuracy = run_die(replace(setup, spec=spec), ideal, threads).summary["accuracy"]
            done[str(die)] = {name: accuracy[name] for name in NAMES}
            if path:
                path.parent.mkdir(parents=True, exist_ok=True)
                facts = {"settings": setup.spec.model_dump(mode="json"), "versions": versions()}
                facts |= {"commit": commit_of(Path(__file__).resolve().parents[1]), "dies": done}
                write_text(path, json.dumps(facts, indent=1) + "\n")
    return {die: done[die] for die in map(str, range(1, dies + 1))}


def interval(values: Any) -> str:
    """Mean and 95 % interval, in points."""
    mean = f"{100 * np.mean(values):.2f}"
    if len(values) < 2 or np.ptp(values) == 0:
        return mean
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return f"{mean} ± {100 * half:.2f}"


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    settings = dict(arguments.set)
    if arguments.against is None:
        yield "| 64-128-64-10 on digits | n | ideal % | before % | after % | after - ideal | worst die after % |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
    else:
        yield "| row | n | after % | against % | after - against |"
        yield "| --- | --- | --- | --- | --- |"
    for row, of_row in ROWS[: -1 if arguments.no_random_start else None]:
        found: list[dict[str, float]] = []
        others: list[dict[str, float]] = []
        for seed in arguments.seeds:
            path = path_of(arguments.out, row, seed) if arguments.out else None
            asked = {"dataset": arguments.dataset, **of_row, "seed": seed, **settings}
            found += measure(asked, path, arguments.dies, arguments.threads).values()
            if arguments.against is not None:
                there = stored(path_of(arguments.against, row, seed))
                others += [there[str(die)] for die in range(1, arguments.dies + 1)]
        ideal, before, after = (np.array([each[name] for each in found]) for name in NAMES)
        if arguments.against is not None:
            beside = np.array([each["after"] for each in others])
            told = (interval(after), interval(beside), interval(after - beside))
        else:
            told = (*map(interval, (ideal, before, after)), interval(after - ideal), f"{100 * after.min():.2f}")
        yield f"| {row} | {len(found)} | {' | '.join(told)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dies", type=int, default=10)
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[1])
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--set", action="append", default=[], type=setting, metavar="NAME=VALUE")
    parser.add_argument("--no-random-start", action="store_true", help="leave that row out")
    parser.add_argument("--out", type=Path, help="a folder that keeps what was run")
    parser.add_argument("--against", type=Path, metavar="DIR", help="such a folder, of runs under other settings")
    parser.add_argument("--threads", type=int, default=1)
    for line in lines(parser.parse_args()):
        print(line, flush=True)


def setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    return name, value_of(value)


if __name__ == "__main__":
    sys.exit(main())
