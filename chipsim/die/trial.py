"""A neuron or a learning rule from another package tried on one number, before a kernel is made of it.

What is wrong with it is then one line at the start of a run that names it and its field, and no error of a compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import numpy as np

from chipsim.design import LEARNING_RULES, NEURONS, ChipError, settings_of
from chipsim.layout import CHIP_NUMBERS, FieldPlaces
from chipsim.neurons import MEMBRANE, MOST_UPDATES, NeuronModel, formulas_named, places_in
from learning_circuit import Brings, Field, Float32, LearningCircuitSpec, LearningRule, Moment, Rows, Seen
from nonideality import PluginGroup


class _Tried(Float32):
    """One number that allows what sixteen in a vector register do, and no more."""

    def __bool__(self) -> bool:
        raise TypeError("a comparison is true for some neurons and not for others: choose by its where(), not by 'if'")

    def __float__(self) -> float:
        raise TypeError("float() and functions of math take one number, not those of sixteen neurons")

    def broadcast_like(self, other: Any) -> Self:
        if isinstance(other, Float32) and not isinstance(other, _Tried):
            raise TypeError("a Float32 of its own among the numbers that it was given: write a plain number instead")
        return super().broadcast_like(other)

    def in_double(self) -> Any:
        raise TypeError("in_double() is for chipsim's own rules, which are tried otherwise: write it in float32")

    @property
    def is_comparison(self) -> bool:
        return isinstance(self.value, np.bool_)


class _Fields:
    """Fields by name, as a formula asks for them."""

    def __init__(self, owner: str, fields: Iterable[Field], writable: bool) -> None:
        names = {field.name for field in fields}
        self.__dict__.update({name: _Tried(0.5) for name in names})
        self.__dict__.update(_names=names, _owner=owner, _writable=writable)

    def __getattr__(self, name: str) -> Any:
        known = ", ".join(sorted(self._names)) or "none"
        raise ChipError(
            f"{self._owner} reads the field {name!r}, which it does not declare: its fields here are {known}"
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if not self._writable or name not in self._names:
            known = ", ".join(sorted(self._names)) if self._writable else "none"
            raise ChipError(
                f"{self._owner} assigns to {name!r}, which is no field of its state: declare it with lasts, or assign"
                f" to one of {known}"
            )
        if not isinstance(value, _Tried):
            raise ChipError(
                f"{self._owner} assigns {type(value).__name__} to {name!r}: every value has to be made of the numbers"
                " that it was given"
            )
        self.__dict__[name] = value


def places_for(neuron: NeuronModel, rule: LearningRule) -> FieldPlaces:
    """Where the fields of both stand. Raises ChipError, with a package, if one is declared twice."""
    for group, part in ((NEURONS, neuron), (LEARNING_RULES, rule)):
        odd = [each for each in part.fields if not isinstance(each, Field)]
        if odd:
            found = ", ".join(type(each).__name__ for each in odd)
            raise group.broken(
                part.name, f"has fields that are no learning_circuit.Field but {found}; make them one each"
            )
    try:
        return places_in(neuron, rule)
    except ValueError as error:
        offers = [*NEURONS.offers(neuron.name), *LEARNING_RULES.offers(rule.name)]
        from_others = [f"{offer.package} {offer.version}" for offer in offers if offer.package != "chipsim"]
        raise ChipError(f"{error} ({', '.join(from_others) or 'chipsim'})") from None


def settings_for(group: PluginGroup[Any], part: Any, shared: Any, own: dict[str, Any]) -> Any:
    """As `settings_of`; what it raises names the package of another's neuron or rule, too."""
    if not is_foreign(group, part.name):
        return settings_of(part, shared, own)
    found: list[Any] = []
    _blaming(group, part.name, lambda: found.append(settings_of(part, shared, own)))
    return found[0]


def try_neuron(neuron: NeuronModel) -> None:
    """Raises ChipError of one line, with the neuron's package."""
    if not is_foreign(NEURONS, neuron.name):
        return
    what = f"neuron {neuron.name!r}"

    def run() -> None:
        if not neuron.fires:
            raise ChipError(
                f"{what} never fires, and a kind of neuron has to: leave out fires = False; what only integrates is a"
                " chip's own readout, neuron.readout"
            )
        if neuron.formulas and neuron.fields != formulas_named(neuron.formulas).fields:
            raise ChipError(
                f"{what} has the formulas of {neuron.formulas!r}, but not its fields: declare the same, or leave out"
                " formulas"
            )
        fields = [*neuron.fields, MEMBRANE]
        own = _Fields(what, [*_fabricated(neuron.fields), *CHIP_NUMBERS], writable=False)
        state = _Fields(what, [field for field in fields if field.lasts != "fabricated"], writable=True)
        neuron.integrate(own, state, _Tried(np.bool_(False)), _Tried(0.25))
        _check_number(what, "integrate", state.membrane)
        _check_number(what, "fire", neuron.fire(own, state), comparison=True)

    _blaming(NEURONS, neuron.name, run)


def try_rule(rule: LearningRule, circuit: LearningCircuitSpec) -> None:
    """Raises ChipError of one line, with the rule's package."""
    what = f"learning rule {rule.name!r}"
    if not is_foreign(LEARNING_RULES, rule.name):
        _check_rows(what, rule, rule.rows(circuit), circuit)
        return

    def run() -> None:
        rows = rule.rows(circuit)
        _check_rows(what, rule, rows, circuit)
        target = _Tried(0.5) if Brings.TARGET in rule.brings else None
        own = _Fields(what, [*_fabricated(rule.fields), *CHIP_NUMBERS], writable=False)
        state = _Fields(what, [field for field in rule.fields if field.lasts != "fabricated"], writable=True)
        seen = Seen(_Tried(0.5), _Tried(np.bool_(True)), _Tried(2), target, target)
        told = _Tried(1) if Brings.BROADCAST in rule.brings else None
        moment = Moment(_Tried(0.1), _Tried(0.5), told)
        try:
            rule.observe(own, state, seen, moment)
            pulses = rule.pulses(own, state, seen, moment)
        except (TypeError, AttributeError) as error:
            if "NoneType" in str(error):
                needs = " or ".join(f"Brings.{each.name}" for each in Brings if each not in rule.brings)
                raise ChipError(f"{what} uses what no host brings it: put {needs} into its brings ({error})") from error
            raise
        if not isinstance(pulses, list) or len(pulses) != len(rows):
            one = "a number and no list" if isinstance(pulses, _Tried) else type(pulses).__name__
            returned = f"{len(pulses)} pulses" if isinstance(pulses, list) else one
            raise ChipError(
                f"{what} returns {returned} for the {len(rows)} updates that rows() names: return one for each"
            )
        for pulse in pulses:
            _check_number(what, "pulses", pulse)

    _blaming(LEARNING_RULES, rule.name, run)


def _check_rows(what: str, rule: LearningRule, rows: Any, circuit: LearningCircuitSpec) -> None:
    if not isinstance(rows, tuple) or not all(isinstance(each, Rows) for each in rows):
        raise ChipError(f"{what}: rows() gives {rows!r}: give a tuple of learning_circuit.Rows, one for each update")
    if not rows:
        raise ChipError(f"{what} makes no update: its rows() is empty; name the rows of at least one")
    if len(rows) > MOST_UPDATES:
        raise ChipError(
            f"{what} makes {len(rows)} updates in a step: name the rows of at most {MOST_UPDATES} in rows()"
        )
    if Rows.OFFSET_TRACES in rows and not rule.unipolar:
        raise ChipError(
            f"{what} moves rows by their traces less an offset, which only unipolar synapses take: set unipolar = True"
        )
    needs_traces = any(each.needs_traces for each in rows)
    if needs_traces and circuit.trace_tau_steps is None:
        raise ChipError(
            f"{what} moves rows by the traces of their spikes, and they leave none: set"
            " learning_circuit.trace_tau_steps (layers on images have no traces)"
        )
    if not needs_traces and circuit.trace_tau_steps is not None:
        raise ChipError(f"{what} moves no rows by their traces: leave learning_circuit.trace_tau_steps out")


def _check_number(what: str, method: str, value: Any, comparison: bool = False) -> None:
    if not isinstance(value, _Tried):
        raise ChipError(
            f"{what}: {method}() gives {type(value).__name__}: everything has to be made of the numbers that it was"
            " given"
        )
    if value.is_comparison != comparison:
        wanted, given = ("a comparison", "a number") if comparison else ("a number", "a comparison")
        raise ChipError(f"{what}: {method}() gives {given}, where {wanted} is meant")


def check_values(
    group: PluginGroup[Any], name: str, fields: tuple[Field, ...], values: Mapping[str, Any], shape: tuple[int, ...]
) -> None:
    """Whether fabricated values are those of the declared fields. Raises ChipError, with the package of `name`."""
    what = f"{group.what} {name!r}"

    def run() -> None:
        declared = {field.name: field for field in _fabricated(fields)}
        if values.keys() != declared.keys():
            odd = ", ".join(sorted(values.keys() ^ declared.keys()))
            raise ChipError(
                f"{what}: fabricate() and its fields differ in {odd}; give a value to each fabricated field"
            )
        for each, value in values.items():
            wanted = shape if declared[each].per == "neuron" else ()
            if np.shape(value) != wanted:
                raise ChipError(f"{what}: field {each!r} is of shape {np.shape(value)}, but this layer's are {wanted}")
            try:
                np.asarray(value, np.float64)
            except (TypeError, ValueError):
                raise ChipError(f"{what}: field {each!r} is of no numbers: give float64") from None

    _blaming(group, name, run)


def _fabricated(fields: Iterable[Field]) -> list[Field]:
    return [field for field in fields if field.lasts == "fabricated"]


def is_foreign(group: PluginGroup[Any], name: str) -> bool:
    """Whether another package brings it; a readout has no entry in any group."""
    return name in group.names() and group.plugin(name) is not None


def _blaming(group: PluginGroup[Any], name: str, run: Callable[[], None]) -> None:
    """What `run` raises, with the package that it is about."""
    try:
        with group.blamed(name, "fails"):
            run()
    except ChipError as error:
        plugin = group.plugin(name)
        if plugin is None or plugin.package in str(error):
            raise
        raise ChipError(f"{error} ({plugin.package} {plugin.version})") from error
