"""A sweep database written by hand: what its tasks found is chosen, or comes from runs."""

import json
from pathlib import Path
from typing import Any

from host.run import run
from host.settings import RunSpec
from host.sweep import Result, SweepStore, Timing, canonical


def result_of(name: str, spec: RunSpec, **changes: Any) -> Result:
    """What a task called `name` with this spec finds when it is run; or what `changes` says."""
    task = f"{name}-die-{spec.die}-{spec.hash()}"
    text = canonical(spec.model_dump(mode="json"))
    if changes:
        given = {"teacher": 1.0, "ideal": 1.0, "test_samples": 100} | changes
        return Result(task, text, spec.die, given.pop("status", "done"), **given)
    summary = run(spec).summary
    return Result(
        task,
        text,
        spec.die,
        "done",
        **summary["accuracy"],
        test_samples=summary["test_samples"],
        summary=json.dumps(summary),
    )


def write_sweep(path: Path, name: str, rows: list[tuple[dict[str, Any], Result | str]]) -> None:
    """A sweep of these points and results; in place of a result the id of a task that has not run."""
    with SweepStore.create(path) as store:
        plan = [(point, result if isinstance(result, str) else result.id) for point, result in rows]
        store.add_sweep(name, {"axes": []}, plan)
        store.record((result, Timing(result.id, 0.1, "here")) for _, result in rows if isinstance(result, Result))
