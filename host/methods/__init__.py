"""Ways to bring a network onto a die: one per file, found by its name.

`METHODS.md` beside this file has their equations. Read `method` (what each of them gives) and `effort` (what each
took), then one of them: `on_chip_ltl`, `conversion`, `in_the_loop`, or those that learn on the host (`on_host`;
`plugin_sources`: by whose code): `offline_ltl`, `online_ltl_off_chip`, `noise_aware`, and `through_time`, whose network
is a `spiking_teacher` of other methods, too. `registry` finds them, and those
of other packages; the names and meanings of ours are in `host/settings/method_names.py`, so that help need not import
them.

May know: `gradients`, `training`, `teachers`, `data`, `link`, `settings`, and `chipsim` by its interface, `die` for
ideal twins, `cost` and `physical` for bytes, `simd` for the cache's folder, `design` for a chip's plug-ins. Never
`run`: a run calls a method, and hands it all it needs as a job.

To add a method: a file here, its class in `registry` and its name in `host/settings/method_names.py`, its settings as a
table in `host/settings/`, a section in METHODS.md. Another package offers one under the entry point group
`chipsim.methods`; what it can be told are the settings that there are. What learns follows the learner's protocol of
`host.training`. The tests of `tests/host/methods/test_methods.py` run over all names: the same bits on any threads and
after any stop; what a method cannot do is refused in one line.
"""

from host.methods.effort import Effort, bytes_shown, n_weights, programming_bytes
from host.methods.method import Job, Method
from host.methods.on_host import OnHost
from host.methods.plugin_sources import plugin_sources
from host.methods.registry import find
from host.methods.through_time import check_taught, default_epochs, taught
from host.settings import TRAINING_METHODS

__all__ = [
    "TRAINING_METHODS",
    "Effort",
    "Job",
    "Method",
    "OnHost",
    "bytes_shown",
    "check_taught",
    "default_epochs",
    "find",
    "n_weights",
    "plugin_sources",
    "programming_bytes",
    "taught",
]
