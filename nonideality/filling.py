"""Has an effect write on a sheet, and looks at what it wrote before a chip is made of it."""

from __future__ import annotations

import sys
from contextlib import nullcontext, redirect_stdout

import numpy as np

from nonideality.effect import NoiseError, Nonideality
from nonideality.errors import SHEET, LayerErrors
from nonideality.plugins import one_line
from nonideality.registry import EFFECTS


def fill(effect: Nonideality, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
    """Raises NoiseError of one line that names the effect with its package, the site, the layer and the cause."""
    ours = effect.name in EFFECTS.built_in
    where = f"at site {site} of {errors.place}, die {errors.place.die}"
    before = dict(vars(errors))
    try:
        with nullcontext() if ours else redirect_stdout(sys.stderr):  # what it prints belongs to no result
            returned: object = effect.fill(site, errors, rng)  # type: ignore[func-returns-value]
    except (Exception, SystemExit) as error:  # foreign code may fail in any way; the user needs to know whose
        if ours:
            raise
        cause = str(error) if isinstance(error, NoiseError) else one_line(error)
        fix = "check that file" if isinstance(error, OSError) else "repair or uninstall its package"
        raise EFFECTS.broken(effect.name, f"fails {where}: {cause}; {fix}") from error
    if returned is not None:
        raise EFFECTS.broken(
            effect.name, f"fails {where}: its fill returns a {type(returned).__name__}; write on the sheet instead"
        )
    for name in SHEET:
        if ours and getattr(errors, name) is before[name]:  # ours put new arrays in place of what they change
            continue
        problem = errors.problem_with(name)
        if problem is not None and ours:
            raise NoiseError(f"{effect.name}:{effect.level:g} {where}: {problem}; choose another level")
        if problem is not None:
            raise EFFECTS.broken(effect.name, f"spoils the errors {where}: {problem}; repair or uninstall its package")
