"""Which piece of a chunk's work waits for which: by ranges of windows, layers, and blocks of columns."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from chipsim.schedule import Piece

RunBlock = Callable[[int, int, int, int], None]  # layer, number of the block, first window, end
Gather = Callable[[int, int, int], None]  # layer, first window, end
Ranges = list[tuple[int, int]]

WINDOWS_PER_PIECE = 32  # at least, so that a piece outweighs its scheduling
_WINDOWS_ON_ONE_THREAD = 256  # what one layer leaves is still in the cache when the next one reads it
_RANGES_PER_THREAD = 2  # enough for layers to overlap
_IMAGES_PER_PIECE = 4  # many layers, each long: the shorter the ranges, the sooner all threads have work
_LAST_RANGE = 0.4  # of the others' length: while its last layer runs, other threads have nothing to do


def even_ranges(n_windows: int, threads: int) -> Ranges:
    """All windows, in ranges of one length that can run side by side."""
    return _ranges(n_windows, threads, _RANGES_PER_THREAD * threads)


def following_ranges(n_windows: int, threads: int) -> Ranges:
    """All windows, in ranges that wait for each other, the last of them shorter."""
    return _ranges(n_windows, threads, _RANGES_PER_THREAD * threads - 1 + _LAST_RANGE)


def image_ranges(n_windows: int, threads: int) -> Ranges:
    """All windows of a chip that sees images, in ranges that run side by side or wait for each other."""
    size = min(_IMAGES_PER_PIECE, math.ceil(n_windows / threads)) if threads > 1 else _WINDOWS_ON_ONE_THREAD
    return [(start, min(start + size, n_windows)) for start in range(0, n_windows, size)]


def _ranges(n_windows: int, threads: int, parts: float) -> Ranges:
    size = max(WINDOWS_PER_PIECE, math.ceil(n_windows / parts)) if threads > 1 else _WINDOWS_ON_ONE_THREAD
    return [(start, min(start + size, n_windows)) for start in range(0, n_windows, size)]


def checks(ranges: Ranges, check: Callable[[int, int], None], verdict: Callable[[], None]) -> list[Piece]:
    """`check` looks at every range; the last piece, `verdict`, raises what they found."""
    pieces = [Piece(partial(check, *windows), number) for number, windows in enumerate(ranges)]
    return [*pieces, Piece(verdict).after(*pieces)]


def inference(ranges: Ranges, n_blocks: list[int], run_block: RunBlock, gather: Gather, start: Piece) -> list[Piece]:
    """Weights rest, so windows are independent: each piece takes some windows through all layers, after `start`.

    n_blocks: blocks of each layer.
    """

    def run_all_layers(first: int, stop: int) -> None:
        for layer, blocks in enumerate(n_blocks):
            for number in range(blocks):
                run_block(layer, number, first, stop)
            if layer < len(n_blocks) - 1:
                gather(layer, first, stop)

    return [Piece(partial(run_all_layers, *windows), number).after(start) for number, windows in enumerate(ranges)]


def learning(ranges: Ranges, n_blocks: list[int], run_block: RunBlock, gather: Gather, start: Piece) -> list[Piece]:
    """Windows follow each other, columns are independent: a piece is a block of a layer's columns for some windows.

    It waits for the block's earlier windows and for the layer below, the first ones for `start`.
    """
    pieces: list[Piece] = []
    before: dict[tuple[int, int], Piece] = {}  # (layer, block) -> the piece of the windows before
    for turn, (first, stop) in enumerate(ranges):
        inputs = start
        for layer, blocks in enumerate(n_blocks):
            done = []
            for number in range(blocks):
                # A block stays with its thread, whose cache holds it; narrow layers take turns.
                piece = Piece(partial(run_block, layer, number, first, stop), number if blocks > 1 else turn)
                before[layer, number] = piece.after(inputs, before.get((layer, number)))
                done.append(piece)
            pieces += done
            if layer < len(n_blocks) - 1:
                inputs = Piece(partial(gather, layer, first, stop), turn).after(*done)
                pieces.append(inputs)
    return pieces
