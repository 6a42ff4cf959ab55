"""Chips answer to the same calls, wherever they are."""

import inspect
from typing import get_type_hints

import pytest

from chipsim import Chip
from chipsim.interface import ChipInterface
from host.link.remote import RemoteChip

METHODS = sorted(name for name, member in vars(ChipInterface).items() if inspect.isfunction(member) and name[0] != "_")


def call_of(kind, method):
    """Names, kinds and defaults of a method's parameters, and the types of all."""
    function = getattr(kind, method)
    parameters = inspect.signature(function).parameters.values()
    return [(each.name, each.kind, each.default) for each in parameters], get_type_hints(function)


@pytest.mark.parametrize("kind", [Chip, RemoteChip])
@pytest.mark.parametrize("method", METHODS)
def test_methods_are_called_alike(kind, method):
    assert call_of(kind, method) == call_of(ChipInterface, method)


def test_the_interface_is_what_it_was_taken_for():
    assert METHODS == ["age", "infer", "learn", "program", "read_back", "restore", "snapshot", "weights"]
