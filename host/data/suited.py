"""Settings that suit data where nothing else is said: those of a set with a name, and those of all sets of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from host.data.datasets import path_of, source_named
from host.data.formats import image_shape, sample_shape
from host.errors import DataError
from host.settings import DATA_SOURCES, IMAGE_DEFAULTS, IMAGE_STEPS_LEARNED_IN

_COLOURS = 3


class Suited(NamedTuple):
    """What suits a data set."""

    settings: Mapping[str, Any]  # of a run, by dotted name
    steps_learned_in: int | None  # at the end of a window; None: half of it


def suited_to(name: str, convolutional: bool) -> Suited:
    """By its own name, and by what its samples and the network are. Of samples no more than a header is read.

    Colour images, and any images that a convolutional network sees, have grey values all over, of which evenly spaced
    spikes in a window of 16 steps say too little (16x16 grey photographs, a teacher of 38 %: 16 % converted from
    spikes, 38 % from currents). Raises DataError if the package that a name is of is broken.
    """
    if DATA_SOURCES.offers(name):
        source = source_named(name)
        own, learned_in, shape = source.settings, source.steps_learned_in, source.image_shape
    else:
        own, learned_in, shape = {}, None, _shape_in(name)
    if not (convolutional or are_colour_images(shape)):
        return Suited(own, learned_in)
    return Suited({**IMAGE_DEFAULTS, **own}, IMAGE_STEPS_LEARNED_IN if learned_in is None else learned_in)


def are_colour_images(shape: tuple[int, int, int] | None) -> bool:
    """shape: channels, height, width."""
    return shape is not None and shape[0] == _COLOURS and min(shape[1:]) > 1


def _shape_in(name: str) -> tuple[int, int, int] | None:
    """Of the images in a file; None if it holds none, or cannot be read, which is told when it is loaded."""
    try:
        path = path_of(name)
    except DataError:
        return None
    stored = sample_shape(path) if path.suffix == ".npz" else None  # idx files have no colours
    return None if stored is None else image_shape(stored)
