"""The network that a chip is to follow, whatever computes it: trained here, read from a file, or any function.

Read, in this order:

    network        layers and weights, numbered as on the chip
    teacher        activations, what they mean in spikes (y_norm of Eq. 4), and the target rates that follow
    untaught       what stands there for methods that follow none
    digest         which teacher it is, whoever trained it
    perceptron     dense layers trained by scikit-learn, kept in a cache
    assembly       a network out of a file's operations, and what is refused; `affine`: gains and shifts, `folding`:
                   pools and kernels, each into the layer beside them
    fidelity       how true a network is to its file: what a run and `chipsim teacher show` say of it
    architecture   the grammar of ``--arch``
    files          teachers from files, by what the name ends with; `regular_file`: bytes, of bounded number;
                   `convolutions`: whether one holds any
    function       any function that returns activations, or a torch module; `packages`: the optional ones
    onnx/, nir/, torch/   rooms of their own

May know: `data`, `settings`, the host's errors and files; the layers of `chipsim.design`, and `chipsim.simd` to compile
and for the cache's folder. Never a die or learning.

To add a teacher's format: a room like `nir`, which gives a network and a function for its activations; its ending in
`files`; what it says of neurons there, too. With it go tests that the network computes what the source's own library
does (`tests/host/teachers/test_onnx_network.py` is one), that what no chip has is refused by its name, and that a run
from such a file starts (`test_teacher_file.py`). A sample's bits must not depend on who else is in the chunk.
"""

from host.teachers.architecture import parse_architecture
from host.teachers.convolutions import has_convolutions
from host.teachers.digest import teacher_digest
from host.teachers.fidelity import Fidelity
from host.teachers.files import check_kind, digest_of, facts_of, network_of, neuron_settings, teacher_of
from host.teachers.network import Layer, Network, dense_network
from host.teachers.perceptron import RectifiedLayers, cached_teacher, scaled_teacher, train_teacher
from host.teachers.teacher import Teacher, output_range
from host.teachers.untaught import untaught

__all__ = [
    "Fidelity",
    "Layer",
    "Network",
    "RectifiedLayers",
    "Teacher",
    "cached_teacher",
    "check_kind",
    "dense_network",
    "digest_of",
    "facts_of",
    "has_convolutions",
    "network_of",
    "neuron_settings",
    "output_range",
    "parse_architecture",
    "scaled_teacher",
    "teacher_digest",
    "teacher_of",
    "train_teacher",
    "untaught",
]
