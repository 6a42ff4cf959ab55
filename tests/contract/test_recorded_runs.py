"""Every bit of these runs is what it was when it was recorded, whatever the threads and the chunks.

Where bits are meant to change: `python tests/support/recorded_runs.py --record`, with the reason in the change log.
"""

from itertools import product

import numpy as np
import pytest
from recorded_runs import (
    CHUNKS,
    RUNS,
    THREADS,
    differing,
    digest_of,
    digests_at,
    digests_of,
    failures,
    read_record,
    splitmix64,
    weights_of,
)


def test_every_run_is_on_record():
    assert read_record().keys() == RUNS.keys()


@pytest.mark.parametrize("name", RUNS)
def test_run_is_what_was_recorded(name):
    failed = failures(name, read_record().get(name, {}))
    assert not failed, "not as recorded:\n" + "\n".join(failed)


@pytest.mark.parametrize("name", RUNS)
def test_something_happens(name):
    """The digests of a chip that stands still would pin nothing."""
    run = RUNS[name]
    chip = run.program(threads=1)
    before = chip.weights()
    seen = run.observe(chip, CHUNKS[0])
    for layer, shape in enumerate(run.spec.shapes):
        assert (seen["learned tallies"]["weight_updates"][layer] > 0) == shape.learns
        assert len(np.unique(seen["counts"][f"{layer + 1}"])) > 1
        changes = shape.learns or run.rest_s is not None
        assert np.array_equal(seen["weights"][f"weight {layer + 1}"], before[layer][0]) != changes
    assert len(np.unique(seen["membranes"][""])) > 1


def test_the_last_bit_of_one_weight_is_seen():
    run = RUNS["ideal"]
    weights = weights_of(run.spec)
    flat = weights[1][0].reshape(-1)
    largest = np.argmax(np.abs(flat))  # what learning adds does not round such a bit away
    flat[largest] = np.nextafter(flat[largest], np.float32(0))
    seen = digests_of(run.observe(run.program(1, weights), CHUNKS[0]))
    assert {"weights", "snapshot"} <= set(differing(seen, digests_at("ideal", 1, CHUNKS[0])))


def test_a_digest_covers_names_types_shapes_and_bytes():
    values = np.zeros((2, 3), np.float32)
    negative = values.copy()
    negative[1, 2] = -0.0
    others = [{"b": values}, {"a": values.view(np.int32)}, {"a": values.T}, {"a": negative}, {"a": values, "b": values}]
    assert len({digest_of(arrays) for arrays in [{"a": values}, *others]}) == 1 + len(others)
    assert digest_of({"a": values}) == digest_of({"a": np.asfortranarray(values)})


def test_a_mismatch_says_where_it_is():
    """The run, the threads, the chunks, and each part that differs."""
    name = "missed counts"
    wrong = read_record()[name] | {"weights": "0" * 16, "tallies": "0" * 16}
    assert failures(name, wrong) == [
        f"{name}, {threads} threads, chunks of {chunk}: weights, tallies" for threads, chunk in product(THREADS, CHUNKS)
    ]


def test_inputs_are_drawn_by_splitmix64():
    """The first words of its published form from seed 0."""
    assert [hex(word) for word in splitmix64(0, 3)] == ["0xe220a8397b1dcdaf", "0x6e789e6aa1b965f4", "0x6c45d188009454f"]
