"""Training images as they are seen: moved by some pixels, every other one in a mirror."""

from __future__ import annotations

from typing import Any

from host.teachers.torch.recipe import Augmentation

SHIFT = 4  # pixels at most, each way


def seen(torch: Any, images: Any, augmentation: Augmentation, generator: Any) -> Any:
    """Images (n, channels, height, width), changed by chance as `augmentation` says."""
    if augmentation != "none":
        images = _shifted(torch, images, generator)
    return _flipped(torch, images, generator) if augmentation == "flip-shift" else images


def _shifted(torch: Any, images: Any, generator: Any) -> Any:
    """Each image moved by up to SHIFT pixels, black where it came from."""
    n, _, height, width = images.shape
    padded = torch.nn.functional.pad(images, (SHIFT,) * 4).contiguous()
    down, right = torch.randint(0, 2 * SHIFT + 1, (2, n, 1), generator=generator)
    rows, columns = down + torch.arange(height), right + torch.arange(width)
    return padded[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _flipped(torch: Any, images: Any, generator: Any) -> Any:
    """Every other image, by chance, seen in a mirror."""
    flip = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
    return torch.where(flip, images.flip(3), images)
