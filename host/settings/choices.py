"""What some settings choose from, with what each choice means. Imports nothing, so that help answers at once."""

from __future__ import annotations

from typing import Literal

# Those that are built in; `host.settings.plugins` knows those of other packages, too.
ENCODINGS: dict[str, str] = {
    "rate": "evenly spaced spikes, x T of them",
    "bernoulli": "at each step a spike with probability x",
    "current": "a constant current of x, no spikes",
    "latency": "one spike, at step round((1 - x) (T - 1)); none for x = 0",
    "log-latency": "one spike, 0.235 T ln(x / (x - 0.2)) steps late, x = 1 at step 0; none for x up to 0.2",
}

Norm = Literal["layer", "neuron"]

OutputTarget = Literal["label", "softmax", "logits"]

OUTPUT_TARGETS: dict[OutputTarget, str] = {
    "label": "1 for the labelled class, 0 for all others",
    "softmax": "the teacher's class probabilities",
    "logits": "the teacher's logits, scaled to rates from 0 to 1",
}
