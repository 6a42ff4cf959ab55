"""CONFIGURE: the same spec at the other end, and no way to make the receiver read a file or build a giant."""

import json
from dataclasses import replace

import numpy as np
import pytest
from decoder_from_document import tables
from small_chips import spec_of
from wire_messages import image_spec, tiny_spec

from chipsim import ChipSpec, NeuronSpec, wire
from chipsim.wire.messages.recipe import _fields_of
from learning_circuit import LearningCircuitSpec

LIMITS = wire.Limits()
COMMAND = wire.configure(tiny_spec(), 7)


def arrived(command):
    return wire.chip_spec(wire.decode(wire.encode(command))[1], LIMITS)


@pytest.mark.parametrize(
    "spec",
    [
        tiny_spec(),
        ChipSpec(layer_sizes=(784, 256, 10)),
        ChipSpec(
            layer_sizes=(4, 3, 2),
            steps=4096,
            target_bits=5,
            neuron=NeuronSpec(kind="lif", tau_steps=1 / 3, reset="zero", readout="integrating"),
            learning_circuit=LearningCircuitSpec(error_gate="ternary", pulse_steps=((1.0, 0.1), (0.3, 1.7))),
            noise=("mismatch:0.1,layer=2", "link:1e-3"),
        ),
        image_spec(),
        spec_of(neuron={"kind": "lif", "tau_steps": (10, 5, 2), "threshold_th": (1, 0.5, 2)}),
        spec_of(neuron={"kind": "lif", "tau_steps": 3.0, "leak_dac": {"bits": 4}, "threshold_dac": {"bits": 6}}),
    ],
)
def test_the_same_spec_arrives(spec):
    assert arrived(wire.configure(spec, 7)) == spec


def test_fields_that_are_the_same_for_all_layers_do_not_claim_more():
    """One leak and the nominal threshold: all else is 255, as only the spec says."""
    lif = {"kind": "lif", "tau_steps": 3.0}

    def fields(**neuron):
        command = wire.configure(spec_of(neuron=neuron), 7)
        return command.neuron.kind, command.neuron.tau_steps

    assert fields() == (0, 10.0)
    assert fields(**lif) == (1, 3.0)
    assert fields(**lif, leak_dac={"bits": 1}) == (255, 0.0)  # switched off
    assert fields(**lif, leak_dac={"bits": 2}) == (1, pytest.approx(3.0))
    assert fields(kind="lif", tau_steps=(3.0, 3.0, 3.0)) == (1, 3.0)
    assert fields(kind="lif", tau_steps=(3.0, 3.0, 2.0)) == (255, 0.0)
    assert fields(threshold_th=0.5) == fields(threshold_th=(1, 1, 2)) == (255, 0.0)
    assert fields(threshold_dac={"bits": 2}) == (0, 10.0)  # which sets 1


def test_a_spec_without_these_settings_says_nothing_of_them():
    assert b"dac" not in COMMAND.spec and b"threshold_th" not in COMMAND.spec


def test_a_measured_pulse_curve_travels_as_numbers(tmp_path):
    curve = tmp_path / "device.csv"
    curve.write_text("pulse,potentiation,depression\n0,1,9\n1,4,6\n2,9,1\n")
    spec = spec_of(circuit={"pulse_curve_csv": str(curve)})
    command = wire.configure(spec, 1)
    assert b"csv" not in command.spec
    curve.unlink()
    assert arrived(command) == spec


def changed(**settings):
    return replace(COMMAND, spec=json.dumps(json.loads(COMMAND.spec) | settings).encode())


def image(shape, kernel, channels=513):
    """CONFIGURE whose spec is of one convolution."""
    layer = {"kind": "convolution", "channels": channels, "kernel": kernel}
    return replace(COMMAND, spec=json.dumps({"input_shape": shape, "layers": [layer], "steps": 5}).encode())


@pytest.mark.parametrize(
    "command, said",
    [
        (changed(learning_circuit={"pulse_curve_csv": "/etc/passwd"}), "pulse_curve_csv names a file"),
        (changed(noise=["mismatch:-1"]), "level -1"),
        (changed(noise=[f"silencing:0.1,layer={i}" for i in range(2000)]), "2000 noises"),
        (changed(layer_sizes=[1 << 20, 1 << 20, 1 << 20]), "synapses"),
        (changed(layer_sizes=[12, 4, 2]), "layers[1].n_out is 4 by the spec and 3 in"),
        (changed(steps=6), "steps is 6 by the spec and"),
        (changed(colour="red"), "colour"),
        (replace(COMMAND, spec=b"[" * 100_000), "not JSON"),
        (replace(COMMAND, spec=b"\xff"), "not JSON"),
        (replace(COMMAND, spec=b""), "not JSON"),
        (replace(COMMAND, spec=b"[]"), "not an object"),
        (replace(COMMAND, spec=b'{"steps": ' + b"9" * 5000 + b"}"), "not JSON"),
        (replace(COMMAND, target_bits=15), "by the spec and 15 in CONFIGURE's fields"),
        (image([1, 1024, 1000], kernel=[100, 1], channels=1), "kernels of 92500000 lines"),
        (image([1 << 19, 2, 1], kernel=[2, 1]), "synapses"),
        (image([1, 4, 4], kernel=[5, 5]), "larger than its image"),
        (image([1, 4, 4], kernel=[2, 2]), "by the spec and"),
    ],
)
def test_refused_in_one_line(command, said):
    with pytest.raises(wire.WireError) as caught:
        arrived(command)
    text = str(caught.value)
    assert said in text and "\n" not in text and len(text) < 700
    assert caught.value.code in (wire.ErrorCode.REFUSED, wire.ErrorCode.TOO_LARGE)


def test_no_file_is_opened(monkeypatch):
    def opened(*arguments, **options):
        raise AssertionError(f"opened {arguments}")

    monkeypatch.setattr("pathlib.Path.open", opened)
    monkeypatch.setattr("builtins.open", opened)
    assert arrived(COMMAND) == tiny_spec()
    with pytest.raises(wire.WireError):
        arrived(changed(learning_circuit={"pulse_curve_csv": "/etc/passwd"}))


def test_choices_without_a_number_travel_in_the_spec_alone():
    from chipsim.wire.messages.network_layout import OTHER, RESETS, choice

    assert choice(RESETS, "zero") == 1 and choice(RESETS, "decay") == OTHER


@pytest.mark.parametrize("body", [b"\x01\x00\x08\x00" + bytes(7), b"\x01\x00\x09\x00" + bytes(9), b"\x09\x00\x00\x00"])
def test_layers_that_are_none(body):
    head = np.array([7], "<u8").tobytes() + b"\x05\x00\x10\x01"
    frame = wire.frame.seal(wire.Envelope(wire.Configure.KIND), [head, body])
    with pytest.raises(wire.WireError, match="CONFIGURE"):
        wire.decode(frame)


def of_first_layer(**change):
    return {"layers": (replace(COMMAND.layers[0], **change), *COMMAND.layers[1:])}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"steps": 9}, "steps is 5 by the spec and 9 in CONFIGURE's fields"),
        ({"target_bits": 3}, "target_bits is 16 by the spec and 3 in CONFIGURE's fields"),
        ({"layers": COMMAND.layers[:1]}, "n_layers is 2 by the spec and 1 in CONFIGURE's fields"),
        (of_first_layer(n_out=9), "layers[1].n_out is 3 by the spec and 9 in CONFIGURE's fields"),
        (
            {"neuron": replace(COMMAND.neuron, high_rail_th=7.5)},
            "neuron.high_rail_th is 8.0 by the spec and 7.5 in CONFIGURE's fields",
        ),
        (
            {"circuit": replace(COMMAND.circuit, warm_up_steps=1)},
            "circuit.warm_up_steps is 2 by the spec and 1 in CONFIGURE's fields",
        ),
    ],
)
def test_the_field_that_differs_from_the_spec_is_named(fields, named):
    with pytest.raises(wire.WireError) as caught:
        arrived(replace(COMMAND, **fields))
    assert caught.value.code == wire.ErrorCode.REFUSED
    assert str(caught.value) == f"the die's spec is refused: {named}"


def test_every_field_of_configure_is_compared_by_the_name_that_the_document_gives_it():
    names = tables()
    for part, table in (("neuron", "NEURON"), ("circuit", "CIRCUIT")):
        mine = [name for _, _, name in names[table] if name]
        compared = [name.removeprefix(f"{part}.") for name in _fields_of(COMMAND) if name.startswith(f"{part}.")]
        assert compared == mine
    for command, table, kind in (
        (COMMAND, "DENSE", 1),
        (wire.configure(image_spec(), 1), "CONVOLUTION", 2),
        (wire.configure(image_spec(), 1), "AVERAGE_POOL", 3),
    ):
        number = [layer.KIND for layer in command.layers].index(kind) + 1
        mine = [name for name in _fields_of(command) if name.startswith(f"layers[{number}].")]
        said = ["kind", *(name for _, _, name in names[table] if name)]
        assert mine == [f"layers[{number}].{name}" for name in said]
