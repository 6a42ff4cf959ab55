"""Sequences of layers on images, whose positions take each step in turn, against the reference model."""

import pytest
from sequence_lessons import compare, ended
from small_chips import lesson
from small_images import image_spec, small_net


@pytest.mark.parametrize("form", ["shared", "unrolled"])
def test_kernels_equal_the_reference_model(form):
    spec = image_spec(small_net(form), steps=4, noise=("mismatch:0.3", "thermal:0.2", "missed:0.2"))
    compare(ended(lesson(spec.model_copy(update={"windows": 3}), rate=0.1), (3, 1, 2)))
