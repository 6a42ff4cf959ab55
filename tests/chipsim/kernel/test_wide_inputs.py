"""Inputs that sixteen bits cannot number: their rows come as int32, which kernels are compiled for anew."""

import numpy as np
from small_chips import Lesson, assert_same_result, programmed, random_targets, spec_of, taught, witness_of

from chipsim import Events

N_IN, PER_STEP, WINDOWS = 70_000, 30, 3


def wide_lesson(rng):
    """A few of very many inputs spike at each step, some beyond what sixteen bits hold."""
    spec = spec_of((N_IN, 20, 3), steps=6)
    rows = np.zeros((WINDOWS, spec.steps * PER_STEP), np.int32)
    for steps in rows.reshape(WINDOWS, spec.steps, PER_STEP):
        for step in steps:
            step[: PER_STEP // 2] = rng.choice(1 << 16, PER_STEP // 2, replace=False)
            step[PER_STEP // 2 :] = rng.choice(np.arange(1 << 16, N_IN), PER_STEP // 2, replace=False)
            step.sort()
    begin = np.tile(np.arange(spec.steps, dtype=np.int32) * PER_STEP, (WINDOWS, 1))
    weights = [
        (
            rng.normal(0.5, 1, (shape.rows, shape.columns)).astype(np.float32) / np.float32(8),
            np.zeros(shape.n_out, "f4"),
        )
        for shape in spec.shapes
    ]
    rates = np.full((WINDOWS, spec.n_layers), 0.05, np.float32)
    events = Events(rows, begin, begin + np.int32(PER_STEP), np.zeros((0, 0), np.float32))
    return Lesson(spec, weights, events, np.arange(WINDOWS), random_targets(spec, rng, WINDOWS), rates)


def test_they_are_seen_and_learned_from(rng):
    task = wide_lesson(rng)
    chip = programmed(task.spec, task.weights)
    witness = witness_of(chip)
    seen = chip.infer(task.events, task.windows)
    assert_same_result(seen, witness.run(task.events, task.windows))
    learned = taught(task, chip)
    assert_same_result(learned, witness.run(task.events, task.windows, task.targets, task.rates))
    after = chip.snapshot()["layer1.weight"]
    assert np.array_equal(after, witness.layers[0].weight)
    changed = np.flatnonzero((after[:-1] != task.weights[0][0]).any(axis=1))
    assert changed.max() >= 1 << 16
    assert np.isin(changed, task.events.rows).all()
