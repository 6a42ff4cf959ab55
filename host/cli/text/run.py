"""What a person sees: progress on a terminal's stderr, the report on stdout."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from rich.console import Console as RichConsole
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from chipsim import __version__
from host.cli.text.cost import cost_lines
from host.data.encoders import MEANING
from host.link.traffic.summary import link_lines
from host.run.run_die import Outcome
from host.settings.method_names import MEANING as MEANING_OF_METHODS


class Console:
    """Shows how a run goes on. Draws on a terminal only; in a pipe it is silent."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<26}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=RichConsole(stderr=True),
            disable=not sys.stderr.isatty(),
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Console:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def stage(self, text: str) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(text, total=None, note="")

    def learning(self, done: int, total: int, validation_accuracy: float | None) -> None:
        if self._task is not None:
            note = f"{done:,} / {total:,} samples"
            if validation_accuracy is not None:
                note += f", validation {validation_accuracy:.1%}"
            self._progress.update(self._task, completed=done, total=total, note=note)

    def steps(self, done: int, total: int, text: str) -> None:
        if self._task is None:
            self.stage(text)
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total, description=text)


def report(outcome: Outcome) -> str:
    """The run in some twenty lines."""
    spec, summary = outcome.setup.spec, outcome.summary
    network = "-".join(map(str, summary["network"]))
    lines = [
        f"chipsim {__version__}: {summary['dataset']}, {network}, {spec.steps} steps, die {spec.die}, seed {spec.seed}",
        f"  encoding {spec.encoding}: {MEANING[spec.encoding]}",
        *_chip(summary),
        "",
        "noise" if summary["noise"] else "noise: none, an ideal die",
    ]
    for entry in summary["noise"]:
        lines += [f"  {line}" for line in entry["meaning"]]
    lines += ["", f"accuracy on {summary['test_samples']:,} test samples"]
    meanings = {
        "teacher": "the ANN that the chip follows",
        "ideal": "a chip without errors, programmed, not trained",
        "before": f"this die, programmed with {_START[spec.training.start]}",
        "after": _AFTER.get(spec.training.method, f"this die after {spec.training.method}"),
    }
    lines += [f"  {name:<8}{summary['accuracy'][name]:>7.2%}   {text}" for name, text in meanings.items()]
    lines += [
        "",
        *_method(summary["method"]),
        *_learned(summary),
        *_saturated(summary),
        *cost_lines(summary["cost"]),
        *link_lines(summary["link"]),
        f"run folder   {summary['run_dir']}",
    ]
    return "\n".join(lines)


_START = {"teacher": "the teacher's weights", "random": "random weights"}
_AFTER = {"on-chip-ltl": "this die after learning on chip", "conversion": "the same: nothing was learned"}


def _chip(summary: dict[str, Any]) -> list[str]:
    """The chip in physical units, if there is one, and what of it was not simulated."""
    if summary["chip"] is None:
        return []
    lines = [f"  chip {summary['chip']['name']}: see chip in the run folder's spec.toml; not modelled:"]
    return lines + [f"    {sentence}" for sentence in summary["chip"]["not_modelled"]]


def _method(effort: dict[str, Any]) -> list[str]:
    """How the die came to its weights, and what that took beside the die's own work."""
    if effort["name"] == "on-chip-ltl":  # the table of costs says it all
        return []
    traffic = f"{effort['bytes_down']:,.0f} bytes down, {effort['bytes_up']:,.0f} bytes up"
    return [
        f"method       {effort['name']}: {MEANING_OF_METHODS[effort['name']]}",
        f"             {effort['host_macs']:,} multiply-accumulates of the host,"
        f" {effort['weights_programmed']:,} weights programmed, {traffic}",
    ]


def _learned(summary: dict[str, Any]) -> list[str]:
    recovered = summary["recovered_fraction"]
    rate = summary["samples_per_s"]
    lines = [f"recovered    {'nothing was lost' if recovered is None else f'{recovered:.0%} of what was lost'}"]
    if not summary["train_samples"]:
        return lines
    return [
        *lines,
        f"learned from {summary['train_samples']:,} samples"
        + (f" at {rate:,.0f} samples/s, checks included" if rate is not None else " (in an earlier run)")
        + f"; kept the state after {summary['kept_after_samples']:,}",
        f"events       {summary['synaptic_events']:,} synaptic events, {summary['weight_updates']:,} weight updates"
        + (f", {summary['code_writes']:,} stored codes changed" if summary["code_writes"] else ""),
    ]


_SATURATION_WORDS = {
    "membrane_low_rail": "membrane at the lower rail",
    "membrane_high_rail": "membrane at the upper rail",
    "accumulator_full": "spike accumulator full",
    "weight_full_scale": "weight at the end of its range",
    "missed_counts": "spikes that accumulators missed",
    "events_lost": "input events lost on the host link",
}


def _saturated(summary: dict[str, Any]) -> list[str]:
    """How often something met its limit, in all windows of a phase."""
    lines = []
    for name, words in _SATURATION_WORDS.items():
        counts = {phase: counts[name] for phase, counts in summary["saturation"].items()}
        if any(counts.values()):
            parts = ", ".join(f"{count:,} {_PHASES[phase]}" for phase, count in counts.items())
            lines.append(f"saturated    {words}: {parts}")
    return lines or ["saturated    nothing"]


_PHASES = {"learning": "while learning", "test_before": "in the test before", "test_after": "in the test after"}
