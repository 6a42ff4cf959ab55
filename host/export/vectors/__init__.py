"""Vectors: what is done to an array of columns, and what its ports must show, word by word.

Read, in this order:

    twin       the learning circuit in plain integers, written from its definition; shares nothing with the kernels
    program    a set as it grows: operations of the bench, and the array in integers beside them
    directed   sets that reach every end of every register, which runs do not
    of_run     sets of a run's own windows, what is expected taken from the kernels and held against the twin
    files      a set as files: words, manifest, sizes

May know: the parameters of `host.export`; `of_run` besides what a run is made of.

To add a directed case: a method of `_Directed`, with its name in the list there; the mutants of `host.export.cosim` say
whether it finds what it is for.
"""

from host.export.vectors.directed import directed
from host.export.vectors.files import set_files
from host.export.vectors.of_run import Every, vectors_of

__all__ = ["Every", "directed", "set_files", "vectors_of"]
