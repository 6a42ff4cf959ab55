"""A misspelt name of any kind is answered in one line, with the name that was meant."""

import re

import pytest

MISSPELT = [
    # arguments, what was given, what was meant, something that shows the choices
    (["rnu"], "rnu", "run", "trace, nir"),
    (["teacher", "trian"], "trian", "train", "choose from show, train"),
    (["run", "--noize", "x"], "--noize", "--noise", "chipsim run --help"),
    (["sweep", "--axes", "steps=4"], "--axes", "--axis", "chipsim sweep --help"),
    (["--verion"], "--verion", "--version", "chipsim --help"),
    (["run", "--noise", "mismach:0.1"], "mismach", "mismatch", "quantization, thermal"),
    (["sweep", "--noise", "mismach:0.1,0.2", "--plan"], "mismach", "mismatch", "quantization, thermal"),
    (["run", "--noise", "mismatch:0.1@threshhold"], "threshhold", "threshold", "weight, threshold, leak"),
    (["run", "--noise", "mismatch:0.1,layr=1"], "layr=1", "layer", "key from layer"),
    (["run", "--noise", "ktc:5,temprature=300"], "temprature=300", "temperature", "layer, temperature, threshold"),
    (["run", "--chip", "brainscale2"], "brainscale2", "brainscales2", "cmos-180nm"),
    (["map", "--chip", "rramm", "--network", "4,3"], "rramm", "rram", "cmos-180nm"),
    (["check", "idael", "--network", "4,3"], "idael", "ideal", "cmos-180nm"),
    (["spec", "cmos180nm"], "cmos180nm", "cmos-180nm", "brainscales2"),
    (["run", "--method", "on-chip-lt"], "on-chip-lt", "on-chip-ltl", "'conversion'"),
    (["compare", "--methods", "convrsion"], "convrsion", "conversion", "offline-ltl"),
    (["run", "--dataset", "mnits"], "mnits", "mnist", "digits, mnist"),
    (["run", "--set", "chip.neuron.treshold_v=0.5", "--chip", "rram"], "neuron.treshold_v", "threshold_v", "resting_v"),
    (["run", "--set", "stepps=4"], "stepps", "steps", "target_bits"),
    (["run", "--set", "neurn.kind=lif"], "neurn", "neuron", "learning_circuit"),
    (["run", "--set", "neuron.kindd=lif"], "neuron.kindd", "kind", "tau_steps"),
    (["run", "--set", "learning_rate=0.1"], "learning_rate", "training.learning_rate", "training"),
    (["run", "--encoding", "lattency"], "lattency", "latency", "'rate', 'bernoulli'"),
    (["check", "ideal", "--network", "4,3", "--encoding", "curent"], "curent", "current", "'rate', 'bernoulli'"),
    (["run", "--neuron", "life"], "life", "lif", "'adaptive' or 'winner_take_all'"),
    (["run", "--set", "training.output_target=lables"], "lables", "label", "'softmax'"),
    (["run", "--error-gate", "tenary"], "tenary", "ternary", "'linear', 'sign' or 'ternary'"),
    (["check", "ideal", "--network", "4,3", "--start", "teachr"], "teachr", "teacher", "'teacher' or 'random'"),
    (["trace", "--part", "tset"], "tset", "test", "test, train"),
    (["nir", "run", "-o", "a.nir", "--dt", "1", "--integration", "eular"], "eular", "euler", "euler, exponential"),
    (["limit", "--axis", "mismach", "--at-least", "0.9"], "mismach", "mismatch", "quantization"),
    (["limit", "--axis", "stepps", "--at-least", "0.9"], "stepps", "steps", "target_bits"),
]


def answer(chipsim, arguments):
    ended = chipsim(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert re.fullmatch(r"chipsim: [^\n]+\n", ended.err), ended.err
    return ended.err


@pytest.mark.parametrize("case", MISSPELT, ids=[" ".join(case[0])[:60] for case in MISSPELT])
def test_what_was_meant(case, chipsim, here):
    arguments, given, meant, choices = case
    line = answer(chipsim, arguments)
    assert f"did you mean '{meant}'?" in line
    assert given in line
    assert choices in line


IN_FILES = [
    ("stepps = 4\n", "--config", "steps"),
    ("[learning_circuit]\nerror_gates = 'sign'\n", "--config", "error_gate"),
    ("[neuron]\nkind = 'liff'\n", "--config", "lif"),
    ("name = 'x'\n[neuron]\ntreshold_v = 1.0\n", "--chip", "threshold_v"),
    ("name = 'x'\n[nueron]\nthreshold_v = 1.0\n", "--chip", "neuron"),
]


@pytest.mark.parametrize(("text", "flag", "meant"), IN_FILES, ids=[case[0] for case in IN_FILES])
def test_what_was_meant_in_a_file(text, flag, meant, chipsim, here):
    (here / "mine.toml").write_text(text)
    line = answer(chipsim, ["run", flag, "mine.toml"])
    assert f"did you mean '{meant}'?" in line
    assert "mine.toml" in line


def test_a_name_that_stands_in_several_tables(chipsim, here):
    assert "did you mean 'teacher.epochs' or 'training.epochs'?" in answer(chipsim, ["run", "--set", "epochs=3"])


@pytest.mark.parametrize("arguments", [["xyzzy"], ["run", "--xyzzy"], ["run", "--encoding", "xyzzy"]])
def test_nothing_is_guessed_where_nothing_is_near(arguments, chipsim, here):
    assert "did you mean" not in answer(chipsim, arguments)
