"""The grammar of ``--arch``: layers from input to output, such as ``32,64s2,64,64s2,fc128``.

    32          convolution with 32 channels, kernel 3x3, stride 1, zero-padded by half a kernel
    64s2        the same with stride 2
    64k5s2      kernel 5x5; kernels are odd, so that the padding keeps the map's size at stride 1
    p2          average over 2x2, stride 2
    fc128       fully connected, 128 neurons; only fully connected layers follow
    vgg11       alone: the layers of NAMED

The output layer, one neuron per class, follows of itself. Spaces do not matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from host.errors import TeacherError

_CONVOLUTION = re.compile(r"(?P<channels>[1-9]\d{0,4})(k(?P<kernel>[1-9]\d?))?(s(?P<stride>[1-9]))?", re.ASCII)
_POOL = re.compile(r"p(?P<side>[2-9]|[1-9]\d)", re.ASCII)
_DENSE = re.compile(r"fc(?P<units>[1-9]\d{0,5})", re.ASCII)
_MOST_LAYERS = 64

# vgg11: as the code of Yang et al. 2022 (github.com/Aries231/Local_tandem_learning_rule) has it, with strides in place
# of the pools of Simonyan and Zisserman 2015 (arXiv 1409.1556), all kernels 3x3.
NAMED = {"vgg11": "64,128s2,256,256s2,512,512s2,512,512s2,fc512,fc512"}


@dataclass(frozen=True)
class ConvolutionPart:
    channels: int
    kernel: int = 3
    stride: int = 1

    def __str__(self) -> str:
        kernel = "" if self.kernel == 3 else f"k{self.kernel}"
        return f"{self.channels}{kernel}" + ("" if self.stride == 1 else f"s{self.stride}")


@dataclass(frozen=True)
class PoolPart:
    side: int

    def __str__(self) -> str:
        return f"p{self.side}"


@dataclass(frozen=True)
class DensePart:
    units: int

    def __str__(self) -> str:
        return f"fc{self.units}"


Part = ConvolutionPart | PoolPart | DensePart


def parse_architecture(text: str) -> tuple[Part, ...]:
    """The hidden layers that `text` names. Raises TeacherError."""
    words = ["".join(word.split()) for word in NAMED.get(text.strip(), text).split(",")]
    if len(words) > _MOST_LAYERS:
        raise TeacherError(f"--arch names {len(words)} layers; at most {_MOST_LAYERS} are possible")
    parts = tuple(_part(word, text) for word in words)
    dense = [isinstance(part, DensePart) for part in parts]
    if True in dense and not all(dense[dense.index(True) :]):
        late = parts[dense.index(True) + dense[dense.index(True) :].index(False)]
        raise TeacherError(
            f"--arch {text!r}: {late} comes after a fully connected layer; convolutions and pools come first"
        )
    return parts


def _part(word: str, text: str) -> Part:
    if found := _CONVOLUTION.fullmatch(word):
        part = ConvolutionPart(int(found["channels"]), int(found["kernel"] or 3), int(found["stride"] or 1))
        if part.kernel % 2 == 0:
            raise TeacherError(f"--arch {text!r}: kernel {part.kernel} of {word} is even; choose {part.kernel + 1}")
        return part
    if found := _POOL.fullmatch(word):
        return PoolPart(int(found["side"]))
    if found := _DENSE.fullmatch(word):
        return DensePart(int(found["units"]))
    raise TeacherError(
        f"--arch {text!r}: {word!r} is no layer; write 32, 64s2 or 64k5s2 (convolution), p2 (average pool), fc128"
        f" (fully connected), separated by commas, or {' or '.join(NAMED)} alone"
    )
