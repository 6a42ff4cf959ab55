"""Rows are small, and every text comes back as it went in, whatever it is."""

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stored_runs import NotRun

from host.run import canonical, digest_of, wrong_text
from host.sweep import Result, SweepStore, Timing
from host.sweep.packing import MOST_DICTIONARIES, Packer, unpacked

ROWS, LIMIT = 1000, 1024  # bytes a row, everything in the file counted
VERSION_1 = Path(__file__).with_name("version_1.sqlite")  # holds what runs of digits have found


def stored_texts():
    """Spec and summary of a real run."""
    with closing(sqlite3.connect(f"{VERSION_1.as_uri()}?immutable=1", uri=True)) as connection:
        return map(json.loads, connection.execute("SELECT spec, summary FROM task ORDER BY id LIMIT 1").fetchone())


def varied(facts, rng):
    """The same with every figure another one, as of another die."""
    if isinstance(facts, dict):
        return {name: varied(each, rng) for name, each in facts.items()}
    if isinstance(facts, list):
        return [varied(each, rng) for each in facts]
    if isinstance(facts, float) and facts:
        return facts * rng.uniform(0.9, 1.1)
    return rng.randint(facts // 2, 2 * facts) if isinstance(facts, int) and facts > 1000 else facts


@pytest.mark.parametrize("points", [50, 1000])
def test_a_row_takes_at_most_a_kilobyte(tmp_path, points):
    """Twenty dies at each of fifty points, or one at each of a thousand."""
    rng, path = random.Random(1), tmp_path / "s.sqlite"
    spec, summary = stored_texts()
    plan, results = [], []
    for number in range(ROWS):
        level, die = number * points // ROWS / points, number % (ROWS // points) + 1
        noise = [f"mismatch:{level}@weight", f"thermal:{level / 3}"]
        mine = canonical({**spec, "noise": noise, "die": die})
        key = digest_of(mine)
        task = NotRun(key, f"mismatch-{level}-weight-thermal-{level / 3:.9f}-die-{die}-{key[:8]}", die)
        accuracy = {"teacher": 0.9, "ideal": 0.9, "before": rng.random(), "after": rng.random()}
        wrong = wrong_text(np.array([rng.random() < 0.03 for _ in range(450)]))
        facts = canonical(
            varied(summary, rng) | {"teacher_digest": 32 * "5", "accuracy": accuracy, "wrong_after": wrong}
        )
        plan.append(({"mismatch@weight": level, "thermal": level / 3}, task))
        results.append(
            Result(
                key,
                task.name,
                mine,
                die,
                "done",
                None,
                *accuracy.values(),
                450,
                facts,
                recipe=64 * "a",
                teacher_digest=32 * "b",
            )
        )
    with SweepStore.create(path) as store:
        store.add_sweep(64 * "c", {"axes": []}, plan)
        for number in range(0, ROWS, 10):
            store.record(
                (result, Timing(result.key, 1.234567, "a-machine:123456")) for result in results[number : number + 10]
            )
    with SweepStore.open(path) as store:
        for row, result in zip(store.rows(), results, strict=True):
            assert row.summary == json.loads(result.summary) | {"identity": row.key}
            assert canonical(row.spec) == result.spec
    assert path.stat().st_size / ROWS <= LIMIT


TEXTS = st.lists(
    st.one_of(
        st.text(max_size=200),
        st.builds(lambda numbers: canonical({"a": numbers, "longer name": 0}), st.lists(st.integers(), max_size=30)),
    ),
    max_size=30,
)


@given(TEXTS)
def test_texts_come_back(texts):
    dictionaries: dict[int, bytes] = {}

    def add(content):
        number = len(dictionaries) + 1
        dictionaries[number] = content
        return number

    packer = Packer(dictionaries, add)
    packed = [packer.pack(text) for text in texts]
    assert [unpacked(each, dictionaries) for each in packed] == texts


def test_dictionaries_have_an_end():
    dictionaries: dict[int, bytes] = {}
    rng = random.Random(2)

    def add(content):
        dictionaries[len(dictionaries) + 1] = content
        return len(dictionaries)

    packer = Packer(dictionaries, add)
    texts = [rng.randbytes(100).hex() for _ in range(3 * MOST_DICTIONARIES)]
    packed = [packer.pack(text) for text in texts]
    assert [unpacked(each, dictionaries) for each in packed] == texts
    assert len(dictionaries) == MOST_DICTIONARIES


@given(st.binary(max_size=300))
def test_bytes_that_are_no_text_of_ours_are_refused_in_one_line(content):
    try:
        unpacked(content, {1: b"some text that others resemble"})
    except ValueError as error:
        assert "\n" not in str(error)


def test_a_text_that_would_fill_the_memory_is_refused():
    from host.sweep.packing import LONGEST_TEXT, _packed

    with pytest.raises(ValueError, match="longer than any text of a run"):
        unpacked(_packed(bytes(10 * LONGEST_TEXT), 0, b""), {})
