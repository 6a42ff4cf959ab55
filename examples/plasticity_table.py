"""Learning without a teacher on MNIST: each line of the table in RESULTS.md is a set of jobs, kept one by one.

    python examples/plasticity_table.py --list                  # the lines, and how much of each is done
    python examples/plasticity_table.py --only 'ideal-*'        # these lines, then the table of all that is there
    python examples/plasticity_table.py --held-out --only ideal-100 --set learning_circuit.rule_settings.mu=0.4

Lines without noise are means over three seeds, the others over the dies of one seed, with 95 % intervals (Student's t).
The last command is how settings are chosen: 10,000 of the training images are held out and scored in place of the
test images, and the seeds are others than those of the table. What is there already is not run again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from host.bench import commit_of
from host.files import write_text
from host.run import Reference, prepare, reference, resolve, run_die, versions
from host.settings import value_of
from host.training import LabelledScore, Setup

SEEDS, SEEDS_TO_CHOOSE_BY, HELD_OUT = (1, 2, 3), (11, 12, 13), 10_000
DIES = 10


@dataclass(frozen=True)
class Line:
    """What is learned, and what is wanted of it."""

    key: str
    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    noise: tuple[str, ...] = ()  # none: what the ideal chip learns is all
    wanted: str = ""

    @property
    def dies(self) -> range:
        return range(1, DIES + 1) if self.noise else range(1)


def lines() -> list[Line]:
    some = {"hidden": [100], "training.learned_samples": 20_000}
    cut = {"stdp.prune.below": 0.3, "stdp.prune.after": 30_000, "stdp.round.levels": 4, "stdp.round.after": 30_000}
    of_400 = {"hidden": [400]}
    found = [
        Line("ideal-100", "N = 100, 40,000 images", {"training.learned_samples": 40_000}, wanted="85.5 / 86"),
        Line("ideal-400", "N = 400, one epoch", of_400, wanted="90.5 / 91"),
        Line("ideal-1600", "N = 1600, two epochs", {"hidden": [1600], "training.epochs": 2}, wanted="92.5 / 93"),
        Line("pruned-400", "N = 400, cut below 0.3, 4 levels", {**of_400, **cut}, wanted="1.5 below unpruned"),
        Line("threshold-100", "N = 100, 20,000 images, thresholds 0.2", some, ("mismatch:0.2@threshold",)),
    ]
    for key, title, noise in (
        ("weight-0.2", "weights 0.2", "mismatch:0.2@weight"),
        ("weight-0.5", "weights 0.5", "mismatch:0.5@weight"),
        ("stuck", "5 % of synapses stuck", "stuck:0.05"),
        *((f"{bits}-bit", f"{bits}-bit weights", f"quantization:{bits}") for bits in (2, 3, 4)),
    ):
        found.append(Line(f"{key}-400", f"N = 400, {title}", of_400, (noise,)))
    triplets = {"learning_circuit.rule": "stdp_triplet", "training.learned_samples": 20_000}
    found.append(Line("triplets", "N = 100, 20,000 images, triplets of the published fit", triplets))
    with_pairs = {f"learning_circuit.rule_settings.{name}": value for name, value in (("pair", 1.0), ("fall", 0.3))}
    found.append(Line("triplets-pairs", "N = 100, 20,000 images, triplets and pairs", triplets | with_pairs))
    return found


@dataclass(frozen=True)
class Recorder:
    """Runs what is missing, and keeps what came out."""

    out: Path
    shared: Mapping[str, Any]  # settings of all lines
    held_out: bool  # whether the images that are scored are some of the training images
    threads: int

    def spec(self, line: Line, seed: int, die: int = 1) -> Any:
        settings = {"dataset": "mnist", "training.method": "stdp", "seed": seed, "die": die, **line.settings}
        if self.held_out:
            settings["training.validation_samples"] = HELD_OUT
        return resolve(None, settings | {"noise": list(line.noise)} | self.shared)

    def jobs(self, line: Line) -> list[tuple[int, int]]:
        """Seeds and dies; die 0 is the ideal chip."""
        seeds = SEEDS_TO_CHOOSE_BY if self.held_out else SEEDS
        return [(seed, die) for seed in (seeds[:1] if line.noise else seeds) for die in line.dies]

    def path(self, line: Line, seed: int, die: int) -> Path:
        return self.out / f"{line.key}-{self.spec(line, seed, max(die, 1)).hash()}.json"

    def stored(self, line: Line) -> list[dict[str, Any]]:
        paths = [self.path(line, *job) for job in self.jobs(line)]
        return [json.loads(path.read_text()) for path in paths if path.exists()]

    def measure(self, line: Line) -> None:
        """Run the line's jobs that are missing; the dies of a seed are compared with one ideal chip."""
        found: dict[int, tuple[Setup, Reference]] = {}
        for seed, die in self.jobs(line):
            path = self.path(line, seed, die)
            if path.exists():
                continue
            print(f"plasticity_table: {line.key}, seed {seed}, die {die}", file=sys.stderr, flush=True)
            if seed not in found:
                setup = prepare(self.spec(line, seed, max(die, 1)))
                if self.held_out:
                    valid = replace(setup.valid, high=setup.dataset.test.high)  # which a test shows as it is to be
                    setup = replace(setup, dataset=replace(setup.dataset, test=valid))
                found = {seed: (setup, reference(setup, self.threads))}
            write_text(path, json.dumps(self._facts(*found[seed], die), indent=1) + "\n")

    def _facts(self, setup: Setup, ideal: Reference, die: int) -> dict[str, Any]:
        spec = setup.spec.model_copy(update={"die": max(die, 1)})
        facts = {"seed": spec.seed, "die": die, "settings": spec.model_dump(mode="json")}
        facts |= {"versions": versions(), "commit": commit_of(Path(__file__).resolve().parents[1])}
        if die and spec.noise:
            summary = run_die(replace(setup, spec=spec), ideal, self.threads).summary
            return facts | {"assignment": summary["assignment"], "pruned": summary.get("pruned")}
        assert ideal.learned is not None
        cut = 1 - float(np.mean(ideal.learned["layer1.kept"]))
        return facts | {"assignment": {"ideal": told(ideal.ideal)}, "cut": cut}


def told(score: Any) -> dict[str, Any]:
    assert isinstance(score, LabelledScore)
    return {"by_mean": score.by_mean, "by_proportion": score.by_proportion, "silent_neurons": score.silent}


def interval(values: list[float]) -> str:
    """Mean and 95 % interval, in %."""
    mean = f"{100 * np.mean(values):.2f}"
    if len(set(values)) == 1:  # one chip, with which all dies are compared
        return mean
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return f"{mean} ± {100 * half:.2f}"


def table(recorder: Recorder, wanted: list[Line]) -> list[str]:
    """What is there of the lines, as Markdown."""
    text = ["| line | n | chip | by highest mean response | by class proportion |", "| --- | --- | --- | --- | --- |"]
    for line in wanted:
        done = recorder.stored(line)
        for name in done[0]["assignment"] if done else ():
            each = [facts["assignment"][name] for facts in done]
            means = (interval([one[by] for one in each]) for by in ("by_mean", "by_proportion"))
            aim = f" (wanted: {line.wanted})" if line.wanted else ""
            if cut := np.mean([facts.get("cut", 0) for facts in done]):
                aim += f", {100 * cut:.1f} % of synapses cut"
            text.append(f"| {line.title}{aim} | {len(done)} | {name} | {' | '.join(means)} |")
        if not done:
            text.append(f"| {line.title} | 0 | not measured | | |")
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="*", help="keys of lines with commas between, such as ideal-100,stuck-*")
    parser.add_argument("--list", action="store_true", help="the keys, what they are, and how much of each is done")
    parser.add_argument("--held-out", action="store_true", help="choose settings: score training images held out")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of all lines")
    parser.add_argument("--data-dir", help="where MNIST is looked for, before CHIPSIM_DATA")
    parser.add_argument("--out", type=Path, default=Path("plasticity"), help="where what comes out is kept")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    wanted = [line for line in lines() if any(fnmatchcase(line.key, one) for one in given.only.split(","))]
    if not wanted:
        parser.error(f"--only {given.only} names none of {', '.join(line.key for line in lines())}")
    shared = {name: value_of(value) for name, _, value in (one.partition("=") for one in given.set)}
    if given.data_dir is not None:
        shared["data_dir"] = given.data_dir
    given.out.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(given.out, shared, given.held_out, given.threads)
    if given.list:
        for line in wanted:
            print(f"{line.key:18} {len(recorder.stored(line))} of {len(recorder.jobs(line))}  {line.title}")
        return
    try:
        for line in wanted:
            recorder.measure(line)
    except KeyboardInterrupt:
        print("plasticity_table: stopped; the same command goes on", file=sys.stderr)
    print("\n".join(table(recorder, wanted)))


if __name__ == "__main__":
    main()
