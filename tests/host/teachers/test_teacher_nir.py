"""chipsim run --teacher FILE.nir: a die learns the rates that the file's network has on an ideal chip."""

import itertools
import json

import numpy as np
import pytest

from chipsim import Chip, ChipSpec, NeuronSpec
from host.data import Encoder
from host.errors import SettingError
from host.run import prepare, resolve
from host.teachers.nir.write import write_nir
from host.training import TrainingBatches, evaluate, spans

pytest.importorskip("nir", reason="needs the package nir (extra nir)")
STEP = {"teacher.step_s": 1e-3, "teacher.integration": "euler"}
FLAGS = ("--dt", 1e-3, "--integration", "euler", "--reset", "subtract")


def network(path, neuron, sizes=(6, 12, 3)):
    """Trained teacher's weights for small_runs.write_npz, written as NIR."""
    chip = Chip(ChipSpec(layer_sizes=sizes, neuron=neuron), 1)
    rng = np.random.default_rng(0)
    chip.program(
        [
            (rng.normal(0.1, 0.4, (n_in, n_out)).astype(np.float32), np.zeros(n_out, np.float32))
            for n_in, n_out in itertools.pairwise(sizes)
        ]
    )
    write_nir(chip, path, step_s=1e-3, integration="euler")
    return path


@pytest.fixture
def teacher(tmp_path):
    return network(tmp_path / "t.nir", NeuronSpec(kind="lif", tau_steps=8))


def test_the_files_neurons_become_the_chips(data_file, teacher):
    spec = resolve(None, {"dataset": str(data_file), "teacher.file": str(teacher), "neuron.reset": "zero"} | STEP)
    assert (spec.neuron.kind, spec.neuron.reset) == ("lif", "zero")
    assert spec.neuron.tau_steps == pytest.approx(8, rel=1e-4)
    assert spec.neuron.low_rail_th < -1000
    said = {"neuron.reset": "zero", "neuron.low_rail_th": -1}
    spec = resolve(None, {"dataset": str(data_file), "teacher.file": str(teacher)} | said | STEP)
    assert spec.neuron.low_rail_th == -1, "what is said goes before what follows from the file"


def test_the_files_layers_keep_their_leaks_and_thresholds(data_file, tmp_path):
    path = network(tmp_path / "l.nir", NeuronSpec(kind="lif", tau_steps=(8, 4), threshold_th=(1, 0.5)))
    given = {"dataset": str(data_file), "teacher.file": str(path), "neuron.reset": "subtract"} | STEP
    spec = resolve(None, given)
    assert spec.neuron.tau_steps == pytest.approx((8, 4), rel=1e-4)
    assert spec.neuron.threshold_th == (1, 0.5)
    setup = prepare(spec)
    ideal = setup.chip(setup.design.ideal(), setup.converted_weights(), 1)
    shown = setup.dataset.test
    rates = evaluate(ideal, shown, Encoder("rate", 6, spec.steps, 512, spec.seed)).rates
    targets = setup.teacher.targets(shown.values(slice(None)), shown.labels, "logits")
    assert rates[0].max() > 0.1
    for mine, wanted in zip(rates, targets, strict=True):
        assert np.allclose(mine, wanted, atol=1 / spec.steps + 1e-6)
    assert resolve(None, given | {"neuron.tau_steps": 5}).neuron.tau_steps == 5
    with pytest.raises(SettingError, match=r"neuron\.tau_steps has 3 values, and this network 2 layers"):
        prepare(resolve(None, given | {"neuron.tau_steps": [5, 4, 3]}))


def trained(data_file, path):
    """A network that knows the data set, as another simulator may have trained it."""
    setup = prepare(resolve(None, {"dataset": str(data_file), "hidden": [12]}))
    chip = setup.chip(setup.design.ideal(), setup.teacher.normalised(), 1)
    write_nir(chip, path, step_s=1e-3, integration="euler")
    return path


@pytest.mark.parametrize("encoding", ["rate", "bernoulli", "current"])
def test_an_ideal_die_has_the_target_rates_and_a_calibrated_one_comes_near(data_file, tmp_path, encoding):
    teacher = trained(data_file, tmp_path / "trained.nir")
    changes = {"dataset": str(data_file), "teacher.file": str(teacher), "neuron.reset": "subtract"} | STEP
    changes |= {"encoding": encoding, "noise": ["mismatch:0.5"], "training.epochs": 20, "die": 2}
    setup = prepare(resolve(None, changes))
    test = setup.dataset.test
    targets = setup.teacher.targets(test.values(slice(None)), test.labels, "logits")
    if encoding != "bernoulli":  # whose spikes differ from window to window
        chip = setup.chip(setup.design.ideal(), setup.teacher.normalised(), 1)
        score = evaluate(chip, test, Encoder(encoding, 6, setup.spec.steps, 512, setup.spec.seed))
        for rates, target in zip(score.rates, targets, strict=True):
            assert np.array_equal(rates, target)
    die = setup.chip(setup.design, setup.start_weights(), 1)
    errors = [mean_error(setup, die, targets)]
    encoder = Encoder(encoding, 6, setup.spec.steps, 64, setup.spec.seed, TrainingBatches.BUFFERS)
    n = len(setup.train)
    for piece in TrainingBatches(setup.train, setup.teacher, encoder, "logits", 1).chunks(spans(0, 10 * n, 64, n)):
        rates = 2e-3 * (1 - piece.windows / (10 * n))
        die.learn(piece.events, piece.windows, piece.targets, rates.astype(np.float32))
    errors.append(mean_error(setup, die, targets))
    assert errors[1] < 0.8 * errors[0]


def mean_error(setup, die, targets):
    """Between the rates of all neurons and their targets, on the test set."""
    encoder = Encoder(setup.spec.encoding, 6, setup.spec.steps, 512, setup.spec.seed)
    rates = evaluate(die, setup.dataset.test, encoder).rates
    return np.mean([np.abs(rate - target).mean() for rate, target in zip(rates, targets, strict=True)])


def test_a_run_and_its_resumption(chipsim, here, data_file, teacher):
    ended = chipsim("run", "--dataset", data_file, "--teacher", teacher, *FLAGS, "--epochs", 1, "--json", "--out", "r")
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["network"] == [6, 12, 3]
    assert chipsim("run", "--resume", "r", "--json").status == 0
    network(teacher, NeuronSpec())
    assert "has changed: its digest is" in chipsim("run", "--resume", "r").err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            (),
            "--integration euler or exponential, --reset subtract (after the leak), subtract-before-leak or zero",
        ),
        (FLAGS[:4], "asked for: add --reset subtract (after the leak), subtract-before-leak or zero"),
        ((*FLAGS[2:], "--dt", "-1"), "teacher.step_s = -1.0"),
        ((*FLAGS[2:], "--dt", "1"), "choose shorter steps"),
        ((*FLAGS, "--integration", "guess"), "'euler' or 'exponential'"),
        ((*FLAGS, "--dataset", "digits"), "has 3 outputs, but digits has 10 classes"),
    ],
)
def test_what_is_asked_for(chipsim, here, data_file, teacher, arguments, words):
    ended = chipsim("run", "--dataset", data_file, "--teacher", teacher, *arguments)
    assert ended.status == 2
    assert words in ended.err
    assert ended.err.count("\n") == 1
    assert list(here.iterdir()) == []


def test_steps_are_for_nir_files_alone(chipsim, here, data_file):
    ended = chipsim("run", "--dataset", data_file, "--dt", 1e-3)
    assert ended.status == 2
    assert "are for a NIR file" in ended.err


def test_a_file_of_another_kind(chipsim, here, data_file, tmp_path):
    (tmp_path / "t.pt").write_bytes(b"")
    ended = chipsim("run", "--dataset", data_file, "--teacher", tmp_path / "t.pt")
    assert ended.status == 2
    assert "ends in .pt; name a file that ends in .onnx or .nir" in ended.err


def test_the_die_of_a_run_is_written_as_it_was_kept(chipsim, here, data_file):
    noise = ("--noise", "mismatch:0.3@weight", "--noise", "mismatch:0.3@threshold")
    rails = ("--set", "neuron.low_rail_th=-1e6", "--set", "neuron.high_rail_th=1e6")
    run = ("run", "--dataset", data_file, "--hidden", 8, *noise, *rails, "--epochs", 5, "--json", "--out", "r")
    after = json.loads(chipsim(*run).out)["accuracy"]["after"]
    export = ("nir", "r", "-o", "die.nir", "--dt", 1e-3, "--integration", "euler")
    ended = chipsim(*export)
    assert ended.status == 0, ended.err
    assert "die 1, read it with reset subtract, dt 0.001 s, euler" in ended.out
    ended = chipsim("run", "--dataset", data_file, "--teacher", "die.nir", *FLAGS, "--epochs", 0, "--json")
    assert json.loads(ended.out)["accuracy"]["ideal"] == pytest.approx(after, abs=0.02)


def test_only_finished_runs_are_written(chipsim, here, data_file):
    export = ("nir", "r", "-o", "die.nir", "--dt", 1e-3, "--integration", "euler")
    assert "holds no run" in chipsim(*export).err
    (here / "r").mkdir()
    (here / "r" / "spec.toml").write_text(resolve(None, {"dataset": str(data_file), "hidden": [3]}).to_toml())
    ended = chipsim(*export)
    assert ended.status == 2
    assert "r is not finished: continue it with chipsim run --resume r" in ended.err
    assert not (here / "die.nir").exists()
    assert "above 0" in chipsim("nir", "r", "-o", "die.nir", "--dt", -1, "--integration", "euler").err
