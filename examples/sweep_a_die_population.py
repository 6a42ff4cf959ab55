"""A population of dies as a library: how many of ten reach 97 % at each level of mismatch, before and after learning.

python examples/sweep_a_die_population.py
"""

from itertools import groupby
from pathlib import Path

from host.sweep import Request, SweepStore, local_workers, noise_axis, run_sweep


def main() -> None:
    request = Request(
        {"training.epochs": 5}, (noise_axis("mismatch:0.1,0.2,0.3"),), cross=False, dies=tuple(range(1, 11))
    )
    with SweepStore.create(Path("population.sqlite")) as store, local_workers(2) as workers:
        rows = store.rows(run_sweep(request, store, workers))
        for point, dies in groupby(rows, key=lambda row: row.point):
            passed = [(row.before >= 0.97, row.after >= 0.97) for row in dies]
            before, after = map(sum, zip(*passed, strict=True))
            level = ", ".join(f"{axis} {value:g}" for axis, value in point.items())
            print(f"{level}: {before} of {len(passed)} dies pass before learning, {after} after")


if __name__ == "__main__":
    main()
