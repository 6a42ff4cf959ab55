"""Which test images a chip got wrong, as a short text: what a paired comparison of two runs needs."""

from __future__ import annotations

import base64
import binascii

import numpy as np
from numpy.typing import NDArray


def wrong_text(wrong: NDArray[np.bool_]) -> str:
    """(images,) as bits, the first image in the highest, in base64 (RFC 4648)."""
    return base64.b64encode(np.packbits(wrong).tobytes()).decode()


def wrong_images(text: str, images: int) -> NDArray[np.bool_]:
    """(images,) from such a text. Raises ValueError, in one line, if it holds another number of them."""
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"wrong images are no base64: {error}") from None
    if len(content) != -(-images // 8):
        raise ValueError(f"wrong images are {len(content)} bytes, where {images} test samples take {-(-images // 8)}")
    return np.unpackbits(np.frombuffer(content, np.uint8), count=images).astype(np.bool_)
