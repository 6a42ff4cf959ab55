"""A database through any history: stored, asked again, killed, cut off in the middle, merged, read meanwhile."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from small_sweeps import summary_of
from stored_runs import NotRun

from host.sweep import Result, SweepStore, Timing, merge_sweeps

TASKS = [NotRun.called(f"m-die-{die}-00000000") for die in range(8)]
SPEC = '{"teacher":{},"training":{}}'
STATUSES = st.sampled_from(["done", "failed", "lost"])
NUMBERS = st.sets(st.integers(0, len(TASKS) - 1), max_size=4)


def result(number, status):
    task = TASKS[number]
    figures = {"teacher": 0.9, "ideal": 0.9, "before": 0.1, "after": number / 10}
    done = {**figures, "test_samples": 60, "summary": summary_of(**figures)}
    given = done if status == "done" else {"message": status}
    return Result(task.key, task.name, SPEC, task.die, status, **given), Timing(task.key, 1.0, "here")


class Histories(RuleBasedStateMachine):
    """Beside the database what it should hold: number of a task -> its status; sweep -> numbers of its tasks."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        self.files = 0
        self.path = self.new()
        self.store = SweepStore.create(self.path)
        self.known, self.plans = {}, {}

    def new(self):
        self.files += 1
        return self.folder / f"{self.files}.sqlite"

    @rule(key=st.sampled_from(["abc", "abd", "x" * 64]), numbers=NUMBERS)
    def ask(self, key, numbers):
        self.store.add_sweep(key, {"key": key}, [({"die": number}, TASKS[number]) for number in sorted(numbers)])
        self.plans.setdefault(key, sorted(numbers))

    @rule(numbers=NUMBERS, status=STATUSES)
    def record(self, numbers, status):
        self.store.record(result(number, status) for number in sorted(numbers))
        self.known |= dict.fromkeys(numbers, status)

    @rule(numbers=NUMBERS, status=STATUSES)
    def interrupt(self, numbers, status):
        """In the middle of a batch: nothing of it is stored."""

        def some():
            yield from (result(number, status) for number in sorted(numbers))
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.store.record(some())

    @rule()
    def close(self):
        self.store.close()
        assert [path.name for path in self.folder.iterdir() if path.name.startswith(self.path.name)] == [self.path.name]
        self.store = SweepStore.create(self.path)

    @rule()
    def kill(self):
        """What is on the disk at this moment is all that is left."""
        killed = self.new()
        for ending in ("", "-wal"):
            if (file := Path(f"{self.path}{ending}")).exists():
                shutil.copyfile(file, f"{killed}{ending}")
        self.store.close()
        self.path, self.store = killed, SweepStore.create(killed)

    @rule(numbers=NUMBERS, status=STATUSES)
    def merge(self, numbers, status):
        """With what another machine has found of the same tasks."""
        self.store.close()
        other, both = self.new(), self.new()
        with SweepStore.create(other) as store:
            store.add_sweep("other", {}, [({"die": number}, TASKS[number]) for number in sorted(numbers)])
            store.record(result(number, status) for number in sorted(numbers))
        merge_sweeps([self.path, other], both)
        order = ["lost", "failed", "done"]
        for number in numbers:
            self.known[number] = max(self.known.get(number, "lost"), status, key=order.index)
        self.plans.setdefault("other", sorted(numbers))
        self.path, self.store = both, SweepStore.create(both)

    @invariant()
    def holds_what_was_stored(self):
        for store in (self.store, SweepStore.open(self.path)):
            found = {row.die: row.status for row, _, _ in store.all_results()}
            assert found == self.known
            assert {row.die: row.after for row, _, _ in store.all_results() if row.status == "done"} == {
                number: number / 10 for number, status in self.known.items() if status == "done"
            }
            assert {store.key_of(sweep.id) for sweep in store.sweeps()} == self.plans.keys()
            for key, numbers in self.plans.items():
                rows = [(row.die, row.status) for row in store.rows(key)]
                assert rows == [(number, self.known.get(number, "missing")) for number in numbers]
        store.close()

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()
            assert not [name for name in os.listdir(self.folder) if name.endswith(("-wal", "-shm", ".lock"))]
            shutil.rmtree(self.folder)


Histories.TestCase.settings = settings(max_examples=12, stateful_step_count=20)
TestHistories = Histories.TestCase
