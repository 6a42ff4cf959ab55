"""Every mix of effects that the built-in neurons and rule allow, the chip and the run that ask for it, and choices."""

from dataclasses import dataclass
from itertools import combinations, product
from typing import NamedTuple

from small_chips import CIRCUIT, NEURON
from small_images import image_spec

from chipsim import ChipSpec, NeuronSpec
from chipsim.design import Convolution
from chipsim.kernel import Order, Plan, When, settled, settled_plans
from learning_circuit import LearningCircuitSpec, Rows

RULE = "local_tandem"
NEURONS = ("lif", "readout")
ROWS = ((Rows.SPIKES,), (Rows.TRACES,))
SETTLED = tuple(settled_plans(NEURONS, RULE, ROWS))
WIDTHS = (10, 20, 40, 60, 70)  # blocks of one to four vectors, and two blocks
EFFECTS = ("exponential", "scaled", "noise", "missed", "probed")
STEPS = 5


@dataclass(frozen=True)
class Mix:
    """What is asked of one layer of neurons."""

    neuron: str
    image: str  # "dense", or the form of a convolution
    rows: tuple  # of the rule's updates, none where weights rest
    write: str
    current: str  # "spikes" or "constant"
    exponential: bool
    scaled: bool  # of positions that share a crossbar alone
    noise: bool
    missed: bool
    probed: bool

    @property
    def asked(self) -> Plan:
        """As `plan_of` puts it, before it is settled."""
        effects = {name: When.ALWAYS if getattr(self, name) else When.NEVER for name in EFFECTS}
        return Plan(
            order=Order.STEP,
            image=self.image != "dense",
            learns=bool(self.rows),
            neuron=self.neuron,
            rule=RULE if self.rows else "",
            rows=self.rows,
            current=self.current,
            write=self.write,
            **effects,
        )

    @property
    def settled(self) -> Plan:
        return settled(self.asked)

    def spec(self, width: int) -> ChipSpec:
        """A chip of one layer of `width` columns whose kernel this is."""
        leaky = self.missed or self.write == "codes"  # of either kind now and then: both have the same kernels
        neuron = {"kind": "lif" if leaky else "if", "tau_steps": 3.0}
        neuron["readout"] = "integrating-max" if self.neuron == "readout" else "spiking"
        neuron["synapse_tau_steps"] = 2.0 if self.exponential else None
        neuron["reset"] = "zero" if self.noise else "subtract"
        noise = [
            *(("pelgrom:0.05",) if self.scaled else ("mismatch:0.2@threshold",)),
            *(("thermal:0.2", "read:0.05") if self.noise else ()),
            *(("missed:0.3",) if self.missed else ()),
            *{"direct": (), "codes": ("quantization:4",), "devices": ("write:0.02", "pulse:0.3")}[self.write],
        ]
        circuit = CIRCUIT | {"trace_tau_steps": 2.0 if Rows.TRACES in self.rows else None, "warm_up_steps": 1}
        if self.image == "dense":
            return ChipSpec(
                layer_sizes=(6, width),
                steps=STEPS,
                noise=tuple(noise),
                neuron=NeuronSpec(**(NEURON | neuron)),
                learning_circuit=LearningCircuitSpec(**circuit),
            )
        layers = (Convolution(channels=width, kernel=2, form=self.image),)
        return image_spec(layers, (1, 2, 4), STEPS, tuple(noise), neuron, circuit)  # three positions


class Case(NamedTuple):
    mix: Mix
    width: int

    def __str__(self) -> str:
        mix = self.mix
        what = [mix.neuron, mix.image, *(mix.rows or ("rests",)), mix.write if mix.rows else "", mix.current]
        return "-".join([*filter(None, what), *(name for name in EFFECTS if getattr(mix, name)), str(self.width)])


def _mixes():
    taught = [((), "direct"), *product(ROWS, ("direct", "codes", "devices"))]
    flags = product((False, True), repeat=len(EFFECTS))
    for neuron, image, (rows, write), current, effects in product(
        NEURONS, ("dense", "shared", "unrolled"), taught, ("spikes", "constant"), list(flags)
    ):
        mix = Mix(neuron, image, rows, write, current, *effects)
        if image != "dense" and Rows.TRACES in rows:
            continue  # refused by the design
        if mix.scaled and image != "shared":
            continue  # there it is part of each synapse's own gain
        yield mix


MIXES = tuple(_mixes())


def _pairs(case: Case) -> set:
    """Each two of the things that a case has."""
    return set(combinations((*vars(case.mix).items(), ("width", case.width)), 2))


def _greedy(groups) -> tuple[Case, ...]:
    """From each group the case that shows most pairs that none before it did."""
    seen: set = set()
    chosen = []
    for group in groups:
        best = max(group, key=lambda case: len(_pairs(case) - seen))
        seen |= _pairs(best)
        chosen.append(best)
    return tuple(chosen)


def every_case() -> tuple[Case, ...]:
    """Each settled plan at each width, of spikes and of a constant current where it is open to both.

    Among the mixes that settle on it those that show most that has not been shown: with it every two of all effects.
    """
    by_plan: dict = {}
    for mix in MIXES:
        by_plan.setdefault((mix.settled, mix.current), []).append(mix)
    return _greedy([Case(mix, width) for mix in mixes] for mixes in by_plan.values() for width in WIDTHS)


def pairwise_choice(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """As few of them as still show every plan, and every two things that all of them show together."""
    left = set().union(*map(_pairs, cases)) | {case.mix.settled for case in cases}
    chosen = []
    while left:
        best = max(cases, key=lambda case: len((_pairs(case) | {case.mix.settled}) & left))
        left -= _pairs(best) | {best.mix.settled}
        chosen.append(best)
    return tuple(chosen)
