"""How a chip's work is cut up, run on threads, watched, and handed back.

Read, in this order:

    arguments      whether what a host sends can be run: kernels trust their inputs, so these look first
    layer_runner   runs a block of a layer: its plan, its kernel, and the room that it works in
    work_plan      which piece of a chunk waits for which: ranges of windows, layers, blocks of columns
    threads        runs pieces as soon as what they need is done; chunks overlap
    records        room for what a chunk leaves behind
    probe          which neurons and synapses are watched
    answers        which output neuron won a window or a sequence, or none
    result         what comes back; looking at a result that is still on its way waits for it

May know: `design`, `die` (for what was fabricated of a layer), `kernel`, `layout`, `simd`. Never an equation, and never
what a host wants with the answers. Whoever owns the state is `chipsim/chip.py`.

Which kernel runs is `chipsim.kernel.plan_of`'s to say. To change the work plan:
the bits must not depend on it, which `tests/chipsim/execution/test_threads_and_chunks.py` and
`test_chunks_in_flight.py` check; what a piece reads or writes may be used again only when a later piece waits for it.
"""

from chipsim.execution.answers import ABSTAINED, Answers, answers_of, in_words, of_sequences
from chipsim.execution.arguments import (
    check_adc,
    check_chunk,
    check_events,
    check_seconds,
    check_targets,
    checked_broadcast,
    events_fit,
    events_problem,
    moments_per_layer,
    rates_per_layer,
    sequence_lengths,
    window_numbers,
)
from chipsim.execution.layer_runner import LayerRun, Windows
from chipsim.execution.probe import (
    AnyProbe,
    Probe,
    ProbeSignals,
    SpikeProbe,
    check_probes,
    in_a_row,
    nothing_probed,
    room_for,
    signal_names,
    signals_of,
)
from chipsim.execution.records import Records
from chipsim.execution.result import Awaited, Readings, Result, concatenated
from chipsim.execution.threads import Threads, WorkPiece
from chipsim.execution.work_plan import (
    Before,
    checks,
    cut_at,
    even_ranges,
    image_learning_ranges,
    image_ranges,
    inference,
    learning,
)

__all__ = [
    "ABSTAINED",
    "Answers",
    "AnyProbe",
    "Awaited",
    "Before",
    "LayerRun",
    "Probe",
    "ProbeSignals",
    "Readings",
    "Records",
    "Result",
    "SpikeProbe",
    "Threads",
    "Windows",
    "WorkPiece",
    "answers_of",
    "check_adc",
    "check_chunk",
    "check_events",
    "check_probes",
    "check_seconds",
    "check_targets",
    "checked_broadcast",
    "checks",
    "concatenated",
    "cut_at",
    "even_ranges",
    "events_fit",
    "events_problem",
    "image_learning_ranges",
    "image_ranges",
    "in_a_row",
    "in_words",
    "inference",
    "learning",
    "moments_per_layer",
    "nothing_probed",
    "of_sequences",
    "rates_per_layer",
    "room_for",
    "sequence_lengths",
    "signal_names",
    "signals_of",
    "window_numbers",
]
