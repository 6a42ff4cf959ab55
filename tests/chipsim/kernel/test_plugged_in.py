"""A neuron and a learning rule of another package: their fields are found wherever a chip shows what it holds.

And what is wrong with one is a line at the start, with its package.
"""

import re
import subprocess
import sys

import numba
import numpy as np
import pytest
from plug_ins import write_package
from plug_ins_of_chips import ENTRIES, WRONG, write_chip_parts
from small_chips import (
    assert_same,
    assert_same_result,
    assert_same_state,
    chunk_of,
    every_neuron,
    lesson,
    programmed,
    random_weights,
    spec_of,
    taught,
)
from small_runs import environment

from chipsim import Chip, ChipError
from chipsim.design import rule_named
from chipsim.die import try_plugins
from chipsim.kernel import kernel_for, parts_of
from chipsim.neurons import formulas_named

SIZES = (7, 20, 70)
PARTS = {"neuron": {"kind": "weary"}, "circuit": {"rule": "hungry"}}
F = np.float32


@pytest.fixture(autouse=True)
def forgotten():
    """What this process keeps by a name that means something else in the next test."""
    yield
    for kept in (rule_named, formulas_named, parts_of, kernel_for):
        kept.cache_clear()


def spec_with(noise=("comparator:0.5", "mismatch:0.2", "silencing:0.1"), rule_settings=None):
    return spec_of(
        SIZES, 6, noise, PARTS["neuron"], PARTS["circuit"] | {"rule_settings": rule_settings or {"greed": 0.25}}
    )


def test_its_fields_are_signals(site):
    """Each as its declaration says, and as its formula makes it."""
    write_chip_parts(site)
    task = lesson(spec_with())
    chip = programmed(task.spec, task.weights)
    result = taught(task, chip, every_neuron(task.spec))
    for layer in (1, 2):
        shown, tables = result.signals[layer], chip._fabricated[layer - 1].tables
        assert "hidden" not in shown
        assert [shown[name].dtype for name in ("meals", "eats", "hunger")] == [np.int32, np.uint8, F]
        assert (shown.eats == result.spikes[layer]).all() and shown.eats.any()
        spikes = result.spikes[layer].reshape(-1, SIZES[layer])
        meals = np.cumsum(spikes, axis=0).reshape(shown.meals.shape)
        assert_same(shown.meals, meals.astype(np.int32), "meals go on from window to window")
        hunger = np.full(task.targets[layer - 1].shape, F(2))
        for t in range(6):
            hunger = hunger * F(0.5) + task.targets[layer - 1]
            # Targets travel as words of sixteen bits.
            assert np.allclose(shown.hunger[:, t], hunger, atol=1e-4)
        error = (shown.target_count - shown["count"] + tables.skew) * F(0.25)
        learned = np.clip(np.arange(1, 7) - 2, 0, 6).astype(F)[:, None]  # steps after the warm-up
        craving = (error + shown.meals.astype(F) * F(0.01)) + learned
        assert_same(shown.craving[:, 2:], craving[:, 2:], "craving")
        rates = task.rates[:, layer - 1, None, None]
        assert_same(shown.pulse[:, 2:], (rates * craving)[:, 2:], "pulse")
        assert not shown.pulse[:, :2].any()
        fired_before = np.vstack([np.zeros((1, SIZES[layer]), np.uint8), spikes[:-1]])
        fired_before[::6] = 0  # a window begins with nothing fired
        assert_same(
            shown.weariness,
            (F(0.125) * np.cumsum(fired_before, axis=0, dtype=F)).reshape(shown.weariness.shape),
            "wear",
        )


def test_watching_changes_nothing(site):
    """A warm-up that is watched goes through the gate, and leaves no trace in what the rule keeps."""
    write_chip_parts(site)
    task = lesson(spec_with())
    watched, other = programmed(task.spec, task.weights), programmed(task.spec, task.weights, threads=2)
    assert_same_result(taught(task, watched, every_neuron(task.spec)), taught(task, other))
    assert_same_state(watched, other)
    assert_same_result(taught(task, other, every_neuron(task.spec)), taught(task, watched))


def test_columns_that_are_none_neither_fire_nor_open(site):
    """Whatever a neuron's padding and a rule's pulse are there: twenty neurons fill up to 32 columns."""
    write_chip_parts(site, changes={", padding=np.inf": ""})
    spec = spec_of((7, 20, 20, 5), 6, ("quantization:4",), PARTS["neuron"], PARTS["circuit"])
    task = lesson(spec)
    result = taught(task, programmed(spec, task.weights), every_neuron(spec))
    for layer, signals in result.signals.items():
        assert result.activity["spikes"][layer - 1] == result.spikes[layer].sum() > 0
        rows = np.count_nonzero(signals.input, axis=2)  # the bias among them
        n_open = np.count_nonzero(signals.pulse, axis=2)
        assert result.activity["weight_updates"][layer - 1] == (rows * n_open).sum() > 0
        n_low = np.count_nonzero(signals.membrane == spec.neuron.low_rail_th)
        assert result.activity["membrane_low_rail"][layer - 1] == n_low


def test_what_lasts_a_life_is_part_of_a_snapshot(site, rng):
    write_chip_parts(site)
    task = lesson(spec_with())
    chip = programmed(task.spec, task.weights)
    assert not chip.snapshot()["layer1.meals"].any()
    result = taught(task, chip)
    saved = chip.snapshot()
    for layer, n in ((1, 20), (2, 70)):
        for name in ("meals", "weariness"):
            array = saved[f"layer{layer}.{name}"]
            assert (array.shape, array.dtype) == ((n,), F) and array.any(), name
    assert saved["layer1.meals"].sum() == result.activity["spikes"][0]
    assert not any(name.endswith(("hunger", "craving", "hidden", "limit")) for name in saved)
    second = taught(task, chip)
    assert not np.array_equal(second.counts[0], result.counts[0]), "they tire"
    other = programmed(task.spec, random_weights(task.spec, rng))
    other.restore(saved)
    assert_same_result(taught(task, other), second)
    assert_same_state(other, chip)
    chip.program(task.weights)
    assert not chip.snapshot()["layer1.meals"].any(), "synapses and life begin anew"


def test_neither_chunks_nor_threads_change_what_lasts(site):
    write_chip_parts(site)
    task = lesson(spec_with(), n_windows=5)
    chip, other = programmed(task.spec, task.weights), programmed(task.spec, task.weights, threads=2)
    taught(task, chip)
    for start, stop in ((0, 2), (2, 3), (3, 5)):
        chunk = slice(start, stop)
        other.learn(
            chunk_of(task.events, start, stop),
            task.windows[chunk],
            [target[chunk] for target in task.targets],
            task.rates[chunk],
        )
    assert_same_state(other, chip)


def test_threads_do_not_change_what_lasts_while_a_chip_infers(site):
    """A neuron's life goes on when weights rest, and windows follow each other in it."""
    write_chip_parts(site)
    task = lesson(spec_with(), n_windows=80)
    chip, other = programmed(task.spec, task.weights), programmed(task.spec, task.weights, threads=2)
    assert_same_result(other.infer(task.events, task.windows), chip.infer(task.events, task.windows))
    assert_same_state(other, chip)


# What is wrong with one


@pytest.mark.parametrize(("was", "now", "name", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_one_is_a_line_at_the_start(site, was, now, name, said):
    write_chip_parts(site, changes={was: now})
    spec = spec_with()
    for begin in (lambda: Chip(spec, 1), lambda: try_plugins(spec.neuron, spec.learning_circuit)):
        with pytest.raises(ChipError, match=re.escape(said)) as error:
            begin()
        assert "\n" not in str(error.value)
        assert name in str(error.value) and "acme-chip 1.2" in str(error.value)


def test_a_setting_that_it_does_not_have(site):
    write_chip_parts(site)
    line = r"^settings of 'hungry': gread: Extra inputs are not permitted; choose from greed \(acme-chip 1\.2\)$"
    with pytest.raises(ChipError, match=line):
        Chip(spec_with(rule_settings={"gread": 1}), 1)
    with pytest.raises(
        ChipError, match=r"^settings of 'hungry': greed: Input should be a valid number.*acme-chip 1\.2"
    ):
        Chip(spec_with(rule_settings={"greed": "much"}), 1)
    weary = {"kind": "weary", "kind_settings": {"sleep": 8}}
    with pytest.raises(ChipError, match=r"^settings of 'weary': sleep: .*it has none of its own \(acme-chip 1\.2\)$"):
        Chip(spec_of(neuron=weary), 1)


def test_traces_that_a_rule_does_not_ask_for(site):
    write_chip_parts(site)
    line = r"^learning rule 'hungry' moves no rows by their traces: leave learning_circuit.trace_tau_steps out \(acme-c"
    with pytest.raises(ChipError, match=line):
        Chip(spec_of(SIZES, 6, circuit=PARTS["circuit"] | {"trace_tau_steps": 3.0}), 1)


def test_a_broken_package_hurts_no_chip_that_does_without(site):
    write_package(site, "acme-chip", "1.2", ENTRIES, {"acme_chip.py": "import no_such_module"})
    task = lesson(spec_of(SIZES, 6))
    taught(task, programmed(task.spec, task.weights))
    line = r"^learning rule 'hungry' of acme-chip 1\.2 \(acme_chip:Hungry\) cannot be loaded: .*no_such_module[^\n]*$"
    with pytest.raises(ChipError, match=line):
        Chip(spec_of(SIZES, 6, circuit=PARTS["circuit"]), 1)
    with pytest.raises(ChipError, match=r"^neuron 'weary' of acme-chip 1\.2 .*no_such_module[^\n]*$"):
        Chip(spec_of(SIZES, 6, neuron=PARTS["neuron"]), 1)


# Compiled kernels on disk

PROGRAM = """
from small_chips import lesson, programmed, spec_of
task = lesson(spec_of((3, 5), 6, neuron={"kind": "weary"}))
result = programmed(task.spec, task.weights).infer(task.events, task.windows)
print(float(result.counts[0].sum()), float(abs(result.membrane).sum()))
"""


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_kernels_are_made_anew_when_its_source_changes(site, tmp_path):
    """In processes of their own, with one cache."""
    write_chip_parts(site)
    cache = tmp_path / "cache"
    paths = environment()["PYTHONPATH"].split(":")
    paths += [str(site), *(f"{paths[0]}/tests/{folder}" for folder in ("support", "witness"))]
    env = environment(PYTHONPATH=":".join(paths), CHIPSIM_CACHE=str(cache))

    def run():
        ended = subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, timeout=300)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout, {path.name: path.stat().st_mtime_ns for path in cache.rglob("*.nbc")}

    first, made = run()
    again, kept = run()
    assert again == first and kept == made and made, "loaded, not compiled"
    source = site / "acme_chip.py"
    text = source.read_text()
    source.write_text(text.replace("state.membrane + current", "state.membrane * 0.5 + current"))
    other, grown = run()
    assert other != first
    assert made.items() < grown.items(), "the old ones are there still"
    source.write_text(text)
    assert run() == (first, grown)
