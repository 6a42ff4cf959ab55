"""What a chip answers: the most spikes, of equal counts the highest membrane, and nothing where no output fired."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from small_chips import lesson, programmed, spec_of, taught

from chipsim.execution import ABSTAINED, answers_of, concatenated, in_words

SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 5))


@st.composite
def windows(draw):
    """Counts and membranes (S, n) of outputs that fire."""
    shape = draw(SHAPES)
    counts = draw(arrays.arrays(np.float32, shape, elements=st.integers(0, 3).map(np.float32)))
    membrane = draw(arrays.arrays(np.float32, shape, elements=st.sampled_from([-1.0, 0.0, 0.25, 0.5])))
    return counts, membrane


@given(windows())
def test_the_answer_is_that_of_the_rule_read_aloud(both):
    answers = answers_of(*both, True)
    for counts, membrane, answer, tied in zip(*both, *answers, strict=True):
        best = [i for i in range(len(counts)) if counts[i] == max(counts)]
        highest = max(membrane[i] for i in best)
        assert answer == (next(i for i in best if membrane[i] == highest) if max(counts) > 0 else ABSTAINED)
        assert tied == (max(counts) > 0 and len(best) > 1)


@given(windows())
def test_a_readout_that_does_not_fire_always_answers(both):
    scores, membrane = both
    classes, tied = answers_of(-scores, membrane, False)
    assert (classes >= 0).all() and not tied.any()


def test_no_class_is_as_no_answer():
    assert ABSTAINED < 0
    assert [in_words(answer) for answer in (0, 12, ABSTAINED)] == ["0", "12", "nothing"]


def silent(**changes):
    """A chip whose outputs never fire, but whose membranes would tell the classes."""
    return lesson(spec_of((7, 9, 4), noise=("silencing:1@output",), **changes), n_windows=5)


def test_dead_outputs_answer_nothing():
    task = silent()
    chip = programmed(task.spec, task.weights)
    result = chip.infer(task.events, task.windows)
    assert result.membrane.any() and not result.counts[-1].any()
    assert result.classes.tolist() == [ABSTAINED] * 5
    assert result.activity["abstentions"].tolist() == [0, 5] and not result.activity["ties"].any()
    assert taught(task, chip).activity["abstentions"].tolist() == [0, 5]


@pytest.mark.parametrize("readout", ["integrating", "integrating-max"])
def test_a_membrane_that_is_read_out_answers_though_it_never_fires(readout):
    task = lesson(spec_of((7, 9, 4), neuron={"readout": readout}), n_windows=5)
    result = programmed(task.spec, task.weights).infer(task.events, task.windows)
    assert not result.outputs_fire
    assert result.classes.tolist() == np.argmax(result.counts[-1], axis=1).tolist()
    assert not result.activity["abstentions"].any() and not result.activity["ties"].any()


def test_ties_and_abstentions_are_those_of_the_counts():
    task = lesson(spec_of((7, 9, 4), steps=3), n_windows=60)
    chip = programmed(task.spec, task.weights)
    result = chip.infer(task.events, task.windows)
    largest = result.counts[-1].max(axis=1, keepdims=True)
    several = (result.counts[-1] == largest).sum(axis=1) > 1
    silent_windows = largest[:, 0] == 0
    assert 0 < silent_windows.sum() < 60 and (several & ~silent_windows).any()
    assert result.activity["abstentions"].tolist() == [0, silent_windows.sum()]
    assert result.activity["ties"].tolist() == [0, (several & ~silent_windows).sum()]
    both = concatenated([result, result])
    assert both.classes.tolist() == 2 * result.classes.tolist()
