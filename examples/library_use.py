"""chipsim as a library: five dies of one design, before and after learning on chip.

python examples/library_use.py
"""

from host.run import resolve, run


def main() -> None:
    for die in range(1, 6):
        spec = resolve(None, {"noise": ["mismatch:0.4", "silencing:0.1"], "die": die, "training.epochs": 5})
        accuracy = run(spec).summary["accuracy"]
        print(
            f"die {die}: ideal {accuracy['ideal']:.1%}, before {accuracy['before']:.1%}, after {accuracy['after']:.1%}"
        )


if __name__ == "__main__":
    main()
