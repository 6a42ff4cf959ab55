"""The state that the circuits of every neuron have, and where it stands beside that of its model and its rule."""

from __future__ import annotations

from chipsim.layout import CHIP_NUMBERS, DISTURBANCES, FieldPlaces, places_of
from chipsim.neurons.model import MEMBRANE, NeuronModel
from learning_circuit import Field, LearningRule, check_fields

DRIVE = Field("drive", "what the crossbar delivers, kept while a constant current flows", lasts="window", probed=False)
SYNAPTIC = Field("synaptic", "exponential current", lasts="window", probed=False)
CURRENT = Field("current", "what reaches the membrane but for noise, per step", "th", lasts="step")
NOISE = Field("noise", "what is added to it", "th", lasts="step")
KEPT = Field("kept", "what leak and reset leave of the membrane for the next step", "th", lasts="step")
SPIKE = Field("spike", "1 if the neuron fires", lasts="step", shown_as="wire", probed=False)
MARGIN = Field("margin", "of a competing membrane above its threshold", "th", lasts="step", probed=False)
COUNT = Field("count", "of the spike accumulator", "counts", lasts="window")
BEFORE_MISS = Field(
    "before_miss", "spikes until the next missed one", "counts", "window", start=float("inf"), probed=False
)
TARGET_COUNT = Field("target_count", "of the target accumulator", "counts", lasts="window")


def pulse_field(number: int) -> Field:
    """Of a rule's update, from 0."""
    return Field(
        "pulse" if number == 0 else f"pulse_{number + 1}",
        "update pulse; 0 during warm-up; of a rule in integers an increment, in units of the update accumulators",
        "th",
        lasts="step",
    )


MOST_UPDATES = 4  # of a rule, whose pulses have names
_OF_EVERY_CHIP = (
    *(MEMBRANE, COUNT, TARGET_COUNT, CURRENT, NOISE, KEPT, SPIKE, MARGIN, DRIVE, SYNAPTIC, BEFORE_MISS),
    *(pulse_field(number) for number in range(MOST_UPDATES)),
    *CHIP_NUMBERS,
    *(field for field in DISTURBANCES if field.name != NOISE.name),  # sigma and signal have one name
    # What probes show besides, and what a `State` is asked for.
    *(Field(name, "taken") for name in ("neurons", "rows", "input", "weight", "code", "residue")),
    *(Field(name, "taken") for name in ("target", "keep", "copy")),
)


def places_in(neuron: NeuronModel, rule: LearningRule | None) -> FieldPlaces:
    """Of a layer's blocks; a neuron's fields stand where they do without a rule.

    Raises ValueError if neuron and rule declare a field that the other or every chip has.
    """
    check_fields(neuron.fields, f"neuron {neuron.name!r}")
    if rule is None:
        return places_of(neuron.fields)
    check_fields(rule.fields, f"learning rule {rule.name!r}")
    for part, fields in ((f"neuron {neuron.name!r}", neuron.fields), (f"learning rule {rule.name!r}", rule.fields)):
        _check_apart(fields, _OF_EVERY_CHIP, f"{part} declares the field {{}}, which every chip has; rename it")
    both = f"neuron {neuron.name!r} and learning rule {rule.name!r} both declare the field {{}}; rename one of the two"
    _check_apart(neuron.fields, rule.fields, both)
    return places_of((*neuron.fields, *rule.fields))


def _check_apart(fields: tuple[Field, ...], others: tuple[Field, ...], problem: str) -> None:
    """Raises ValueError with `problem` about names that stand in both."""
    both = sorted({field.name for field in fields} & {field.name for field in others})
    if both:
        raise ValueError(problem.format(", ".join(both)))
