"""Whether the dies of a point are dies of one design, tested alike: else no yield is theirs."""

from __future__ import annotations

import json
from typing import Any

from host.errors import SweepError
from host.run import settings_without_places
from host.sweep import Packed, Row, damaged


class OneDesign:
    """Looks at the rows of a sweep, one after the other."""

    def __init__(self) -> None:
        self._first: dict[str, Row] = {}  # a point's levels -> its first row
        self._same: dict[str, set[str]] = {}  # the same -> texts of specs, without die, that are one design

    def check(self, row: Row) -> None:
        """Raises SweepError if `row`, which is done, is of another design, or of another test set, than its point's."""
        point = json.dumps(row.point, sort_keys=True)
        first = self._first.setdefault(point, row)
        if row.test_samples != first.test_samples:
            raise self._mixed(first, row, f"{first.test_samples} and {row.test_samples} test samples")
        if row.packed_spec is None or first.packed_spec is None:
            return
        text = _text(row, row.packed_spec).replace(f'"die":{row.die},', "")
        same = self._same.setdefault(point, {text})
        if text in same:
            return
        mine, others = _settings(row), _settings(first)
        unlike = [name for name in mine | others if mine.get(name) != others.get(name)]
        if unlike:
            raise self._mixed(first, row, f"settings that differ: {', '.join(unlike)}")
        same.add(text)

    @staticmethod
    def _mixed(first: Row, row: Row, what: str) -> SweepError:
        levels = ", ".join(f"{name} {level}" for name, level in row.point.items()) or "the base"
        return SweepError(
            f"rows {first.task} and {row.task} are of different designs, though both stand at {levels} ({what}): no"
            " yield is theirs; sweep again into another --out, or choose another --sweep"
        )


def _text(row: Row, packed: Packed) -> str:
    try:
        return packed.text()
    except ValueError as error:
        raise damaged(row.task, f"its spec cannot be read: {error}") from None


def _settings(row: Row) -> dict[str, Any]:
    settings = settings_without_places(row.run_spec().model_dump(mode="json"))
    return {name: value for name, value in settings.items() if name != "die"}
