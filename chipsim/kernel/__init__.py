"""The kernels: what a layer does in each step of a window, composed of stages for each plan that a run may need.

Read, in this order:

    plan                what a kernel is compiled for; `plan_of` is the one place that chooses, and `settled` keeps
                        kernels few
    stages              deliver, disturb, integrate, count, gate, write, probe: what each emits, in the order of the
                        hardware
    step                the block diagram: stages put together for a step in memory, or a window in registers
    loops               what goes around them; `kernel_for` makes the kernel of a plan
    wires               what flows between stages; `columns`: where they find fields, `crossbar`: rows, currents, writes
    state_fields        which fields a plan keeps; `parts`: what a plan names, found
    views               what a position sees; `whole_windows`: all columns through a window, in tiles
    disturbances        random numbers that a step needs before it is taken; `missed_counts`: spikes not counted
    write_open_columns  writes of codes, of whole increments and of real devices, with `pulse_errors`, `write_codes`,
                        `write_devices`, `step_curves`
    probes, adc         what is noted down for whoever looks; `forward`: a step for others' loops; `deliver`: rows alone

The formulas are those of `chipsim.neurons` and `learning_circuit`, over sixteen columns at once. numba runs a stage
while it compiles: what a plan leaves out is neither typed nor compiled. What a field is called, `chipsim.layout.fields`
places.

May know: `neurons`, `layout`, `random`, `simd`, `design`, `learning_circuit`. Never a die's seed or a thread.

To add a stage, or a term in one: its class in `stages`, its line in `step._take`; what it needs of a plan as a member
of `Plan`, set in `plan_of`, open in `_THE_REST`. A field: where it is declared, see `learning_circuit.field`. A kernel
for a mix that many runs have: a line of `_COMPILED`, weighed against the seconds that it takes to compile. Then one
line in the reference model, `tests/witness/`, and a case in `tests/chipsim/kernel/test_equals_reference.py`, which
compares all.

An order of steps in which columns see each other is `Order.COMPETE`, the whole layer on one thread: `compete_step` has
its two halves, `compete_loop` finds the winner between them (`chipsim.neurons.WinnerTakeAll`).
"""

from chipsim.kernel.adc import convert
from chipsim.kernel.deliver import add_constant_current_rows, add_rows
from chipsim.kernel.forward import forward_of, forward_parts
from chipsim.kernel.loops import kernel_for
from chipsim.kernel.parts import Parts, new_state, parts_of
from chipsim.kernel.plan import Order, Plan, When, looks_on, plan_of, settled, settled_plans
from chipsim.kernel.state_fields import shown_fields

__all__ = [
    "Order",
    "Parts",
    "Plan",
    "When",
    "add_constant_current_rows",
    "add_rows",
    "convert",
    "forward_of",
    "forward_parts",
    "kernel_for",
    "looks_on",
    "new_state",
    "parts_of",
    "plan_of",
    "settled",
    "settled_plans",
    "shown_fields",
]
