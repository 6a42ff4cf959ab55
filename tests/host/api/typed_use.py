"""A user's script, which mypy --strict looks at with the rest: what is wrong is refused, or its ignore is unused."""

from pathlib import Path

import chipsim


def one_die(chip: str) -> float:
    outcome = chipsim.run(
        chip=chip, noise=["mismatch:0.2", "thermal:0.1"], hidden=(128, 64), error_gate="sign", tau=[10.0, 5.0], epochs=2
    )
    figure = outcome.plot.accuracy()
    figure.savefig("accuracy.pdf")
    again = chipsim.load_run(outcome.folder)
    assert again.accuracy == outcome.accuracy and again.spec.die == 1
    return outcome.accuracy.after


def many_dies() -> float | None:
    grid = chipsim.sweep(noise="mismatch:0,0.1", axis={"steps": [8, 16]}, cross=True, dies=20, out=Path("a.sqlite"))
    mean: float = grid.points[0]["after"]
    methods = chipsim.compare(methods=["on-chip-ltl", "conversion"], dies=[1, 2], chip="cmos-180nm")
    assert methods.found.methods[0].mean <= mean
    return chipsim.limit(axis="mismatch", at_least=0.97, yield_=0.9, seed=2).limit


def one_sample() -> float:
    seen = chipsim.trace(noise="mismatch:0.2", neurons=[(1, 0)], part="train", after="all")
    return float(seen.neurons[0].membrane[0, -1])


def design() -> bool:
    try:
        return chipsim.check("cmos-180nm", network=(784, 256, 10), encoding="rate").ok
    except chipsim.UserError as error:
        return len(str(error)) == 0


def wrong() -> None:
    chipsim.run(hiden=(128, 64))  # type: ignore[call-arg]
    chipsim.run(hidden="128")  # type: ignore[arg-type]
    chipsim.run(error_gate="signed")  # type: ignore[arg-type]
    chipsim.run("mismatch:0.2")  # type: ignore[call-arg]
    chipsim.sweep(noise=0.2)  # type: ignore[arg-type]
    chipsim.sweep(dies=0.5)  # type: ignore[arg-type]
    chipsim.limit(at_least=0.97)  # type: ignore[call-arg]
    chipsim.trace(part="validation")  # type: ignore[arg-type]
    assert chipsim.run().accuracy.afterwards  # type: ignore[attr-defined]
    chipsim.plot()  # type: ignore[attr-defined]
