"""What the cost model says of BrainScaleS-2, line by line, beside what Cramer et al. published.

python examples/brainscales2_cost.py    # MNIST at 16x16 where CHIPSIM_DATA has it, else digits enlarged

Published (Cramer et al. 2022, arXiv 2006.07239): 256-246-10, 85,000 images per second (11.8 us each), below 200 mW
(2.4 uJ each), about 20 hidden spikes per image. Two of these went into the preset: the step period is 11.8 us over 20
steps, and the static power ends at 200 mW. So the time is right by construction; what the model adds is that nothing
else (link, pipeline, events) takes long or costs much at the activity of a simulated network.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from chipsim.physical import place
from host.data import find_mnist, load
from host.run import resolve, run
from host.settings import RunSpec

NETWORK = (256, 246, 10)
PUBLISHED_US = 11.8
PUBLISHED_UJ = 2.4
SILENT_BELOW = 0.2  # pixels darker than that send no spike
N_TRAIN, N_TEST = 2000, 1000  # enough to see the activity


def images_16x16(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 8, 8) enlarged, or (n, 28, 28) cut to 24x24 and reduced, with values from 0 to 1; dark pixels are silent."""
    if images.shape[1] == 28:
        images = images[:, 2:-2, 2:-2]
    scaled = np.clip(zoom(images, (1, 16 / images.shape[1], 16 / images.shape[2]), order=1), 0, 1)
    return np.where(scaled < SILENT_BELOW, 0, scaled).reshape(len(images), 256).astype(np.float32)


def write_images(path: Path, dataset: str) -> None:
    """The first images of a data set as an .npz of 256 inputs."""
    loaded = load(dataset, None)
    arrays: dict[str, Any] = {}
    for part, samples, n in (("train", loaded.train, N_TRAIN), ("test", loaded.test, N_TEST)):
        values = samples.values(slice(0, n))
        side = int(np.sqrt(values.shape[1]))
        arrays[f"x_{part}"] = images_16x16(values.reshape(-1, side, side))
        arrays[f"y_{part}"] = samples.labels[:n]
    np.savez(path, **arrays)


def measured(dataset: str) -> tuple[RunSpec, dict[str, Any]]:
    """The preset with its network on these images, one spike per bright pixel; its spec and its cost per image."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{dataset}16x16.npz"
        write_images(path, dataset)
        settings = {"chip": "brainscales2", "dataset": str(path), "hidden": [NETWORK[1]], "encoding": "latency"}
        spec = resolve(None, settings | {"training.epochs": 1})
        return spec, run(spec, threads=2).summary["cost"]


def lines(dataset: str, spec: RunSpec, cost: dict[str, Any]) -> list[str]:
    """The account of one image."""
    chip, image = spec.chip, cost["inference"]
    assert chip is not None, "the spec was made with a chip"
    placement = place(chip, NETWORK)
    step_us = chip.timing.step_period_ns / 1e3
    energy, sent = image["energy_nj"], image["link_bytes"]
    modelled_uj = (energy["low"] + energy["high"]) / 2e3
    return [
        f"BrainScaleS-2, {'-'.join(map(str, NETWORK))}, {spec.steps} steps, {dataset} at 16x16, one spike per pixel",
        f"  placed on {placement.cores_used} of {placement.cores} cores, {placement.column_use:.0%} of the columns",
        f"  input spikes         {image['input_events']:>10,.1f}",
        f"  hidden spikes        {image['spikes_per_layer'][0]:>10,.1f}   (published: about 20, trained for few)",
        f"  synaptic events      {image['synaptic_events']:>10,.0f}",
        "",
        "time of one image",
        f"  window               {spec.steps} steps x {step_us:g} us = {spec.steps * step_us:.2f} us",
        f"  second layer         one step later: {image['latency_us']:.2f} us from first input to last output",
        f"  link                 {sent['input']:.0f} B of spikes, {sent['counts']:.0f} B read back:"
        f" {image['link_us']:.2f} us beside the window, {image['stall_us']:g} us waited",
        f"  modelled {image['latency_us']:.2f} us, published {PUBLISHED_US} us:"
        f" a factor of {image['latency_us'] / PUBLISHED_US:.2f}",
        "",
        "energy of one image",
        *(
            f"  {part['name']:<20} {part['count']:>10,.1f} {part['unit']:<16} x {part['each_pj'][0]:>9,.6g} to"
            f" {part['each_pj'][1]:>9,.6g} pJ = {part['low_nj']:>9,.2f} to {part['high_nj']:>9,.2f} nJ"
            f" {part['share']:>7.1%}"
            for part in energy["parts"]
        ),
        f"  modelled {energy['low'] / 1e3:.2f} to {energy['high'] / 1e3:.2f} uJ, published {PUBLISHED_UJ} uJ:"
        f" a factor of {modelled_uj / PUBLISHED_UJ:.2f} at the middle",
    ]


def main() -> None:
    dataset = "mnist" if find_mnist(None)[0] is not None else "digits"
    print("\n".join(lines(dataset, *measured(dataset))))


if __name__ == "__main__":
    main()
