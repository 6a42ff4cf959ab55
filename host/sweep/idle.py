"""What a sweep varies in vain: noise that hits nothing."""

from __future__ import annotations

from typing import Any

from chipsim import ChipError
from host.errors import HostError
from host.run import canonical, idle_lines
from host.settings import RunSpec
from host.sweep.request import Request
from nonideality import NoiseError, parse_all


def idle_noise(request: Request) -> list[str]:
    """Each sentence of `idle_lines` that holds at a point, once. Points that cannot be have none."""
    lines: dict[str, None] = {}
    seen: set[str] = set()
    for point in request.points():
        try:
            spec = request.spec(point, request.dies[0])
            alike = _but_for_levels(spec)
            if alike not in seen:
                seen.add(alike)
                lines |= dict.fromkeys(idle_lines(spec))
        except (HostError, ChipError, NoiseError):
            continue
    return list(lines)


def _but_for_levels(spec: RunSpec) -> str:
    """What decides whether noise hits anything: how strong it is does not."""
    noises: list[Any] = [[noise.effect.name, noise.sites, noise.layer] for noise in parse_all(spec.noise)]
    return canonical({**spec.model_dump(mode="json"), "noise": noises})
