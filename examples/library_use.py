"""chipsim as a library: five dies of one design, before and after learning on chip.

python examples/library_use.py
"""

import chipsim


def main() -> None:
    for die in range(1, 6):
        outcome = chipsim.run(noise=["mismatch:0.4", "silencing:0.1"], die=die, epochs=5)
        _, ideal, before, after = outcome.accuracy
        print(f"die {die}: ideal {ideal:.1%}, before {before:.1%}, after {after:.1%}")


if __name__ == "__main__":
    main()
