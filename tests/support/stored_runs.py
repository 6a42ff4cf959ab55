"""A sweep database written by hand: what its tasks found is chosen, or comes from runs."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from host.run import canonical, digest_of, run
from host.settings import RunSpec
from host.sweep import Result, SweepStore, Timing


class NotRun(NamedTuple):
    """A task of a plan, of which nothing is known yet."""

    key: str
    name: str
    die: int

    @staticmethod
    def called(name: str) -> "NotRun":
        """name: such as m-die-4-01234567."""
        return NotRun(digest_of(name), name, int(name.rsplit("-", 2)[1]))


def result_of(name: str, spec: RunSpec, **changes: Any) -> Result:
    """What a task called `name` with this spec finds when it is run; or what `changes` says."""
    text = canonical(spec.model_dump(mode="json"))
    key = digest_of([name, text])
    task = f"{name}-die-{spec.die}-{key[:8]}"
    if changes:
        given = {"teacher": 1.0, "ideal": 1.0, "test_samples": 100} | changes
        return Result(key, task, text, spec.die, given.pop("status", "done"), **given)
    summary = run(spec).summary
    return Result(
        key,
        task,
        text,
        spec.die,
        "done",
        **summary["accuracy"],
        test_samples=summary["test_samples"],
        summary=json.dumps(summary),
    )


def write_sweep(path: Path, name: str, rows: list[tuple[dict[str, Any], Result | str]]) -> None:
    """A sweep of these points and results; in place of a result the name of a task that has not run."""
    with SweepStore.create(path) as store:
        plan = [(point, NotRun.called(result) if isinstance(result, str) else result) for point, result in rows]
        store.add_sweep(name, {"axes": []}, plan)
        store.record((result, Timing(result.key, 0.1, "here")) for _, result in rows if isinstance(result, Result))
