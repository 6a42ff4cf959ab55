"""Sweep databases filled without a simulation: accuracies from a formula and a fixed seed."""

from __future__ import annotations

import hashlib
import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from stored_runs import NotRun

from host.run import canonical, digest_of, resolve
from host.settings import RunSpec
from host.studies import Study
from host.sweep import Result, SweepStore, Timing
from nonideality import catalogue, parse_all

CLASSIC = {
    "mismatch": [0.0, 0.1, 0.2, 0.3, 0.5, 0.7],
    "silencing": [0.0, 0.1, 0.2, 0.3],
    "thermal": [0.0, 0.1, 0.2, 0.3],
    "quantization": [6, 4, 3, 2],
}
TEST_SAMPLES = 450
_IDEAL = 439


def sweep_id(request: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(request).encode()).hexdigest()[:8]


def points_of(axes: dict[str, list[Any]], cross: bool) -> list[dict[str, Any]]:
    if cross:
        return [dict(zip(axes, levels, strict=True)) for levels in product(*axes.values())]
    return [{name: level} for name, levels in axes.items() for level in levels]


def spec_of(base: RunSpec, point: dict[str, Any], die: int) -> RunSpec:
    noise = list(base.noise)
    settings: dict[str, Any] = {"die": die}
    for name, level in point.items():
        kind, at, site = name.partition("@")
        if kind in catalogue():
            noise += [f"{kind}:{level}{at}{site}"] if level else []
        else:
            settings[name] = level
    return resolve(None, {**settings, "noise": noise, "dataset": base.dataset})


def summary_of(spec: RunSpec, accuracy: dict[str, float], rng: np.random.Generator) -> dict[str, Any]:
    noise = [
        {"text": text, "level": noise.effect.level, "meaning": noise.describe()}
        for text, noise in zip(spec.noise, parse_all(spec.noise), strict=True)
    ]
    hits = int(rng.integers(1_000, 9_000))
    return {
        "dataset": spec.dataset,
        "data_origin": "scikit-learn",
        "network": [64, *spec.hidden, 10],
        "spec_hash": spec.hash(),
        "seed": spec.seed,
        "die_seed": spec.die,
        "noise": noise,
        "accuracy": accuracy,
        "test_samples": TEST_SAMPLES,
        "recovered_fraction": None,
        "train_samples": 20_610,
        "kept_after_samples": 20_610,
        "synaptic_events": 1_865_770_972 + hits,
        "weight_updates": 9_731_567 + hits,
        "code_writes": 0,
        "saturation": {
            "learning": _saturation(100 * hits, hits),
            "test_before": _saturation(hits, 0),
            "test_after": _saturation(hits, 0),
        },
    }


def _saturation(low: int, high: int) -> dict[str, int]:
    return {"membrane_low_rail": low, "membrane_high_rail": high, "accumulator_full": 0, "weight_full_scale": 0}


def fill(
    path: Path,
    axes: dict[str, list[Any]],
    dies: int,
    cross: bool = False,
    failed: tuple[int, ...] = (),
    missing: tuple[int, ...] = (),
    message: str = "the teacher did not learn: use more epochs",
    base: RunSpec | None = None,
    extra: dict[str, Any] | None = None,
) -> str:
    """Store one sweep and its results; returns its id. failed, missing: positions in the plan. extra: for summaries."""
    base = base or resolve(None, {})
    rng = np.random.default_rng(20221004)
    request = {
        "base": base.model_dump(mode="json"),
        "axes": [
            {"name": name, "kind": "noise" if name.partition("@")[0] in catalogue() else "setting", "values": levels}
            for name, levels in axes.items()
        ],
        "cross": cross,
        "dies": list(range(1, dies + 1)),
    }
    plan, results = [], []
    for point in points_of(axes, cross):
        for die in request["dies"]:
            position = len(plan)
            spec = spec_of(base, point, die)
            levels = "-".join(f"{name}-{level}" for name, level in point.items())
            task = _task(levels, spec)
            plan.append((point, task))
            if position not in missing:
                results.append((_result(task, spec, point, rng, message if position in failed else None, extra),))
    name = sweep_id(request)
    with SweepStore.create(path) as store:
        store.add_sweep(name, request, plan)
        store.record((result, Timing(result.key, 1.0, "test")) for (result,) in results)
    return name


def _task(name: str, spec: RunSpec) -> NotRun:
    key = digest_of([name, spec.model_dump(mode="json")])
    return NotRun(key, f"{name}-die-{spec.die}-{key[:8]}", spec.die)


def _result(
    task: NotRun,
    spec: RunSpec,
    point: dict[str, Any],
    rng: np.random.Generator,
    message: str | None,
    extra: dict[str, Any] | None,
) -> Result:
    text = canonical(spec.model_dump(mode="json"))
    if message is not None:
        return Result(task.key, task.name, text, spec.die, "failed", message)
    hurt = sum(
        1 / level**2 if "quant" in name else level for name, level in point.items() if isinstance(level, int | float)
    )
    spread = min(0.6, hurt)
    correct = {
        "teacher": 442,
        "ideal": _IDEAL,
        "before": _IDEAL - int(abs(rng.normal(330 * spread, 60 * spread))),
        "after": _IDEAL + 2 - int(abs(rng.normal(8 * spread, 12 * spread))),
    }
    accuracy = {name: count / TEST_SAMPLES for name, count in correct.items()}
    summary = {**summary_of(spec, accuracy, rng), **(extra or {})}
    figures = (*accuracy.values(), TEST_SAMPLES, json.dumps(summary))
    return Result(task.key, task.name, text, spec.die, "done", None, *figures)


def fill_study(path: Path, noise: tuple[str, ...], dies: int, samples: int, missing: int = 0) -> str:
    """Store a sensitivity study and its results, all but the last `missing`; returns its id."""
    study = Study.of(resolve(None, {}), noise, dies, samples)
    rng = np.random.default_rng(20221004)
    planned = study.plan()
    tasks = [_task(f"study-{position}", spec) for position, (_, spec) in enumerate(planned)]
    name = sweep_id(study.request())
    results = [_result(task, spec, point, rng, None, None) for task, (point, spec) in zip(tasks, planned, strict=True)]
    with SweepStore.create(path) as store:
        store.add_sweep(name, study.request(), [(point, task) for task, (point, _) in zip(tasks, planned, strict=True)])
        store.record((result, Timing(result.key, 1.0, "test")) for result in results[: len(results) - missing])
    return name
