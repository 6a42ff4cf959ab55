"""What a run's noise means, for JSON: a line for each site, whether it hits anything, and which draws are shared."""

from __future__ import annotations

from typing import Any

from chipsim import ChipSpec
from chipsim.design_rules import IdleNoise, Use, idle_noises
from host.data import load
from host.methods import find
from host.run.setup import layers_of
from host.settings import RunSpec
from host.training import Setup


def noise_facts(setup: Setup) -> list[dict[str, Any]]:
    """An entry for each noise of the spec."""
    design = setup.design
    idle = _idle(setup.spec, design)
    facts = []
    for number, (text, noise) in enumerate(zip(design.noise, design.noises, strict=True)):
        why = {each.site: each.why for each in idle if each.number == number}
        meaning = [
            line + (f"; hits nothing here: {why[site]}" if site in why else "")
            for site, line in zip(noise.sites, noise.describe(), strict=True)
        ]
        facts.append({"text": text, "level": noise.effect.level, "meaning": meaning, "idle": why})
    return facts


def shared_draws(setup: Setup) -> list[str]:
    """A sentence for each Gaussian that several of the run's effects share."""
    names: dict[str, dict[str, None]] = {}
    for noise in setup.design.noises:
        if noise.effect.draw:
            names.setdefault(noise.effect.draw, {})[noise.effect.name] = None
    return [
        f"{', '.join(sharing)} share {draw}: their variances add" for draw, sharing in names.items() if len(sharing) > 1
    ]


def idle_lines(spec: RunSpec) -> list[str]:
    """A sentence for each noise that hits nothing at any of its sites. Raises what `load` and the teacher's file do."""
    design = spec.design_of(layers_of(spec, load(spec.dataset, spec.data_dir, windows=spec.windows)))
    idle = _idle(spec, design)
    lines = []
    for number, noise in enumerate(design.noises):
        mine = [each for each in idle if each.number == number]
        if len(mine) == len(noise.sites):
            name = f"{noise.effect.name}@{mine[0].site}" if len(mine) == 1 else noise.effect.name
            why = ", ".join(dict.fromkeys(each.why for each in mine))
            lines.append(f"noise {name} hits nothing here: {why}")
    return lines


def _idle(spec: RunSpec, design: ChipSpec) -> list[IdleNoise]:
    training = spec.training
    learns = find(training.method).learns_on_chip and training.epochs != 0
    return idle_noises(design, Use(learns, learns or training.rest_before_s > 0 or training.rest_after_s > 0))
