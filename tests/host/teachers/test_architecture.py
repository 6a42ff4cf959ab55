"""The grammar of --arch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import TeacherError
from host.teachers.architecture import ConvolutionPart, DensePart, PoolPart, parse_architecture

CONVOLUTIONS = st.builds(
    ConvolutionPart, st.integers(1, 99999), st.integers(0, 49).map(lambda n: 2 * n + 1), st.integers(1, 9)
)
IMAGE_PARTS = st.one_of(CONVOLUTIONS, st.builds(PoolPart, st.integers(2, 99)))
DENSE_PARTS = st.builds(DensePart, st.integers(1, 999_999))


@given(st.lists(IMAGE_PARTS, max_size=8), st.lists(DENSE_PARTS, max_size=8))
def test_what_is_written_is_read(image, dense):
    parts = (*image, *dense)
    if parts:
        assert parse_architecture(",".join(map(str, parts))) == parts
        assert parse_architecture(" , ".join(map(str, parts))) == parts


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_in_one_line(text):
    try:
        parts = parse_architecture(text)
    except TeacherError as error:
        assert str(error).startswith("--arch ")
        assert len(str(error).splitlines()) == 1
    else:
        assert parse_architecture(",".join(map(str, parts))) == parts


def test_the_usual_network():
    assert parse_architecture("32,64s2,64k5,p2,fc128") == (
        ConvolutionPart(32),
        ConvolutionPart(64, stride=2),
        ConvolutionPart(64, kernel=5),
        PoolPart(2),
        DensePart(128),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'' is no layer"),
        ("32,,64", "'' is no layer"),
        ("32x", "'32x' is no layer; write 32, 64s2"),
        ("0", "'0' is no layer"),
        ("32s0", "'32s0' is no layer"),
        ("-3", "'-3' is no layer"),
        ("p1", "'p1' is no layer"),
        ("fc", "'fc' is no layer"),
        ("\uff13\uff12", "is no layer"),
        ("32k4", "kernel 4 of 32k4 is even; choose 5"),
        ("fc10,32", "32 comes after a fully connected layer"),
        ("32,fc10,p2", "p2 comes after a fully connected layer"),
        (",".join(["8"] * 65), "names 65 layers; at most 64"),
    ],
)
def test_what_is_no_architecture(text, words):
    with pytest.raises(TeacherError) as error:
        parse_architecture(text)
    assert words in str(error.value)
