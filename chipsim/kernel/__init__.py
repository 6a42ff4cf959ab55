"""The hot loops: what a layer does in each step of a window, stage by stage in the order of the hardware.

Every stage first, as the equations have it; then the loop that strings them together:

    deliver            spikes become column currents (Eq. 2 of Yang et al. 2022)
    neuron             integrate, clip, compare (Eqs. 1 and 3); the formula itself is in `neuron_lanes`
    accumulators       count spikes and target charge; `missed_counts`: spikes that are not counted
    gate               error gate and boxcar (Eqs. 8, 9 and 11), the formulas of `learning_circuit`
    write_rows         ideal writes (Eq. 10); `write_open_columns`, with `pulse_errors`, `write_codes` and
                       `write_devices`: all other writes
    probes, adc        what is noted down for whoever looks
    dense              the loop of a layer that every kernel must agree with, bit for bit
    image              the same for layers on an image, position by position

The others compute the same in vector registers, for the usual layers (`gated_in_registers` with noise,
missed counts and imperfect writes, too): `neuron_lanes`,
`window_in_registers` (weights rest), `learn_in_registers` and `gated_in_registers` (they learn) are steps,
`dense_in_registers`, `image_step`, `image_in_registers` and `image_learning` the loops around them.

May know: `layout`, `random`, `simd`, `learning_circuit`. Never a spec, a die seed or a thread: kernels get arrays.

To add a term or a stage: in the stage's file, in each file in registers that knows that stage, or in the function there
that says for which blocks the file serves; and in `tests/witness/`, one line. A kernel of one's own needs such a
function, too, and a line in `chipsim/run/layer_runner.py`, which chooses. To add a signal to watch: a field of the
signals in `chipsim/layout/tables.py`, room in `chipsim/run/probe.py`, a line in `probes`, the same in the reference
model, then its cycle in `host/trace/waveform.py`. The test is `tests/chipsim/kernel/test_equals_reference.py`: a case
that reaches it.
"""

from chipsim.kernel.adc import convert
from chipsim.kernel.deliver import add_constant_current_rows, add_rows
from chipsim.kernel.dense import infer_block, learn_block
from chipsim.kernel.dense_in_registers import (
    infer_undisturbed,
    infers_undisturbed,
    learn_noisy,
    learn_open_columns,
    learn_undisturbed,
    learns_in_open_columns,
    learns_plainly,
)
from chipsim.kernel.gate import boxcar, error_gate
from chipsim.kernel.image import infer_image, learn_image
from chipsim.kernel.image_in_registers import infer_image_in_registers, infers_image_in_registers
from chipsim.kernel.image_learning import learn_image_in_registers, learns_image_in_registers
from chipsim.kernel.image_step import new_positions
from chipsim.kernel.neuron import add_noise, fire, integrate_readout
from chipsim.kernel.write_rows import write_constant_current_rows

__all__ = [
    "add_constant_current_rows",
    "add_noise",
    "add_rows",
    "boxcar",
    "convert",
    "error_gate",
    "fire",
    "infer_block",
    "infer_image",
    "infer_image_in_registers",
    "infer_undisturbed",
    "infers_image_in_registers",
    "infers_undisturbed",
    "integrate_readout",
    "learn_block",
    "learn_image",
    "learn_image_in_registers",
    "learn_noisy",
    "learn_open_columns",
    "learn_undisturbed",
    "learns_image_in_registers",
    "learns_in_open_columns",
    "learns_plainly",
    "new_positions",
    "write_constant_current_rows",
]
