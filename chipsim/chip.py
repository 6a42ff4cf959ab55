"""The chip as the host sees it: fabricate, program, infer, learn, read counts, probe, snapshot, restore."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from chipsim.design import AdcSpec, ChipError, ChipSpec, LayerShape
from chipsim.die import (
    DieAge,
    DriftTables,
    FabricatedLayer,
    HostLink,
    LostEvents,
    Weights,
    drift_block,
    drift_tables,
    fabricate,
    in_crossbars,
    out_of_crossbars,
    program_layer,
    program_unipolar_layer,
    set_registers,
    with_step_words,
)
from chipsim.execution import (
    ABSTAINED,
    AnyProbe,
    Awaited,
    Before,
    LayerRun,
    Probe,
    Readings,
    Records,
    Result,
    Threads,
    Windows,
    answers_of,
    check_adc,
    check_chunk,
    check_probes,
    check_seconds,
    check_targets,
    checks,
    cut_at,
    even_ranges,
    events_fit,
    events_problem,
    image_learning_ranges,
    image_ranges,
    inference,
    learning,
    moments_per_layer,
    window_numbers,
)
from chipsim.layout import (
    CHIP_EVENTS,
    COUNTERS,
    NO_MASKS,
    OF_INTEGERS,
    SIMULATOR_WORK,
    AdcCodes,
    ColumnBlock,
    Events,
    Record,
    Snapshot,
    SpikeLists,
    Targets,
    from_slots,
    joined,
    layer_from_arrays,
    layer_to_arrays,
    number_of_spikes,
    padded,
    padded_width,
    prune_block,
    read_windows,
    slots_of,
    spikes_of,
    split,
    windows_apart,
)


class Chip:
    """One die. All methods may be called in any order once it is programmed; none of them changes the spec."""

    def __init__(self, spec: ChipSpec, die_seed: int, threads: int = 1) -> None:
        """Fabricate die `die_seed`. `threads` changes how fast it runs, never a bit of what comes out."""
        self.spec = spec
        self.die_seed = die_seed
        self._fabricated = fabricate(spec, die_seed)
        self._drifts = any(fabricated.drift.drifts for fabricated in self._fabricated)
        self._in_integers = spec.learning_circuit.arithmetic == "integer"
        self._keeps_time = self._drifts or spec.learning_circuit.has_registers
        self._age = DieAge()
        bit_errors = [fabricated.target_bit_errors for fabricated in self._fabricated]
        spike_errors = self._fabricated[0].spike_bit_errors
        self._link = HostLink(die_seed, spec.shapes, spec.target_bits, spike_errors, bit_errors)
        self._threads = Threads(threads)
        # Chunks of images are so long that the seam is short, and their spikes take much room.
        self._overlaps = not self._link.errs and all(shape.dense for shape in spec.shapes)
        self._layers: list[list[ColumnBlock]] = []  # the columns of each in blocks, see chipsim.layout.column_blocks
        self._outputs_fire = spec.neuron.outputs_fire
        self._rows = self._fabricated[0].rule.rows(spec.learning_circuit)
        self._runs = [
            LayerRun(shape, fabricated, self._rows)
            for shape, fabricated in zip(spec.shapes, self._fabricated, strict=True)
        ]
        # Of layers of unipolar synapses (rows, columns), 0 where one is pruned, for the rest of the die's life.
        self._kept = {
            number: np.ones((shape.rows, shape.columns), np.uint8)
            for number, (shape, made) in enumerate(zip(spec.shapes, self._fabricated, strict=True), start=1)
            if made.unipolar is not None
        }
        self._drift_tables: list[list[DriftTables]] = []  # of the blocks of layers that drift
        self._pending: Awaited | None = None  # of the last chunk that is being learned
        self._last_pieces: Before = {}  # of that chunk: what the next one has to wait for
        self._records = Records(spec)

    def program(self, weights: Weights) -> None:
        """Write weights (rows, columns) and biases (columns,) of every layer, in units of the threshold.

        Synapses are new then. A convolution whose positions have crossbars of their own also takes (positions, rows,
        columns) and (positions, columns). Raises ChipError if shapes are not the spec's or a value is not finite.
        """
        self._settle()
        bits = self.spec.learning_circuit.update_accumulator_bits
        layers = []
        for (w, b), shape, fabricated in zip(
            in_crossbars(weights, self.spec.shapes, self.spec.thresholds_th),
            self.spec.shapes,
            self._fabricated,
            strict=True,
        ):
            how = w, b, fabricated.gain, fabricated.weight_bits, bits
            if fabricated.unipolar is None:
                synapse, one_lsb = self.spec.synapse, fabricated.rule.in_integers
                synapses, state = program_layer(*how, synapse, fabricated.stuck, one_lsb)
            else:
                synapses, state = program_unipolar_layer(*how, fabricated.unipolar.full_scale_th, fabricated.stuck)
            whole = fabricated.block(shape.positions, synapses, state)
            layers.append(
                [padded(whole, fabricated.places)] if fabricated.neuron.competes else split(whole, fabricated.places)
            )
        self._layers = layers
        self._drift_tables = [
            [drift_tables(block, fabricated.drift, fabricated.gain) for block in layer]
            if fabricated.drift.drifts
            else []
            for layer, fabricated in zip(layers, self._fabricated, strict=True)
        ]
        self._age = DieAge()
        self._prune(self._kept)

    def infer(self, events: Events, windows: NDArray[np.int64], probes: Sequence[AnyProbe] = ()) -> Result:
        """Run S windows, weights left alone. windows: (S,) the windows' numbers, which key their temporal noise."""
        events, windows, lost = self._received(events, windows)
        self._settle()
        return self._start(events, windows, None, None, probes, lost)()

    def read_back(self, events: Events, windows: NDArray[np.int64], adc: AdcSpec) -> tuple[Result, Readings]:
        """As `infer`, and read every neuron's spikes and, through the converters, its membrane at each step.

        The spikes that are read back stay valid until the next run. Raises ChipError if a layer is one on images.
        """
        check_adc(self.spec, adc)
        events, windows, lost = self._received(events, windows)
        readings = [self._reading(layer, len(windows), adc) for layer in range(self.spec.n_layers)]
        self._settle()
        result = self._start(events, windows, None, None, (), lost, readings)()
        n = len(windows)
        return result, Readings(
            codes=[reading.codes for reading in readings],
            adcs=[reading.adc for reading in readings],
            spikes=[
                each.events._replace(rows=each.events.rows[:n], begin=each.events.begin[:n], end=each.events.end[:n])
                for each in self._records.spike_lists
            ],
            spike_bits=[read_windows(bits, n) for bits in self._records.spike_bits],
        )

    def learn(
        self,
        events: Events,
        windows: NDArray[np.int64],
        targets: Targets,
        rates: NDArray[np.float32],
        probes: Sequence[AnyProbe] = (),
        broadcast: NDArray[np.float32] | None = None,
    ) -> Result:
        """Run S windows one after another and learn from each.

        targets: per layer (S, n_out), target rates in spikes per step, None where the learning rule asks for none;
        rates: (S,) or (S, n_layers) learning rates; broadcast: (S,), for learning rules that listen to one. The chip
        may still be learning when this returns: looking at the result waits for it. The next chunk, given before that,
        starts without a pause. Arguments must stay as they are until the next call has returned. Raises ChipError if
        shapes do not fit.
        """
        windows = window_numbers(windows)
        check_targets(self.spec, len(windows), targets)
        told = moments_per_layer(self.spec, len(windows), rates, broadcast)
        events, windows, lost = self._received(events, windows)
        moments = with_step_words(self.spec, told, self._layers) if self._in_integers else list(told)
        arrived = self._link.targets(targets, windows)
        if self._overlaps:
            finish = self._start(events, windows, arrived, moments, probes, lost)
            before, self._pending = self._pending, Awaited(finish)
            if before is not None:
                before.wait()
            return self._pending
        return self._start(events, windows, arrived, moments, probes, lost)()

    def age(self, seconds: float) -> None:
        """Let the die rest: its synapses drift for this time. Raises ChipError if it is not a number of at least 0."""
        self._check_programmed()
        check_seconds(seconds)
        self._settle()
        before, self._age = self._age, self._age.after_rest(float(seconds))
        for layer, blocks in enumerate(self._layers):
            for number in range(len(blocks)):
                self._grow(layer, number, before, self._age)

    def weights(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """What the crossbars deliver per spike, gain included: per layer (rows, columns) and (columns,) in thresholds.

        Where every position has a crossbar of its own, (positions, rows, columns) and (positions, columns).
        """
        self._check_programmed()
        self._settle()
        return [
            out_of_crossbars(joined(layer)[1].weight, shape)
            for layer, shape in zip(self._layers, self.spec.shapes, strict=True)
        ]

    def snapshot(self) -> Snapshot:
        """Everything that changes in a die's life, as copies: what it stores, and its clock if anything goes by that.

        A die of the same seed that is restored before it has lived as long goes on bit for bit.
        """
        self._check_programmed()
        self._settle()
        arrays: Snapshot = {}
        for number, (layer, made, shape) in enumerate(self._each_layer(), start=1):
            arrays |= layer_to_arrays(number, layer, made.places, shape.dense)
        arrays |= {f"layer{number}.kept": kept.copy() for number, kept in self._kept.items()}
        if self._keeps_time:
            arrays["age"] = self._age.to_array()
        return arrays

    def restore(self, snapshot: Mapping[str, NDArray[np.generic]]) -> None:
        """Write what a snapshot stores: weights, codes, residues, what lasts a life, which are cut. Never time.

        Synapses that drift are then what they would be had they rested from the snapshot's age to this die's, and shift
        registers go on from where they are. A snapshot of a later age takes the die along to it. Raises ChipError if it
        is not of a chip like this one.
        """
        mine = self.snapshot()
        kinds = {name: (array.shape, array.dtype) for name, array in snapshot.items()}
        expected = {name: (array.shape, array.dtype) for name, array in mine.items()}
        if kinds != expected:
            odd = sorted(name for name in kinds.keys() | expected.keys() if kinds.get(name) != expected.get(name))
            raise ChipError(f"the snapshot is not of this chip: {', '.join(odd)} differ; restore one of the same spec")
        kept = {number: (snapshot[f"layer{number}.kept"] != 0).astype(np.uint8) for number in self._kept}
        self._cut_by(kept)  # raises before anything is written
        stored_at = DieAge.from_array(snapshot["age"]) if self._keeps_time else self._age
        self._age = self._age.joined(stored_at)
        for number, (layer, made, _) in enumerate(self._each_layer(), start=1):
            layer[:] = layer_from_arrays(number, layer, made.places, snapshot)
            for block, drifts in zip(layer, self._drift_tables[number - 1], strict=False):  # none if it does not drift
                drift_block(block, drifts, made.drift, stored_at, self._age)
            set_registers(self.spec, layer, made.registers, self._age.windows)
        self._prune(kept)

    def _each_layer(self) -> Iterator[tuple[list[ColumnBlock], FabricatedLayer, LayerShape]]:
        return zip(self._layers, self._fabricated, self.spec.shapes, strict=True)

    def _prune(self, kept: dict[int, NDArray[np.uint8]]) -> None:
        """Cut the synapses of each layer that are not kept. Raises ChipError if synapses drift."""
        cut = self._cut_by(kept)
        self._kept = kept
        for number in cut:
            for block in self._layers[number - 1]:
                prune_block(block, self._fabricated[number - 1].gain, kept[number])

    def _cut_by(self, kept: dict[int, NDArray[np.uint8]]) -> list[int]:
        """The layers of which some synapses are cut, or were. Raises ChipError if these drift."""
        cut = [number for number, mask in kept.items() if not (mask.all() and self._kept[number].all())]
        if any(self._fabricated[number - 1].drift.drifts for number in cut):
            raise ChipError("synapses that drift cannot be pruned: leave noise drift out, or prune none")
        return cut

    def _check_programmed(self) -> None:
        if not self._layers:
            raise ChipError("this chip has no weights yet: call program() first")

    def _grow(self, layer: int, number: int, before: DieAge, after: DieAge) -> None:
        """Let the synapses of a block get older."""
        tables = self._drift_tables[layer]
        if tables and before.drifted != after.drifted:
            drift_block(self._layers[layer][number], tables[number], self._fabricated[layer].drift, before, after)

    def _received(self, events: Events, windows: NDArray[np.int64]) -> tuple[Events, NDArray[np.int64], LostEvents]:
        """What arrives of a chunk: its events and window numbers, and which events were lost on the way."""
        self._check_programmed()
        windows = window_numbers(windows)
        check_chunk(self.spec, events, windows)
        self._check(events)
        arrived, lost = self._link.events(events, windows)
        return arrived, windows, lost

    def _check(self, events: Events) -> None:
        """Look at all events that the host sent. Raises ChipError if some cannot be run."""
        n_in = self.spec.layer_sizes[0]
        found: set[int] = set()

        def check(start: int, stop: int) -> None:
            found.add(events_fit(events.rows, events.begin, events.end, events.amplitude, n_in, start, stop))

        self._threads.run(checks(even_ranges(len(events.begin), self._threads.count), check))
        problem = events_problem(n_in, found)
        if problem is not None:  # told by the caller: what is still being learned goes on
            raise ChipError(problem)

    def _settle(self) -> None:
        """Wait until nothing is being learned any more."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.wait()
        self._threads.rest()  # an interrupt may have come before what was submitted was known to be pending

    def _start(
        self,
        events: Events,
        windows: NDArray[np.int64],
        targets: Targets | None,
        moments: Sequence[NDArray[np.float32]] | None,
        probes: Sequence[AnyProbe],
        lost: LostEvents,
        readings: Sequence[AdcCodes] | None = None,
    ) -> Callable[[], Result]:
        """Set a chunk going; what is returned waits for it."""
        n_windows, shapes = len(windows), self.spec.shapes
        check_probes(probes, self.spec)
        if targets is not None and self._overlaps:  # the chunk before may still be read from
            self._records.turn()
        self._records.reserve(windows_apart(n_windows))
        probe_of = {probe.layer - 1: probe for probe in probes if isinstance(probe, Probe)}
        learns = targets is not None
        records = [
            self._records.of(
                layer,
                n_windows,
                probe_of.get(layer),
                len(self._runs[layer].shown),
                learns and shape.learns,
                bool(self._layers[layer][0].synapses.coded),
            )
            for layer, shape in enumerate(shapes)
        ]
        if readings is not None:
            records = [record._replace(reading=reading) for record, reading in zip(records, readings, strict=True)]
        spike_lists = self._records.spike_lists
        inputs = [events, *(each.events for each in spike_lists)]
        below = [NO_MASKS, *(each.mask_begin for each in spike_lists)]
        counted: list[list[NDArray[np.int64]]] = [[] for _ in records]
        ages: dict[int, tuple[DieAge, DieAge]] = {}  # between which synapses drift after so many windows
        if learns and self._keeps_time:
            for stop, age in self._age.learning_from(n_windows):
                ages[stop] = self._age, age
                self._age = age

        def run_block(layer: int, number: int, start: int, stop: int) -> None:
            target = None if targets is None else targets[layer]
            part = Windows(windows, target, None if moments is None else moments[layer], start, stop)
            block = self._layers[layer][number]
            counters = self._runs[layer].run(block, inputs[layer], below[layer], records[layer], part)
            counted[layer].append(counters)
            if stop in ages:
                self._grow(layer, number, *ages[stop])

        def gather(layer: int, start: int, stop: int) -> None:
            spike_lists[layer].gather(records[layer].spike_bits, start, stop)

        on_images = not all(shape.dense for shape in shapes)
        n_blocks = [len(layer) for layer in self._layers]
        cut = even_ranges if not on_images else image_learning_ranges if learns else image_ranges
        ranges = cut(n_windows, self._threads.count)
        if targets is None:
            if any(
                field.lasts == "life" and not made.neuron.rests
                for made in self._fabricated
                for field in made.neuron.fields
            ):
                ranges = [(0, n_windows)]  # what a neuron keeps of one window is there in the next one
            batch = self._threads.submit(inference(ranges, n_blocks, run_block, gather))
        else:
            ranges = cut_at(ranges, list(ages))
            batch = self._threads.submit(learning(ranges, n_blocks, run_block, gather, self._last_pieces))

        def finish() -> Result:
            self._threads.wait(batch)
            totals = np.array([np.sum(parts, axis=0) for parts in counted])
            counts = [from_slots(record.count, shape) for record, shape in zip(records, shapes, strict=True)]
            membrane = from_slots(records[-1].membrane, shapes[-1])
            answers = answers_of(counts[-1], membrane, self._outputs_fire)
            nowhere = np.zeros(len(records) - 1, np.int64)  # the layers before the last
            return Result(
                counts=counts,
                membrane=membrane,
                activity={
                    **{name: totals[:, i] for i, name in enumerate(COUNTERS) if name in CHIP_EVENTS},
                    "spikes": _spikes(spike_lists, records[-1], n_windows),
                    **{name: np.append(lost_here, nowhere) for name, lost_here in lost._asdict().items()},
                    "abstentions": np.append(nowhere, np.sum(answers.classes == ABSTAINED)),
                    "ties": np.append(nowhere, np.sum(answers.tied)),
                    **{name: totals[:, COUNTERS.index(name)] for name in OF_INTEGERS if self._in_integers},
                },
                work={name: totals[:, COUNTERS.index(name)] for name in SIMULATOR_WORK},
                signals=(signals := {i + 1: self._runs[i].signals(records[i]) for i in probe_of}),
                probed_membranes={layer: seen.membrane for layer, seen in signals.items()},
                spikes={
                    p.layer: spikes_of(
                        records[p.layer - 1].spike_bits[:, :n_windows],
                        slots_of(shapes[p.layer - 1], np.array(p.neurons, np.int64)),
                    )
                    for p in probes
                },
                outputs_fire=self._outputs_fire,
            )

        return finish

    def _reading(self, layer: int, n_windows: int, adc: AdcSpec) -> AdcCodes:
        """Room for what the converters make of a layer's membranes."""
        fabricated = adc.of(self.spec.neuron, not self._fabricated[layer].neuron.fires)
        shape = (n_windows, self.spec.steps, padded_width(self.spec.layer_sizes[layer + 1]))
        return AdcCodes(fabricated, np.empty(shape, np.uint8))


def _spikes(spike_lists: list[SpikeLists], outputs: Record, n_windows: int) -> NDArray[np.int64]:
    """(n_layers,) spikes fired by each layer: a hidden layer's are the next one's events, all inside its buffer."""
    hidden = [int(np.sum(each.events.end[:n_windows, -1], dtype=np.int64)) for each in spike_lists]
    return np.array([*hidden, number_of_spikes(outputs.spike_bits)], np.int64)
