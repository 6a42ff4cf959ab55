"""Classes for neurons that learned without labels, by hand."""

import numpy as np
import pytest

from chipsim.execution import ABSTAINED
from host.data import Samples
from host.errors import DataError
from host.training import Assignment, check_labels

# Four neurons, three classes: the first two stand for class 0, the third for class 2, the last one is silent.
MEAN = Assignment(np.array([[4.0, 2.0, 1.0, 0.0], [1.0, 2.0, 2.0, 0.0], [0.0, 0.0, 5.0, 0.0]]))


def test_each_neuron_stands_for_what_it_answers_most_to():
    assert MEAN.classes.tolist() == [0, 0, 2, ABSTAINED]  # of equal means the first class
    assert MEAN.silent == 1
    assert MEAN.without_neuron == [1]


def counts(*rows):
    return np.array(rows, np.float32)


def test_the_class_of_the_highest_mean_answer():
    """Means: class 0 of neurons 0 and 1, class 2 of neuron 2 alone; the last neuron stands for nothing."""
    assert MEAN.by_mean(counts([4, 0, 1, 0], [4, 0, 3, 0], [2, 2, 2, 0])).tolist() == [0, 2, 0]
    assert MEAN.by_mean(counts([0, 0, 0, 0])).tolist() == [ABSTAINED]


def test_votes_in_proportion():
    """Of a spike of neuron 1 classes 0 and 1 have half each; of neuron 2 they have 1, 2 and 5 eighths."""
    assert MEAN.by_proportion(counts([0, 4, 0, 0], [0, 0, 1, 0], [0, 8, 4, 0])).tolist() == [0, 2, 1]
    assert MEAN.by_proportion(counts([0, 0, 0, 0])).tolist() == [ABSTAINED]


def test_nobody_answers_where_all_are_silent():
    silent = Assignment(np.zeros((2, 3)))
    assert silent.silent == 3 and silent.without_neuron == [0, 1]
    assert silent.by_mean(counts([0, 0, 0])).tolist() == silent.by_proportion(counts([0, 0, 0])).tolist() == [ABSTAINED]


def test_a_class_without_a_sample_is_named():
    known = Samples(np.zeros((3, 2)), np.array([0, 2, 2]), 0.0, 1.0)
    with pytest.raises(DataError, match=r"no sample of class 1, 3 among the 3 .* raise stdp\.label_samples"):
        check_labels(known, 4)
    check_labels(known.subset(np.array([0, 0])), 1)
