"""A plan of three tasks, and rows of them that no run has found."""

from small_sweeps import A_SUMMARY
from stored_runs import NotRun

from host.sweep import Result, Timing

PLAN = [
    ({"mismatch": 0.1}, NotRun.called("m-die-1-00000001")),
    ({"mismatch": 0.1}, NotRun.called("m-die-2-00000002")),
    ({"mismatch": 0.2}, NotRun.called("m-die-1-00000003")),
]


def result(task, status="done", **changes):
    done = {"teacher": 0.9, "ideal": 0.9, "before": 0.1, "after": 0.8, "test_samples": 60, "summary": A_SUMMARY}
    given = ({"message": "bad corner"} if status == "failed" else done) | changes
    return Result(task.key, task.name, '{"steps":6}', task.die, status, **given), Timing(task.key, 2.0, "me")
