"""Harnesses of what people write: TOML, noises, axes, layers, curves, lists of numbers."""

import click
from harness import ROOT, Harness, kept
from mutations import as_text, words
from scratch import written

from chipsim import ChipError
from chipsim.physical import key_lines, validated
from chipsim.reading import NoTextError, TomlError, parse_toml, text_of
from chipsim.server import is_local
from host.cli import bench, limit, options, run_options, trace
from host.errors import HostError, SettingError, TeacherError
from host.run import resolve
from host.studies import fraction
from host.studies.imperfection import imperfection
from host.sweep import dies, noise_axis, setting_axis
from host.teachers import parse_architecture
from learning_circuit import read_pulse_curve
from nonideality import EFFECTS, NoiseError, parse, parse_all, settled

_SITES = ("threshold", "weight", "leak", "bias", "target", "events", "layer=1", "layer", "seed", "0.2", "1e-3")


def _toml(data: bytes) -> None:
    text = text_of(data)
    table = parse_toml(text)
    lines = key_lines(text)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
    assert {path[0] for path in lines if path} <= {*table, ""} or '"' in text, "keys have lines, and nothing else has"


def _chip(data: bytes) -> None:
    text = text_of(data)
    validated(parse_toml(text), "it.toml", key_lines(text))


def _settings(data: bytes) -> None:
    resolve(written("settings.toml", data), {})


def _noise(data: bytes) -> None:
    """One after the other, then all of them on a chip."""
    texts = as_text(data).split(" ")
    for text in texts:
        for line in parse(text).describe():
            assert line.isprintable()
        assert parse(settled(text)).sites == parse(text).sites
    parse_all(texts)


def _any_of(data: bytes, grammars) -> None:
    """All grammars are tried, whichever was meant; a refusal if none takes it. grammars: (reader, what it raises)."""
    text = as_text(data)
    refusals = []
    for read, raised in grammars:
        try:
            read(text)
        except raised as error:
            refusals.append(error)
    if len(refusals) == len(grammars):
        raise refusals[len(text) % len(refusals)]


def _axis(data: bytes) -> None:
    _any_of(data, [(read, (SettingError, NoiseError)) for read in (noise_axis, setting_axis, dies)])


def _curve(data: bytes) -> None:
    up, down = read_pulse_curve(str(written("pulses.csv", data)))
    assert all(value - value == 0 for value in (*up, *down)), "steps are finite"


class _Line(Exception):
    """A curve's ValueError that is worded as promised."""


def _worded_curve(data: bytes) -> None:
    try:
        _curve(data)
    except ValueError as error:
        if not str(error).startswith("pulse_curve_csv "):
            raise
        raise _Line(str(error)) from error.__context__


_CALLBACKS = (
    *(run_options._numbers, run_options._of_layers, trace._places, trace._numbers, trace._learned, limit._two_levels),
    *(bench._counts, options.layer_sizes),
)


def _by(callback):
    return lambda text: callback(None, None, text)


def _options(data: bytes) -> None:
    run_options._assignments(None, None, (f"a={as_text(data)}",))
    grammars = [(_by(callback), click.BadParameter) for callback in _CALLBACKS]
    grammars += [(parse_architecture, TeacherError), (imperfection, (SettingError, NoiseError)), (is_local, ChipError)]
    _any_of(data, [*grammars, (lambda text: fraction(text, "--yield"), SettingError)])


def _presets() -> list[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "chipsim" / "physical" / "presets").glob("*.toml"))]


_NAMES = ("dataset", "hidden", "steps", "noise", "neuron", "training", "teacher", "learning_circuit", "chip", "kind")
_FIGURES = (
    "tau_s",
    "capacitance_f",
    "rows",
    "columns",
    "bits",
    "energy_j",
    "[neuron]",
    "[chip]",
    "[[a]]",
    "'''",
    '"""',
)

HARNESSES = (
    Harness(
        "toml",
        _toml,
        (TomlError, NoTextError),
        ("chipsim/reading/toml.py", "chipsim/physical/toml_lines.py"),
        words(*_NAMES, *_FIGURES),
        lambda: _presets() + kept("settings"),
    ),
    Harness(
        "chip",
        _chip,
        (ChipError, TomlError, NoTextError),
        (
            "chipsim/physical/loading.py",
            "chipsim/physical/table.py",
            "chipsim/physical/spec.py",
            "chipsim/physical/derive.py",
        ),
        words(*_FIGURES),
        _presets,
    ),
    Harness(
        "settings",
        _settings,
        (HostError, ChipError),
        ("host/run/resolution.py", "host/run/hardware_setting.py", "host/settings/nested.py", "host/settings/spec.py"),
        words(*_NAMES, "mnist", "digits", "yinyang", "rram", "ideal", "mismatch:0.2", "a.onnx", "b.nir", "auto"),
        lambda: kept("settings"),
    ),
    Harness(
        "noise",
        _noise,
        (NoiseError,),
        ("nonideality/grammar.py", "nonideality/options.py", "nonideality/effect.py"),
        words(*EFFECTS.names(), *_SITES),
        lambda: kept("noise"),
    ),
    Harness(
        "axis",
        _axis,
        (SettingError, NoiseError),
        ("host/sweep/axes.py",),
        words(*EFFECTS.names(), *_SITES, "steps", "5-9", "1,3,8-12", "die", "training.chunk"),
        lambda: kept("axis"),
    ),
    Harness(
        "options",
        _options,
        (click.BadParameter, HostError, NoiseError, ChipError),
        (
            "host/teachers/architecture.py",
            "host/studies/imperfection.py",
            "host/cli/run_options.py::_numbers,_of_layers,_assignments",
            "host/studies/die_yield.py::fraction",
        ),
        words(
            "64k5s2",
            "fc128",
            "p2",
            "s2",
            "k3",
            "99%",
            "..",
            "1:0",
            "tcp://",
            "ipc://",
            "[::1]",
            "localhost",
            "5555",
            "*",
        ),
        lambda: kept("options"),
    ),
    Harness(
        "pulses",
        _worded_curve,
        (_Line,),
        ("learning_circuit/pulse_curve.py",),
        words("pulse", "potentiation", "depression", "1e308", "-1e308", "1e-320", "\r\n"),
        lambda: kept("pulses"),
    ),
)
