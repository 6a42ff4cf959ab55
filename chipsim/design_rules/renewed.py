"""Which noise of a design is drawn anew in every step, so that it is the chip's temperature rather than the die."""

from __future__ import annotations

import numpy as np

from chipsim.design import ChipSpec
from chipsim.die import draw_errors
from nonideality import EFFECTS, parse_all


def renewed_noises(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the noises that act on a membrane, or on what reaches it, anew in every step or window.

    Effects of other packages, which may know no chip but their own, are taken as frozen.
    """
    return tuple(text for text in texts if _is_renewed(text))


def _is_renewed(text: str) -> bool:
    [noise] = parse_all((text,))
    if EFFECTS.plugin(noise.effect.name) is not None:
        return False
    chip = ChipSpec(layer_sizes=(1,) * ((noise.layer or 1) + 1), noise=(text,))
    sheet = draw_errors(chip, die_seed=0)[-1]
    return any(np.any(each) for each in (sheet.membrane_noise, sheet.held_noise, sheet.read_noise))
