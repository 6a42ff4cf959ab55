"""A die behind a wire: carries out what messages ask of it, in the states that the protocol knows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from time import monotonic_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.chip import Chip
from chipsim.probe import Probe
from chipsim.result import Result
from chipsim.spec import ChipSpec
from chipsim.wire import (
    Ack,
    Age,
    Assembler,
    Configure,
    Counts,
    Envelope,
    ErrorCode,
    Infer,
    Inferred,
    Learn,
    Learned,
    Limits,
    Message,
    Program,
    ReadCounts,
    ReadWeights,
    Report,
    Restore,
    Signals,
    Snapshot,
    State,
    Times,
    Watch,
    Weights,
    WireError,
    in_pieces,
    unpack_events,
    unpack_targets,
)
from chipsim.wire.recipe import chip_spec

_REPLY_BYTES = 1 << 20  # of arrays in one frame of a long reply
# A synapse's gain and weight, code and residue, pulse gain and drift exponent, and as much again while it is made.
_BYTES_PER_SYNAPSE = 64
_BYTES_PER_NEURON = 1024


def die_bytes(spec: ChipSpec) -> int:
    """About what a die of this design takes, buffers for chunks aside."""
    synapses = sum((n_in + 1) * n_out for n_in, n_out in pairwise(spec.layer_sizes))
    return _BYTES_PER_SYNAPSE * synapses + _BYTES_PER_NEURON * sum(spec.layer_sizes)


class Die:
    """What a session holds: nothing at first, then a fabricated die, then a programmed one."""

    def __init__(self, threads: int, room: int, counts_bytes: int, limits: Limits) -> None:
        """room: bytes that the die may take; counts_bytes: of spike counts that stay readable."""
        self._threads = threads
        self._room = room
        self._limits = limits
        self._chip: Chip | None = None
        self._assembler: Assembler | None = None
        self._assembled_kind: type[Program] | type[Restore] = Program
        self._results: OrderedDict[int, Result] = OrderedDict()  # by request
        self._counts_bytes = counts_bytes
        self.state = Report.FRESH
        self.windows_learned = 0

    def carry_out(self, envelope: Envelope, message: Message, received_ns: int) -> Iterator[Message]:
        """The reply's messages. Raises WireError or ChipError if the request is refused."""
        if not isinstance(message, self._assembled_kind):
            self._assembler = None  # its parts were to follow each other
        if isinstance(message, Configure):
            self._configure(message)
        elif isinstance(message, Program):
            self._program(envelope, message)
        elif isinstance(message, Restore):
            self._restore(envelope, message)
        elif isinstance(message, Age):
            self._programmed().age(message.seconds)
        elif isinstance(message, Snapshot):
            yield from (State(pieces) for pieces in in_pieces(self._programmed().snapshot(), _REPLY_BYTES))
            return
        elif isinstance(message, ReadWeights):
            arrays = _named(self._programmed().weights())
            yield from (Weights(pieces) for pieces in in_pieces(arrays, _REPLY_BYTES))
            return
        elif isinstance(message, Learn | Infer):
            yield from self._run(envelope.sequence, message, received_ns)
            return
        elif isinstance(message, ReadCounts):
            yield from (Counts(pieces) for pieces in in_pieces(self._counts(message), _REPLY_BYTES))
            return
        else:
            raise WireError(ErrorCode.MALFORMED, f"{type(message).__name__} is nothing that a host asks of a chip")
        yield Ack()

    def _needed(self) -> Chip:
        if self._chip is None:
            raise WireError(ErrorCode.WRONG_STATE, "no die is configured yet: send CONFIGURE first")
        return self._chip

    def _programmed(self) -> Chip:
        chip = self._needed()
        if self.state != Report.PROGRAMMED:
            raise WireError(ErrorCode.WRONG_STATE, "this chip has no weights yet: send PROGRAM first")
        return chip

    def _configure(self, message: Configure) -> None:
        spec = chip_spec(message, self._limits)
        if die_bytes(spec) > self._room:
            raise WireError(
                ErrorCode.TOO_LARGE,
                f"a die of layers {'-'.join(map(str, spec.layer_sizes))} takes about {die_bytes(spec) >> 20} MiB,"
                f" {self._room >> 20} MiB are free: make it smaller, or give chipsim serve more with --memory-mib",
            )
        self._chip = Chip(spec, message.die_seed, self._threads)
        self._assembler = None
        self._results.clear()
        self.state, self.windows_learned = Report.CONFIGURED, 0

    def _program(self, envelope: Envelope, message: Program) -> None:
        arrays = self._assembled(envelope, message)
        if arrays is None:
            return
        chip = self._needed()
        names = [f"layer{n}.{part}" for n in range(1, chip.spec.n_layers + 1) for part in ("weight", "bias")]
        if arrays.keys() != set(names):
            raise WireError(ErrorCode.REFUSED, f"weights named {sorted(arrays)}: program {', '.join(names)}")
        chip.program([(arrays[w], arrays[b]) for w, b in zip(names[::2], names[1::2], strict=True)])
        self.state, self.windows_learned = Report.PROGRAMMED, 0

    def _restore(self, envelope: Envelope, message: Restore) -> None:
        arrays = self._assembled(envelope, message)
        if arrays is not None:
            self._programmed().restore(arrays)

    def _assembled(self, envelope: Envelope, message: Program | Restore) -> Mapping[str, NDArray[Any]] | None:
        """All arrays of a long command once its last part has come."""
        if envelope.part == 0:
            self._assembler, self._assembled_kind = Assembler(self._limits), type(message)
        if self._assembler is None:
            raise WireError(ErrorCode.WRONG_STATE, f"part {envelope.part} of a command whose first part has not come")
        try:
            self._assembler.add(message.pieces)
            if envelope.part < envelope.parts - 1:
                return None
            arrays = self._assembler.finish()
        except WireError:
            self._assembler = None
            raise
        self._assembler = None
        return arrays

    def _run(self, sequence: int, message: Learn | Infer, received_ns: int) -> Iterator[Message]:
        chip = self._programmed()
        begun = monotonic_ns()
        probes = tuple(Probe(watch.layer, watch.neurons, watch.rows) for watch in message.probes)
        self._check_rows(chip, message)
        events = unpack_events(message.events, self._limits)
        if isinstance(message, Learn):
            targets = unpack_targets(message.targets)
            unpacked = monotonic_ns()
            rates = message.rates[:, 0] if message.rates.shape[1] == 1 else message.rates
            result = chip.learn(events, message.windows, targets, rates, probes)
            self.windows_learned += len(message.windows)
        else:
            unpacked = monotonic_ns()
            result = chip.infer(events, message.windows, probes)
        self._keep(sequence, result)
        times = Times(received_ns, begun, unpacked, monotonic_ns())
        arrays: dict[str, NDArray[Any]] = {f"activity.{name}": counts for name, counts in result.activity.items()}
        arrays |= {f"work.{name}": counts for name, counts in result.work.items()}
        if isinstance(message, Infer):
            arrays["classes"] = _narrowed(result.classes)
        [pieces] = in_pieces(arrays, self._limits.payload_bytes)
        yield Learned(times, pieces) if isinstance(message, Learn) else Inferred(times, pieces)
        if probes:
            yield from (Signals(pieces) for pieces in in_pieces(_signals(result, message.probes), _REPLY_BYTES))

    def _check_rows(self, chip: Chip, message: Learn | Infer) -> None:
        """Raises WireError before anything is unpacked for a chip of another size."""
        n_in, steps = chip.spec.layer_sizes[0], chip.spec.steps
        if (message.events.n_rows, message.events.n_steps) != (n_in, steps):
            raise WireError(
                ErrorCode.REFUSED,
                f"events of {message.events.n_rows} rows in {message.events.n_steps} steps: this chip has {n_in} rows"
                f" and windows of {steps} steps",
            )

    def _keep(self, sequence: int, result: Result) -> None:
        """Spike counts stay readable until newer ones need their room."""
        self._results[sequence] = result
        held = sum(_counts_bytes(each) for each in self._results.values())
        while held > self._counts_bytes and len(self._results) > 1:
            held -= _counts_bytes(self._results.popitem(last=False)[1])

    def _counts(self, message: ReadCounts) -> dict[str, NDArray[Any]]:
        result = self._results.get(message.request)
        if result is None:
            raise WireError(
                ErrorCode.REFUSED,
                f"the counts of request {message.request} are gone, or never were: look at a result before many more"
                f" chunks are run ({self._counts_bytes >> 20} MiB of counts are held)",
            )
        n_layers = len(result.counts)
        if not all(layer <= n_layers for layer in message.layers):
            raise WireError(ErrorCode.REFUSED, f"there are no layers {message.layers}: this chip has 1 to {n_layers}")
        arrays = {f"layer{layer}.count": _whole(result.counts[layer - 1]) for layer in message.layers}
        return arrays | ({"membrane": np.ascontiguousarray(result.membrane)} if message.membranes else {})


def _named(weights: list[tuple[NDArray[np.float32], NDArray[np.float32]]]) -> dict[str, NDArray[Any]]:
    named: dict[str, NDArray[Any]] = {}
    for number, (weight, bias) in enumerate(weights, start=1):
        named |= {f"layer{number}.weight": weight, f"layer{number}.bias": bias}
    return named


def _narrowed(values: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers from 0 on in the narrowest unsigned type that holds them."""
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))


def _whole(counts: NDArray[np.float32]) -> NDArray[Any]:
    """Counts as whole numbers, where they are: an integrating readout's are not."""
    if not (np.rint(counts) == counts).all() or (counts < 0).any() or np.signbit(counts).any():
        return np.ascontiguousarray(counts)
    return _narrowed(counts.astype(np.uint32))


def _counts_bytes(result: Result) -> int:
    return sum(count.nbytes for count in result.counts) + result.membrane.nbytes


def _signals(result: Result, probes: tuple[Watch, ...]) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    for layer in (probe.layer for probe in probes):
        arrays |= {f"layer{layer}.{name}": array for name, array in result.signals[layer]._asdict().items()}
        arrays[f"layer{layer}.spikes"] = result.spikes[layer]
    return arrays
