"""Shows a parser damaged inputs: `python tests/fuzz/run.py npz --inputs 200000 --seed 1`; `all` for every parser.

It tells how many were read and refused, what else happened, and which lines of the parser's files a sample of them
reached. With --keep FOLDER the smallest input of each kind of fault is written there: mend the fault, and lay the input
into `tests/fuzz/corpus/NAME/` if no other test has it. With --atheris (extra `fuzz`) the search is guided by coverage;
further flags are then libFuzzer's, such as -runs=1000000.
"""

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
sys.path[:0] = map(str, (HERE, HERE.parents[1], HERE.parent / "support", HERE.parent / "witness"))

# Compiled loops cannot be instrumented; they are reached through what is.
_COMPILED = ("chipsim.simd", "chipsim.kernel", "chipsim.random", "chipsim.layout", "chipsim.wire.packing")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("names", nargs="+", help="parsers, or all")
    arguments.add_argument("--inputs", type=int, default=10_000)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--keep", type=Path, help="folder for inputs that are faults")
    arguments.add_argument("--missed", action="store_true", help="tell the lines that were not reached")
    arguments.add_argument("--atheris", action="store_true", help="guided by coverage; further flags are libFuzzer's")
    given, flags = arguments.parse_known_args()
    if given.atheris:
        _guided(given.names[0], flags)
    if flags:
        arguments.error(f"no flag {flags[0]}")
    from parsers import HARNESSES

    names = list(HARNESSES) if given.names == ["all"] else given.names
    if unknown := [name for name in names if name not in HARNESSES]:
        arguments.error(f"no parser {unknown[0]!r}: choose all or {', '.join(HARNESSES)}")
    sys.exit(max(_loop(HARNESSES[name], given) for name in names))


def _loop(harness, given: argparse.Namespace) -> int:
    from harness import loop

    outcome = loop(harness, given.inputs, given.seed)
    print(outcome.line(harness.name), flush=True)
    if given.missed:
        for file, lines in outcome.missed.items():
            print(f"  not reached in {file}: {', '.join(map(str, lines)) or 'none'}")
    for fault in outcome.faults.values():
        print(f"  FAULT {fault.kind}: {fault.data[:100]!r}{'...' if len(fault.data) > 100 else ''}")
        print("    " + fault.trace.replace("\n", "\n    ")[-1500:])
        if given.keep is not None:
            given.keep.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256(fault.data).hexdigest()[:12]
            (given.keep / f"{harness.name}-{digest}").write_bytes(fault.data)
    return 1 if outcome.faults else 0


def _guided(name: str, flags: list[str]) -> None:
    """By atheris; libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["chipsim", "host", "learning_circuit", "nonideality"], exclude=_COMPILED):
        from parsers import HARNESSES
    from harness import Outcome, bounded, one

    harness = HARNESSES[name]
    seeds = harness.seeds()

    def one_input(data: bytes) -> None:
        outcome = Outcome()
        one(harness, data, outcome)
        for fault in outcome.faults.values():
            raise RuntimeError(f"{fault.kind}\n{fault.trace}")

    def mutator(data: bytes, max_size: int, seed: int) -> bytes:
        return harness.mutate(data, seeds, Random(seed))[:max_size]

    with tempfile.TemporaryDirectory() as corpus, bounded():
        for number, seed in enumerate(seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        defaults = ["-max_len=1048576", "-rss_limit_mb=2048", "-timeout=20"]
        atheris.Setup([sys.argv[0], *defaults, *flags, corpus], one_input, custom_mutator=mutator)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
