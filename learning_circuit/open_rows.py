"""Writes of rows that leave out the vectors of columns in which no gate is open: usually that is most of them.

Arrays are those of `learning_circuit.rows`. All functions return how many columns were written, closed ones in an open
column's vector included. Weights are the same as if all were written, but for the sign of a zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from learning_circuit.jit import stage
from learning_circuit.masks import nonzero
from learning_circuit.rows import (
    LANES,
    write_rows,
    write_rows_graded,
    write_rows_times_gain,
    write_vector,
    write_vector_graded,
    write_vector_times_gain,
)

_NONE = np.uint64(0)
_STEP = np.uint64(LANES)


@stage
def _open_vectors(columns):
    n = np.int64(0)
    for column in range(_NONE, np.uint64(len(columns)), _STEP):
        n += np.int64(nonzero(columns, column) != 0)
    return n


def _leaving_out(write_vector: Any) -> Any:
    """A stage that writes the open vectors one by one."""

    @stage
    def write_open(columns, weight, gain, rows, amplitude, start, stop):
        for column in range(_NONE, np.uint64(len(columns)), _STEP):
            if nonzero(columns, column) != 0:
                write_vector(columns, weight, gain, rows, amplitude, np.uint64(start), np.uint64(stop), column)

    return write_open


_write_some = _leaving_out(write_vector)
_write_some_times_gain = _leaving_out(write_vector_times_gain)
_write_some_graded = _leaving_out(write_vector_graded)


@stage
def write_open_rows(columns, weight, rows, start, stop):
    """As `rows.write_rows`."""
    written = _open_vectors(columns) * LANES
    if written == len(columns):
        write_rows(columns, weight, rows, start, stop)
    else:
        _write_some(columns, weight, weight, rows, columns, start, stop)
    return written


@stage
def write_open_rows_times_gain(columns, weight, gain, rows, start, stop):
    """As `rows.write_rows_times_gain`."""
    written = _open_vectors(columns) * LANES
    if written == len(columns):
        write_rows_times_gain(columns, weight, gain, rows, start, stop)
    else:
        _write_some_times_gain(columns, weight, gain, rows, columns, start, stop)
    return written


@stage
def write_open_rows_graded(columns, weight, gain, rows, amplitude, start, stop):
    """As `rows.write_rows_graded`."""
    written = _open_vectors(columns) * LANES
    if written == len(columns):
        write_rows_graded(columns, weight, gain, rows, amplitude, start, stop)
    else:
        _write_some_graded(columns, weight, gain, rows, amplitude, start, stop)
    return written
