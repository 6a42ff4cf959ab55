"""CIFAR-10 in full: each line of the table in RESULTS.md is a job that goes on where it was stopped.

    python examples/cifar10_in_full.py --list                     # the lines, and which of them are done
    python examples/cifar10_in_full.py --only 'six-*' --budget 60 # those of the six-layer network, an hour of them
    python examples/cifar10_in_full.py                            # all that is missing, then the table

Needs all of CIFAR-10 (see chipsim data) and the extras torch and onnx. 5,000 of the 50,000 training images, drawn by
the seed, are held out: they validate the teachers, and 1,000 of them each die while it learns. From the other 45,000
teachers and dies learn. The 10,000 test images choose nothing: a line's run reads them when it has its settings.

Teachers are ONNX files in the folder, made by chipsim teacher train; --six FILE and --vgg11 FILE take others. Each
line leaves KEY.json: accuracies, the curve against the images learned, seeds, versions and the commit. A line whose
settings, teacher or number of images have changed meanwhile is run anew. Of fewer images a tenth is held out.
"""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

import chipsim
from host.bench import commit_of
from host.data import load
from host.files import write_text
from host.report import run_checks
from host.run import resolve, versions

SEED = 1
MISMATCH = ("mismatch:0.2@weight", "mismatch:0.2@threshold")
ALL_FOUR = (*MISMATCH, "thermal:0.1", "quantization:6", "silencing:0.1")  # bits as in compare_methods.py
VGG_IMAGES = 10_000

# What the paper has instead: Yang et al. 2022 (arXiv 2210.04532), and the code of its authors.
PAPER = "converges within five epochs, near-lossless (abstract); from random weights, LIF, Adam, batches of 64"
OTHERWISE = (
    "each image writes for itself, at a rate that falls to zero (the paper's code: Adam at 1e-4, batches of 64)",
    "a spike subtracts the threshold (there: reset to zero)",
    "the last step of a window learns (there: the last four of 16)",
    "the teacher is trained with activations rounded to counts (there: clipped only)",
)


@dataclass(frozen=True)
class Teacher:
    """A network to follow, and how it is trained."""

    arch: str
    epochs: int


TEACHERS = {"six": Teacher("32,64s2,64,128s2,fc128", 60), "vgg11": Teacher("vgg11", 30)}


@dataclass(frozen=True)
class Line:
    """One die of one line of the table."""

    row: str  # the line's name; its key has the die, if there are several
    title: str
    network: str  # of TEACHERS
    dies: int = 1  # of the row
    die: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    differs: tuple[str, ...] = ()  # from the paper, besides OTHERWISE
    wanted: float | None = None  # points below the teacher, at most

    @property
    def key(self) -> str:
        return self.row if self.dies == 1 else f"{self.row}-die{self.die}"


def lines() -> list[Line]:
    """All dies of all lines, in the order of the table."""
    taught = ("from the teacher's weights (there: random ones)", "one epoch (there: five)")
    no_leak = ("IF neurons (there: LIF)",)
    noises: dict[str, tuple[str, tuple[str, ...], int, float | None]] = {
        "ideal": ("ideal die", (), 1, 1.0),
        "mismatch": ("mismatch 0.2 of weights and thresholds", MISMATCH, 3, 1.5),
        "quantization": ("quantization, 4 bits", ("quantization:4",), 1, None),  # all dies round alike
        "thermal": ("thermal 0.1", ("thermal:0.1",), 3, None),
        "silencing": ("silencing 0.1", ("silencing:0.1",), 3, None),
        "all-four": ("all four, 6 bits", ALL_FOUR, 3, 3.0),
    }
    found: list[Line] = []

    def add(prefix: str, title: str, noise: str, dies: int | None = None, **more: Any) -> None:
        said, kinds, usual, wanted = noises[noise]
        n = usual if dies is None else dies
        settings = {"noise": list(kinds), **more.pop("settings", {})}
        for die in range(1, n + 1):
            row = f"{prefix}-{noise}"
            more.setdefault("wanted", wanted)
            found.append(Line(row, f"{title}, {said}", dies=n, die=die, settings=settings, **more))

    for noise in noises:
        add("six", "six layers", noise, network="six", differs=(*taught, *no_leak))
    for noise in ("ideal", "mismatch"):
        start = {"training.start": "random", "training.epochs": 5}
        wanted = 5.0 if noise == "ideal" else None
        add("random", "random start, 5 epochs", noise, 1, network="six", settings=start, differs=no_leak, wanted=wanted)
    for noise in ("ideal", "mismatch"):
        leaky = {"neuron.kind": "lif"}
        add("lif", "LIF", noise, 1, network="six", settings=leaky, differs=taught, wanted=None)
    for steps in (8, 4):
        for noise in ("ideal", "mismatch"):
            differs = (*taught, *no_leak, f"{steps} steps (there: 16)")
            few = {"steps": steps}
            add(f"steps{steps}", f"{steps} steps", noise, 1, network="six", settings=few, differs=differs, wanted=None)
    for noise in ("ideal", "mismatch"):
        differs = (*taught, *no_leak, f"{VGG_IMAGES:,} images")
        some = {"training.learned_samples": VGG_IMAGES}
        add("vgg11", "VGG-11", noise, 1, network="vgg11", settings=some, differs=differs, wanted=1.5)
    return found


class OutOfTimeError(KeyboardInterrupt):
    """The budget is used up: what goes on ends as by Ctrl-C, so that it can be gone on with."""


class Budget:
    """Time that jobs may take."""

    def __init__(self, minutes: float | None) -> None:
        self._end = None if minutes is None else time.monotonic() + 60 * minutes

    @property
    def left_s(self) -> float | None:
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    @contextmanager
    def spent_on_a_job(self) -> Iterator[None]:
        """Raises OutOfTimeError when the time is up."""
        if self._end is None:
            yield
            return
        if not self.left_s:
            raise OutOfTimeError

        def up(number: int, frame: Any) -> None:
            raise OutOfTimeError

        before = signal.signal(signal.SIGALRM, up)
        signal.setitimer(signal.ITIMER_REAL, self.left_s)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


@dataclass(frozen=True)
class Recorder:
    """Runs what is missing, and keeps what came out."""

    out: Path
    data_dir: str | None
    threads: int
    given: Mapping[str, Path]  # teachers that are there already
    teacher_flags: tuple[str, ...]
    n_train: int  # training images there are

    @property
    def held_out(self) -> int:
        return self.n_train // 10

    def teacher(self, network: str) -> Path:
        return self.given.get(network, self.out / f"{network}.onnx")

    def train(self, network: str, budget: Budget) -> None:
        """Make the teacher's file, if it is not there. Raises OutOfTimeError; SystemExit if that fails."""
        path, kind = self.teacher(network), TEACHERS[network]
        if path.exists():
            return
        flags = ["--arch", kind.arch, "--epochs", kind.epochs, "--average", "ema", "--hold-out", self.held_out]
        flags += ["--seed", SEED, "--threads", self.threads, *self.teacher_flags, "--out", path, "--json"]
        if self.data_dir is not None:
            flags += ["--data-dir", self.data_dir]
        command = [sys.executable, "-m", "chipsim", "teacher", "train", *map(str, flags)]
        say(f"teacher {network}: {shlex.join(command[2:])}")
        began = time.monotonic()
        try:
            ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=budget.left_s)
        except subprocess.TimeoutExpired:
            raise OutOfTimeError from None
        if ended.returncode:
            raise SystemExit(ended.returncode)
        facts = json.loads(ended.stdout)
        facts |= {"flags": list(map(str, flags)), "last_sitting_s": round(time.monotonic() - began), **made_by()}
        write_text(self.out / f"teacher-{network}.json", json.dumps(facts, indent=1) + "\n")

    def settings(self, line: Line) -> dict[str, Any]:
        """Of a run, by dotted name."""
        shared: dict[str, Any] = {
            "dataset": "cifar10",
            "teacher.file": str(self.teacher(line.network)),
            "seed": SEED,
            "die": line.die,
            "training.validation_samples": self.held_out,
            "training.checked_samples": max(1, self.held_out // 5),
            "training.epochs": 1,
        }
        if self.data_dir is not None:
            shared["data_dir"] = self.data_dir
        settings = shared | line.settings
        if "training.learned_samples" in settings:
            most = self.n_train - self.held_out
            settings["training.learned_samples"] = min(settings["training.learned_samples"], most)
        return settings

    def stored(self, line: Line) -> dict[str, Any] | None:
        """What came out, if it was by these settings and this teacher."""
        path = self.out / f"{line.key}.json"
        if not (path.exists() and self.teacher(line.network).exists()):
            return None
        facts: dict[str, Any] = json.loads(path.read_text())
        return facts if facts["asked"] == self._asked(line) else None

    def measure(self, line: Line) -> None:
        """Run the line, or go on with it, and store what came out."""
        settings, asked = self.settings(line), self._asked(line)
        folder = self.out / "runs" / f"{line.key}-{asked}"
        if (folder / "result.json").exists():
            outcome = chipsim.load_run(folder)
        elif folder.exists():
            outcome = chipsim.run(resume=folder, threads=self.threads)
        else:
            outcome = chipsim.run(set=settings, out=folder, threads=self.threads)
        summary, checks = outcome.summary, run_checks(folder)
        facts = {
            "key": line.key,
            "row": line.row,
            "title": line.title,
            "asked": asked,
            "settings": {name: value for name, value in settings.items() if name not in ("data_dir", "teacher.file")},
            "differs_from_the_paper": [*line.differs, *OTHERWISE],
            "accuracy": summary["accuracy"],
            "test_samples": summary["test_samples"],
            "epochs": [check["validation_accuracy"] for check in checks if is_whole(check["epoch"])],
            "curve": [[int(check["presentations"]), check["validation_accuracy"]] for check in checks],
            "kept_after_samples": summary["kept_after_samples"],
            "validation_samples": summary["validation"]["samples"],
            "samples_per_s": summary["samples_per_s"],
            **{name: summary[name] for name in ("network", "noise", "spec_hash", "data_digest", "teacher_digest")},
            "data_origin": summary["data_origin"],
            **made_by(),
        }
        write_text(self.out / f"{line.key}.json", json.dumps(facts, indent=1) + "\n")

    def _asked(self, line: Line) -> str:
        """A hash of all that decides the line, the teacher's file among it."""
        return resolve(None, self.settings(line)).hash()


def is_whole(epochs: float) -> bool:
    """Whether a check was at the end of an epoch, or at the start."""
    return abs(epochs - round(epochs)) < 1e-9


def made_by() -> dict[str, Any]:
    return {"versions": versions(), "commit": commit_of(Path(__file__).resolve().parents[1])}


def table(recorder: Recorder, wanted: list[Line]) -> list[str]:
    """What is there of the lines, as Markdown."""
    text = [
        "| line | teacher | ideal die, converted | die before | die after | below the teacher | validation by epoch |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    notes: list[str] = []
    facts: dict[str, Any] = {}
    for row in dict.fromkeys(line.row for line in wanted):
        dies = [line for line in wanted if line.row == row]
        done = [each for line in dies if (each := recorder.stored(line)) is not None]
        if not done:
            text.append(f"| {dies[0].title} | not measured | | | | | |")
            continue
        mean = {name: float(np.mean([each["accuracy"][name] for each in done])) for name in done[0]["accuracy"]}
        some = "" if len(done) == 1 else f", mean of {len(done)} dies"
        below = 100 * (mean["teacher"] - mean["after"])
        limit = dies[0].wanted
        aim = "" if limit is None else f" (wanted: {limit:g} at most)"
        epochs = ", ".join(f"{100 * value:.1f}" for value in np.mean([each["epochs"] for each in done], axis=0))
        cells = [f"{100 * mean[name]:.2f}" for name in ("teacher", "ideal", "before", "after")]
        text.append(f"| {dies[0].title}{some} | {' | '.join(cells)} | {below:.2f}{aim} | {epochs} |")
        notes.append(f"- {dies[0].title}: {'; '.join(dies[0].differs) or 'nothing else'}.")
        facts = done[0]
    if facts:
        text += ["", f"{facts['data_origin']}. In %, on {facts['test_samples']:,} test images; validation before"]
        text += [f"learning and after each epoch, on {facts['validation_samples']:,} of those held out.", ""]
        text += [f"The paper: {PAPER}. Throughout, {'; '.join(OTHERWISE)}.", "And, line by line:", "", *notes]
    return text


def say(text: str) -> None:
    print(f"cifar10_in_full: {text}", file=sys.stderr, flush=True)


def record(recorder: Recorder, wanted: list[Line], budget: Budget) -> int:
    """Run what is missing, as far as the time goes; how many lines are missing still."""
    try:
        for line in wanted:
            recorder.train(line.network, budget)
            if recorder.stored(line) is None:
                say(line.key)
                with budget.spent_on_a_job():
                    recorder.measure(line)
    except KeyboardInterrupt:
        say("stopped; the same command goes on")
    return sum(recorder.stored(line) is None for line in wanted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="*", help="keys of lines with commas between, such as six-ideal,lif-*")
    parser.add_argument("--list", action="store_true", help="the keys, what they are, and whether they are done")
    parser.add_argument("--budget", type=float, metavar="MINUTES", help="what goes on then ends as by Ctrl-C")
    parser.add_argument("--data-dir", help="where CIFAR-10 is looked for, before CHIPSIM_DATA")
    parser.add_argument("--six", type=Path, metavar="FILE", help="ONNX file, in place of the six-layer teacher")
    parser.add_argument("--vgg11", type=Path, metavar="FILE", help="ONNX file, in place of the VGG-11 teacher")
    parser.add_argument("--teacher-flags", default="", help="more flags of chipsim teacher train, in quotes")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("cifar10-in-full"), help="folder")
    arguments = parser.parse_args()
    patterns = arguments.only.split(",")
    wanted = [line for line in lines() if any(fnmatchcase(line.key, pattern) for pattern in patterns)]
    if not wanted:
        parser.error(f"--only {arguments.only}: no such line; choose from {', '.join(line.key for line in lines())}")
    if arguments.budget is not None and not arguments.budget >= 0:
        parser.error(f"--budget {arguments.budget}: give minutes from 0")
    given = {name: path for name in TEACHERS if (path := getattr(arguments, name)) is not None}
    for path in given.values():
        if not path.is_file():
            parser.error(f"{path} is no file; give an ONNX file, or leave it out and a teacher is trained")
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
        n_train = len(load("cifar10", arguments.data_dir).train)
        recorder = Recorder(
            arguments.out,
            arguments.data_dir,
            arguments.threads,
            given,
            tuple(shlex.split(arguments.teacher_flags)),
            n_train,
        )
        if arguments.list:
            for line in wanted:
                print(f"{line.key:<24}{'done   ' if recorder.stored(line) else 'missing'}  {line.title}")
            return
        missing = record(recorder, wanted, Budget(arguments.budget))
        print("\n".join(table(recorder, wanted)))
        if missing:
            say(f"{missing} of {len(wanted)} lines are missing")
    except (chipsim.UserError, OSError) as error:
        parser.exit(2, f"cifar10_in_full: {error}\n")


if __name__ == "__main__":
    main()
