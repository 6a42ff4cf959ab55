"""Writes the files of other tools anew: make conformance. A tool that is not there is said and left out."""

import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np

FILES = Path(__file__).with_name("files")
LARGEST = 200_000  # bytes


def write_spiking(tool: str) -> None:
    import nir
    from spiking import facts

    for name, network in import_module(f"of_{tool}").NETWORKS.items():
        graph, arrays = facts(network)
        nir.write(FILES / f"{name}.nir", graph, compression=None)  # which numbers without a shape do not take
        np.savez_compressed(FILES / f"{name}.npz", **arrays)
        print(f"{name}: {arrays['y'].mean():.2f} a sample and output")


def write_torch() -> None:
    import of_torch
    import torch

    for name in of_torch.NETWORKS:
        module, x, y = of_torch.made(name)
        path = str(FILES / f"{name}.onnx")
        settings = {"input_names": ["x"], "output_names": ["y"], "opset_version": 17, "dynamo": False}
        torch.onnx.export(module, (x[:1],), path, dynamic_axes={"x": {0: "n"}, "y": {0: "n"}}, **settings)
        np.savez_compressed(FILES / f"{name}.npz", x=x.numpy(), y=y.numpy())
        print(f"{name}: up to {y.abs().max():.2f}")


def write_classifiers() -> None:
    import of_sklearn
    from skl2onnx import to_onnx

    for name, (make, n_classes, options) in of_sklearn.CLASSIFIERS.items():
        x, labels = of_sklearn.data(n_classes)
        model = make().fit(x, labels)
        given = {model[-1] if hasattr(model, "steps") else model: options} if options else None
        made = to_onnx(model, x[:1], options={id(key): value for key, value in given.items()} if given else None)
        (FILES / f"{name}.onnx").write_bytes(made.SerializeToString())
        np.savez_compressed(FILES / f"{name}.npz", x=x, labels=model.predict(x))
        print(f"{name}: {model.score(x, labels):.2f} right")


def main() -> int:
    FILES.mkdir(exist_ok=True)
    missing = []
    makers = {tool: partial(write_spiking, tool) for tool in ("snntorch", "norse", "sinabs", "spikingjelly")}
    for tool, write in (makers | {"torch": write_torch, "sklearn": write_classifiers}).items():
        try:
            write()
        except ImportError as error:
            missing.append(f"{tool} is left out: {error}")
    large = [path.name for path in FILES.iterdir() if path.stat().st_size > LARGEST]
    for line in [*missing, *(f"{name} is larger than {LARGEST:,} bytes" for name in large)]:
        print(f"conformance: {line}", file=sys.stderr)
    return 1 if missing or large else 0


if __name__ == "__main__":
    sys.exit(main())
