"""Networks from NIR and dies written as NIR (extra `nir`).

Read `dynamics` (from differential equations to steps and back), `chain` (nodes in the order of the data), `read`,
`ideal_chip` (the network itself, on an ideal chip, as teacher), `write`. NIR says nothing of steps and resets, so
whoever calls says them.

May know: the files of `host.teachers` that lie below its rooms, `data`, `settings`, the host's errors and files;
`chipsim` for the ideal chip, `chipsim.design`, `chipsim.die` and `chipsim.layout` for what was fabricated and its
spikes.

To add a node: its place in `chain`, its reading in `read`, its writing in `write`, or a refusal in one line. With it
goes a case in `tests/host/teachers/test_nir.py`, against what another simulator makes of the same file.
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
