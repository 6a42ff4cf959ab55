"""The data sets that come by name, and what suits data where neither a flag nor the file says otherwise."""

from __future__ import annotations

from typing import Any

DATASET_DEFAULTS: dict[str, dict[str, Any]] = {
    "digits": {"hidden": (128, 64)},
    "mnist": {"hidden": (256,), "teacher.shift_px": 1},
    "mnist16": {"hidden": (246,)},
    "yinyang": {"hidden": (120,), "encoding": "current", "steps": 32},
    "cifar10": {},  # what suits its images
    "nmnist": {"hidden": (256,), "teacher.shift_px": 1},
    "fsdd": {"hidden": (128, 64)},
}
BUILT_IN = tuple(DATASET_DEFAULTS)

# What suits colour images, and networks with convolutions, whatever their name.
IMAGE_DEFAULTS: dict[str, Any] = {
    "hidden": (256,),
    "encoding": "current",
    "neuron.low_rail_th": -1.0,
    "learning_circuit.dead_zone_counts": 0.5,
    "conversion.initial_membrane_th": 0.5,
    "training.epochs": 1,
    "training.learning_rate": 1e-3,
    "training.validation_fraction": 0.1,
}
# Steps at the end of a window in which they are learned; half of the window where nothing is said. In the last step
# counts are final: errors before it are mostly those of spikes still to come, and many layers learn to fire more.
IMAGE_STEPS_LEARNED_IN = 1

# What suits networks that are trained through time: pixels as constant currents, few steps, outputs that integrate.
THROUGH_TIME_DEFAULTS: dict[str, Any] = {
    "encoding": "current",
    "steps": 5,
    "neuron.kind": "lif",
    "neuron.tau_steps": 20.0,
    "neuron.readout": "integrating",
}

# What suits a method, before what suits data and what a chip in physical units says. Of stdp: an input of 1 spikes at
# every second step (`stdp.max_rate`), so that its trace, of three steps, is above x_tar where it is active and below
# elsewhere.
METHOD_DEFAULTS: dict[str, dict[str, Any]] = {
    # What learns on the host decides this itself: what suits images is for dies that learn from each image at once.
    **{key: {"training.epochs": None, "training.learning_rate": None} for key in ("through-time", "offline-ltl")},
    "stdp": {
        "hidden": (100,),
        "steps": 32,
        "encoding": "bernoulli",
        "neuron.kind": "winner_take_all",
        "neuron.tau_steps": 10.0,
        "neuron.synapse_tau_steps": None,
        "neuron.readout": "spiking",
        "neuron.high_rail_th": 100.0,  # thresholds rise to many times what they start from
        "learning_circuit.rule": "stdp",
        "learning_circuit.trace_tau_steps": 3.0,
        "learning_circuit.warm_up_steps": 0,
        "training.start": "random",
        "training.learning_rate": 0.01,
        "teacher.shift_px": 0,
    },
}
