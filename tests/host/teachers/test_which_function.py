"""A teacher that is a function is part of what a run is known by, though no setting says anything of it."""

import numpy as np
import pytest
from small_runs import SMALL

from host.errors import RunFolderError
from host.run import RunFolder, prepare, reference, resolve, run_die
from host.teachers import RectifiedLayers, cached_teacher, dense_network
from host.teachers.function import function_teacher


class Shifted:
    """Computes what the layers do, but for one hidden activation."""

    def __init__(self, layers, shift):
        self._right, self._shift = RectifiedLayers(layers), np.float32(shift)

    def __call__(self, sample):
        hidden, logits = self._right(sample)
        hidden[:, 2] += self._shift
        return [hidden, logits]


@pytest.fixture
def with_teacher(data_file):
    """Runs with a teacher that is a function; all of them have the same weights."""

    def call(shift, folder=None, **changes):
        spec = resolve(None, SMALL | {"dataset": str(data_file)} | changes)
        layers = cached_teacher(prepare(spec).train, 3, (7,), 1, 4)

        def make(samples):
            return function_teacher(dense_network(layers), Shifted(layers, shift), samples)

        setup = prepare(spec, make_teacher=make)
        return run_die(setup, reference(setup), folder=folder and folder(setup.spec))

    return call


def test_a_teacher_that_is_a_function_is_part_of_it(with_teacher):
    first, again, other = (with_teacher(shift).facts for shift in (0, 0, 0.25))
    assert first == again
    assert first["spec_hash"] == other["spec_hash"]
    assert first["identity"] != other["identity"] and first["teacher_digest"] != other["teacher_digest"]


def test_a_run_is_not_resumed_with_another_function(with_teacher, tmp_path):
    with_teacher(0, lambda spec: RunFolder.create(spec, tmp_path / "run"))
    with pytest.raises(RunFolderError, match="belongs to another teacher"):
        with_teacher(0.25, lambda spec: RunFolder.open(tmp_path / "run")[0])


def test_what_one_function_taught_on_the_host_is_not_taken_for_anothers(with_teacher):
    method = {"training.method": "online-ltl-off-chip", "noise": ["mismatch:0.5"]}
    first, other = (with_teacher(shift, **method) for shift in (0, 3.0))
    assert any(
        not np.array_equal(one, two)
        for pair, others in zip(first.chip.weights(), other.chip.weights(), strict=True)
        for one, two in zip(pair, others, strict=True)
    )
