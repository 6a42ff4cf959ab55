"""Which settings of a run have a flag on the command line. All but the flag's name and place is said by their fields.

Type, choices, default and help come from the fields of `RunSpec` and of the tables in it: a field's description is the
help of its flag. To give a setting a flag: a description in its field, a line in FLAGS.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chipsim.design import NameOf
from host.settings.spec import RunSpec

Group = Literal["Chip", "Data", "Network", "Learning"]


class Flag(NamedTuple):
    """A setting's name on the command line."""

    name: str
    group: Group  # heading that it stands under
    default: str | None = None  # what the help says instead of the field's own, where that depends on other settings
    by_keys: bool = False  # a table, whose settings are written as key=value with commas between


# By the setting's dotted name, in the order of the help.
FLAGS: dict[str, Flag] = {
    "chip": Flag("--chip", "Chip"),
    "noise": Flag("--noise", "Chip"),
    "die": Flag("--die", "Chip"),
    "synapse.weight_bits": Flag("--weight-bits", "Chip", "analog"),
    "dataset": Flag("--dataset", "Data"),
    "data_dir": Flag("--data-dir", "Data"),
    "scale": Flag("--scale", "Data"),
    "hidden": Flag("--hidden", "Network", "128,64 for digits"),
    "teacher.file": Flag("--teacher", "Network"),
    "teacher.method": Flag("--teacher-method", "Network"),
    "teacher.step_s": Flag("--dt", "Network"),
    "teacher.integration": Flag("--integration", "Network"),
    "steps": Flag("--steps", "Network"),
    "encoding": Flag("--encoding", "Network"),
    "neuron.kind": Flag("--neuron", "Network"),
    "neuron.tau_steps": Flag("--tau", "Network"),
    "neuron.threshold_th": Flag("--threshold", "Network"),
    "neuron.synapse_tau_steps": Flag("--synapse-tau", "Network", "none"),
    "neuron.reset": Flag("--reset", "Network"),
    "neuron.readout": Flag("--readout", "Network"),
    "training.method": Flag("--method", "Learning"),
    "training.start": Flag("--start", "Learning"),
    "seed": Flag("--seed", "Learning"),
    "training.epochs": Flag("--epochs", "Learning", "by the size of the data set"),
    "training.learning_rate": Flag("--learning-rate", "Learning", "by error gate"),
    "learning_circuit.error_gate": Flag("--error-gate", "Learning"),
    "learning_circuit.arithmetic": Flag("--arithmetic", "Learning"),
    "learning_circuit.warm_up_steps": Flag("--warm-up", "Learning", "half the steps"),
    "stdp.prune": Flag("--prune", "Learning", "none", by_keys=True),
    "stdp.round": Flag("--round", "Learning", "none", by_keys=True),
}


@dataclass(frozen=True)
class FlaggedSetting:
    """A setting that has a flag, as the command line needs to know it."""

    name: str  # dotted
    flag: str
    group: Group
    kind: type  # int, float or str; of one element, where there are several
    # How several values are written; "": there is but one; "per layer": one, or one for each layer with commas between;
    # "keys": settings of a table, as key=value with commas between.
    many: Literal["", "commas", "repeated", "per layer", "keys"]
    choices: tuple[str, ...]  # empty: any value of that kind; of "keys" these
    least: int | None  # of whole numbers
    most: int | None
    default: str | None  # as the help shows it
    meaning: str

    def help(self, default: str | None = None) -> str:
        """What the flag is for. default: said in place of the setting's own."""
        shown = default or self.default
        one_of = f" {'Keys:' if self.many == 'keys' else 'One of'} {', '.join(self.choices)}." if self.choices else ""
        return f"{self.meaning}{one_of}" + (f"  [default: {shown}]" if shown else "")


def flagged(name: str) -> FlaggedSetting:
    """The setting called `name`, one of FLAGS."""
    flag, field = FLAGS[name], _field(RunSpec, name)
    of_layers = field.annotation == (float | tuple[float, ...])
    kind = float if of_layers else _bare(field.annotation)
    many: Literal["", "commas", "repeated", "per layer", "keys"] = "per layer" if of_layers else ""
    if get_origin(kind) is tuple:
        kind = _bare(get_args(kind)[0])
        many = "repeated" if kind is str else "commas"
    choices = tuple(map(str, get_args(kind))) if get_origin(kind) is Literal else ()
    if flag.by_keys and isinstance(kind, type) and issubclass(kind, BaseModel):
        many, choices = "keys", tuple(kind.model_fields)
    meaning = field.description or ""
    for rule in field.metadata:
        if isinstance(rule, NameOf) and rule.others:
            meaning = f"{', '.join(rule.group.names())}, {meaning}"
        elif isinstance(rule, NameOf):
            choices = rule.group.names()
    limits = list(_limits(field))
    return FlaggedSetting(
        name,
        flag.name,
        flag.group,
        kind if kind in (int, float) else str,
        many,
        choices,
        max((low for low, _ in limits if low is not None), default=None),
        min((high for _, high in limits if high is not None), default=None),
        flag.default or _shown(field.default),
        meaning,
    )


def _field(model: type[BaseModel], name: str) -> FieldInfo:
    table, dot, rest = name.partition(".")
    field = model.model_fields[table]
    return _field(_bare(field.annotation), rest) if dot else field


def _bare(annotation: Any) -> Any:
    """An annotation without what Annotated adds to it, and without None."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        [other] = [part for part in get_args(annotation) if part is not type(None)]
        return _bare(other)
    return annotation


def _limits(field: FieldInfo) -> Iterator[tuple[int | None, int | None]]:
    for rule in field.metadata:
        low, high, below = (getattr(rule, name, None) for name in ("ge", "le", "lt"))
        yield low, high if below is None else below - 1


def _shown(default: Any) -> str | None:
    if default is None or default == ():
        return None
    return f"{default:g}" if isinstance(default, float) else str(default)
