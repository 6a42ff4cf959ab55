"""A restored die goes on bit for bit; a snapshot of another chip is refused."""

import re

import numpy as np
import pytest
from small_chips import (
    assert_same_result,
    assert_same_state,
    lesson,
    programmed,
    random_weights,
    spec_of,
    taught,
    witness_of,
)

from chipsim import ChipError

NOISES = {
    "analog": ("mismatch:0.3", "thermal:0.1"),
    "few bits": ("mismatch:0.3", "thermal:0.1", "quantization:4"),
    "noisy reads": ("read:0.1", "stuck:0.2"),
    "drifting": ("drift:0.3", "quantization:4,layer=2"),
    "one layer of few bits": ("quantization:3,layer=2",),
}


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_a_restored_die_goes_on_bit_for_bit(noise, rng):
    task = lesson(spec_of(noise=noise))
    chip = programmed(task.spec, task.weights)
    taught(task, chip)
    saved = chip.snapshot()
    second = taught(task, chip)
    # A new process: the same die, programmed with something else, then restored.
    other = programmed(task.spec, random_weights(task.spec, rng, scale=0.3))
    other.restore(saved)
    assert_same_result(taught(task, other), second)
    assert_same_state(other, chip)
    # The same chip: what it stores is turned back, its clock is not.
    chip.restore(saved)
    assert_same_result(taught(task, chip), second)
    windows = len(task.windows)
    for die, lived in ((other, 2), (chip, 3)):
        age = die.snapshot().get("age")
        assert age is None or age.tolist() == [lived * windows, 0, 0]
    stored = [{name: a for name, a in die.snapshot().items() if name != "age"} for die in (other, chip)]
    assert all(np.array_equal(stored[0][name], stored[1][name]) for name in stored[0])


@pytest.mark.parametrize(
    "age", [[np.nan, 0, 0], [3, -1, 0], [3, np.inf, 0], [3, 0, 4], [2.5, 0, 0], [-1, 0, -1], [2.0**60, 0, 0]]
)
def test_an_age_that_no_die_has_is_refused_and_nothing_is_written(age):
    task = lesson(spec_of(noise=NOISES["drifting"]))
    chip = programmed(task.spec, task.weights)
    start = chip.snapshot()
    taught(task, chip)
    before = chip.snapshot()
    with pytest.raises(ChipError, match="^the snapshot's age .* is no die's: windows learned from, seconds rested"):
        chip.restore(start | {"age": np.array(age, np.float64)})
    after = chip.snapshot()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_the_lsb_is_restored(rng):
    """The scale of codes is chosen when a chip is programmed, so a snapshot has to bring it along."""
    task = lesson(spec_of(noise=("quantization:3",)), rate=0.3)
    chip = programmed(task.spec, task.weights)
    other = programmed(task.spec, random_weights(task.spec, rng, scale=7.0))
    assert not np.array_equal(other.snapshot()["layer1.lsb"], chip.snapshot()["layer1.lsb"])
    other.restore(chip.snapshot())
    witness = witness_of(chip)
    taught(task, other)
    witness.run(task.events, task.windows, task.targets, task.rates)
    assert np.array_equal(other.snapshot()["layer1.weight"], witness.layers[0].weight)


def test_a_snapshot_is_a_copy(small_lesson):
    task = small_lesson
    chip = programmed(task.spec, task.weights)
    saved = chip.snapshot()
    before = {name: array.copy() for name, array in saved.items()}
    taught(task, chip)
    assert all(np.array_equal(saved[name], before[name]) for name in saved)
    assert not np.array_equal(chip.snapshot()["layer1.residue"], before["layer1.residue"])
    chip.restore(saved)
    taught(task, chip)
    assert all(np.array_equal(saved[name], before[name]) for name in saved)


def test_what_a_snapshot_holds():
    analog = lesson(spec_of(sizes=(4, 3, 2)))
    assert programmed(analog.spec, analog.weights).snapshot().keys() == {"layer1.weight", "layer2.weight"}
    coded = lesson(spec_of(sizes=(4, 3, 2), noise=("quantization:4,layer=2",)))
    names = programmed(coded.spec, coded.weights).snapshot().keys()
    assert names == {"layer1.weight", "layer2.weight", "layer2.code", "layer2.residue", "layer2.lsb"}


def refusal(chip, snapshot):
    """The refusal's text; the chip must be left as it was."""
    before = chip.snapshot()
    with pytest.raises(ChipError) as caught:
        chip.restore(snapshot)
    after = chip.snapshot()
    assert all(np.array_equal(after[name], before[name]) for name in before)
    return str(caught.value)


def test_a_wrong_snapshot_is_refused():
    task = lesson(spec_of(sizes=(4, 3, 2)))
    chip = programmed(task.spec, task.weights)
    form = re.compile(r"the snapshot is not of this chip: (.*) differ; restore one of the same spec")

    def odd(snapshot):
        return form.fullmatch(refusal(chip, snapshot))[1]

    wider = lesson(spec_of(sizes=(4, 5, 2)))
    assert odd(programmed(wider.spec, wider.weights).snapshot()) == "layer1.weight, layer2.weight"
    coded = lesson(spec_of(sizes=(4, 3, 2), noise=("quantization:4,layer=1",)))
    snapshot = programmed(coded.spec, coded.weights).snapshot()
    assert odd(snapshot) == "layer1.code, layer1.lsb, layer1.residue"
    assert odd({}) == "layer1.weight, layer2.weight"
    doubled = {name: array.astype(np.float64) for name, array in chip.snapshot().items()}
    assert odd(doubled) == "layer1.weight, layer2.weight"
    missing = chip.snapshot()
    del missing["layer2.weight"]
    assert odd(missing) == "layer2.weight"
