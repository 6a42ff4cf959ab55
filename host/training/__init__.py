"""The loop that shows samples to whatever learns, checks it, steers its rate, and keeps the state that validates best.

Read, in this order:

    setup        all that is known before a die is touched
    starts       weights that a die is programmed with: the teacher's, or random ones
    batches      the next chunk's spikes and targets, prepared while the chip learns the last one
    learner      what learns: a die, or weights on the host
    progress     how training stands, which snapshot stays, how the rate follows: what a checkpoint holds
    loop         learn, check, save, and restore what is kept
    assignment   classes for neurons that learned without labels
    evaluation   samples shown and scored; looking never changes a die

May know: `teachers`, `data`, `link` (to write down when the host was busy), `settings`, and `chipsim` by its interface,
`design` for shapes, `layout` for the names of counters. Never a method by name, and never a run folder: who saves is
handed in.

To add something that learns: a class with the methods of the learner's protocol, handed to the loop by a method; see
`host.methods`. The tests are those of `tests/host/training/` (what the loop does, and that looking changes no bit) and
`tests/host/methods/test_methods.py` (a stopped run goes on to the same bits).
"""

from host.training.assignment import Assignment, LabelledScore, assigned, check_labels, labelled_score
from host.training.batches import Chunk, TrainingBatches, spans
from host.training.evaluation import CHUNK, EVALUATION_WINDOWS, Score, classify, evaluate
from host.training.learner import Learner, LearningDie, Part, Rates, per_layer
from host.training.loop import train
from host.training.progress import CHECKS, Check, Progress
from host.training.setup import Learned, Setup
from host.training.starts import converted, random_weights

__all__ = [
    "CHECKS",
    "CHUNK",
    "EVALUATION_WINDOWS",
    "Assignment",
    "Check",
    "Chunk",
    "LabelledScore",
    "Learned",
    "Learner",
    "LearningDie",
    "Part",
    "Progress",
    "Rates",
    "Score",
    "Setup",
    "TrainingBatches",
    "assigned",
    "check_labels",
    "classify",
    "converted",
    "evaluate",
    "labelled_score",
    "per_layer",
    "random_weights",
    "spans",
    "train",
]
