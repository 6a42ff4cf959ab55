"""A die behind a wire: carries out what messages ask of it, in the states that the protocol knows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from time import monotonic_ns
from typing import Any

from numpy.typing import NDArray

from chipsim.chip import Chip
from chipsim.design import ChipSpec
from chipsim.execution import AnyProbe, Probe, Result, SpikeProbe
from chipsim.wire import (
    Ack,
    Age,
    Assembler,
    Configure,
    Envelope,
    ErrorCode,
    Infer,
    Learn,
    Limits,
    Message,
    Program,
    ReadBack,
    ReadCounts,
    ReadWeights,
    Report,
    Restore,
    Snapshot,
    Times,
    Watch,
    WireError,
    unpack_events,
    unpack_targets,
)
from chipsim.wire.messages import chip_spec, replies, synapses_kept
from chipsim.wire.packing import packed_traces

# A synapse's gain and weight, code and residue, pulse gain and drift exponent, and as much again while it is made.
_BYTES_PER_SYNAPSE = 64
_BYTES_PER_NEURON = 1024
_BYTES_PER_RESULT = 1 << 13  # that a result takes beside its arrays' contents
_BYTES_PER_WORD, _BYTES_MAKING_A_WORD = 4, 24  # step words of each layer, and of one while they are computed
_BYTES_PER_NEURON_STEP = 5  # of a chunk: a spike's row and its bit, and its code if it is read back


def die_bytes(spec: ChipSpec) -> int:
    """About what a die of this design takes, buffers for chunks aside."""
    synapses = sum(map(synapses_kept, spec.shapes))
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

    def carry_out(self, envelope: Envelope, message: Message, received_ns: int) -> Iterable[Message]:
        """Carry out a request; returns the reply's messages. Raises WireError or ChipError if it is refused.

        Of LEARN it is only begun: going through its reply waits for it, and another LEARN may begin before that.
        """
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
            return replies.state(self._programmed().snapshot())
        elif isinstance(message, ReadWeights):
            return replies.weights(self._programmed().weights())
        elif isinstance(message, Learn | Infer | ReadBack):
            return self._run(envelope.sequence, message, received_ns)
        elif isinstance(message, ReadCounts):
            return self._counts(message)
        else:
            raise WireError(ErrorCode.MALFORMED, f"{type(message).__name__} is nothing that a host asks of a chip")
        return [Ack()]

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
        names = [
            (f"layer{n}.weight", f"layer{n}.bias") if shape.learns else ()
            for n, shape in enumerate(chip.spec.shapes, start=1)
        ]
        wanted = [name for layer in names for name in layer]
        if sorted(arrays) != sorted(wanted):
            raise WireError(ErrorCode.REFUSED, f"weights named {sorted(arrays)}: program {', '.join(wanted)}")
        chip.program([(arrays[layer[0]], arrays[layer[1]]) if layer else None for layer in names])
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

    def _run(self, sequence: int, message: Learn | Infer | ReadBack, received_ns: int) -> Iterable[Message]:
        chip = self._programmed()
        begun = monotonic_ns()
        self._check_chunk(chip, message)
        events = unpack_events(message.events, self._limits)
        wanted = unpack_targets(message.targets) if isinstance(message, Learn) else []
        unpacked = monotonic_ns()
        traces: Iterable[Message] = ()
        if isinstance(message, Learn):
            targets = [target if target.shape[1] else None for target in wanted]
            rates, told = message.learning_rates()
            result = chip.learn(events, message.windows, targets, rates, _probes(message.probes), told)
            self.windows_learned += len(message.windows)
        elif isinstance(message, Infer):
            result = chip.infer(events, message.windows, _probes(message.probes))
        else:
            result, read = chip.read_back(events, message.windows, message.converters.spec())
            traces = replies.traces(packed_traces(chip.spec, read, message.converters.bits))

        def reply() -> Iterator[Message]:
            self._keep(sequence, result)  # waits
            times = Times(received_ns, begun, unpacked, monotonic_ns())
            yield replies.learned(result, times) if isinstance(message, Learn) else replies.inferred(result, times)
            yield from traces if isinstance(message, ReadBack) else replies.signals(result, message.probes)

        return reply()

    def _check_chunk(self, chip: Chip, message: Learn | Infer | ReadBack) -> None:
        """Raises WireError before anything is unpacked that this chip could not run."""
        spec, n_windows = chip.spec, len(message.windows)
        n_in, steps = spec.layer_sizes[0], spec.steps
        if (message.events.n_rows, message.events.n_steps) != (n_in, steps):
            raise WireError(
                ErrorCode.REFUSED,
                f"events of {message.events.n_rows} rows in {message.events.n_steps} steps: this chip has {n_in} rows"
                f" and windows of {steps} steps",
            )
        words = 0
        if isinstance(message, Learn) and spec.learning_circuit.arithmetic == "integer":
            words = _BYTES_PER_WORD * spec.n_layers + _BYTES_MAKING_A_WORD
        needed = n_windows * steps * (sum(spec.layer_sizes[1:]) * _BYTES_PER_NEURON_STEP + words)
        if needed > self._room:
            raise WireError(
                ErrorCode.TOO_LARGE,
                f"{n_windows} windows of this chip's neurons take up to {needed >> 20} MiB, {self._room >> 20} MiB are"
                " allowed: send fewer windows at a time, or give chipsim serve more with --memory-mib",
            )

    def _keep(self, sequence: int, result: Result) -> None:
        """Spike counts and membranes stay readable until newer ones need their room."""
        self._results[sequence] = Result(result.counts, result.membrane, {}, {})
        held = sum(_counts_bytes(each) for each in self._results.values())
        while held > self._counts_bytes and len(self._results) > 1:
            held -= _counts_bytes(self._results.popitem(last=False)[1])

    def _counts(self, message: ReadCounts) -> Iterator[Message]:
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
        return replies.counts(result, message.layers, message.membranes)


def _probes(watches: tuple[Watch, ...]) -> tuple[AnyProbe, ...]:
    return tuple(
        SpikeProbe(watch.layer, watch.neurons) if watch.spikes_alone else Probe(watch.layer, watch.neurons, watch.rows)
        for watch in watches
    )


def _counts_bytes(result: Result) -> int:
    return sum(count.nbytes for count in result.counts) + result.membrane.nbytes + _BYTES_PER_RESULT
