"""The chip as the host sees it: fabricate, program, infer, learn, read counts, probe, snapshot, restore."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chipsim.ageing import Age, drift_block, gain_at
from chipsim.blocks import join, split
from chipsim.cycle import (
    TALLY,
    WORK,
    Columns,
    events_fit,
    gather_events,
    infer_block,
    learn_block,
    new_columns,
)
from chipsim.fabricate import fabricate
from chipsim.link import HostLink
from chipsim.memory import aligned
from chipsim.programming import program_layer
from chipsim.result import Probe, Result, concatenated
from chipsim.schedule import Piece, Threads
from chipsim.spec import ChipError, ChipSpec
from chipsim.tables import Block, Events, Record

Weights = Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]
Snapshot = dict[str, NDArray[np.generic]]

_RunBlock = Callable[[int, int, int, int], None]  # layer, number of the block, first window, end
_Gather = Callable[[int, int, int], None]  # layer, first window, end

WINDOWS_PER_PIECE = 32  # at least, so that a piece outweighs its scheduling
_WINDOWS_ON_ONE_THREAD = 256  # what one layer leaves is still in the cache when the next one reads it
_RANGES_PER_THREAD = 2  # enough for layers to overlap


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
        self._layers: list[Block] = []  # as programmed, each one block of all its columns
        self._blocks: list[list[Block]] = []  # the layers split for learning; empty if not up to date
        self._work: dict[tuple[int, int, int], Columns] = {}
        self._records: list[Record] = []
        self._hidden_events: list[Events] = []

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
            gain = gain_at(made.gain, made.drift, Age()) if made.drift.drifts else made.gain
            synapses, state = program_layer(w, b, gain, made.weight_bits, bits, made.stuck)
            layers.append(Block(np.int64(0), synapses, state, made.neurons, made.circuit))
        self._layers = layers
        self._blocks = []
        self._age = Age()

    def infer(self, events: Events, windows: NDArray[np.int64], probes: Sequence[Probe] = ()) -> Result:
        """Run S windows, weights left alone. windows: (S,) the windows' numbers, which key their temporal noise."""
        events, windows, lost = self._received(events, windows)
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
        if not (np.isfinite(rates).all() and all(np.isfinite(target).all() for target in targets)):
            raise ChipError("targets or learning rates contain NaN or infinity: every one must be a finite number")
        per_layer = np.broadcast_to(rates.reshape(len(windows), -1), (len(windows), self.spec.n_layers))
        events, windows, lost = self._received(events, windows)
        targets = self._link.targets(targets, windows)
        results = []
        for start, stop in self._age.spans(len(windows)) if self._drifts else [(0, len(windows))]:
            part = slice(start, stop)
            results.append(
                self._run(
                    Events(*(array[part] for array in events)),
                    windows[part],
                    [target[part] for target in targets],
                    per_layer[part].T.copy(),
                    probes,
                )
            )
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
        return [(layer.state.weight[:-1].copy(), layer.state.weight[-1].copy()) for layer in self._layers]

    def snapshot(self) -> Snapshot:
        """Everything that changes in a die's life, as copies. A restored die goes on bit for bit."""
        self._check_programmed()
        arrays: Snapshot = {}
        for number, layer in enumerate(self._layers, start=1):
            arrays[f"layer{number}.weight"] = layer.state.weight.copy()
            if layer.synapses.coded:
                arrays[f"layer{number}.code"] = layer.state.coded.code.copy()
                arrays[f"layer{number}.residue"] = layer.state.coded.residue.copy()
                arrays[f"layer{number}.lsb"] = np.array([layer.synapses.lsb, layer.synapses.bias_lsb], np.float32)
            if layer.neurons.reads:
                arrays[f"layer{number}.full_scale"] = np.array([layer.synapses.full_scale], np.float32)
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
        self._blocks = []
        if self._drifts:
            self._age = Age.from_array(snapshot["age"])
        for number, (layer, made) in enumerate(zip(self._layers, self._made, strict=True), start=1):
            layer.state.weight[...] = snapshot[f"layer{number}.weight"]
            if made.drift.drifts:
                layer.synapses.gain[...] = gain_at(made.gain, made.drift, self._age)
            if layer.neurons.reads:
                [scale] = snapshot[f"layer{number}.full_scale"]
                layer = layer._replace(synapses=layer.synapses._replace(full_scale=scale))
            if layer.synapses.coded:
                layer.state.coded.code[...] = snapshot[f"layer{number}.code"]
                layer.state.coded.residue[...] = snapshot[f"layer{number}.residue"]
                lsb, bias_lsb = snapshot[f"layer{number}.lsb"]
                layer = layer._replace(synapses=layer.synapses._replace(lsb=lsb, bias_lsb=bias_lsb))
            self._layers[number - 1] = layer

    def _check_programmed(self) -> None:
        if not self._layers:
            raise ChipError("this chip has no weights yet: call program() first")

    def _grow(self, age: Age) -> None:
        """Let the die get as old as `age`, and its synapses with it."""
        if self._drifts and (age.drifted_windows, age.rested_s) != (self._age.drifted_windows, self._age.rested_s):
            self._blocks = []
            for layer, made in zip(self._layers, self._made, strict=True):
                if made.drift.drifts:
                    drift_block(layer, made.drift, made.gain, self._age, age)
        self._age = age

    def _received(self, events: Events, windows: NDArray[np.int64]) -> tuple[Events, NDArray[np.int64], int]:
        """What arrives of a chunk's events, its window numbers, and how many events were lost on the way."""
        self._check_programmed()
        windows = np.ascontiguousarray(windows, np.int64)
        self._check_events(events, windows)
        arrived, lost = self._link.events(events, windows)
        return arrived, windows, lost

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
        records = [self._record(layer, n_windows, probes) for layer in range(self.spec.n_layers)]
        inputs = [events, *self._hidden_events]
        tallies: list[list[NDArray[np.int64]]] = [[] for _ in records]

        blocks = [[layer] for layer in self._layers] if targets is None else self._blocks_to_learn()

        def run_block(layer: int, number: int, start: int, stop: int) -> None:
            block = blocks[layer][number]
            tally = np.zeros(len(TALLY), np.int64)
            common = (block, inputs[layer], records[layer], windows)
            work = (self._columns(block, layer, start), tally, start, stop)
            if targets is None or rates is None:
                infer_block(*common, *work)
            else:
                learn_block(*common, targets[layer], rates[layer], *work)
            tallies[layer].append(tally)

        def gather(layer: int, start: int, stop: int) -> None:
            hidden = self._hidden_events[layer]
            words = records[layer].spikes.view("<u8")
            gather_events(words, hidden.rows, hidden.begin, hidden.end, start, stop)

        if targets is None:
            pieces = self._inference_pieces(n_windows, run_block, gather)
        else:
            pieces = self._learning_pieces(n_windows, [len(parts) for parts in blocks], run_block, gather)
        self._threads.run(pieces)
        for layer, parts in zip(self._layers, blocks, strict=True):
            join(layer, parts)
        totals = np.array([np.sum(parts, axis=0) for parts in tallies])
        return Result(
            counts=[record.count.copy() for record in records],
            membrane=records[-1].membrane.copy(),
            activity={name: totals[:, i] for i, name in enumerate(TALLY) if name not in WORK},
            work={name: totals[:, TALLY.index(name)] for name in WORK},
            traces={p.layer: records[p.layer - 1].trace for p in probes},
            spikes={p.layer: records[p.layer - 1].spikes[:, :, list(p.neurons)] for p in probes},
        )

    def _blocks_to_learn(self) -> list[list[Block]]:
        """Each layer's blocks, one per thread. After a chunk they hold what the layer holds, so they are kept."""
        if not self._blocks:
            self._blocks = [split(layer, self._threads.count) for layer in self._layers]
        return self._blocks

    def _columns(self, block: Block, layer: int, start: int) -> Columns:
        """Working state of a block, kept from chunk to chunk; other windows may run through it at the same time."""
        key = (layer, int(block.first), start)
        width = block.state.weight.shape[1]
        if key not in self._work or len(self._work[key].drive) != width:
            self._work[key] = new_columns(width)
        return self._work[key]

    def _inference_pieces(self, n_windows: int, run_block: _RunBlock, gather: _Gather) -> list[Piece]:
        """Weights rest, so windows are independent: each piece takes some windows through all layers."""

        def run_all_layers(start: int, stop: int) -> None:
            for layer in range(self.spec.n_layers):
                run_block(layer, 0, start, stop)
                if layer < self.spec.n_layers - 1:
                    gather(layer, start, stop)

        ranges = self._window_ranges(n_windows)
        return [Piece(partial(run_all_layers, *windows), number) for number, windows in enumerate(ranges)]

    def _learning_pieces(
        self, n_windows: int, n_blocks: list[int], run_block: _RunBlock, gather: _Gather
    ) -> list[Piece]:
        """Windows follow each other, columns are independent: a piece is a block of a layer's columns for some windows.

        It waits for the block's earlier windows and for the layer below.
        """
        pieces: list[Piece] = []
        before: dict[tuple[int, int], Piece] = {}  # (layer, block) -> the piece of the windows before
        for turn, (start, stop) in enumerate(self._window_ranges(n_windows)):
            inputs: Piece | None = None
            for layer in range(self.spec.n_layers):
                done = []
                for number in range(n_blocks[layer]):
                    # A block stays with its thread, whose cache holds it; narrow layers take turns.
                    thread = number if n_blocks[layer] > 1 else turn
                    piece = Piece(partial(run_block, layer, number, start, stop), thread)
                    before[layer, number] = piece.after(inputs, before.get((layer, number)))
                    done.append(piece)
                pieces += done
                if layer < self.spec.n_layers - 1:
                    inputs = Piece(partial(gather, layer, start, stop), turn).after(*done)
                    pieces.append(inputs)
        return pieces

    def _window_ranges(self, n_windows: int) -> list[tuple[int, int]]:
        size = _WINDOWS_ON_ONE_THREAD
        if self._threads.count > 1:
            size = max(WINDOWS_PER_PIECE, -(-n_windows // (_RANGES_PER_THREAD * self._threads.count)))
        return [(start, min(start + size, n_windows)) for start in range(0, n_windows, size)]

    def _check_events(self, events: Events, windows: NDArray[np.int64]) -> None:
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
        if not events_fit(events.rows, events.begin, events.end, events.amplitude, self.spec.layer_sizes[0]):
            raise ChipError(
                f"events must lie inside their buffer and name input rows 0 to {self.spec.layer_sizes[0] - 1};"
                " a constant current must be finite and the same at every step"
            )

    def _reserve(self, n_windows: int) -> None:
        """Room for what the layers record, kept from chunk to chunk."""
        if self._records and len(self._records[0].count) >= n_windows:
            return
        steps = self.spec.steps
        self._records, self._hidden_events = [], []
        for n in self.spec.layer_sizes[1:]:
            self._records.append(
                Record(
                    spikes=aligned((n_windows, steps, -(-n // 8) * 8), np.uint8),
                    count=aligned((n_windows, n), np.float32),
                    membrane=aligned((n_windows, n), np.float32),
                    probed=np.zeros(0, np.int64),
                    trace=np.zeros((0, 0, 0), np.float32),
                )
            )
        for n in self.spec.layer_sizes[1:-1]:
            self._hidden_events.append(
                Events(
                    rows=np.empty((n_windows, steps * n + 8), np.int32),  # see gather_events
                    begin=np.zeros((n_windows, steps), np.int32),
                    end=np.zeros((n_windows, steps), np.int32),
                    amplitude=np.zeros((0, 0), np.float32),
                )
            )

    def _record(self, layer: int, n_windows: int, probes: Sequence[Probe]) -> Record:
        """This layer's record for a chunk, with room for its probes."""
        record = self._records[layer]
        record = record._replace(
            spikes=record.spikes[:n_windows], count=record.count[:n_windows], membrane=record.membrane[:n_windows]
        )
        if len({probe.layer for probe in probes}) < len(probes):
            raise ChipError("a layer is probed twice: name all its neurons in one Probe")
        for probe in probes:
            if not 1 <= probe.layer <= self.spec.n_layers:
                raise ChipError(f"there is no layer {probe.layer} to probe: choose 1 to {self.spec.n_layers}")
            n_out = self.spec.layer_sizes[probe.layer]
            if not all(0 <= neuron < n_out for neuron in probe.neurons):
                raise ChipError(f"layer {probe.layer} has neurons 0 to {n_out - 1}; probe some of those")
            if probe.layer == layer + 1:
                shape = (n_windows, self.spec.steps, len(probe.neurons))
                record = record._replace(probed=np.array(probe.neurons, np.int64), trace=np.zeros(shape, np.float32))
        return record
