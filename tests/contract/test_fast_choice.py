"""`make test-fast` sees something of every room, and what it names is there."""

from pathlib import Path

import pytest
from fast_tests import CORE, FAST

TESTS = Path(__file__).parents[1]
ROOMS = sorted({path.parent.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")})


@pytest.mark.parametrize("entry", sorted({*FAST, *CORE}))
def test_it_is_there(entry):
    name, _, function = entry.partition("::")
    text = (TESTS / name).read_text()
    assert f"def {function.partition('[')[0] or 'test_'}" in text


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_something(room):
    assert any(Path(entry.partition("::")[0]).parent.as_posix() == room for entry in FAST), (
        f"no test of tests/{room} is among those of tests/support/fast_tests.py"
    )


def test_in_order_and_once():
    assert list(FAST) == sorted(set(FAST))
    assert list(CORE) == sorted(set(CORE))
