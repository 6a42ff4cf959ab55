"""Has an effect write on a sheet, and looks at what it wrote before a chip is made of it."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout

import numpy as np

from nonideality.effect import Nonideality
from nonideality.errors import SHEET, LayerErrors
from nonideality.noise_error import NoiseError
from nonideality.plugins import one_line
from nonideality.registry import EFFECTS


def fill(effect: Nonideality, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
    """Raises NoiseError of one line that names the effect with its package, the site, the layer and the cause."""
    if effect.name not in EFFECTS.built_in:
        _fill_from_another_package(effect, site, errors, rng)
        return
    before = dict(vars(errors))
    effect.fill(site, errors, rng)
    for name, value in vars(errors).items():
        if value is not before[name]:  # ours put new arrays in place of those that they change
            problem = errors.problem_with(name)
            if problem is not None:
                where = _where(site, errors)
                raise NoiseError(f"{effect.name}:{effect.level:g} {where}: {problem}; choose another level")


def _fill_from_another_package(effect: Nonideality, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
    where = _where(site, errors)
    try:
        with redirect_stdout(sys.stderr):  # what it prints belongs to no result
            returned: object = effect.fill(site, errors, rng)
    except (Exception, SystemExit) as error:  # foreign code may fail in any way; the user needs to know whose
        cause = str(error) if isinstance(error, NoiseError) else one_line(error)
        fix = "check that file" if isinstance(error, OSError) else "repair or uninstall its package"
        raise EFFECTS.broken(effect.name, f"fails {where}: {cause}; {fix}") from error
    if returned is not None:
        raise EFFECTS.broken(
            effect.name, f"fails {where}: its fill returns a {type(returned).__name__}; write on the sheet instead"
        )
    for problem in filter(None, map(errors.problem_with, SHEET)):
        raise EFFECTS.broken(effect.name, f"spoils the errors {where}: {problem}; repair or uninstall its package")


def _where(site: str, errors: LayerErrors) -> str:
    return f"at site {site} of {errors.place}, die {errors.place.die}"
