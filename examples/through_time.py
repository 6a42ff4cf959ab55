"""Networks trained through time, in 2 and 5 steps, beside the converted teacher in 16: accuracy and energy.

    python examples/through_time.py --lines digits-5,digits-2 --seeds 3

Figures are kept in through_time.json beside this file: what it holds is not run again, and a stopped run goes on. Seeds
decide teacher, split, order and start. Settings were chosen by validation accuracy; figures are of test images.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from chipsim.physical import load
from host.files import write_text
from host.run import cost_json, resolve, run

FIGURES = Path(__file__).with_suffix(".json")
CHIP = "cmos-180nm"  # whose figures the energy is of

TRAINED = {"training.method": "through-time"}
FIXED = {"through_time.learn_leak": False, "through_time.learn_threshold": False}
CONVERTED = {"training.method": "conversion", "encoding": "current", "neuron.readout": "integrating"}
# What calibrates dies after it: the network that they follow is the ideal line's.
CALIBRATED = {"training.method": "on-chip-ltl", "teacher.method": "through-time", "noise": ["mismatch:0.2"]}

# By name: what it is, and its settings.
LINES: dict[str, tuple[str, dict[str, Any]]] = {
    "digits-2": ("digits, T = 2", TRAINED | {"steps": 2}),
    "digits-5": ("digits, T = 5", TRAINED | {"steps": 5}),
    "digits-5-fixed": ("digits, T = 5, leak and threshold fixed", TRAINED | FIXED | {"steps": 5}),
    "digits-5-hybrid": ("digits, T = 5, 8 epochs from conversion", TRAINED | {"steps": 5, "training.epochs": 8}),
    "digits-5-random": ("digits, T = 5, from random weights", TRAINED | {"steps": 5, "training.start": "random"}),
    "digits-2-converted": ("digits, T = 2, converted", CONVERTED | {"steps": 2}),
    "digits-5-converted": ("digits, T = 5, converted", CONVERTED | {"steps": 5}),
    "digits-16-converted": ("digits, T = 16, converted", CONVERTED | {"steps": 16}),
    "digits-2-dies": ("digits, T = 2, dies with mismatch 0.2 calibrated on chip", CALIBRATED | {"steps": 2}),
    "digits-5-dies": ("digits, T = 5, dies with mismatch 0.2 calibrated on chip", CALIBRATED | {"steps": 5}),
    "mnist-2": ("MNIST 784-256-10, T = 2", TRAINED | {"steps": 2, "dataset": "mnist"}),
    "mnist-5": ("MNIST 784-256-10, T = 5", TRAINED | {"steps": 5, "dataset": "mnist"}),
    "mnist-16-converted": ("MNIST 784-256-10, T = 16, converted", CONVERTED | {"steps": 16, "dataset": "mnist"}),
}


def measured(settings: dict[str, Any], seed: int, die: int) -> dict[str, Any]:
    """What one run found out on test images."""
    outcome = run(resolve(None, settings | {"seed": seed, "die": die}))
    facts, setup = outcome.facts, outcome.setup
    tested = {"inference": (outcome.after.activity, len(setup.dataset.test))}
    cost = cost_json(setup.design, load(CHIP), tested, constant_current=True)["inference"]
    spikes = [float(rates.mean()) * setup.spec.steps * rates.shape[1] for rates in outcome.after.rates[:-1]]
    return {
        "seed": seed,
        "die": die,
        **{name: 100 * facts["accuracy"][name] for name in ("ideal", "before", "after")},
        "energy_nj": [cost["energy_nj"][end] for end in ("low", "high")],
        "hidden_spikes": sum(spikes),
        "learned": facts.get("learned"),
    }


def interval(values: list[float]) -> str:
    """The mean, and half of its interval of 95 % by Student's t."""
    if len(values) < 2:
        return f"{values[0]:.2f} (one seed)"
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.2f} +- {half:.2f}"


def read_figures() -> dict[str, list[dict[str, Any]]]:
    return json.loads(FIGURES.read_text()) if FIGURES.exists() else {}


def table(figures: dict[str, list[dict[str, Any]]]) -> str:
    lines = ["| network | runs | accuracy % | nJ per inference | hidden spikes |", "| --- | --- | --- | --- | --- |"]
    for name, (what, settings) in LINES.items():
        rows = figures.get(name, [])
        if not rows:
            continue
        found = interval([row["after"] for row in rows])
        if "noise" in settings:
            means = [float(np.mean([row[when] for row in rows])) for when in ("before", "ideal")]
            found += f"; before {means[0]:.2f}, ideal {means[1]:.2f}"
        low, high = np.mean([row["energy_nj"] for row in rows], axis=0)
        spikes = np.mean([row["hidden_spikes"] for row in rows])
        lines.append(f"| {what} | {len(rows)} | {found} | {low:.3g} to {high:.3g} | {spikes:.0f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", default=",".join(LINES), help="which, by name")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each line; of dies, so many dies of seed 1")
    chosen = parser.parse_args()
    for name in chosen.lines.split(","):
        settings = LINES[name][1]
        for number in range(1, chosen.seeds + 1):
            seed, die = (1, number) if "noise" in settings else (number, 1)
            figures = read_figures()
            rows = figures.setdefault(name, [])
            if not any((row["seed"], row["die"]) == (seed, die) for row in rows):
                rows.append(measured(settings, seed, die))
                write_text(FIGURES, json.dumps(figures, indent=1) + "\n")
                print(name, rows[-1], flush=True)
    print(table(read_figures()))


if __name__ == "__main__":
    main()
