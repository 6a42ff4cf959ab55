"""Networks trained through time: accuracy and energy in few steps, on dies, and from spikes alone.

    python examples/through_time_table.py --out DIR                    # all lines; MNIST takes hours, digits minutes
    python examples/through_time_table.py --out DIR --lines 'digits-*' # those of the digits
    python examples/through_time_table.py --out DIR --table            # the table of what is there, nothing is run

    chipsim teacher train --dataset cifar10 --arch 32,64s2,64,128s2,fc128 --epochs 60 --hold-out 5000 --out six.onnx
    python examples/through_time_table.py --out DIR --lines 'cifar10-*' --teacher six.onnx # a day

Each run is a line of DIR/runs.jsonl: accuracies, validation along training, energy, seeds, settings, commit. What is
there is not run again, and a killed run is begun anew (teachers and networks trained through time go on). Seeds decide
teacher, split, order and start. Settings were chosen by validation accuracy with --validate on seeds from 11 on, which
reads no test images; each run of the table reads them when it has its settings. Lines of CIFAR-10 need all of it, and
the extras torch and onnx.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from chipsim.physical import load
from host.bench import commit_of
from host.run import cost_json, prepare, resolve, run
from host.training import Progress

ROOT = Path(__file__).resolve().parents[1]
CHIP = "cmos-180nm"  # whose figures the energy is of
STABLE = 1.0  # points below its best, at most
FIRST_TO_CHOOSE = 11  # seed

TRAINED = {"training.method": "through-time"}
FIXED = {"through_time.learn_leak": False, "through_time.learn_threshold": False}
CONVERTED = {"training.method": "conversion", "encoding": "current", "neuron.readout": "integrating"}
# What calibrates dies: the network that they follow is the ideal line's.
CALIBRATED = {"training.method": "on-chip-ltl", "teacher.method": "through-time", "noise": ["mismatch:0.2"]}
MNIST = {"dataset": "mnist"}
# Settings were chosen with the usual share held out; of so few images those of the table learn from nearly all.
DIGITS = {"training.validation_fraction": 0.05}
# A fifth of the digits say too little of whether training fell by a point.
IN_THE_LOOP = {
    "training.method": "in-the-loop",
    "noise": ["mismatch:0.2"],
    "encoding": "current",
    "training.validation_fraction": 0.4,
}
SPIKES_ALONE = IN_THE_LOOP | {"in_the_loop.surrogate": "spike-time"}
BRAINSCALES2 = {
    "dataset": "mnist16",
    "steps": 20,
    "encoding": "log-latency",
    "noise": ["mismatch:0.2", "quantization:7"],
    "neuron.kind": "lif",
    "neuron.tau_steps": 6 / 1.7,
    "neuron.synapse_tau_steps": 6 / 1.7,
    "neuron.low_rail_th": -1.0,
    "neuron.high_rail_th": 3.0,
    "in_the_loop.steepness": 20.0,
    "training.validation_fraction": 0.1,
}
# The six-layer network; converted is what a die is before it learns. An activity penalty has yet to be chosen.
CIFAR10 = {
    "cifar10-5": (
        "T = 5, activity penalty",
        TRAINED
        | {"steps": 5, "training.epochs": 30, "teacher.shift_px": 2, "through_time.activity_penalty": 1e-3}
        | {"training.validation_samples": 5000, "training.checked_samples": 1000},
    ),
    "cifar10-16-converted": (
        "T = 16, converted",
        {"training.method": "on-chip-ltl", "training.epochs": 0, "steps": 16, "training.validation_samples": 5000},
    ),
}


@dataclass(frozen=True)
class Line:
    """What is measured, on several seeds, or on several dies of seed 1."""

    what: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    seeds: int = 3
    dies: int = 0  # of seed 1; 0: one die per seed
    wanted: str = ""
    against: str | None = None  # a line with the same seeds that it is compared with
    from_file: bool = False  # whether its teacher is the file that --teacher names

    def runs(self) -> list[tuple[int, int]]:
        """Seeds and dies."""
        return [(1, die) for die in range(1, self.dies + 1)] or [(seed, seed) for seed in range(1, self.seeds + 1)]


def _lines() -> dict[str, Line]:
    found: dict[str, Line] = {}
    for key, title, data, wanted in (
        ("digits", "digits 64-128-64-10", DIGITS, {2: "98.0", 5: "98.5"}),
        ("mnist", "MNIST 784-256-10", MNIST, {2: "98.0", 5: "98.3"}),
    ):
        for steps, least in wanted.items():
            few = data | {"steps": steps}
            found[f"{key}-{steps}"] = Line(f"{title}, T = {steps}, ideal", TRAINED | few, wanted=least)
        for steps, below in ((2, 1.0), (5, 0.5)):
            what = f"{title}, T = {steps}, mismatch 0.2, calibrated on chip"
            wanted_there = f"ideal - {below}"
            found[f"{key}-{steps}-dies"] = Line(what, CALIBRATED | data | {"steps": steps}, 1, 10, wanted_there)
        longer = CALIBRATED | data | {"steps": 2, "training.window_steps": 8}
        what = f"{title}, T = 2, mismatch 0.2, calibrated on chip in windows of 8 steps"
        found[f"{key}-2-dies-8"] = Line(what, longer, 1, 10, "ideal - 1.0")
        for steps in (2, 5, 16):
            what = f"{title}, T = {steps}, converted"
            found[f"{key}-{steps}-converted"] = Line(what, CONVERTED | data | {"steps": steps})
    five = TRAINED | DIGITS | {"steps": 5}
    found["digits-5-fixed"] = Line("digits, T = 5, leak and threshold fixed", five | FIXED, 5, against="digits-5")
    found["digits-2-fixed"] = Line(
        "digits, T = 2, leak and threshold fixed", TRAINED | DIGITS | FIXED | {"steps": 2}, 5, against="digits-2"
    )
    hybrid = five | {"training.epochs": 8, "training.learning_rate": 1e-2}  # few steps of Adam: longer ones
    found["digits-5-hybrid"] = Line("digits, T = 5, 8 epochs from conversion", hybrid, wanted="99.0")
    for bound in ("none", "gradient-norm", "short-memory", "unsaturated"):
        what = f"digits, T = 16, mismatch 0.2, in the loop from spikes alone, bound {bound}"
        found[f"digits-16-spikes-{bound}"] = Line(what, SPIKES_ALONE | {"in_the_loop.bound": bound}, 5)
    nine = Line("digits, T = 16, mismatch 0.2, in the loop from spikes and membranes", IN_THE_LOOP, 5)
    found["digits-16-membranes"] = nine
    for bits, surrogate in ((1, SPIKES_ALONE), (9, IN_THE_LOOP)):
        what = f"MNIST 16x16, 256-246-10, T = 20, mismatch 0.2, in the loop, {bits} bits per neuron and step"
        found[f"mnist16-20-{bits}-bits"] = Line(what, surrogate | BRAINSCALES2, 1)
    for name, (what, settings) in CIFAR10.items():
        found[name] = Line(f"CIFAR-10, six layers, {what}", settings | {"dataset": "cifar10"}, 1, from_file=True)
    found["digits-5-random"] = Line("digits, T = 5, from random weights", five | {"training.start": "random"})
    return found


LINES = _lines()


def stored(folder: Path) -> list[dict[str, Any]]:
    """The runs that are there; a line that a kill has cut off is none."""
    path, found = folder / "runs.jsonl", []
    for text in path.read_text().splitlines() if path.exists() else ():
        try:
            found.append(json.loads(text))
        except ValueError:
            continue
    return found


def store(folder: Path, row: Mapping[str, Any]) -> None:
    """Append a run, on a line of its own even where the last one was cut off."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "runs.jsonl"
    begun = path.exists() and not path.read_bytes().endswith(b"\n")
    with path.open("a") as file:
        file.write("\n" * begun + json.dumps(row) + "\n")


def missing(
    chosen: Iterable[str], rows: Sequence[Mapping[str, Any]], teacher: Path | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names of lines with the settings of each run that is not there: first runs of all lines first."""
    done = {(row["line"], json.dumps(row["settings"], sort_keys=True)) for row in rows}
    runs = ((number, name, *of) for name in chosen for number, of in enumerate(LINES[name].runs()))
    for _, name, seed, die in sorted(runs, key=lambda run: run[0]):
        settings = {**LINES[name].settings, "seed": seed, "die": die}
        if LINES[name].from_file:
            settings["teacher.file"] = str(teacher)
        if (name, json.dumps(settings, sort_keys=True)) not in done:
            yield name, settings


def measured(settings: Mapping[str, Any], threads: int) -> dict[str, Any]:
    """What one run found out on test images."""
    outcome = run(resolve(None, settings), threads)
    facts, setup = outcome.facts, outcome.setup
    tested: Any = {"inference": (outcome.after.activity, len(setup.dataset.test))}
    cost = cost_json(setup.design, load(CHIP), tested, constant_current=setup.spec.encoding == "current")["inference"]
    hidden = [float(rates.mean()) * setup.spec.steps * rates.shape[1] for rates in outcome.after.rates[:-1]]
    return {
        **{name: 100 * facts["accuracy"][name] for name in ("teacher", "ideal", "before", "after")},
        "energy_nj": [cost["energy_nj"][end] for end in ("low", "high")],
        "hidden_spikes": sum(hidden),
        "bytes_up_per_sample": facts["method"]["bytes_up"] / max(1, facts["train_samples"]),
        "validation": validation(outcome.progress),
        "learned": facts.get("learned"),
    }


def validation(progress: Progress) -> list[float]:
    """Accuracy in % at the start and at each check."""
    return [100 * check.validation_accuracy for check in progress.checks]


def below_best(accuracies: Sequence[float]) -> float:
    """How many points training was below what it had reached before, at most."""
    return float(np.max(np.maximum.accumulate(accuracies) - np.asarray(accuracies)))


def interval(values: Sequence[float]) -> str:
    """The mean, and half of its interval of 95 % by Student's t."""
    if len(values) < 2:
        return f"{values[0]:.2f}"
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.2f} +- {half:.2f}"


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Markdown, of stored runs alone; of those with the same seed and die the latest."""
    by_line: dict[str, dict[tuple[int, int], Mapping[str, Any]]] = {}
    for row in rows:
        by_line.setdefault(row["line"], {})[row["settings"]["seed"], row["settings"]["die"]] = row
    head = ("network", "n", "accuracy %", "wanted", "before learning", "below ideal", "nJ per inference", "spikes")
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    notes = []
    for name, line in LINES.items():
        found = by_line.get(name, {})
        if not found:
            continue
        each = list(found.values())
        on_dies = "noise" in line.settings
        low, high = np.mean([row["energy_nj"] for row in each], axis=0)
        cells = (
            line.what,
            str(len(each)),
            interval([row["after"] for row in each]),
            line.wanted,
            interval([row["before"] for row in each]) if on_dies else "",
            interval([row["ideal"] - row["after"] for row in each]) if on_dies else "",
            f"{low:.3g} to {high:.3g}",
            f"{np.mean([row['hidden_spikes'] for row in each]):.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
        both = sorted(found.keys() & by_line.get(line.against or "", {}).keys())
        if line.against is not None and both:
            gains = [by_line[line.against][key]["after"] - found[key]["after"] for key in both]
            notes.append(f"{LINES[line.against].what}, less {line.what}: {interval(gains)} points, n = {len(both)}")
        if line.settings["training.method"] == "in-the-loop":
            fell, up = [below_best(row["validation"]) for row in each], each[0]["bytes_up_per_sample"]
            stable = sum(points <= STABLE for points in fell)
            notes.append(
                f"{line.what}: validation fell by up to {max(fell):.1f} points below its best; by at most {STABLE:g} in"
                f" {stable} of {len(each)}; {up:,.0f} bytes up per sample"
            )
    return "\n".join([*lines, "", *notes] if notes else lines)


def choose(name: str, changes: Mapping[str, Any], seeds: int, threads: int) -> str:
    """What networks trained through time with these settings reach on validation samples; no test image is read."""
    best = []
    for seed in range(FIRST_TO_CHOOSE, FIRST_TO_CHOOSE + seeds):
        learned = prepare(resolve(None, {**LINES[name].settings, **changes, "seed": seed}), threads=threads).learned
        if learned is None:
            raise SystemExit(f"--validate {name}: its network is not trained through time; name a line whose is")
        best.append(validation(learned.progress)[learned.progress.kept()])
    return f"{name} {dict(changes)}: validation {interval(best)} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where runs are kept")
    parser.add_argument("--lines", default="*", help="which, by names and patterns, with commas")
    parser.add_argument("--teacher", type=Path, help="ONNX file of the lines of CIFAR-10, which are left out without")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--validate", type=int, metavar="SEEDS", help="so many seeds from 11 on, on validation samples")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=JSON", help="with --validate: other settings"
    )
    chosen = parser.parse_args()
    wanted = chosen.lines.split(",")
    names = [name for name in LINES if any(fnmatchcase(name, each) for each in wanted)]
    if chosen.teacher is None:  # those that need one are not asked for
        names = [name for name in names if not LINES[name].from_file]
    if not names:
        parser.error(f"--lines {chosen.lines}: there is none; choose from {', '.join(LINES)}")
    if chosen.validate:
        changes = {key: json.loads(value) for key, _, value in (each.partition("=") for each in chosen.set)}
        for name in names:
            print(choose(name, changes, chosen.validate, chosen.threads), flush=True)
        return
    for name, settings in () if chosen.table else missing(names, stored(chosen.out), chosen.teacher):
        found = measured(settings, chosen.threads)
        store(chosen.out, {"line": name, "settings": settings, "commit": commit_of(ROOT), **found})
        print(name, settings["seed"], settings["die"], f"{found['after']:.2f} %", flush=True)
    print(table(stored(chosen.out)))


if __name__ == "__main__":
    main()
