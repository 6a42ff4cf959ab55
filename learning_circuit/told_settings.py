"""Settings that tell what they are: unit, range and default of every field, for ``help()`` of a spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_Model = TypeVar("_Model", bound=BaseModel)

# The last part of a field's name -> its unit.
_UNITS = {
    "bits": "bits",
    "columns": "columns",
    "counts": "spikes counted",
    "cycles": "clock cycles",
    "deg": "degrees",
    "fc": "fC",
    "ff": "fF",
    "fraction": "fraction from 0 to 1",
    "k": "K",
    "lsb": "LSB",
    "mhz": "MHz",
    "mw": "mW",
    "na": "nA",
    "nm": "nm",
    "ns": "ns",
    "ohm": "ohm",
    "percentile": "%",
    "pj": "pJ",
    "px": "pixels",
    "relative": "relative: 0.1 is 10 %",
    "rows": "rows",
    "s": "s",
    "sizes": "neurons",
    "steps": "steps",
    "th": "nominal thresholds",
    "um2": "um^2",
    "us": "us",
    "uw": "uW",
    "v": "V",
}
_WHOLE_NAMES = {
    "bandwidth_mbit_per_s": "Mbit/s",
    "batch": "samples",
    "bits_per_spike_event": "bits",
    "bits_per_target": "bits",
    "chunk": "samples",
    "dead_zone_counts": "spikes",
    "channels": "channels",
    "epochs": "passes over the training data",
    "hidden": "neurons",
    "input_shape": "channels, height, width",
    "pelgrom_a_vt_mv_um": "mV um",
    "steps_per_window": "steps",
    "units": "neurons",
}
_SIEMENS = ("conductance", "leak_dac")  # names with one of these end in nS or uS, and not in a time


def tell_settings(model: type[_Model]) -> type[_Model]:
    """Class decorator: a list of the model's fields, with what is known of each, at the end of its docstring."""
    lines = [_told(name, field) for name, field in model.model_fields.items()]
    model.__doc__ = "\n".join([(model.__doc__ or "").rstrip(), "", "    Settings:", "", *lines, "    "])
    return model


def unit_of(name: str) -> str:
    """The unit of a setting, which its name ends in; nothing for one that has none."""
    if name.endswith("_per_step"):
        return "per step"
    unit = _WHOLE_NAMES.get(name) or _UNITS.get(name.rpartition("_")[2], "")
    return f"{unit[0]}S" if unit in ("ns", "us") and any(word in name for word in _SIEMENS) else unit


def _told(name: str, field: FieldInfo) -> str:
    facts = [fact for fact in (unit_of(name), *_limits(field)) if fact]
    parts = [name if field.is_required() else f"{name} = {_default(field)}"]
    if facts:
        parts.append(f"[{', '.join(facts)}]")
    if field.description:
        parts.append(field.description)
    return "        " + "  ".join(parts)


def _default(field: FieldInfo) -> str:
    value = field.default
    return f"{type(value).__name__}()" if isinstance(value, BaseModel) else repr(value)


def _limits(field: FieldInfo) -> Iterator[str]:
    """The range of a number, also of one that may be left open."""
    rules = [*field.metadata, *_inner_rules(field.annotation)]
    for mark, name in (("above", "gt"), ("from", "ge"), ("below", "lt"), ("to", "le")):
        for value in (getattr(rule, name, None) for rule in rules):
            if isinstance(value, int | float):
                yield f"{mark} {value:g}" if isinstance(value, float) else f"{mark} {value}"
                break


def _inner_rules(annotation: Any) -> Iterator[Any]:
    for part in get_args(annotation):
        for rule in getattr(part, "__metadata__", ()):
            yield from rule.metadata if isinstance(rule, FieldInfo) else (rule,)
