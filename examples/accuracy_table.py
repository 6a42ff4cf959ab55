"""The table of RESULTS.md: ideal, before, after, mean over dies, for each imperfection, other settings at default.

python examples/accuracy_table.py --dies 10
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from host.run import resolve, run

ROWS: list[tuple[str, dict[str, Any]]] = [
    *((f"mismatch {level}", {"noise": [f"mismatch:{level}"]}) for level in (0.1, 0.2, 0.3, 0.5)),
    *((f"silencing {level}", {"noise": [f"silencing:{level}"]}) for level in (0.1, 0.2, 0.3)),
    *((f"thermal {level}", {"noise": [f"thermal:{level}"]}) for level in (0.1, 0.3)),
    *((f"quantization {bits} bits", {"noise": [f"quantization:{bits}"]}) for bits in (3, 4, 6)),
    ("mismatch 0.3, quantization 4 bits", {"noise": ["mismatch:0.3", "quantization:4"]}),
    ("mismatch 0.2, 4 steps", {"noise": ["mismatch:0.2"], "steps": 4}),
    ("no noise, random start", {"training.start": "random"}),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dies", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    print("| 64-128-64-10 on digits | ideal % | before % | after % | after - ideal | worst die after % |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, settings in ROWS:
        triples = []
        for die in range(1, arguments.dies + 1):
            spec = resolve(None, {**settings, "die": die, "seed": arguments.seed})
            accuracy = run(spec, arguments.threads).summary["accuracy"]
            triples.append([accuracy["ideal"], accuracy["before"], accuracy["after"]])
        ideal, before, after = 100 * np.mean(triples, axis=0)
        worst = 100 * np.min(triples, axis=0)[2]
        print(
            f"| {name} | {ideal:.2f} | {before:.2f} | {after:.2f} | {after - ideal:+z.2f} | {worst:.2f} |", flush=True
        )


if __name__ == "__main__":
    main()
