"""A population of dies as a library: how many of ten reach 97 % at each level of mismatch, and which yield that proves.

python examples/sweep_a_die_population.py

Ten dies were planned, so the claim is that of a fixed plan, at 95 % and for these test images.
"""

from pathlib import Path

from host.studies import criterion, yields
from host.sweep import Request, SweepStore, local_workers, noise_axis, run_sweep


def main() -> None:
    request = Request(
        {"training.epochs": 5}, (noise_axis("mismatch:0.1,0.2,0.3"),), cross=False, dies=tuple(range(1, 11))
    )
    with SweepStore.create(Path("population.sqlite")) as store, local_workers(2) as workers:
        points = yields(store.rows(run_sweep(request, store, workers)), criterion("97%", None))
    for point in points:
        before, after = point.share("before"), point.share("after")
        level = ", ".join(f"{axis} {value:g}" for axis, value in point.point.items())
        print(
            f"{level}: {before.good} of {before.dies} dies pass before learning, {after.good} after: a yield of at"
            f" least {after.by_plan:.0%}"
        )


if __name__ == "__main__":
    main()
