"""Several sweep databases as one: made beside and renamed, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from host.errors import SweepError
from host.files import replacing
from host.run import MadeWith, canonical, settings_without_places
from host.sweep.rows import Result, Row, Timing, damaged
from host.sweep.store import SweepStore

_BATCH = 1000
_BETTER = ("lost", "failed", "done")  # of two rows of one task the one that says more
_COMPARED = ("ideal", "before", "after", "teacher", "test_samples", "teacher_digest", "limits")


@dataclass(frozen=True)
class Merged:
    """What came together."""

    sweeps: int
    tasks: int  # that have been run
    twice: int  # found in more than one file, with the same result

    def line(self, out: Path) -> str:
        again = f", {self.twice:,} of them found more than once and alike" if self.twice else ""
        return f"{out}: {self.sweeps:,} sweeps, {self.tasks:,} tasks that were run{again}"


def merge_sweeps(sources: Sequence[Path], out: Path, mix_versions: bool = False) -> Merged:
    """All sweeps and rows of `sources`, in their order, as a new database.

    Raises SweepError if `out` is there already, if a row is damaged, if two files found different things under one key,
    or if they were made by different versions or teachers that are not to be mixed; OSError. Nothing is left then.
    """
    if out.exists():
        raise SweepError(f"{out} is there already: name a new file with --out, and {out} among those to be merged")
    if not out.absolute().parent.is_dir():
        raise SweepError(f"there is no folder {out.absolute().parent}: make it, or choose another --out")
    with ExitStack() as stack:
        stores = [stack.enter_context(SweepStore.open(path)) for path in sources]
        if not mix_versions:
            _check_makers(stores)
        with replacing(out) as beside, SweepStore.create(beside, mix_versions) as target:
            return _merged(stores, target)


def _check_makers(stores: Sequence[SweepStore]) -> None:
    """Raises SweepError if rows were made with different versions, or follow different teachers of one recipe."""
    makers: dict[MadeWith, Path] = {}
    teachers: dict[str, tuple[str, Path]] = {}
    for store in stores:
        for made in store.makers():
            makers.setdefault(made, store.path)
        for recipe, digest in store.teachers():
            known, path = teachers.setdefault(recipe, (digest, store.path))
            if known != digest:
                raise SweepError(
                    f"{path} and {store.path} follow different teachers, {known} and {digest}, that one training gave"
                    " on different machines: merge them apart, or add --mix-versions, which rows then tell"
                )
    if len(makers) > 1:
        (one, path), (other, elsewhere) = list(makers.items())[:2]
        raise SweepError(
            f"{path} holds rows made with {one}, {elsewhere} with {other}: merge them apart, or add --mix-versions,"
            " which rows then tell"
        )


def _merged(stores: Sequence[SweepStore], target: SweepStore) -> Merged:
    twice, tasks = 0, 0
    where: dict[str, Path] = {}  # key -> the file that it was taken from
    for store in stores:
        for batch in _batches(_to_take(store, target, where)):
            tasks += sum(known is None for _, known in batch)
            twice += sum(known == "same" for _, known in batch)
            target.record(entry for entry, known in batch if known != "same")
        for sweep in store.sweeps():
            key = store.key_of(sweep.id)
            plan = ((row.point, _Planned(row.key, row.task, row.die)) for row in store.rows(key))
            target.add_sweep(key, sweep.request, plan, sweep.created)
    return Merged(len(target.sweeps()), tasks, twice)


class _Planned(NamedTuple):
    key: str
    name: str
    die: int


_Entry = tuple[tuple[Result, Timing], str | None]  # with None: new, "same", or "better" than what is there


def _to_take(store: SweepStore, target: SweepStore, where: dict[str, Path]) -> Iterator[_Entry]:
    for row, timing, recipe in store.all_results():
        result = _result(row, recipe)
        if row.key not in where:
            where[row.key] = store.path
            yield (result, timing), None
            continue
        [known] = target.rows_of([row.key])
        if known.status == row.status == "done" and not _alike(known, row):
            raise SweepError(
                f"{where[row.key]} and {store.path} found different things under one key, in row {row.task}:"
                f" {_shown(known)} and {_shown(row)}; keep one of the files"
            )
        better = _BETTER.index(row.status) > _BETTER.index(known.status)
        yield (result, timing), "better" if better else "same"


def _alike(one: Row, other: Row) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _COMPARED) and _facts(one) == _facts(other)


def _facts(row: Row) -> tuple[str, str]:
    try:
        return canonical(settings_without_places(row.spec or {})), canonical(row.summary)
    except (KeyError, TypeError, AttributeError):
        raise damaged(row.task, "its spec lacks settings that every run has") from None


def _shown(row: Row) -> str:
    return (
        f"{row.before} before and {row.after} after, teacher {(row.teacher_digest or 'unknown')[:8]}, {row.made_with}"
    )


def _result(row: Row, recipe: str | None) -> Result:
    assert row.packed_spec is not None, "it has been run"
    row.spec, row.summary  # noqa: B018 - a damaged row is refused here, by name
    return Result(
        row.key,
        row.task,
        row.packed_spec.text(),
        row.die,
        row.status,
        row.message,
        row.teacher,
        row.ideal,
        row.before,
        row.after,
        row.test_samples,
        None if row.packed_summary is None else row.packed_summary.text(),
        row.limits,
        recipe,
        row.teacher_digest,
        row.made_with,
    )


def _batches(entries: Iterator[_Entry]) -> Iterator[list[_Entry]]:
    batch: list[_Entry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
