"""Bad input through the command line: one clear line, exit status 2, nothing left behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_runs import ROOT, SMALL_FLAGS, end, everything_in, small_arrays, start, write_npz


@pytest.fixture
def refused(chipsim, here, tmp_path):
    """Run a command line that must be refused; returns its one line."""

    def call(*arguments: object) -> str:
        before = everything_in(tmp_path)
        ended = chipsim("run", *arguments)
        assert ended.status == 2
        assert ended.out == ""
        assert re.fullmatch(r"chipsim: [^\n]+\n", ended.err), ended.err
        assert "Traceback" not in ended.err
        assert everything_in(tmp_path) == before, "something was left behind"
        return ended.err

    return call


LONG = "9" * 5000  # digits, more than Python reads


@pytest.mark.parametrize(
    "arguments",
    [
        ("trace", "--neurons", f"1:{LONG}"),
        ("trace", "--neurons", f"{LONG}:1"),
        ("trace", "--samples", f"0,{LONG}"),
        ("trace", "--after", LONG),
        ("bench", "--threads", f"1,{LONG}"),
        ("map", "ideal", "--network", f"{LONG},3"),
        ("run", "--chip-address", "tcp://[1]:5555"),
        ("run", "--noise", "mismatch:\x1b[31m"),
        ("run", "--dataset", "\x1b[31m\r.npz"),
    ],
    ids=lambda arguments: " ".join(arguments)[:30],
)
def test_one_printable_line(chipsim, here, arguments):
    ended = chipsim(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("chipsim: ") and ended.err.endswith("\n") and ended.err[:-1].isprintable(), ended.err


ON_THE_COMMAND_LINE = [
    # arguments, what the line must name: the value, and the rule or the choices
    (["--noise", "warp:0.2"], ["'warp'", "mismatch, quantization, thermal, silencing"]),
    (["--noise", "mismatch:0.2@antenna"], ["'antenna'", "weight, threshold, leak, synapse_tau, boxcar"]),
    (["--noise", "mismatch"], ["'mismatch'", "KIND:LEVEL"]),
    (["--noise", ""], ["''", "KIND:LEVEL"]),
    (["--noise", "mismatch:lots"], ["'lots'", "not a number"]),
    (["--noise", "mismatch:nan"], ["nan", "at least 0"]),
    (["--noise", "mismatch:inf"], ["inf", "at least 0"]),
    (["--noise", "mismatch:-0.1"], ["-0.1", "at least 0"]),
    (["--noise", "thermal:-1e-9"], ["-1e-09", "at least 0"]),
    (["--noise", "silencing:1.01"], ["1.01", "from 0 to 1"]),
    (["--noise", "quantization:0"], ["level 0 ", "from 2 to 15"]),
    (["--noise", "quantization:1.5"], ["1.5", "whole number from 2 to 15"]),
    (["--noise", "quantization:16"], ["16", "from 2 to 15"]),
    (["--noise", "mismatch:0.1,layer=9"], ["layer 9", "1 to 3"]),
    (["--noise", "mismatch:0.1,layer=0"], ["layer 0", "from 1"]),
    (["--noise", "mismatch:0.1,colour=3"], ["'colour=3'", "layer"]),
    (["--noise", "mismatch:0.1", "--noise", "mismatch:0.2"], ["mismatch@weight", "twice"]),
    (["--noise", "ideal", "--noise", "mismatch:0.2"], ["'ideal'"]),
    (["--dataset", "emnist"], ["'emnist'", "digits, mnist, mnist16, yinyang"]),
    (["--encoding", "morse"], ["'morse'", "'rate', 'bernoulli', 'current', 'latency' or 'log-latency'"]),
    (["--neuron", "alif"], ["'alif'", "'adaptive' or 'winner_take_all'"]),
    (["--tau", "0"], ["tau_steps = 0", "greater than 0"]),
    (["--tau", "nan"], ["nan", "finite"]),
    (["--tau", "10,x"], ["'10,x'", "write for example 10, or 10,5"]),
    (["--tau", "10,5"], ["neuron.tau_steps has 2 values", "3 layers", "a single one for all"]),
    (["--threshold", "1,0,1"], ["threshold_th = [1.0, 0.0, 1.0]", "greater than 0"]),
    (["--threshold", "9"], ["neuron.threshold_th 9", "high_rail_th 8"]),
    (
        ["--neuron", "lif", "--tau", "0.5", "--set", "neuron.leak_dac.bits=6"],
        ["neuron.tau_steps 0.5", "range of 0 to 1 per step", "choose 1 steps or more"],
    ),
    (["--reset", "half"], ["'half'", "'subtract', 'subtract-before-leak' or 'zero'"]),
    (["--readout", "analog"], ["'analog'", "'spiking', 'integrating' or 'integrating-max'"]),
    (["--start", "zero"], ["'zero'", "'teacher' or 'random'"]),
    (["--error-gate", "loud"], ["'loud'", "'linear', 'sign' or 'ternary'"]),
    (["--hidden", "12,x"], ["'12,x'", "128,64"]),
    (["--hidden", "0"], ["hidden = 0", "1"]),
    (["--hidden", "-4"], ["hidden = -4", "1"]),
    (["--steps", "1"], ["steps = 1", "2"]),
    (["--steps", "ten"], ["'ten'", "integer"]),
    (["--steps", "5000"], ["5000", "4096"]),
    (["--warm-up", "16"], ["16", "below steps (16)"]),
    (["--warm-up", "-1"], ["-1", "0"]),
    (["--die", "-1"], ["die = -1", "0"]),
    (["--seed", "4294967296"], ["4294967296", "less than"]),
    (["--epochs", "-1"], ["epochs = -1", "0"]),
    (["--learning-rate", "nan"], ["nan", "finite"]),
    (["--learning-rate", "-0.5"], ["-0.5", "greater than 0"]),
    (["--threads", "0"], ["0", "1<=x<=256"]),
    (["--set", "steps"], ["'steps'", "KEY=VALUE"]),
    (["--set", "stepps=4"], ["'stepps'", "'steps'"]),
    (["--set", "neuron.kindd=lif"], ["'neuron.kindd'", "'kind'"]),
    (["--set", "training.chunk=none"], ["training.chunk = 'none'", "integer"]),
    (["--config", "missing.toml"], ["missing.toml", "No such file"]),
    (["--config", "."], ["config .", "directory"]),
    (["--resume", "missing"], ["missing", "holds no run"]),
    (["--resume", "missing", "--epochs", "3"], ["training.epochs", "leave out"]),
    (["--resume", "missing", "--out", "there"], ["out", "leave out"]),
    (["--bogus"], ["--bogus"]),
    (["extra"], ["extra"]),
]


@pytest.mark.parametrize(("arguments", "words"), ON_THE_COMMAND_LINE, ids=lambda value: " ".join(value)[:60] or "empty")
def test_on_the_command_line(arguments, words, refused):
    line = refused(*arguments)
    for word in words:
        assert word in line, line


def test_an_unknown_command(chipsim, here):
    ended = chipsim("fly")
    assert (ended.status, ended.out) == (2, "")
    assert re.fullmatch(r"chipsim: [^\n]*'fly'[^\n]*\n", ended.err)


IN_A_CONFIG_FILE = [
    ("steps = 4\nstepps = 5\n", ["'stepps'", "'steps'"]),
    ("[neuron]\nkind = 'lif'\ntau = 3.0\n", ["'neuron.tau'", "tau_steps"]),
    ("[learning_circuit.boxcar]\nwidth = 1\n", ["'learning_circuit.boxcar'", "boxcar_width_th"]),
    ("[training]\nepochs = 'two'\n", ["training.epochs = 'two'", "integer"]),
    ("noise = ['mismatch:-1']\n", ["-1", "at least 0"]),
    ("steps = [\n", ["is not TOML"]),
    ("steps = 4\nsteps = 4\n", ["is not TOML"]),
    ("learning_rate = 0.1\n", ["'learning_rate'", "training"]),
]


@pytest.mark.parametrize(("text", "words"), IN_A_CONFIG_FILE, ids=[text[:30] for text, _ in IN_A_CONFIG_FILE])
def test_in_a_config_file(text, words, refused, tmp_path):
    path = tmp_path / "design.toml"
    path.write_text(text)
    line = refused("--config", path)
    for word in [*words, str(path)]:
        assert word in line, line


ARRAYS = small_arrays()
X, Y = ARRAYS["x_train"], ARRAYS["y_train"]


def replaced(array, value, index=0):
    """A copy with one entry replaced."""
    copy = array.copy()
    copy.flat[index] = value
    return copy


BAD_ARRAYS = [
    ("no x_test", {"x_test": None}, ["x_test", "x_train, y_train"]),
    ("other names", {"x_train": None, "y_train": None, "x": X, "y": Y}, ["no x_train, y_train", "holds"]),
    ("NaN in x", {"x_train": replaced(X, np.nan, 6 * 17 + 2)}, ["x_train", "NaN or infinity", "sample 17"]),
    ("infinity in x_test", {"x_test": replaced(ARRAYS["x_test"], -np.inf)}, ["x_test", "NaN or infinity", "sample 0"]),
    ("flat x", {"x_train": X.ravel()}, ["x_train", "(900,)", "(samples, ...)"]),
    ("no samples", {"x_train": X[:0], "y_train": Y[:0]}, ["x_train", "at least one sample"]),
    ("no inputs", {"x_train": X[:, :0], "x_test": ARRAYS["x_test"][:, :0]}, ["x_train", "(150, 0)"]),
    ("text", {"x_train": np.full((150, 6), "a")}, ["x_train", "<U1", "numbers"]),
    ("complex numbers", {"x_train": X + 1j}, ["x_train", "complex128", "numbers"]),
    ("objects", {"y_train": np.array([{}] * 150)}, ["cannot be read"]),
    ("all equal", {"x_train": np.full((150, 6), 0.3)}, ["0.3", "nothing to learn"]),
    ("widths differ", {"x_test": ARRAYS["x_test"][:, :5]}, ["6 values", "5", "must be equal"]),
    ("too few labels", {"y_train": Y[:-1]}, ["y_train", "(149,)", "(150,)"]),
    ("one-hot labels", {"y_train": np.eye(3)[Y]}, ["y_train", "(150, 3)", "one label per sample"]),
    ("negative label", {"y_train": replaced(Y, -1)}, ["y_train", "label -1", "from 0"]),
    ("huge label", {"y_train": replaced(Y, 70000)}, ["y_train", "label 70000", "65535"]),
    ("broken label", {"y_train": replaced(Y.astype(float), 0.5)}, ["y_train", "float64", "whole numbers"]),
    ("NaN label", {"y_test": replaced(ARRAYS["y_test"].astype(float), np.nan)}, ["y_test", "whole numbers"]),
    ("infinite label", {"y_train": replaced(Y.astype(float), np.inf)}, ["y_train", "label inf"]),
    ("text labels", {"y_train": Y.astype(str)}, ["y_train", "<U", "whole numbers"]),
    ("unknown test label", {"y_test": replaced(ARRAYS["y_test"], 3)}, ["y_test", "label 3", "0 to 2"]),
    ("one class", {"y_train": 0 * Y, "y_test": 0 * ARRAYS["y_test"]}, ["y_train", "one class only", "two"]),
]


@pytest.mark.parametrize(("changes", "words"), [case[1:] for case in BAD_ARRAYS], ids=[case[0] for case in BAD_ARRAYS])
def test_in_a_data_file(changes, words, refused, tmp_path):
    path = write_npz(tmp_path / "bad.npz", **changes)
    line = refused("--dataset", path, *SMALL_FLAGS)
    for word in [*words, str(path)]:
        assert word in line, line


def test_a_data_file_that_is_not_there(refused, tmp_path):
    line = refused("--dataset", tmp_path / "missing.npz")
    assert "missing.npz" in line
    assert "does not exist" in line


def a_file(folder: Path) -> Path:
    (folder / "file").write_text("mine")
    return folder / "file"


def a_full_folder(folder: Path) -> Path:
    (folder / "full").mkdir()
    (folder / "full" / "thesis.txt").write_text("mine")
    return folder / "full"


OUT = [
    ("a file", a_file, "already holds something"),
    ("a folder with something in it", a_full_folder, "already holds something"),
    ("below a file", lambda folder: a_file(folder) / "run", "File exists"),
    ("deep below a file", lambda folder: a_file(folder) / "a" / "b", "Not a directory"),
    ("below a folder that cannot be written", lambda folder: Path("/proc/chipsim/run"), "No such file"),
    ("a name too long", lambda folder: folder / "new" / ("n" * 300), "File name too long"),
]


@pytest.mark.parametrize(("place", "word"), [case[1:] for case in OUT], ids=[case[0] for case in OUT])
def test_an_out_that_cannot_be(place, word, refused, tmp_path, data_file):
    out = place(tmp_path)
    line = refused("--dataset", data_file, *SMALL_FLAGS, "--out", out)
    assert str(out) in line
    assert word in line


def test_an_out_without_permission(refused, tmp_path, data_file):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.access(locked, os.W_OK):
        pytest.skip("this user, root most likely, may write everywhere")
    assert "Permission denied" in refused("--dataset", data_file, *SMALL_FLAGS, "--out", locked / "run")


def test_bad_data_leaves_no_folder_at_out(refused, tmp_path):
    path = write_npz(tmp_path / "bad.npz", x_train=replaced(X, np.nan))
    refused("--dataset", path, "--out", tmp_path / "new" / "run")
    refused("--dataset", "nothing.npz", "--out", tmp_path / "new" / "run")


def test_a_data_file_whose_name_is_not_unicode(chipsim, here, data_file):
    odd = data_file.rename(os.fsdecode(os.fsencode(data_file.parent) + b"/\xff.npz"))
    ended = chipsim("run", "--dataset", odd, *SMALL_FLAGS, "--out", "run")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert everything_in(here) == {}


def test_a_bench_on_no_threads(chipsim, here):
    ended = chipsim("bench", "--threads", "0")
    assert (ended.status, ended.err.count("\n")) == (2, 1)


IN_A_PROCESS = [
    (["run", "--noise", "silencing:2"], "from 0 to 1"),
    (["run", "--dataset", "missing.npz"], "does not exist"),
    (["run", "--steps", "0"], "steps = 0"),
]


@pytest.mark.parametrize(("arguments", "word"), IN_A_PROCESS, ids=[word for _, word in IN_A_PROCESS])
def test_in_a_process_of_its_own(arguments, word, here):
    ended = end(start(*arguments))
    assert (ended.status, ended.out) == (2, "")
    assert re.fullmatch(r"chipsim: [^\n]+\n", ended.err), ended.err
    assert word in ended.err
    assert everything_in(here) == {}


def test_a_file_error_without_a_systems_words_is_told_in_a_librarys():
    """As numpy raises it, with neither an errno nor a file's name."""
    program = (
        "from host.cli import commands\n"
        "def lost(**options): raise FileNotFoundError('my.csv not\\nfound.')\n"
        "commands.cli.main = lost\n"
        "commands.main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "chipsim: cannot read or write a file: my.csv not found.\n"
