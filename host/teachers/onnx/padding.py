"""How operators that sweep an image pad it, also those that leave it to the runtime."""

from __future__ import annotations

from typing import Any

from host.errors import TeacherError


def plain(settings: dict[str, Any], name: str) -> None:
    """Raises TeacherError if kernels have gaps."""
    if any(side != 1 for side in settings.get("dilations", ())):
        raise TeacherError(f"{name}: is dilated ({settings['dilations']}); chips here have kernels without gaps")


def pads_of(
    settings: dict[str, Any], kernel: tuple[int, ...], strides: tuple[int, ...], image: tuple[int, ...], name: str
) -> tuple[int, ...]:
    """Top, left, bottom, right, for an image (height, width). Raises TeacherError.

    SAME pads so that ceil(side / stride) windows fit, the odd pixel at the end (UPPER) or at the beginning (LOWER):
    see Conv in the operators of ONNX.
    """
    kind = settings.get("auto_pad", b"NOTSET").decode(errors="replace")
    if not len(kernel) == len(strides) == 2 or min(*kernel, *strides) < 1:
        raise TeacherError(f"{name}: has a kernel {tuple(kernel)} and strides {tuple(strides)}; both are two sides")
    if kind in ("NOTSET", "", "VALID"):
        pads = tuple(settings.get("pads", ())) if kind != "VALID" else ()
        return pads or (0, 0, 0, 0)
    if kind not in ("SAME_UPPER", "SAME_LOWER"):
        raise TeacherError(f"{name}: pads by itself ({kind}): export it with pads in numbers")
    before, after = [], []
    for side, step, pixels in zip(kernel, strides, image, strict=True):
        missing = max(0, ((pixels + step - 1) // step - 1) * step + side - pixels)
        less, more = missing // 2, missing - missing // 2
        before.append(less if kind == "SAME_UPPER" else more)
        after.append(more if kind == "SAME_UPPER" else less)
    return (*before, *after)
