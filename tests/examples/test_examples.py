"""What a user starts from: the examples run as they stand, and a third party's effect is found."""

import importlib.util
import json
import re
import shutil
import sys

import numpy as np
import pytest
from example_packages import install_example
from small_images import image_spec, small_net
from small_runs import QUIET_FLAGS, ROOT, end, environment, start

from chipsim.die import draw_errors
from host.run import resolve
from host.run import run as real_run
from nonideality import NoiseError, parse

EXAMPLES = ROOT / "examples"


def example_module(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def small_runs(seen):
    """A run of little work, for `host.run.run`; the spec that was asked for is noted."""

    def small(spec, *arguments, **options):
        seen.append(spec)
        training = spec.training.model_copy(update={"epochs": 1})
        teacher = spec.teacher.model_copy(update={"epochs": 2})
        tiny = spec.model_copy(update={"hidden": (6,), "training": training, "teacher": teacher})
        return real_run(tiny, *arguments, **options)

    return small


@pytest.fixture
def example(monkeypatch):
    """An example as a module, whose runs are made small."""

    def load(name):
        module, seen = example_module(name), []
        monkeypatch.setattr(module, "run", small_runs(seen))
        return module, seen

    return load


def test_library_use(here, monkeypatch, capsys):
    module, seen = example_module("library_use"), []
    monkeypatch.setattr("host.api.one_run.run_spec", small_runs(seen))
    module.main()
    lines = capsys.readouterr().out.splitlines()
    assert [spec.die for spec in seen] == [1, 2, 3, 4, 5]
    assert len(lines) == 5
    for die, line in enumerate(lines, start=1):
        assert re.fullmatch(rf"die {die}: ideal \d+\.\d%, before \d+\.\d%, after \d+\.\d%", line)


def test_trace_one_sample(monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location("trace_one_sample", EXAMPLES / "trace_one_sample.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    resolved = resolve(None, {"noise": ["mismatch:0.2"], "hidden": [6], "teacher.epochs": 2})
    monkeypatch.setattr(module, "resolve", lambda config, overrides: resolved)
    module.main()
    head, names, *rows = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"layer 1, neuron 5 of die 1: threshold \d\.\d{3}, boxcar -?\d\.\d{3} to \d\.\d{3}", head)
    assert len(rows) == resolved.steps
    assert {len(row.split()) for row in rows} == {len(names.split())}


def _small_accuracy_table(monkeypatch):
    """The example with three of its rows and little work, and the specs that it prepares."""
    module, seen = example_module("accuracy_table"), []
    real_resolve = module.resolve

    def small(config, settings):
        spec = real_resolve(config, {**settings, "hidden": [6], "training.epochs": 1, "teacher.epochs": 2})
        seen.append(spec)
        return spec

    monkeypatch.setattr(module, "resolve", small)
    monkeypatch.setattr(module, "ROWS", [module.ROWS[1], module.ROWS[-2], module.ROWS[-1]])
    return module, seen


def _said_by(module, capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["accuracy_table.py", *arguments])
    module.main()
    return [line.split(" | ") for line in capsys.readouterr().out.splitlines()]


def test_accuracy_table(capsys, monkeypatch):
    module, seen = _small_accuracy_table(monkeypatch)
    head, rule, *rows = _said_by(module, capsys, monkeypatch, "--dies", "2", "--seeds", "3,4")
    assert {len(cells) for cells in (head, rule, *rows)} == {7}
    assert [(spec.seed, spec.noise) for spec in seen] == [
        (seed, tuple(settings.get("noise", ()))) for _, settings in module.ROWS for seed in (3, 4)
    ]
    for (name, _), (row, n, *numbers, worst) in zip(module.ROWS, rows, strict=True):
        assert (row, n) == (f"| {name}", "4")
        ideal, before, after, gained = (float(cell.split(" ± ")[0]) for cell in numbers)
        assert gained == pytest.approx(after - ideal, abs=0.011)
        assert 0 <= float(worst.rstrip(" |")) <= after <= 100
        assert 0 <= before <= 100


def test_accuracies_kept_are_not_measured_again_and_stand_beside_others(here, capsys, monkeypatch):
    module, seen = _small_accuracy_table(monkeypatch)
    first = _said_by(module, capsys, monkeypatch, "--dies", "1", "--out", "linear", "--no-random-start")
    more = _said_by(module, capsys, monkeypatch, "--dies", "2", "--out", "linear", "--no-random-start")
    assert [len(first), len(more), len(seen)] == [4, 4, 4]
    assert more == _said_by(module, capsys, monkeypatch, "--dies", "2", "--out", "linear", "--no-random-start")
    assert len(seen) == 4
    gate = ("--set", "learning_circuit.error_gate=ternary", "--no-random-start")
    told = _said_by(module, capsys, monkeypatch, "--dies", "2", "--out", "ternary", *gate, "--against", "linear")
    assert {spec.learning_circuit.error_gate for spec in seen[4:]} == {"ternary"}
    for name, n, after, beside, differ in told[2:]:
        after, beside, differ = (float(cell.split(" ± ")[0].rstrip(" |")) for cell in (after, beside, differ))
        assert differ == pytest.approx(after - beside, abs=0.011), name
        assert n == "2"


def test_low_precision_table(example, capsys, monkeypatch):
    module, seen = example("low_precision_table")
    monkeypatch.setattr(module, "WEIGHT_BITS", (3,))
    monkeypatch.setattr(module, "ACCUMULATOR_BITS", (0, 6))
    monkeypatch.setattr(sys, "argv", ["low_precision_table.py", "--dies", "2"])
    module.main()
    said, empty, head, rule, row = capsys.readouterr().out.splitlines()
    assert (said, empty) == ("beside mismatch:0.2; mean of 2 dies, in %", "")
    assert head == "| weights | ideal | before | after: direct writes | after: accumulator 6 bits |"
    assert head.count("|") == rule.count("|") == row.count("|")
    assert {spec.noise for spec in seen} == {("mismatch:0.2", "quantization:3")}
    bits = [(spec.learning_circuit.update_accumulator_bits, spec.die) for spec in seen]
    assert bits == [(0, 1), (0, 2), (6, 1), (6, 2)]
    ideal = float(row.split("|")[2])
    for cell in row.split("|")[4:-1]:
        after, gained = map(float, re.fullmatch(r" (\S+) \((\S+)\) ", cell).groups())
        assert gained == pytest.approx(after - ideal, abs=0.011)


def test_table_of_learning_circuit_limits(example, capsys, monkeypatch):
    module, seen = example("learning_circuit_limits")
    arguments = ("--dies", "1", "--halvings", "1", "--effects", "stuck")
    monkeypatch.setattr(sys, "argv", ["learning_circuit_limits.py", *arguments])
    module.main()
    [row] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| stuck:L |")]
    triples = re.findall(r"(\S+): (\d+\.\d) / (\d+\.\d) / (\d+\.\d)", row)
    assert [float(level) for level, *_ in triples] == [0.01, 0.05, 0.1]
    levels = [spec.noise for spec in seen]
    assert len(set(levels)) == len(levels), "what is known is not run again"
    assert all(noise[0] == "mismatch:0.2" and noise[1].startswith("stuck:") for noise in levels)


@pytest.mark.parametrize("breaks_at", [0.07, 0.2, 0.5, 1.5, 5.0, 8.0])
def test_the_level_at_which_calibration_breaks(example, monkeypatch, breaks_at):
    """Within a sixth: the widest interval is a factor of ten, and three halvings leave its eighth root."""
    module, _ = example("learning_circuit_limits")
    bench, effect = module.Bench(1, 1, 1, ()), module.Effect("comparator:{}", (0.5, 1.0, 2.0), 8.0)
    monkeypatch.setattr(bench, "breaks", lambda effect, level: level >= breaks_at)
    assert float(bench.limit(effect, 3)) == pytest.approx(breaks_at, rel=1 / 6)


@pytest.mark.parametrize(("breaks_at", "found"), [(9.0, "> 8"), (0.01, "< 0.05")])
def test_a_level_outside_those_that_are_tried(example, monkeypatch, breaks_at, found):
    module, _ = example("learning_circuit_limits")
    bench, effect = module.Bench(1, 1, 1, ()), module.Effect("comparator:{}", (0.5, 1.0, 2.0), 8.0)
    monkeypatch.setattr(bench, "breaks", lambda effect, level: level >= breaks_at)
    assert bench.limit(effect, 3) == found


def test_low_precision(chipsim, here):
    spec = resolve(EXAMPLES / "low_precision.toml", {})
    assert spec.noise == ("mismatch:0.3", "quantization:3")
    assert spec.learning_circuit.update_accumulator_bits == 6
    flags = ("--hidden", "6", "--epochs", "1", "--set", "teacher.epochs=5", "--json")
    ended = chipsim("run", "--config", EXAMPLES / "low_precision.toml", *flags)
    assert (ended.status, ended.err) == (0, "")
    summary = json.loads(ended.out)
    assert [entry["text"] for entry in summary["noise"]] == ["mismatch:0.3", "quantization:3"]
    assert summary["code_writes"] > 0


def test_every_config_example_is_a_spec():
    configs = list(EXAMPLES.glob("*.toml"))
    assert configs
    for path in configs:
        resolve(path, {})


@pytest.fixture
def installed(tmp_path):
    """The example package as pip would install it: its module, and metadata that name its entry point."""
    site = tmp_path / "site"
    site.mkdir()
    source = EXAMPLES / "threshold_gradient"
    shutil.copy(source / "threshold_gradient.py", site)
    metadata = site / "chipsim_threshold_gradient-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: chipsim-threshold-gradient\nVersion: 0.1.0\n")
    project = (source / "pyproject.toml").read_text()
    [group] = re.findall(r'\[project\.entry-points\."(.+?)"\]', project)
    [(name, target)] = re.findall(r'^(\w+) = "(\w+:\w+)"$', project, re.MULTILINE)
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {target}\n")
    python_path = environment()["PYTHONPATH"]
    return environment(PYTHONPATH=f"{python_path}:{site}")


def test_a_third_partys_effect_is_found_and_used(installed, here, data_file):
    listed = end(start("noise", "--json", env=installed))
    assert (listed.status, listed.err) == (0, "")
    [entry] = [e for e in json.loads(listed.out)["noise"] if e["name"] == "threshold_gradient"]
    assert set(entry["sites"]) == {"threshold"}
    assert entry["range"] == [0, 1.9]

    flags = ("--dataset", data_file, *QUIET_FLAGS, "--json")
    noisy = ("--noise", "threshold_gradient:1.5")
    ended = end(start("run", *flags, *noisy, env=installed))
    assert (ended.status, ended.err) == (0, "")
    summary = json.loads(ended.out)
    assert [e["text"] for e in summary["noise"]] == ["threshold_gradient:1.5"]
    assert summary["noise"][0]["meaning"][0].startswith("threshold_gradient@threshold: ")
    assert summary["accuracy"]["before"] != summary["accuracy"]["ideal"]


def test_its_gradient_lies_across_the_columns_as_it_is_told(site):
    install_example("threshold_gradient", site)
    spec = image_spec(small_net("shared"), noise=("threshold_gradient:0.4,direction=up",))
    for errors, shape in zip(draw_errors(spec, 1), spec.shapes, strict=True):
        across = 1 + np.linspace(-0.2, 0.2, shape.columns)
        assert np.allclose(errors.threshold_gain, across if shape.dense else [across] * shape.positions)
    with pytest.raises(NoiseError, match="option direction 'left': input should be 'random', 'up' or 'down'"):
        parse("threshold_gradient:0.4,direction=left")


def test_without_its_package_the_effect_is_unknown(chipsim, here):
    ended = chipsim("run", "--noise", "threshold_gradient:0.3")
    assert ended.status == 2
    assert "unknown noise 'threshold_gradient'" in ended.err


def test_a_broken_third_party_is_named_and_hurts_no_other_run(installed, here, tmp_path, data_file):
    (tmp_path / "site" / "threshold_gradient.py").write_text("import no_such_module_anywhere\n")
    ended = end(start("run", "--noise", "threshold_gradient:0.3", env=installed))
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    for words in (
        "chipsim-threshold-gradient 0.1.0",
        "threshold_gradient:ThresholdGradient",
        "no_such_module_anywhere",
    ):
        assert words in ended.err
    ended = end(start("run", "--dataset", data_file, *QUIET_FLAGS, "--noise", "mismatch:0.1", "--json", env=installed))
    assert (ended.status, ended.err) == (0, "")


def test_sweep_a_die_population(here, monkeypatch, capsys, data_file):
    """The example's own grid and lines, on a chip that is learned in a blink."""
    from concurrent.futures import ThreadPoolExecutor
    from contextlib import contextmanager

    from small_runs import SMALL

    from host.run import merge
    from host.sweep import Request, Workers

    @contextmanager
    def in_this_process(count):
        with ThreadPoolExecutor(1) as executor:
            yield Workers(executor, 1)

    def small(settings, *arguments, **named):
        noiseless = {name: value for name, value in SMALL.items() if name != "noise"}
        return Request(merge(settings, {**noiseless, "dataset": str(data_file)}), *arguments, **named)

    spec = importlib.util.spec_from_file_location("population", EXAMPLES / "sweep_a_die_population.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "Request", small)
    monkeypatch.setattr(module, "local_workers", in_this_process)
    module.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for level, line in zip(("0.1", "0.2", "0.3"), lines, strict=True):
        assert re.fullmatch(
            rf"mismatch {level}: \d+ of 10 dies pass before learning, \d+ after: a yield of at least \d+%", line
        ), line
