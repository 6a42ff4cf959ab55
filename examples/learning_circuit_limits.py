"""What each imperfection of the learning circuit costs, and the level at which calibration breaks.

A table of ideal / before / after at three levels of each effect, all other settings at their defaults, and the level at
which the mean accuracy after learning falls POINTS below ideal, found by bisection. Effects are a list of lines: add
yours to EFFECTS, or name some with --effects.

python examples/learning_circuit_limits.py --dies 2
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from host.run import resolve, run

POINTS = 2.0  # below ideal, in percent: from there on calibration counts as broken


class Effect(NamedTuple):
    """A noise with ``{}`` in place of its level, three levels to look at, and the last level to try."""

    noise: str
    levels: tuple[float, float, float]
    last: float


EFFECTS = (
    Effect("comparator:{}", (0.3, 1.0, 2.0), 8.0),
    Effect("boxcar:{}", (0.2, 0.5, 1.0), 8.0),
    Effect("missed:{}", (0.02, 0.1, 0.3), 1.0),
    Effect("pulse:{}@synapse", (0.2, 0.5, 1.0), 8.0),
    Effect("pulse:{}@column", (0.2, 0.5, 1.0), 8.0),
    Effect("asymmetry:{}", (0.2, 0.5, 1.0), 2.0),
    Effect("asymmetry:0,spread={}", (0.2, 0.5, 1.0), 8.0),
    Effect("cycle:{}", (0.3, 1.0, 3.0), 50.0),
    Effect("write:{}", (0.001, 0.003, 0.01), 1.0),
    Effect("nonlinear:{}", (1.0, 2.4, 5.0), 20.0),
    Effect("read:{}", (0.02, 0.1, 0.3), 2.0),
    Effect("stuck:{}", (0.01, 0.05, 0.1), 1.0),
    Effect("ir:{}", (1e-4, 1e-3, 1e-2), 0.1),
    Effect("link:{}", (1e-4, 1e-3, 1e-2), 0.5),
)


class Bench:
    """Runs dies with a given noise on top of what every die has."""

    def __init__(self, dies: int, seed: int, threads: int, beside: Sequence[str]) -> None:
        self.dies, self.seed, self.threads, self.beside = dies, seed, threads, beside
        self._known: dict[str, tuple[float, float, float]] = {}

    def triple(self, noise: str) -> tuple[float, float, float]:
        """Mean ideal, before and after over the dies, in percent."""
        if noise not in self._known:
            triples = []
            for die in range(1, self.dies + 1):
                spec = resolve(None, {"noise": [*self.beside, noise], "die": die, "seed": self.seed})
                accuracy = run(spec, self.threads).summary["accuracy"]
                triples.append([accuracy["ideal"], accuracy["before"], accuracy["after"]])
            ideal, before, after = 100 * np.mean(triples, axis=0)
            self._known[noise] = (float(ideal), float(before), float(after))
        return self._known[noise]

    def breaks(self, effect: Effect, level: float) -> bool:
        ideal, _, after = self.triple(effect.noise.format(f"{level:.3g}"))
        return after < ideal - POINTS

    def limit(self, effect: Effect, halvings: int) -> str:
        """The level at which calibration breaks: the middle of the last interval, which halves (in ratio) each time."""
        levels = (*effect.levels, effect.last)
        broken = [level for level in levels if self.breaks(effect, level)]
        if not broken:
            return f"> {effect.last:g}"
        high = broken[0]
        whole = [level for level in levels if level < high]
        low = whole[-1] if whole else high / 10
        if not whole and self.breaks(effect, low):
            return f"< {low:.2g}"
        for _ in range(halvings):
            middle = (low * high) ** 0.5
            low, high = (low, middle) if self.breaks(effect, middle) else (middle, high)
        return f"{(low * high) ** 0.5:.2g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dies", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--halvings", type=int, default=3, help="steps of the bisection")
    parser.add_argument("--beside", nargs="*", default=["mismatch:0.2"], help="noises that every die has")
    parser.add_argument("--effects", nargs="*", help="only effects whose noise begins so")
    arguments = parser.parse_args()
    bench = Bench(arguments.dies, arguments.seed, arguments.threads, arguments.beside)
    print(f"beside {', '.join(arguments.beside) or 'nothing'}; ideal / before / after in %, {arguments.dies} dies\n")
    print(f"| effect | low | middle | high | after < ideal - {POINTS:g} at |")
    print("| --- | --- | --- | --- | --- |")
    for effect in EFFECTS:
        if arguments.effects and not effect.noise.startswith(tuple(arguments.effects)):
            continue
        cells = []
        for level in effect.levels:
            ideal, before, after = bench.triple(effect.noise.format(f"{level:.3g}"))
            cells.append(f"{level:g}: {ideal:.1f} / {before:.1f} / {after:.1f}")
        limit = bench.limit(effect, arguments.halvings)
        print(f"| {effect.noise.format('L')} | {' | '.join(cells)} | {limit} |", flush=True)


if __name__ == "__main__":
    main()
