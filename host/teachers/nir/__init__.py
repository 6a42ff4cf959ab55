"""Networks from NIR and dies written as NIR (extra `nir`).

Read `file` (HDF5, looked at whole before anything of it is read), `chain` (nodes in the order of the data),
`dynamics` (from differential equations to steps and back), `neurons` (a node of them), `read`, `ideal_chip` (the
network itself, on an ideal chip, as teacher), `write`. NIR says nothing of steps and resets, so whoever calls says
them.

A network is read exactly or not at all: the same spike counts as a simulator that takes the same steps, resets when it
was said to, and fires once a step at most. What was folded or left out is noted in the network's `Fidelity`, and so is
what a run's own settings change. The table of host/teachers/README.md says what is taken and what is refused.

May know: the files of `host.teachers` that lie below its rooms, `data`, `settings`, the host's errors and files;
`chipsim` for the ideal chip, `chipsim.design`, `chipsim.die` and `chipsim.layout` for what was fabricated and its
spikes.

To add a node: its place in `chain`, its reading in `read`, its writing in `write`, or a refusal in one line. With it
goes a case in `tests/host/teachers/test_nir_meanings.py`, against a plain simulation, and one in
`tests/conformance/`, against what another simulator makes of the same file.
"""

from host.teachers.nir.file import MOST_BYTES
from host.teachers.nir.ideal_chip import FROM_FILE, nir_teacher
from host.teachers.nir.read import SpikingNetwork, read_nir
from host.teachers.nir.write import write_nir

__all__ = [
    "FROM_FILE",
    "MOST_BYTES",
    "SpikingNetwork",
    "nir_teacher",
    "read_nir",
    "write_nir",
]
