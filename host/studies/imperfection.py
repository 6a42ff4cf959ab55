"""One imperfection of a sensitivity study: a noise, at a level or over a range of levels."""

from __future__ import annotations

import re
from dataclasses import dataclass

from host.errors import SettingError
from host.studies.sobol import Range
from nonideality import parse

_FORM = re.compile(
    r"(?P<kind>[^:@,]+)(@(?P<early_site>[^:@,]+))?:(?P<mild>[^@,]*?)\.\.(?P<severe>[^@,]*)(@(?P<site>[^:@,]+))?(?P<options>,.*)?"
)


@dataclass(frozen=True)
class Imperfection:
    """A noise that a design may have or not."""

    given: str  # as the user wrote it
    name: str  # of its axis: kind, site if named, options
    before_level: str  # its text is before_level + level + after_level
    after_level: str
    severe: float  # its level when it stands alone
    range: Range | None  # None: it has this level only

    def text(self, level: float) -> str:
        return f"{self.before_level}{level:g}{self.after_level}"


def imperfection(given: str) -> Imperfection:
    """``KIND:LEVEL[@SITE][,key=value...]``, where LEVEL may be a range MILDEST..WORST; the site may stand at the kind,
    too, as axes are named. Raises NoiseError or SettingError."""
    match = _FORM.fullmatch(given.strip())
    if match is None:
        noise = parse(given)
        head, _, tail = given.strip().partition(":")
        after = re.sub(r"^[^@,]*", "", tail)
        return Imperfection(given, head + after, f"{head}:", after, noise.effect.level, None)
    if match["site"] and match["early_site"]:
        raise SettingError(f"noise {given!r} names two sites: keep one")
    site = match["site"] or match["early_site"]
    before = f"{match['kind']}:"
    after = (f"@{site}" if site else "") + (match["options"] or "")
    if not (match["mild"] and match["severe"]):
        raise SettingError(f"noise {given!r}: the range lacks an end; write for example mismatch:0..0.5@weight")
    mild, severe = (parse(f"{before}{match[end]}{after}").effect for end in ("mild", "severe"))
    if mild.level == severe.level:
        raise SettingError(f"noise {given!r}: both ends of the range are {mild.level:g}; leave one out, or part them")
    name = match["kind"] + after
    axis = Range(name, mild.level, severe.level, mild.whole_levels)
    return Imperfection(given, name, before, after, severe.level, axis)
