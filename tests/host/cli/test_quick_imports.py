"""Garbage is not looked for while much is imported, and is looked for as ever afterwards."""

import gc
import sys
from types import ModuleType

import pytest

from host.cli.quick_imports import quick_imports


@pytest.fixture
def frozen():
    """How many objects nobody looks through, before; afterwards they are looked through again."""
    yield gc.get_freeze_count()
    gc.unfreeze()


def test_what_is_imported_stays(frozen, monkeypatch):
    with quick_imports():
        assert not gc.isenabled()
        for number in range(100):
            monkeypatch.setitem(sys.modules, f"one_of_many_{number}", ModuleType("one"))
    assert gc.isenabled() and gc.get_freeze_count() > frozen


def test_where_little_is_imported_nothing_is_kept(frozen):
    with pytest.raises(ImportError), quick_imports():
        import no_such_module  # noqa: F401
    assert gc.isenabled() and gc.get_freeze_count() == frozen


def test_who_looks_for_no_garbage_is_left_alone(frozen):
    gc.disable()
    try:
        with quick_imports():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
