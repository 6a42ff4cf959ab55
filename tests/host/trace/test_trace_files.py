"""chipsim trace as a user sees it: files that are whole, one line for every mistake, pictures of odd traces."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from small_runs import QUIET_FLAGS, ROOT, SMALL, SMALL_FLAGS, everything_in, write_npz
from vcd_reader import VCDVCD

from host.plots import waveform_plot, waveform_png
from host.run import resolve
from host.trace.gtkw import gtkw_text
from host.trace.probe_run import trace
from host.trace.waveform import waves


@pytest.fixture
def traced(chipsim, here, data_file):
    """The command on a small problem, in an empty folder, by default on one neuron."""

    def call(*arguments, noise=SMALL_FLAGS):
        neurons = () if "--neurons" in arguments else ("--neurons", "1:2")
        return chipsim("trace", "--dataset", data_file, *noise, *neurons, *arguments)

    return call


def test_files_and_json(traced, here):
    ended = traced("--neurons", "1:3,2:0,2:2", "--rows", "1:4,1:0", "--samples", "5,0", "--out", "w.vcd", "--json")
    assert (ended.status, ended.err) == (0, "")
    told = json.loads(ended.out)
    assert sorted(path.name for path in here.iterdir()) == ["w.gtkw", "w.png", "w.vcd"]
    assert (told["vcd"], told["gtkw"], told["png"]) == ("w.vcd", "w.gtkw", "w.png")
    assert (told["samples"], told["learns"], told["learned_before"], told["steps"]) == ([5, 0], True, 0, 6)
    assert [(n["layer"], n["neuron"]) for n in told["neurons"]] == [(1, 3), (2, 0), (2, 2)]
    assert told["neurons"][0]["rows"] == ["row4", "row0", "bias"]
    read = VCDVCD(str(here / "w.vcd"))
    for neuron in told["neurons"]:
        name = f"chip.layer{neuron['layer']}.neuron{neuron['neuron']}"
        assert np.float32(read[f"{name}.die.threshold"][0]) == np.float32(neuron["made"]["threshold"])
        assert sum(value == "1" for _, value in read[f"{name}.spike"].tv) == sum(neuron["spikes"])
        pulses = [float(value) for _, value in read[f"{name}.pulse"].tv]
        assert np.count_nonzero(pulses) == sum(neuron["update_pulses"])
    png = (here / "w.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n") and png.endswith(b"IEND\xaeB`\x82")


def test_report(traced):
    ended = traced("--infer", "--step-us", "0.25")
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].endswith(" 6 steps of 250 ns, rate encoding, die 1")
    assert lines[1] == "inferring, after 0 learned samples"
    assert lines[-3:] == ["vcd   trace.vcd", "gtkw  trace.gtkw", "png   trace.png"]


def test_silent_neurons_leave_valid_json(traced):
    ended = traced("--json", "--noise", "silencing:1", noise=QUIET_FLAGS)
    assert ended.status == 0

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    told = json.loads(ended.out, parse_constant=refuse)
    assert told["neurons"][0]["made"]["threshold"] is None
    assert told["neurons"][0]["errors"][0] == "threshold infinite: it never fires"


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("neuron 3:0: there is no layer 3; this chip has 1 to 2", ["--neurons", "3:0"]),
        ("neuron 1:7: layer 1 has neurons 0 to 6", ["--neurons", "1:7"]),
        ("'7' is not LAYER:NUMBER; write for example 1:0,1:7,2:3", ["--neurons", "1:0,7"]),
        ("'1:-2' is not LAYER:NUMBER", ["--neurons", "1:-2"]),
        ("'' is not LAYER:NUMBER", ["--neurons", "1:2,"]),
        ("row 1:6: layer 1 has rows 0 to 5", ["--rows", "1:6"]),
        ("sample 60: the test set has samples 0 to 59", ["--sample", "60"]),
        ("'nan' is not a list of sample numbers", ["--samples", "nan"]),
        ("'dev' is not one of", ["--part", "dev"]),
        ("'-3' is neither a number of samples nor 'all'", ["--after", "-3"]),
        ("learning 9999 samples and 1 more is beyond this run, which learns 256", ["--after", "9999"]),
        ("learning 256 samples and 1 more is beyond this run", ["--after", "all", "--learn"]),
        ("give one of them", ["--after", "3", "--before"]),
        ("nan us is no step period", ["--step-us", "nan"]),
        ("0 us is no step period", ["--step-us", "0"]),
        ("the name of a waveform file ends in .vcd; write for example wave.vcd", ["--out", "wave.txt"]),
        ("there is no folder nowhere; make it, or choose another --out", ["--out", "nowhere/t.vcd"]),
        ("unknown noise 'mismatsch'", ["--noise", "mismatsch:0.2"]),
    ],
)
def test_mistakes_take_one_line_and_leave_nothing(traced, here, text, arguments):
    ended = traced(*arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert text in ended.err and "Traceback" not in ended.err
    assert everything_in(here) == {}


def test_a_folder_in_the_way(traced, here):
    (here / "t.png").mkdir()
    ended = traced("--out", "t.vcd")
    assert (ended.status, ended.err) == (2, "chipsim: --out t.vcd: t.png is a folder; choose another name\n")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody can write in: /proc")
def test_a_folder_that_takes_no_file(traced):
    ended = traced("--out", "/proc/t.vcd")
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "/proc" in ended.err and "choose another --out" in ended.err


def test_the_layout_names_signals_of_the_file(traced, here):
    assert traced("--neurons", "1:0").status == 0
    signals = set(VCDVCD(str(here / "trace.vcd")).signals)
    named = [line for line in (here / "trace.gtkw").read_text().splitlines() if line.startswith("chip.")]
    assert set(named) <= signals
    assert {"chip.step", "chip.layer1.neuron0.membrane", "chip.layer1.neuron0.weight_bias"} <= set(named)


ODD = {
    "leaky, noisy, few-bit, some silent": {
        "noise": ["mismatch:0.5", "thermal:0.2", "quantization:3", "silencing:0.5"],
        "neuron.kind": "lif",
    },
    "integrating readout of a current": {"neuron.readout": "integrating", "encoding": "current"},
    "all silent": {"noise": ["silencing:1"]},
    "no hidden layer": {"hidden": []},
    "long windows, ternary gate": {"steps": 300, "learning_circuit.error_gate": "ternary"},
    "accumulators that fill up": {"learning_circuit.accumulator_bits": 2, "steps": 20},
}


@pytest.fixture(scope="module")
def small_data(tmp_path_factory):
    return str(write_npz(tmp_path_factory.mktemp("data") / "small.npz"))


@pytest.mark.parametrize("case", ODD)
def test_odd_traces_are_drawn(small_data, case):
    spec = resolve(None, {**SMALL, "dataset": small_data, **ODD[case]})
    seen = trace(spec, [(1, 0)], samples=(3, 0), learn=case != "all silent")
    png = waveform_png(seen, 3e-4)
    assert png.startswith(b"\x89PNG") and png.endswith(b"IEND\xaeB`\x82")
    assert gtkw_text(seen, 1e-6)


def test_the_picture_shows_threshold_boxcar_rails_and_errors(small_data):
    spec = resolve(None, {**SMALL, "dataset": small_data, "noise": ["mismatch:0.3"], "neuron.high_rail_th": 1})
    seen = trace(spec, [(1, 2), (2, 1)])
    figure = waveform_plot(seen, 1e-6)
    columns = [figure.axes[start::2] for start in (0, 1)]
    for neuron, column in zip(seen.neurons, columns, strict=True):
        membrane = column[2]
        levels = {line.get_ydata()[0] for line in membrane.lines if len(set(line.get_ydata())) == 1}
        wanted = [
            neuron.fabricated[name] for name in ("threshold", "boxcar_low", "boxcar_high", "low_rail", "high_rail")
        ]
        assert set(wanted) <= levels
        drawn = max(membrane.lines, key=lambda line: len(line.get_xdata())).get_ydata()
        assert set(neuron.membrane.ravel().tolist()) <= set(drawn)
        title = column[0].get_title(loc="left")
        assert title.startswith(f"layer {neuron.layer}, neuron {neuron.neuron}\nas made: threshold ")
        assert f"{neuron.fabricated['threshold']:.3f} th (designed 1)" in " ".join(title.split())
        assert column[-1].get_xlabel() == "time (µs), 1 µs per step"
    labels = [axes.get_ylabel() for axes in columns[0]]
    assert all("(" in label for label in labels if label.startswith(("column", "membrane", "update", "weight")))


def test_what_does_not_fit_the_picture_is_named(small_data):
    spec = resolve(None, {**SMALL, "dataset": small_data})
    seen = trace(spec, [(1, neuron) for neuron in range(5)], samples=range(40))
    title = " ".join(waveform_plot(seen, 1e-6)._suptitle.get_text().split())
    assert "[28 of 40 samples, 3 of 5 neurons]" in title
    assert sum(wave.name == "membrane" for wave in waves(seen)) == 5


def test_help_stays_light():
    program = (
        "import sys, host.cli; print(*[m for m in ('numpy', 'vcd', 'matplotlib', 'pydantic') if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ""


def test_the_reader_leaves_broken_pipes_to_python():
    assert signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN
