"""The chip as the host sees it: fabricate, program, infer, learn, read counts, probe, snapshot, restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chipsim.ageing import Age, DriftTables, drift_block, drift_tables, set_gain
from chipsim.blocks import joined, padded_width, rewrite, split
from chipsim.checks import all_finite, events_fit
from chipsim.cycle import (
    TALLY,
    WORK,
    Columns,
    infer_block,
    infer_block_watched,
    learn_block,
    learn_block_watched,
    new_columns,
)
from chipsim.fabricate import fabricate
from chipsim.link import HostLink
from chipsim.memory import aligned
from chipsim.plan import checks, even_ranges, following_ranges, inference, learning
from chipsim.probe import Probe, check_probes, nothing_probed, room_for
from chipsim.programming import program_layer
from chipsim.result import Result, concatenated
from chipsim.schedule import Piece, Threads
from chipsim.spec import ChipError, ChipSpec
from chipsim.spike_masks import gather_events, new_masks, number_of_spikes, row_numbers, spikes_of
from chipsim.tables import Block, Events, Record, row_type
from learning_circuit.rows import LANES

Weights = Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]
Snapshot = dict[str, NDArray[np.generic]]


class Chip:
    """One die. All methods may be called in any order once it is programmed; none of them changes the spec."""

    def __init__(self, spec: ChipSpec, die_seed: int, threads: int = 1) -> None:
        """Fabricate die `die_seed`. `threads` changes how fast it runs, never a bit of what comes out."""
        self.spec = spec
        self.die_seed = die_seed
        self._made = fabricate(spec, die_seed)
        self._drifts = any(made.drift.drifts for made in self._made)
        self._age = Age()
        bit_errors = [made.target_bit_errors for made in self._made]
        self._link = HostLink(die_seed, spec.layer_sizes[0], self._made[0].spike_bit_errors, bit_errors)
        self._threads = Threads(threads)
        self._layers: list[list[Block]] = []  # the columns of each in blocks, see chipsim.blocks
        self._drift_tables: list[list[DriftTables]] = []  # of the blocks of layers that drift
        self._work: dict[tuple[int, int, int], Columns] = {}
        self._records: list[Record] = []
        self._hidden_events: list[Events] = []
        self._row_numbers: list[NDArray[np.generic]] = []  # of the neurons of each hidden layer

    def program(self, weights: Weights) -> None:
        """Write weights (n_in, n_out) and biases (n_out,) of every layer, in units of the threshold; they are new then.

        Raises ChipError if shapes are not the spec's or a value is not finite.
        """
        sizes = self.spec.layer_sizes
        shapes = [(w.shape, b.shape) for w, b in weights]
        expected = [((n_in, n_out), (n_out,)) for n_in, n_out in pairwise(sizes)]
        if shapes != expected:
            raise ChipError(f"weights of shapes {shapes} do not fit this chip: program {expected}")
        bits = self.spec.learning_circuit.update_accumulator_bits
        layers = []
        for (w, b), made in zip(weights, self._made, strict=True):
            synapses, state = program_layer(w, b, made.gain, made.weight_bits, bits, self.spec.synapse, made.stuck)
            whole = Block(np.int64(0), np.int64(w.shape[1]), synapses, state, made.neurons, made.circuit)
            layers.append(split(whole))
        self._layers = layers
        self._drift_tables = [
            [drift_tables(block, made.drift, made.gain) for block in layer] if made.drift.drifts else []
            for layer, made in zip(layers, self._made, strict=True)
        ]
        self._age = Age()

    def infer(self, events: Events, windows: NDArray[np.int64], probes: Sequence[Probe] = ()) -> Result:
        """Run S windows, weights left alone. windows: (S,) the windows' numbers, which key their temporal noise."""
        events, windows, _, lost = self._received(events, windows, [])
        result = self._run(events, windows, None, None, probes)
        result.activity["events_lost"][0] = lost
        return result

    def learn(
        self,
        events: Events,
        windows: NDArray[np.int64],
        targets: Sequence[NDArray[np.float32]],
        rates: NDArray[np.float32],
        probes: Sequence[Probe] = (),
    ) -> Result:
        """Run S windows one after another and learn from each.

        targets: per layer (S, n_out), target rates in spikes per step; rates: (S,) or (S, n_layers) learning rates.
        Raises ChipError if shapes do not fit.
        """
        shapes = [t.shape for t in targets]
        expected = [(len(windows), n) for n in self.spec.layer_sizes[1:]]
        if shapes != expected:
            raise ChipError(f"targets of shapes {shapes} do not fit this chip and chunk: send {expected}")
        rates = np.asarray(rates, np.float32)
        allowed = [(len(windows),), (len(windows), self.spec.n_layers)]
        if rates.shape not in allowed:
            raise ChipError(
                f"learning rates of shape {rates.shape} do not fit this chunk: send {allowed[0]} or {allowed[1]}"
            )
        if not np.isfinite(rates).all():
            raise ChipError("learning rates contain NaN or infinity: every one must be a finite number")
        per_layer = np.broadcast_to(rates.reshape(len(windows), -1), (len(windows), self.spec.n_layers))
        events, windows, targets, lost = self._received(events, windows, targets)
        results = []
        for start, stop in self._age.spans(len(windows)) if self._drifts else [(0, len(windows))]:
            part = slice(start, stop)
            parts = Events(*(array[part] for array in events))
            wide = [_whole_vectors(target[part]) for target in targets]
            results.append(self._run(parts, windows[part], wide, per_layer[part].T.copy(), probes))
            self._grow(self._age.after_windows(stop - start))
        result = concatenated(results)
        result.activity["events_lost"][0] = lost
        return result

    def age(self, seconds: float) -> None:
        """Let the die rest: its synapses drift for this time. Raises ChipError if it is not a number of at least 0."""
        self._check_programmed()
        if not (np.isfinite(seconds) and seconds >= 0):
            raise ChipError(f"a die cannot rest for {seconds} seconds: give a finite number of at least 0")
        self._grow(self._age.after_rest(float(seconds)))

    def weights(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """What the crossbars deliver per spike, gain included: per layer (n_in, n_out) and (n_out,) in thresholds."""
        self._check_programmed()
        states = [joined(layer)[1] for layer in self._layers]
        return [(state.weight[:-1], state.weight[-1]) for state in states]

    def snapshot(self) -> Snapshot:
        """Everything that changes in a die's life, as copies. A restored die goes on bit for bit."""
        self._check_programmed()
        arrays: Snapshot = {}
        for number, layer in enumerate(self._layers, start=1):
            tables, state = joined(layer)
            arrays[f"layer{number}.weight"] = state.weight
            if _has_scale(layer):
                arrays[f"layer{number}.full_scale"] = np.array([tables.full_scale], np.float32)
            if tables.coded:
                arrays[f"layer{number}.code"] = state.coded.code
                arrays[f"layer{number}.residue"] = state.coded.residue
                arrays[f"layer{number}.lsb"] = np.array([tables.lsb, tables.bias_lsb], np.float32)
        if self._drifts:
            arrays["age"] = self._age.to_array()
        return arrays

    def restore(self, snapshot: Mapping[str, NDArray[np.generic]]) -> None:
        """Put a snapshot back. Raises ChipError if it is not of a chip like this one."""
        mine = self.snapshot()
        kinds = {name: (array.shape, array.dtype) for name, array in snapshot.items()}
        expected = {name: (array.shape, array.dtype) for name, array in mine.items()}
        if kinds != expected:
            odd = sorted(name for name in kinds.keys() | expected.keys() if kinds.get(name) != expected.get(name))
            raise ChipError(f"the snapshot is not of this chip: {', '.join(odd)} differ; restore one of the same spec")
        if self._drifts:
            self._age = Age.from_array(snapshot["age"])
        for number, (layer, made) in enumerate(zip(self._layers, self._made, strict=True), start=1):
            tables, state = layer[0].synapses, layer[0].state
            coded = state.coded
            if _has_scale(layer):
                [scale] = snapshot[f"layer{number}.full_scale"]
                tables = tables._replace(full_scale=scale)
            if tables.coded:
                lsb, bias_lsb = snapshot[f"layer{number}.lsb"]
                tables = tables._replace(lsb=lsb, bias_lsb=bias_lsb)
                coded = coded._replace(code=snapshot[f"layer{number}.code"], residue=snapshot[f"layer{number}.residue"])
            state = state._replace(weight=snapshot[f"layer{number}.weight"], coded=coded)
            layer[:] = [rewrite(block, tables, state) for block in layer]
            for block, drifts in zip(layer, self._drift_tables[number - 1], strict=False):  # none if it does not drift
                set_gain(block, drifts, made.drift, self._age)

    def _check_programmed(self) -> None:
        if not self._layers:
            raise ChipError("this chip has no weights yet: call program() first")

    def _grow(self, age: Age) -> None:
        """Let the die get as old as `age`, and its synapses with it."""
        if self._drifts and (age.drifted_windows, age.rested_s) != (self._age.drifted_windows, self._age.rested_s):
            for layer, drifts, made in zip(self._layers, self._drift_tables, self._made, strict=True):
                for block, tables in zip(layer, drifts, strict=False):  # none if it does not drift
                    drift_block(block, tables, made.drift, self._age, age)
        self._age = age

    def _received(
        self, events: Events, windows: NDArray[np.int64], targets: Sequence[NDArray[np.float32]]
    ) -> tuple[Events, NDArray[np.int64], Sequence[NDArray[np.float32]], int]:
        """What arrives of a chunk: its events, window numbers and targets, and how many events were lost on the way."""
        self._check_programmed()
        windows = np.ascontiguousarray(windows, np.int64)
        self._check_shapes(events, windows)
        if self._link.errs or self._drifts:  # what is wrong is found before anything is garbled or learned
            self._threads.run(self._checks(events, targets))
        arrived, lost = self._link.events(events, windows)
        return arrived, windows, self._link.targets(targets, windows), lost

    def _checks(self, events: Events, targets: Sequence[NDArray[np.float32]]) -> list[Piece]:
        """Pieces that look at all that the host sent; the last one raises ChipError if something cannot be run."""
        n_in = self.spec.layer_sizes[0]
        wrong: list[str] = []

        def check(start: int, stop: int) -> None:
            if not events_fit(events.rows, events.begin, events.end, events.amplitude, n_in, start, stop):
                wrong.append(
                    f"events must lie inside their buffer and name input rows 0 to {n_in - 1};"
                    " a constant current must be finite and the same at every step"
                )
            if not all(all_finite(target, start, stop) for target in targets):
                wrong.append("targets contain NaN or infinity: every one must be a finite number")

        def refuse() -> None:
            if wrong:
                raise ChipError(wrong[0])

        return checks(even_ranges(len(events.begin), self._threads.count), check, refuse)

    def _run(
        self,
        events: Events,
        windows: NDArray[np.int64],
        targets: list[NDArray[np.float32]] | None,
        rates: NDArray[np.float32] | None,
        probes: Sequence[Probe],
    ) -> Result:
        n_windows = len(windows)
        self._reserve(n_windows)
        check_probes(probes, self.spec)
        watch = {probe.layer - 1: probe for probe in probes}
        learns = targets is not None
        records = [self._record(layer, n_windows, watch.get(layer), learns) for layer in range(self.spec.n_layers)]
        inputs = [events, *self._hidden_events]
        tallies: list[list[NDArray[np.int64]]] = [[] for _ in records]

        infer = infer_block_watched if probes else infer_block
        learn = learn_block_watched if probes else learn_block

        def run_block(layer: int, number: int, start: int, stop: int) -> None:
            block = self._layers[layer][number]
            tally = np.zeros(len(TALLY), np.int64)
            common = (block, inputs[layer], records[layer], windows)
            room = (self._columns(block, layer, start), tally, start, stop)
            if targets is None or rates is None:
                infer(*common, *room)
            else:
                learn(*common, targets[layer], rates[layer], *room)
            tallies[layer].append(tally)

        def gather(layer: int, start: int, stop: int) -> None:
            hidden = self._hidden_events[layer]
            gather_events(
                records[layer].fired, self._row_numbers[layer], hidden.rows, hidden.begin, hidden.end, start, stop
            )

        threads = self._threads.count
        n_blocks = [len(layer) for layer in self._layers]
        checked = self._checks(events, targets or [])
        if targets is None:
            work = inference(even_ranges(n_windows, threads), n_blocks, run_block, gather, checked[-1])
        else:
            work = learning(following_ranges(n_windows, threads), n_blocks, run_block, gather, checked[-1])
        self._threads.run([*checked, *work])
        totals = np.array([np.sum(parts, axis=0) for parts in tallies])
        return Result(
            counts=[record.count[:, :n] for record, n in zip(records, self.spec.layer_sizes[1:], strict=True)],
            membrane=records[-1].membrane[:, : self.spec.layer_sizes[-1]],
            activity={
                **{name: totals[:, i] for i, name in enumerate(TALLY) if name not in WORK},
                "spikes": self._spikes(records[-1], n_windows),
                "events_lost": np.zeros(len(records), np.int64),
            },
            work={name: totals[:, TALLY.index(name)] for name in WORK},
            signals={p.layer: records[p.layer - 1].signals for p in probes},
            traces={p.layer: records[p.layer - 1].signals.membrane for p in probes},
            spikes={p.layer: spikes_of(records[p.layer - 1].fired, p.neurons) for p in probes},
        )

    def _spikes(self, outputs: Record, n_windows: int) -> NDArray[np.int64]:
        """(n_layers,) spikes fired by each layer: a hidden layer's are the next one's events, all inside its buffer."""
        hidden = [int(np.sum(events.end[:n_windows, -1], dtype=np.int64)) for events in self._hidden_events]
        return np.array([*hidden, number_of_spikes(outputs.fired)], np.int64)

    def _columns(self, block: Block, layer: int, start: int) -> Columns:
        """Working state of a block, kept from chunk to chunk; other windows may run through it at the same time."""
        key = (layer, int(block.first), start)
        if key not in self._work:
            self._work[key] = new_columns(block.state.weight.shape[1], len(block.state.weight))
        return self._work[key]

    def _check_shapes(self, events: Events, windows: NDArray[np.int64]) -> None:
        if windows.ndim != 1 or len(windows) == 0:
            raise ChipError(f"window numbers of shape {windows.shape}: send one per window, and at least one window")
        shape = (len(windows), self.spec.steps)
        if events.begin.shape != shape or events.end.shape != shape or len(events.rows) != len(windows):
            raise ChipError(
                f"events of {events.begin.shape} (windows, steps) do not fit: this chunk has {shape[0]} windows of"
                f" {shape[1]} steps"
            )
        if len(events.amplitude) > 0 and events.amplitude.shape != events.rows.shape:
            raise ChipError(f"amplitudes of {events.amplitude.shape} do not fit rows of {events.rows.shape}")

    def _reserve(self, n_windows: int) -> None:
        """Room for what the layers record, kept from chunk to chunk."""
        if self._records and self._records[0].fired.shape[1] >= n_windows:
            return
        steps = self.spec.steps
        self._records, self._hidden_events = [], []
        for n in self.spec.layer_sizes[1:]:
            self._records.append(
                Record(
                    fired=new_masks(n_windows, steps, n),
                    count=aligned((0, padded_width(n)), np.float32),
                    membrane=aligned((0, padded_width(n)), np.float32),
                    signals=nothing_probed(),
                )
            )
        for n in self.spec.layer_sizes[1:-1]:
            self._hidden_events.append(
                Events(
                    rows=np.empty((n_windows, steps * n + LANES), row_type(n)),  # see gather_events
                    begin=np.zeros((n_windows, steps), np.int32),
                    end=np.zeros((n_windows, steps), np.int32),
                    amplitude=np.zeros((0, 0), np.float32),
                )
            )
        self._row_numbers = [
            row_numbers(record.fired, events.rows)
            for record, events in zip(self._records, self._hidden_events, strict=False)  # the last layer has none
        ]

    def _record(self, layer: int, n_windows: int, probe: Probe | None, learns: bool) -> Record:
        """This layer's record for a chunk, with room for what its probe watches."""
        record = self._records[layer]
        shape = (n_windows, record.count.shape[1])  # counts and membranes are handed out, so they are new every time
        count, membrane = np.empty(shape, np.float32), np.empty(shape, np.float32)
        record = record._replace(fired=record.fired[:, :n_windows], count=count, membrane=membrane)
        if probe is not None:
            coded = bool(self._layers[layer][0].synapses.coded)
            record = record._replace(signals=room_for(probe, n_windows, self.spec.steps, learns, coded))
        return record


def _has_scale(layer: list[Block]) -> bool:
    """Whether anything depends on a layer's full scale, which is chosen when it is programmed."""
    return bool(layer[0].circuit.update.imperfect or layer[0].neurons.reads)


def _whole_vectors(target: NDArray[np.float32]) -> NDArray[np.float32]:
    """Targets (S, n_out) as wide as a layer's blocks."""
    n_out = target.shape[1]
    if padded_width(n_out) == n_out:
        return np.ascontiguousarray(target, np.float32)
    wide = np.zeros((len(target), padded_width(n_out)), np.float32)
    wide[:, :n_out] = target
    return wide
