"""A crossbar's currents from Kirchhoff's laws alone, node by node: the exact answer that the IR drop approximates."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve


def column_currents(conductance, wire, volts, rows_have_wires=True, columns_have_wires=True):
    """Currents (n_columns,) into the neurons, virtual grounds below the last row.

    conductance: (n_rows, n_columns); wire: resistance per cell; volts: (n_rows,) of the drivers, which sit before
    column 0. Synapses of a row at NaN volts are cut off, as by a selector.
    """
    n_rows, n_columns = conductance.shape
    short = 1e-12  # of a wire without resistance
    row_wire = wire if rows_have_wires else short
    column_wire = wire if columns_have_wires else short
    row_node = np.arange(n_rows * n_columns).reshape(n_rows, n_columns)
    column_node = row_node + n_rows * n_columns
    n_nodes = 2 * n_rows * n_columns
    entries, sources = [], np.zeros(n_nodes)

    def resistor(a, b, g):
        entries.extend([(a, a, g), (b, b, g), (a, b, -g), (b, a, -g)])

    for i in range(n_rows):
        entries.append((row_node[i, 0], row_node[i, 0], 1 / row_wire))
        sources[row_node[i, 0]] = np.nan_to_num(volts[i]) / row_wire
        for j in range(n_columns):
            if j + 1 < n_columns:
                resistor(row_node[i, j], row_node[i, j + 1], 1 / row_wire)
            if i + 1 < n_rows:
                resistor(column_node[i, j], column_node[i + 1, j], 1 / column_wire)
            if not np.isnan(volts[i]):
                resistor(row_node[i, j], column_node[i, j], conductance[i, j])
    for j in range(n_columns):
        entries.append((column_node[-1, j], column_node[-1, j], 1 / column_wire))
    rows, columns, values = zip(*entries, strict=True)
    matrix = coo_matrix((values, (rows, columns)), shape=(n_nodes, n_nodes)).tocsc()
    return spsolve(matrix, sources)[column_node[-1]] / column_wire
