"""How fast this is, measured against the machine's own limit, in the same process and the same run.

Read, in this order:

    timing               pieces of work timed side by side, so that a machine that drifts drifts for all
    workload             what is computed: MNIST, or a likeness of it
    roofline             the limit: row adds and row writes with nothing else in the loop
    runs                 a chip on chunks made beforehand, and one fed from stored images
    reading              a figure under a name that stays; `record`: kept in a file, and compared
    dense                all of this together; `summary`: its report
    conv                 the same for images (`conv_workload`, `conv_roofline`)
    brainscales2         the network of that chip, against the chip; `in_the_loop`: its training
    link, sweep          what a wire costs; what the engine of sweeps costs
    torch_baseline, conv_baseline, in_the_loop_baseline: the same work in PyTorch (extra `torch`)

May know: all rooms below it, and the inside of `chipsim` where the limit needs the chip's own routines. No room may
know it: only its command does.

To add a bench: a file here with a function that returns a report with lines and JSON, its name in the face, a flag in
`host/cli/bench.py`. No test asserts a time; the test goes into `tests/host/bench/` and sees that what is timed is what
the chip does, bit for bit.
"""

from host.bench.brainscales2 import run_brainscales2_bench
from host.bench.conv import run_conv_bench
from host.bench.dense import run_bench
from host.bench.in_the_loop import run_loop_bench
from host.bench.link import run_link_bench
from host.bench.record import commit_of, compare, earlier, lines_of, recording, surroundings
from host.bench.sweep import run_sweep_bench
from host.bench.workload import Workload, synthetic_images

__all__ = [
    "Workload",
    "commit_of",
    "compare",
    "earlier",
    "lines_of",
    "recording",
    "run_bench",
    "run_brainscales2_bench",
    "run_conv_bench",
    "run_link_bench",
    "run_loop_bench",
    "run_sweep_bench",
    "surroundings",
    "synthetic_images",
]
