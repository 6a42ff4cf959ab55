"""Lessons of sequences, of which some end early, and a chip of sequences against the reference model."""

from small_chips import assert_equals_witness, every_neuron, programmed, taught, witness_of


def ended(task, lengths):
    """The same with sequences of so many windows: silent after that."""
    begin, end = task.events.begin.copy(), task.events.end.copy()
    for s, length in enumerate(lengths):
        last = length * task.spec.steps
        begin[s, last:] = end[s, last:] = end[s, last - 1]
    task.events = task.events._replace(begin=begin, end=end)
    return task


def compare(task, die_seed=3):
    """A chip that is watched against the reference model: it looks, learns, and looks again."""
    chip, probes = programmed(task.spec, task.weights, die_seed), every_neuron(task.spec)
    witness = witness_of(chip)
    for learns in (False, True, False):
        result = taught(task, chip, probes) if learns else chip.infer(task.events, task.windows, probes)
        expected = witness.run(task.events, task.windows, *((task.targets, task.rates) if learns else ()))
        assert_equals_witness(chip, witness, result, expected)
        if learns:
            assert expected.activity["weight_updates"].sum() > 0 and sum(each.sum() for each in expected.counts) > 0
