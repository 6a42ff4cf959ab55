"""Decks that ngspice and iverilog run: they agree with the model, and one that is wrong does not."""

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from small_runs import SMALL, write_npz
from spice_chips import TIMING, changed_deck, own_chip

from chipsim.physical import load
from host.errors import ExportError
from host.export.spice import column_of, deck_files, schedule_of, simulate, write_deck
from host.export.spice.compare import compare
from host.run import resolve

needs_ngspice = pytest.mark.skipif(shutil.which("ngspice") is None, reason="ngspice is not installed")
needs_iverilog = pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not installed")
WINDOWS = 20


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_npz(tmp_path_factory.mktemp("data") / "small.npz")


def columns(data):
    """Of a small network: by chip and settings, each made once."""

    @cache
    def made(chip="own", place=(1, 4), windows=WINDOWS, **settings):
        whole = own_chip().to_table() if chip == "own" else chip
        settings = {name.replace("__", "."): value for name, value in settings.items()}
        noise = ["mismatch:0.1", "thermal:0.01", "quantization:6"]
        given = SMALL | {"dataset": str(data), "noise": noise, "teacher.epochs": 60} | settings
        return column_of(resolve(None, given | {"chip": whole}), place, windows)

    return made


@pytest.fixture(scope="module")
def column(data):
    return columns(data)


@needs_ngspice
@pytest.mark.parametrize(
    ("settings", "devices"),
    [({}, "behavioural"), ({"neuron__reset": "zero"}, "behavioural"), ({"windows": 4}, "level1")],
    ids=["subtracted", "to zero", "transistors"],
)
def test_a_deck_s_voltages_are_the_model_s(tmp_path, column, settings, devices):
    made = column(**settings)
    assert made.spike.any() and not made.spike.all()
    write_deck(deck_files(made, devices), tmp_path)
    agrees, told = simulate(tmp_path)
    assert agrees, told
    rms = float(re.search(r"([\d.]+) th rms", told[0])[1])
    assert rms < (0.002 if devices == "behavioural" else 0.01)
    assert "warning" not in (tmp_path / "spice" / "ngspice.log").read_text().lower()


@needs_ngspice
@pytest.mark.parametrize(
    ("pattern", "replaced"),
    [
        (r"^Cm vm 0 7.7e-12", "Cm vm 0 7.315e-12"),  # 5 % off
        (r"^Rleak vm rest (\S+)", r"Rleak vm rest 1e12"),
        (r"^Xreset .*$", ""),
    ],
    ids=["capacitor", "leak", "reset"],
)
def test_a_wrong_deck_is_found_out(tmp_path, column, pattern, replaced):
    write_deck(deck_files(column(), "behavioural"), tmp_path)
    changed_deck(tmp_path, pattern, replaced)
    agrees, told = simulate(tmp_path)
    assert not agrees and told[-1] == "FAIL"


def perfect(folder):
    """Rows of expected.csv, and a waveform that is just what they say."""
    lines = (folder / "expected.csv").read_text().splitlines()[2:]
    rows = [[float(value) for value in line.split(",")] for line in lines]
    points = [[0.0, 0.4, 0.0]]
    for _, _, sampled_ns, membrane_v, decided_ns, spike in rows:
        points += [[1e-9 * sampled_ns, membrane_v, 0.0], [1e-9 * decided_ns, 0.4, spike]]
    return rows, [*points, [1.0, 0.4, 0.0]]


def test_how_far_a_waveform_may_be_off(tmp_path, column):
    folder = write_deck(deck_files(column(), "behavioural"), tmp_path)
    rows, points = perfect(folder)
    spikes = [number for number, row in enumerate(rows) if row[5]]
    lost_in = {window: next(n for n in spikes if rows[n][0] == window) for window in (1, 2)}

    def verdict(offset_v=0.0, lost=(), log=""):
        """The comparison's exit status and output, of a waveform with some spikes lost."""
        changed = [[time, membrane + offset_v, spike] for time, membrane, spike in points]
        for number in lost:
            changed[2 * number + 2][2] = 0.0
        (folder / "membrane.dat").write_text("t v s\n" + "".join(f"{t:.12g} {v} {s}\n" for t, v, s in changed))
        (folder / "ngspice.log").write_text(log)
        found = subprocess.run([sys.executable, "compare.py"], cwd=folder, capture_output=True, text=True, check=False)
        return found.returncode, found.stdout

    assert verdict()[0] == 0
    assert verdict(offset_v=0.0035)[0] == 0 and verdict(offset_v=0.0045)[0] == 1  # 0.01 th are 4 mV
    one, two = [lost_in[1]], [lost_in[1], lost_in[2]]
    assert verdict(lost=one)[0] == 0 and "19 of 20 windows equal" in verdict(lost=one)[1]
    assert verdict(lost=two)[0] == 1
    status, told = verdict(log="Warning: singular matrix:  check nodes vm and vm\n")
    assert status == 1 and "singular matrix" in told
    assert verdict(log="No. of Data Rows : 12\nngspice-39 done\n")[0] == 0


def test_a_neuron_that_hardly_moves_is_compared_by_what_it_moves(tmp_path, column):
    folder = write_deck(deck_files(column(), "behavioural"), tmp_path)
    rows, points = perfect(folder)
    text = (folder / "expected.csv").read_text().splitlines()
    small = [f"{r[0]:g},{r[1]:g},{r[2]},{0.4 + 0.02 * (r[3] - 0.4)},{r[4]},0" for r in rows]
    (folder / "expected.csv").write_text("\n".join([*text[:2], *small]))

    def agrees(scale):
        shown = [[t, 0.4 + scale * 0.02 * (v - 0.4), 0.0] for t, v, _ in points]
        (folder / "membrane.dat").write_text("t v s\n" + "".join(f"{t:.12g} {v} {s}\n" for t, v, s in shown))
        return compare(folder)[0]

    assert agrees(1.0) and not agrees(0.95)


@needs_iverilog
def test_the_column_runs_in_systemverilog(tmp_path, column):
    folder = write_deck(deck_files(column(), "behavioural"), tmp_path)

    def bench():
        build = ["iverilog", "-g2012", "-Wall", "-o", "b.vvp", "neuron_real.sv", "neuron_real_tb.sv"]
        built = subprocess.run(build, cwd=folder, capture_output=True, text=True, check=True)
        assert "error" not in built.stderr
        return subprocess.run(["vvp", "-N", "b.vvp"], cwd=folder, capture_output=True, text=True, check=False)

    assert bench().stdout.startswith(f"PASS: {WINDOWS * SMALL['steps']} steps")
    lines = (folder / "charges.txt").read_text().splitlines()
    (folder / "charges.txt").write_text("\n".join(["0.5", *lines[1:]]))
    assert bench().returncode != 0
    (folder / "charges.txt").write_text("\n".join(lines))
    (folder / "steps.txt").write_text("".join((folder / "steps.txt").read_text().splitlines(keepends=True)[:-1]))
    assert bench().returncode != 0


def test_the_same_bytes_whenever_and_wherever(tmp_path, data, column):
    first = deck_files(column(), "behavioural")
    assert first == deck_files(columns(data)(), "behavioural")
    one, other = (write_deck(first, tmp_path / name) for name in ("a", "b"))
    names = {path.name for path in one.iterdir()}
    assert names == set(first) == {path.name for path in other.iterdir()}
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in names)
    assert not any(str(tmp_path) in text or str(data) in text for text in first.values())
    assert first["neuron.cir"].isascii() and first["stimulus.inc"].isascii()


def test_currents_are_the_chip_s_own(column):
    made = column(noise=("quantization:6",))
    assert made.unit_a == pytest.approx(400e-9)
    for synapse in made.synapses:
        assert synapse.current_a == pytest.approx(synapse.code * 400e-9, rel=1e-5)
    assert made.reset_a == pytest.approx(7.7e-12 * 0.4 / 60e-9, rel=1e-5)
    assert made.leak_s == pytest.approx(3850e-9, rel=1e-5)
    assert (made.charge_left, made.reset_left) == pytest.approx((0.9307, 0.8522), abs=1e-4)


def test_what_is_drawn_in_every_step_is_left_out(column):
    assert column().left_out == ("thermal:0.01",)
    assert "`thermal:0.01`" in deck_files(column(), "behavioural")["README.md"]


def test_analog_weights_have_no_codes(column):
    made = column("ideal", noise=("mismatch:0.1",))
    assert {synapse.code for synapse in made.synapses} == {None}
    assert [name for name, _ in made.schedule.assumed] == [
        *("reset_width_ns", "comparator_ns", "pulse_width_ns", "pulse_start_ns")
    ]
    with pytest.raises(ExportError, match="low_rail_v = 0 leaves transistors that sink"):
        deck_files(made, "level1")


def test_phases_that_are_not_stated_share_what_is_left():
    plan = schedule_of(load("cmos-180nm"))
    assert (plan.reset_ns, plan.pulse_ns, plan.compared_ns) == ((0, 100), (100, 900), 900)
    assert dict(plan.assumed) == {"reset_width_ns": 100, "comparator_ns": 100, "pulse_start_ns": 100}
    tight = schedule_of(
        own_chip(synapse={"pulse_width_ns": 300.0}, timing=dict.fromkeys(TIMING) | {"step_period_ns": 340.0})
    )
    assert (tight.reset_ns, tight.pulse_ns, tight.compared_ns) == ((0, 20), (20, 320), 320)
    assert schedule_of(own_chip()).assumed == ()
    assert schedule_of(own_chip()).charge_window == pytest.approx((0.675, 0.05))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"synapse": {"pulse_width_ns": 399.0}, "timing": {"pulse_start_ns": None, "comparator_ns": None}},
            "a step does not close: reset_width_ns 60 + pulse_width_ns 399, of step_period_ns 400",
        ),
        (
            {"timing": dict.fromkeys(TIMING) | {"step_period_ns": 250.0}},
            "which leaves no room for reset_width_ns and comparator_ns",
        ),
        ({"timing": {"comparator_ns": 0.5}}, "comparator_ns = 0.5 is too short for a deck"),
    ],
)
def test_steps_that_do_not_close_are_refused(changes, told):
    with pytest.raises(ExportError, match=re.escape(told)):
        schedule_of(own_chip(**changes))


REFUSED = {
    "no chip": ({"chip": None}, "add --chip"),
    "exponential currents": ({"chip": "brainscales2"}, "exponential synaptic currents"),
    "constant currents": ({"encoding": "current"}, "choose --encoding rate"),
    "a readout": ({"place": (2, 0), "neuron__readout": "integrating"}, "--set neuron.readout=spiking"),
    "other neurons": ({"neuron__kind": "adaptive"}, "a deck has if and lif: --set neuron.kind=lif"),
    "a dead neuron": ({"noise": ("silencing:1",)}, "is dead on this die"),
    "a window of its own": ({"neuron__charge_window": (0.5, 0.0)}, "is not where the chip's phases are"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_no_deck_can_be_made_of_is_refused(column, what):
    settings, told = REFUSED[what]
    with pytest.raises(ExportError, match=re.escape(told)):
        column(**settings)


def test_what_a_user_put_beside_a_deck_stays(tmp_path, column):
    texts = deck_files(column(), "behavioural")
    folder = write_deck(texts, tmp_path)
    (folder / "membrane.dat").write_text("of an older deck")
    assert write_deck(texts, tmp_path) == folder and not (folder / "membrane.dat").exists()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match="holds notes.txt, which is no part of a deck"):
        write_deck(texts, tmp_path)
    assert (folder / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["spice"]


def test_a_waveform_that_ends_early_is_no_comparison(tmp_path, column):
    folder = write_deck(deck_files(column(), "behavioural"), tmp_path)
    times = np.linspace(0, 1e-6, 50)
    (folder / "membrane.dat").write_text("time v s\n" + "".join(f"{t} 0.4 0\n" for t in times))
    for waveform in ("time v s\n", "time v s\n1 2\n", (folder / "membrane.dat").read_text(), "", "time\nnan x 3\n"):
        (folder / "membrane.dat").write_text(waveform)
        found = subprocess.run(
            [sys.executable, str(Path(folder) / "compare.py")], capture_output=True, text=True, check=False
        )
        assert found.returncode == 2 and found.stderr.startswith("compare.py: ") and found.stderr.count("\n") == 1
