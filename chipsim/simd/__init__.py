"""The machine: generated code over vector registers, how kernels are compiled, and where compiled ones are kept.

Read, in this order:

    accepted_numba which versions of the compiler were tried; another one is refused as this face is loaded
    jit            how pieces of kernels are compiled, and which two promises they have to keep
    compiled       how a whole kernel is compiled, and the key under which it is kept
    kernel_cache   a file per signature, safe for any number of processes; `plugin_sources`: a key over others' code;
                   `private_places`: whether others could change what is there
    lanes          a formula as generated code, for one number or for sixteen
    row_tiles      adds and writes of rows, columns held in registers: most of all time is spent here
    row_lists      the rows that a step writes, listed once; `row_copies`: row numbers with a constant added
    masks          which of sixteen values are not zero; `word_masks`: which words share a bit with a mask
    generated      registers, sums, loops and tuples in generated code: what a stage is put together from
    memory         arrays that begin where the processor likes them to; `buffer_pool`: arrays used again
    rolled_loops   loops that the compiler must leave alone; `scalar_stores`, `prefetch`: the same for stores and loads

May know: nothing of ours. It knows rows and columns of arrays, never neurons, spikes or what a row stands for.

To add a routine: a function under `inlined` or `outlined`, or generated code behind numba's `intrinsic`; no allocation,
sums in a fixed order, no fast-math. With it goes a test in `tests/chipsim/simd/` that compares it with plain numpy, bit
for bit, at widths on and around those of vectors. A package whose sources become part of kernels has to be among those
that `compiled` hashes, or a stale kernel may be loaded.
"""

from chipsim.simd.accepted_numba import ANY_NUMBA
from chipsim.simd.buffer_pool import BufferPool
from chipsim.simd.compiled import KERNEL_FILES, KERNEL_FOLDER, cache_root, kernel, kernel_named, processor, sources_key
from chipsim.simd.generated import (
    Register,
    Sum,
    as_index,
    comparison,
    data_and_shape,
    index,
    load,
    members,
    no_lanes,
    none_chosen,
    packed,
    population_of,
    rolled_loop,
    row_beginning,
    steps_loop,
    unpacked,
    zero_floats,
)
from chipsim.simd.jit import inlined, inlined_in_python, outlined
from chipsim.simd.lanes import Integers, Lanes, Sequence, first_lanes, repeated, sequences
from chipsim.simd.masks import nonzero, population, store_chosen
from chipsim.simd.memory import aligned, placed
from chipsim.simd.plugin_sources import plugin_sources_key
from chipsim.simd.prefetch import prefetch_window
from chipsim.simd.private_places import changeable_by_others
from chipsim.simd.rolled_loops import keep_rolled
from chipsim.simd.row_copies import AT_ONCE, append, append_shifted
from chipsim.simd.row_lists import ListedRows, list_rows, room_for_rows
from chipsim.simd.row_tiles import (
    LANES,
    FloatArray,
    Vectors,
    add_rows,
    add_rows_graded,
    add_rows_to_bias,
    write_constant_current_rows,
    write_rows,
    write_rows_times_gain,
    write_whole_rows,
)
from chipsim.simd.scalar_stores import store_scalar
from chipsim.simd.word_masks import marked

__all__ = [
    "ANY_NUMBA",
    "AT_ONCE",
    "KERNEL_FILES",
    "KERNEL_FOLDER",
    "LANES",
    "BufferPool",
    "FloatArray",
    "Integers",
    "Lanes",
    "ListedRows",
    "Register",
    "Sequence",
    "Sum",
    "Vectors",
    "add_rows",
    "add_rows_graded",
    "add_rows_to_bias",
    "aligned",
    "append",
    "append_shifted",
    "as_index",
    "cache_root",
    "changeable_by_others",
    "comparison",
    "data_and_shape",
    "first_lanes",
    "index",
    "inlined",
    "inlined_in_python",
    "keep_rolled",
    "kernel",
    "kernel_named",
    "list_rows",
    "load",
    "marked",
    "members",
    "no_lanes",
    "none_chosen",
    "nonzero",
    "outlined",
    "packed",
    "placed",
    "plugin_sources_key",
    "population",
    "population_of",
    "prefetch_window",
    "processor",
    "repeated",
    "rolled_loop",
    "room_for_rows",
    "row_beginning",
    "sequences",
    "sources_key",
    "steps_loop",
    "store_chosen",
    "store_scalar",
    "unpacked",
    "write_constant_current_rows",
    "write_rows",
    "write_rows_times_gain",
    "write_whole_rows",
    "zero_floats",
]
