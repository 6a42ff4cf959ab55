"""A chip with a neuron or a learning rule of another package beside the reference model with its slow formula."""

from small_chips import (
    assert_equals_witness,
    assert_same_result,
    assert_same_state,
    every_neuron,
    programmed,
    taught,
    witness_of,
)


def assert_learns_as_its_witness(task, die_seed=3, threads=1, position=None, **formulas):
    """Infer, learn, infer again: watched, and unwatched, which takes other kernels. Returns what the witness learned.

    position: of an image, whose synapses are watched, see `every_neuron`; formulas: see `witness_of`.
    """
    chip, unwatched = (
        programmed(task.spec, task.weights, die_seed),
        programmed(task.spec, task.weights, die_seed, threads),
    )
    witness, probes, seen = witness_of(chip, **formulas), every_neuron(task.spec, position), []
    for run, lesson_of_witness in (
        (lambda chip, probes: chip.infer(task.events, task.windows, probes), ()),
        (lambda chip, probes: taught(task, chip, probes), (task.targets, task.rates, task.broadcast)),
        (lambda chip, probes: chip.infer(task.events, task.windows, probes), ()),
    ):
        result, other = run(chip, probes), run(unwatched, ())
        expected = witness.run(task.events, task.windows, *lesson_of_witness)
        seen.append(expected)
        assert_equals_witness(chip, witness, result, expected)
        assert_same_result(other, result)
        assert_same_state(unwatched, chip)
    return seen[1]


# One at a time, then all of them; widths below, above and beyond the sixteen of a vector and the 64 of a block.
NOISES = {
    "ideal": (),
    "mismatch": ("mismatch:0.3", "silencing:0.1", "comparator:0.5"),
    "thermal": ("thermal:0.2",),
    "few bits": ("quantization:4",),
    "missed": ("missed:0.2",),
    "all": ("mismatch:0.3", "comparator:0.5", "thermal:0.2", "quantization:4", "missed:0.2"),
}
SIZES = (12, 10, 40, 70)
