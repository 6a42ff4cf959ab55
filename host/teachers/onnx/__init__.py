"""Teachers from ONNX files, and networks written as such (extra `onnx`).

Read `file` (bytes, digest, and what is checked first), `values` (what is known without any data), `network` (node by
node into an assembly), `session` (onnxruntime, which computes activations), `teacher` (all of it), `write`.

May know: the files of `host.teachers` that lie below its rooms (`network`, `assembly`, `packages`), `data`, the host's
errors and files, `chipsim.design`.

To add an operator: a method of the reader in `network` and its line in the table there, its rule in
`host/teachers/assembly.py`. With it go a case in `tests/host/teachers/test_onnx_network.py`, against onnxruntime and
plain loops, and one in `test_onnx_refused.py` for each form that no chip has.
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
