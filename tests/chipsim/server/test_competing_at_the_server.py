"""Columns that compete behind a wire: the same bits, thresholds and cut synapses in snapshots as in this process."""

import numpy as np
from competing_chips import competing_spec, unipolar_lesson
from small_chips import assert_same_result, assert_same_state, every_neuron, programmed, taught

from host.link.remote import RemoteChip, chip_process, connect


def test_the_same_bits():
    task = unipolar_lesson(competing_spec(40, ("mismatch:0.2", "homeostasis:0.3")), n_windows=6)
    here = programmed(task.spec, task.weights)
    with chip_process(1) as child, connect(child.address) as connection:
        there = RemoteChip(connection, task.spec, here.die_seed)
        there.program(task.weights)
        state = here.snapshot()
        cut = state | {"layer1.kept": (state["layer1.weight"][:-1] > 0.2).astype(np.uint8)}
        for chip in (here, there):
            chip.restore(cut)
        seen = [taught(task, chip, every_neuron(task.spec)) for chip in (there, here)]
        assert_same_result(*seen)
        theta = [each.signals[1]["theta"] for each in seen]
        assert np.array_equal(*theta) and theta[0].any()
        for chip in (here, there):
            chip.program(task.weights)
        assert_same_state(there, here)
        assert not there.weights()[0][0][cut["layer1.kept"] == 0].any()
