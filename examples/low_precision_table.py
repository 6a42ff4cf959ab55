"""Few-bit weights: which update accumulator do they need? Ideal / before / after over bits of weight and accumulator.

python examples/low_precision_table.py --dies 10
"""

from __future__ import annotations

import argparse

import numpy as np

from host.run import resolve, run

WEIGHT_BITS = (2, 3, 4, 6)
ACCUMULATOR_BITS = (0, 4, 6, 8)  # 0: pulses are written directly, rounded at random to whole LSBs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dies", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--beside", nargs="*", default=["mismatch:0.2"], help="noises that every die has")
    arguments = parser.parse_args()
    heads = [f"accumulator {bits} bits" if bits else "direct writes" for bits in ACCUMULATOR_BITS]
    print(f"beside {', '.join(arguments.beside) or 'nothing'}; mean of {arguments.dies} dies, in %\n")
    print(f"| weights | ideal | before | after: {' | after: '.join(heads)} |")
    print("| --- | --- | --- |" + " --- |" * len(heads))
    for weight_bits in WEIGHT_BITS:
        after = []
        for bits in ACCUMULATOR_BITS:
            triples = []
            for die in range(1, arguments.dies + 1):
                settings = {
                    "noise": [*arguments.beside, f"quantization:{weight_bits}"],
                    "learning_circuit.update_accumulator_bits": bits,
                    "die": die,
                    "seed": arguments.seed,
                }
                accuracy = run(resolve(None, settings), arguments.threads).summary["accuracy"]
                triples.append([accuracy["ideal"], accuracy["before"], accuracy["after"]])
            ideal, before, mean = 100 * np.mean(triples, axis=0)
            after.append(f"{mean:.2f} ({mean - ideal:+z.2f})")
        print(f"| {weight_bits} bits | {ideal:.2f} | {before:.2f} | {' | '.join(after)} |", flush=True)


if __name__ == "__main__":
    main()
