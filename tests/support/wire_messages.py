"""One message of every kind, always the same: what golden frames are made of, and what fuzzers start from."""

from dataclasses import replace

import numpy as np
from small_chips import current_events, events_of, random_targets, spec_of

from chipsim import AdcSpec, ChipSpec, wire
from chipsim.design import AveragePool, Convolution, Dense, Flatten
from chipsim.wire.messages import Converters
from nonideality import Plugin

SESSION = 0x1122334455667788
# Written out, so that golden frames stay when specs get new settings.
TINY_JSON = b"""{"layer_sizes": [12, 3, 2], "steps": 5, "noise": ["mismatch:0.2@threshold", "quantization:4"],
"neuron": {"low_rail_th": -1.0}, "learning_circuit": {"boxcar_width_th": 2.0, "dead_zone_counts": 0.5,
"warm_up_steps": 2}}"""


PLUGINS = (
    Plugin("chipsim.nonidealities", "droop", "acme-effects", "1.2"),
    Plugin("chipsim.learning_rules", "stdp", "spike-rules", "0.3.1rc1+local"),
)


def tiny_spec():
    return spec_of((12, 3, 2), steps=5, noise=("mismatch:0.2@threshold", "quantization:4"))


def tiny_events(graded=False):
    """Seventy windows, so that there are two groups; sets and spikes in every form."""
    rng = np.random.default_rng(7)
    if graded:
        events = current_events(tiny_spec(), rng, 3)
        return events._replace(amplitude=np.rint(events.amplitude * 254 + 1).astype(np.float32) * np.float32(1 / 255))
    densities = rng.choice([0.0, 0.02, 0.1, 0.5, 1.0], (70, 1, 1))
    return events_of(rng.random((70, 5, 12)) < densities)


def tiny_targets(n_windows):
    return random_targets(tiny_spec(), np.random.default_rng(8), n_windows)


def learn(graded=False, target_bits=16, probes=()):
    events = tiny_events(graded)
    n = len(events.begin)
    return wire.Learn(
        np.arange(100, 100 + n),
        wire.pack_events(events, 12),
        wire.pack_targets(tiny_targets(n), target_bits),
        np.linspace(0.002, 0.001, n, dtype=np.float32),
        probes,
    )


def pieces(**arrays):
    [group] = wire.in_pieces({name.replace("__", "."): array for name, array in arrays.items()}, 1 << 20)
    return group


IMAGE_JSON = b"""{"input_shape": [2, 6, 4], "layers": [{"kind": "convolution", "channels": 3, "kernel": 3, "stride":
[2, 1], "padding": [1, 1, 0, 0], "form": "shared"}, {"kind": "average_pool", "kernel": [3, 1]}, {"kind": "flatten"},
{"kind": "dense", "units": 2}], "steps": 5}"""


def image_spec():
    """A shared convolution, pooling, a dense layer."""
    layers = (
        Convolution(channels=3, kernel=3, stride=(2, 1), padding=(1, 1, 0, 0)),
        AveragePool(kernel=(3, 1)),
        Flatten(),
        Dense(units=2),
    )
    return ChipSpec(input_shape=(2, 6, 4), layers=layers, steps=5)


def image_learn():
    spec = image_spec()
    rng = np.random.default_rng(9)
    events = events_of(rng.random((3, 5, 48)) < 0.2)
    nothing = np.empty((3, 0), np.float32)
    targets = [nothing if each is None else each for each in random_targets(spec, rng, 3)]
    rates = np.full((3, 3), 0.001, np.float32)
    return wire.Learn(np.arange(3), wire.pack_events(events, 48), wire.pack_targets(targets, 16), rates)


def one_of_every_kind():
    """NAME, or NAME and what is special about it -> message."""
    weight = np.arange(36, dtype=np.float32).reshape(12, 3) / 8
    tallies = {"activity__spikes": np.array([31, 7]), "work__row_adds": np.array([400, 62])}
    count = np.array([[0, 5], [2, 1]], np.uint8)
    listed = wire.Infer(np.array([5, 3, 1 << 40]), wire.pack_events(tiny_events(graded=True), 12))
    return {
        "HELLO": wire.Hello("a host"),
        "WELCOME": wire.Welcome(1 << 20, 2048, 4, 30_000, True, "die 7"),
        "GOODBYE": wire.Goodbye(),
        "ACK": wire.Ack(),
        "ERROR": wire.Error(wire.ErrorCode.OUT_OF_ORDER, "request 7 is missing", 7),
        "STATUS": wire.Status(),
        "REPORT": wire.Report(wire.Report.PROGRAMMED, 2, 9, 4096, 123_456, 789),
        "CONFIGURE": replace(wire.configure(tiny_spec(), 7), spec=TINY_JSON),
        "CONFIGURE plug-ins": replace(wire.configure(tiny_spec(), 7), spec=TINY_JSON, plugins=PLUGINS),
        "CONFIGURE image": wire.Configure(
            3,
            16,
            8,
            (
                wire.ConvolutionFields(3, 32, 32, 8, 3, 3, 2, 2, 1, 1, 1, 1, 0),
                wire.AveragePoolFields(8, 16, 16, 2, 2, 2, 2),
            ),
            wire.NeuronFields(1, 0, 255, 10.0, -1.0, 8.0),
            wire.Circuit(2, 8, 8, 4, 1.0, 3.0),
            b"",
        ),
        "CONFIGURE network": replace(wire.configure(image_spec(), 7), spec=IMAGE_JSON),
        "PROGRAM image": wire.Program(pieces(layer1__weight=np.ones((18, 3), np.float32), layer3__bias=weight[0, :2])),
        "LEARN image": image_learn(),
        "PROGRAM": wire.Program(pieces(layer1__weight=weight, layer1__bias=np.zeros(3, np.float32))),
        "AGE": wire.Age(86_400.0),
        "SNAPSHOT": wire.Snapshot(),
        "STATE": wire.State(pieces(layer1__code=weight.astype(np.int16), age=np.array([256.0, 1.5, 256.0]))),
        "STATE of a rule": wire.State(
            pieces(
                layer1__rule__trace=np.arange(-6, 6, dtype=np.int8).reshape(4, 3),
                layer1__rule__since=np.arange(3, dtype=np.int64) << 40,
                layer2__neuron__calcium=np.linspace(0, 1, 2, dtype=np.float32),
                layer2__neuron__state=np.array([-70_000, 9], np.int32),
            )
        ),
        "RESTORE": wire.Restore(pieces(layer1__weight=weight, nothing=np.zeros((0, 3), np.int8))),
        "READ_WEIGHTS": wire.ReadWeights(),
        "WEIGHTS": wire.Weights(pieces(layer1__weight=weight)),
        "LEARN": learn(probes=(wire.Watch(1, (0, 2), (3, 12)), wire.Watch(2, (1,)))),
        "INFER of spikes alone": wire.Infer(
            np.arange(70), wire.pack_events(tiny_events(), 12), (wire.Watch(1, (0, 2), spikes_alone=True),)
        ),
        "LEARN current": learn(graded=True, target_bits=5),
        "INFER": wire.Infer(np.arange(70), wire.pack_events(tiny_events(), 12)),
        "INFER listed": listed,
        "LEARNED": wire.Learned(wire.Times(1, 2, 3, 4), pieces(**tallies)),
        "INFERRED": wire.Inferred(wire.Times(), pieces(classes=np.array([1, 0], np.uint8), **tallies)),
        "SIGNALS": wire.Signals(pieces(layer1__membrane=weight, layer1__boxcar=np.ones((2, 3), np.uint8))),
        "SIGNALS of a rule": wire.Signals(
            pieces(
                layer2__neurons=np.array([1]),
                layer2__calcium=np.full((2, 3, 1), 0.5, np.float32),
                layer2__trace=np.full((2, 3, 1, 4), -3, np.int8),
                layer2__spikes=np.zeros((2, 3, 1), np.uint8),
            )
        ),
        "READ_BACK": wire.ReadBack(
            np.arange(70),
            wire.pack_events(tiny_events(), 12),
            Converters.of(AdcSpec(bits=6, low_th=-0.5, readout_high_th=3.0)),
        ),
        "TRACES": wire.Traces(pieces(layer1__codes=np.arange(12, dtype=np.uint8), layer1__fired=np.ones(2, np.uint8))),
        "READ_COUNTS": wire.ReadCounts(3, (1, 2), True),
        "COUNTS": wire.Counts(pieces(layer2__count=count, membrane=count.astype(np.float32))),
    }


def frames():
    """The same names -> frames, replies marked as such."""
    return {
        what: wire.encode(message, session=SESSION, sequence=3, reply=message.KIND in REPLIES, part=0, parts=1)
        for what, message in one_of_every_kind().items()
    }


REPLIES = {
    kind.KIND
    for kind in (
        wire.Welcome,
        wire.Ack,
        wire.Error,
        wire.Report,
        wire.State,
        wire.Weights,
        wire.Learned,
        wire.Inferred,
        wire.Signals,
        wire.Counts,
        wire.Traces,
    )
}


def assert_same_content(actual, expected):
    """Equal events: the rows of every step, and the amplitudes of a current."""
    assert np.array_equal(actual.end - actual.begin, expected.end - expected.begin)
    for s in range(len(expected.begin)):
        for t in range(expected.begin.shape[1]):
            here = slice(actual.begin[s, t], actual.end[s, t])
            there = slice(expected.begin[s, t], expected.end[s, t])
            assert np.array_equal(actual.rows[s, here], expected.rows[s, there])
            if len(expected.amplitude) > 0:
                bits = actual.amplitude.view(np.uint32), expected.amplitude.view(np.uint32)
                assert np.array_equal(bits[0][s, here], bits[1][s, there])
