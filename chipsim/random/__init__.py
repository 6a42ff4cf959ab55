"""Random numbers that are pure functions of a key and a counter, so that no thread, chunk or order can change them.

Read, in this order:

    counter_based   Philox, uniform numbers and logarithms; which counter a window, layer, step and neuron have
    normals         Gaussians of sixteen pairs of words at once
    exponential     exp from arithmetic alone, as all machines compute it alike
    write_words     noise of writes, keyed by row and column, too: many are drawn, so they are cheap
    write_normals   the same for a column's listed rows, and for a single write

May know: `simd`. Never a generator with a state, and never what a number is drawn for: keys come from outside
(`nonideality` makes them of labels, `chipsim.die` chooses the labels).

To draw for a new purpose: a label of its own, so that no other draw changes; its key in the tables of `chipsim.layout`,
made in `chipsim/die/fabrication.py`; the draw in a stage of `chipsim.kernel`. With a new generator goes its restatement
in `tests/witness/reference_random.py` and a test of its distribution in `tests/chipsim/random/`.
"""

from chipsim.random.counter_based import natural_log, philox, uniform, word_of_step, words_of_four_steps
from chipsim.random.exponential import natural_exp
from chipsim.random.normals import gaussians
from chipsim.random.write_normals import normal_of_write, normals_of_rows
from chipsim.random.write_words import words_of_columns

__all__ = [
    "gaussians",
    "natural_exp",
    "natural_log",
    "normal_of_write",
    "normals_of_rows",
    "philox",
    "uniform",
    "word_of_step",
    "words_of_columns",
    "words_of_four_steps",
]
