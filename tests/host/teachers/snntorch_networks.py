"""Networks of snnTorch, exported as NIR, and the spikes that snnTorch counts. Run it to make the golden file anew.

It holds, per network, the NIR file's bytes, input spikes (T, S, ...) and snnTorch's counts per layer (S, ...).
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

STEP_S = 1e-4  # what snnTorch exports with, by Euler's rule
GOLDEN = Path(__file__).with_name("snntorch_golden.npz")
STEPS = 12
SAMPLES = 8


def networks(torch, snn):
    """Name -> (module, input shape); random weights, spiking at each layer."""
    torch.manual_seed(7)

    def leaky(*sides, threshold=1.0, **settings):
        beta, threshold = torch.full(sides, 0.875), torch.full(sides, threshold)
        return snn.Leaky(beta=beta, threshold=threshold, init_hidden=True, **settings)

    def synaptic(*sides):
        alpha, beta, threshold = (torch.full(sides, value) for value in (0.75, 0.875, 1.0))
        return snn.Synaptic(alpha=alpha, beta=beta, threshold=threshold, init_hidden=True)

    return {
        "leaky": (torch.nn.Sequential(torch.nn.Linear(12, 9), leaky(9), torch.nn.Linear(9, 5), leaky(5)), (12,)),
        "leaky-zero": (
            torch.nn.Sequential(
                torch.nn.Linear(12, 9, bias=False),
                leaky(9, reset_mechanism="zero", threshold=0.5),
                torch.nn.Linear(9, 5),
                leaky(5, reset_mechanism="zero", threshold=0.5),
            ),
            (12,),
        ),
        "synaptic": (
            torch.nn.Sequential(
                torch.nn.Linear(12, 9),
                synaptic(9),
                torch.nn.Linear(9, 5),
                synaptic(5),
            ),
            (12,),
        ),
        "conv": (
            torch.nn.Sequential(
                torch.nn.Conv2d(2, 3, 3, stride=2, padding=1),
                leaky(3, 3, 3),
                torch.nn.Flatten(),
                torch.nn.Linear(27, 4),
                leaky(4),
            ),
            (2, 6, 5),
        ),
    }


def exported(torch, snn, module, shape, path):
    """Write `module` as NIR to `path`; returns its input spikes (T, S, *shape) and counts per layer (S, n_out)."""
    import nir
    from snntorch.export_nir import export_to_nir

    with torch.no_grad():
        for part in module:
            if hasattr(part, "weight"):
                part.weight.mul_(3)
    torch.manual_seed(3)
    inputs = (torch.rand(STEPS, SAMPLES, *shape) < 0.4).float()
    counts = [torch.zeros(()) for part in module if isinstance(part, snn.SpikingNeuron)]
    with torch.no_grad():
        for x in inputs:
            layer = 0
            for part in module:
                x = part(x)
                if isinstance(part, snn.SpikingNeuron):
                    counts[layer] = counts[layer] + x
                    layer += 1
    nir.write(path, export_to_nir(module, inputs[0][:1], ignore_dims=[0]))
    return inputs.numpy(), [count.numpy() for count in counts]


def main():
    import snntorch as snn
    import torch

    arrays = {"origin": f"snntorch {snn.__version__}, torch {torch.__version__}, by {Path(__file__).name}"}
    for name, (module, shape) in networks(torch, snn).items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "network.nir"
            inputs, counts = exported(torch, snn, module, shape, path)
            arrays[f"{name}/nir"] = np.frombuffer(path.read_bytes(), np.uint8)
        arrays[f"{name}/inputs"] = inputs.astype(bool)
        arrays |= {f"{name}/counts{number}": count.astype(np.int16) for number, count in enumerate(counts)}
        print(name, [count.mean() for count in counts])
    np.savez_compressed(GOLDEN, **arrays)


if __name__ == "__main__":
    sys.exit(main())
