"""Teachers from ONNX files, and networks written as such (extra `onnx`).

Read `file` (bytes, digest, and what is checked first), `tensors` (stored constants), `constants` (what a list of
operators makes of them, within bounds), `chain` (the nodes that make the scores), `layout` (vectors and images,
channels first or last), `padding`, `network` (node by node into an assembly), `runnable` (the model of the nodes that
were read), `session` (onnxruntime, which computes activations), `teacher` (all of it), `write`.

A file is somebody else's program. Of it run only the nodes that were read as layers, with their constants in numbers;
what no listed operator makes is refused, whatever the runtime could do. What is read is exact, but for rounding: what
folds into a layer and what is left out behind the scores is noted in the network's `Fidelity`. The table
of host/teachers/README.md says what is taken and what is refused.

May know: the files of `host.teachers` that lie below its rooms (`network`, `assembly`, `packages`), `data`, the host's
errors and files, `chipsim.design`.

To add an operator: a method of the reader in `network` and its line in the table there, its rule in
`host/teachers/assembly.py`; one that makes constants: a line in the table of `constants`, which asks for room before it
makes any. With it go a case in `tests/host/teachers/test_onnx_folding.py`, against onnxruntime and plain loops, one in
`test_onnx_refused.py` for each form that no chip has, and one in `test_onnx_hostile.py` if it can unfold.
"""

from host.teachers.onnx.file import changed, file_digest
from host.teachers.onnx.teacher import check_fits, read_onnx
from host.teachers.onnx.write import check_writable, write_onnx

__all__ = [
    "changed",
    "check_fits",
    "check_writable",
    "file_digest",
    "read_onnx",
    "write_onnx",
]
