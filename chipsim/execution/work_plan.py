"""Which piece of a chunk's work waits for which: by ranges of windows, layers, and blocks of columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from chipsim.execution.threads import WorkPiece

RunBlock = Callable[[int, int, int, int], None]  # layer, number of the block, first window, end
Gather = Callable[[int, int, int], None]  # layer, first window, end
Ranges = list[tuple[int, int]]
Before = dict[tuple[int, int], WorkPiece]  # (layer, block) -> the piece that learns from the windows before

WINDOWS_PER_PIECE = 32  # at least, so that a piece outweighs its scheduling
_WINDOWS_ON_ONE_THREAD = 256  # what one layer leaves is still in the cache when the next one reads it
_RANGES_PER_THREAD = 2  # enough for layers to overlap
_IMAGES_PER_PIECE = 16  # weights of large layers are fetched once for all of them
_IMAGES_PER_LESSON = 8
_FEW_IMAGES = 4  # in each lesson of a short chunk


def even_ranges(n_windows: int, threads: int) -> Ranges:
    """All windows, in ranges of one length that run side by side or, layer by layer, after each other."""
    parts = _RANGES_PER_THREAD * threads
    size = max(WINDOWS_PER_PIECE, math.ceil(n_windows / parts)) if threads > 1 else _WINDOWS_ON_ONE_THREAD
    return [(start, min(start + size, n_windows)) for start in range(0, n_windows, size)]


def cut_at(ranges: Ranges, places: Sequence[int]) -> Ranges:
    """The same windows in ranges that end at every one of `places` at the latest."""
    edges = sorted({edge for windows in ranges for edge in windows} | set(places))
    return list(pairwise(edges))


def image_ranges(n_windows: int, threads: int) -> Ranges:
    """All windows of a chip that sees images, in ranges of one length, as many for each thread."""
    longest = _IMAGES_PER_PIECE if threads > 1 else _WINDOWS_ON_ONE_THREAD
    rounds = max(1, math.ceil(n_windows / (threads * longest)))
    size = max(1, math.ceil(n_windows / (threads * rounds)))
    return [(start, min(start + size, n_windows)) for start in range(0, n_windows, size)]


def image_learning_ranges(n_windows: int, threads: int) -> Ranges:
    """All windows of a chip that learns from images, in ranges that wait for each other layer by layer.

    The first and the last are short, since one thread is busy with them while the others have no work yet, or no more.
    A short chunk is cut evenly: each range fetches all weights anew.
    """
    if threads == 1:
        return image_ranges(n_windows, threads)
    if n_windows < 4 * _IMAGES_PER_LESSON:
        size = max(1, min(_FEW_IMAGES, math.ceil(n_windows / threads)))
        return [(start, min(start + size, n_windows)) for start in range(0, n_windows, size)]
    edges = [0]
    size = 0
    while (left := n_windows - edges[-1]) > 0:
        size = min(size + 2, _IMAGES_PER_LESSON, max(left // 2, 1))
        edges.append(edges[-1] + size)
    return list(pairwise(edges))


def checks(ranges: Ranges, check: Callable[[int, int], None]) -> list[WorkPiece]:
    """`check` looks at every range."""
    return [WorkPiece(partial(check, *windows), number) for number, windows in enumerate(ranges)]


def inference(ranges: Ranges, n_blocks: list[int], run_block: RunBlock, gather: Gather) -> list[WorkPiece]:
    """Weights rest, so windows are independent: each piece takes some windows through all layers.

    n_blocks: blocks of each layer.
    """

    def run_all_layers(first: int, stop: int) -> None:
        for layer, blocks in enumerate(n_blocks):
            for number in range(blocks):
                run_block(layer, number, first, stop)
            if layer < len(n_blocks) - 1:
                gather(layer, first, stop)

    return [WorkPiece(partial(run_all_layers, *windows), number) for number, windows in enumerate(ranges)]


def learning(
    ranges: Ranges, n_blocks: list[int], run_block: RunBlock, gather: Gather, before: Before
) -> list[WorkPiece]:
    """Windows follow each other, columns are independent: a piece is a block of a layer's columns for some windows.

    It waits for the layer below and for the block's earlier windows, those of the chunk before included. `before` is
    brought up to date.
    """
    pieces: list[WorkPiece] = []
    for turn, (first, stop) in enumerate(ranges):
        inputs: WorkPiece | None = None
        for layer, blocks in enumerate(n_blocks):
            done = []
            for number in range(blocks):
                # A block stays with its thread, whose cache holds it; narrow layers take turns.
                piece = WorkPiece(partial(run_block, layer, number, first, stop), number if blocks > 1 else turn)
                before[layer, number] = piece.after(inputs, before.get((layer, number)))
                done.append(piece)
            pieces += done
            if layer < len(n_blocks) - 1:
                inputs = WorkPiece(partial(gather, layer, first, stop), turn).after(*done)
                pieces.append(inputs)
    return pieces
