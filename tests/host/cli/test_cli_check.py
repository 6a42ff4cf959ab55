"""chipsim check at the command line: what it says, and how it ends."""

import json

import pytest
from small_runs import end, everything_in, start

from chipsim.design_rules import RULES
from chipsim.physical import PRESETS, preset_text

SMALL = ("--network", "60,10", "--row-rate", "0.1")


def checked(chipsim, *arguments):
    """The JSON of a check, and its exit status."""
    ended = chipsim("check", *arguments, "--json")
    assert ended.err == ""
    return json.loads(ended.out), ended.status


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_hold_a_small_network(chipsim, here, preset):
    found, status = checked(chipsim, preset, *SMALL)
    assert (status, found["errors"]) == (0, 0)
    assert found["network"] == [60, 10]
    named = [entry["rule"] for part in ("findings", "kept", "not_checked") for entry in found[part]]
    assert sorted(named) == sorted(RULES)
    assert everything_in(here) == {}


def test_errors_end_with_status_1(chipsim, here):
    ended = chipsim("check", "cmos-180nm", "--network", "9000,10", "--noise", "thermal:2")
    assert (ended.status, ended.err) == (1, "")
    found, status = checked(chipsim, "cmos-180nm", "--network", "9000,10", "--noise", "thermal:2")
    assert status == 1
    errors = [finding for finding in found["findings"] if finding["severity"] == "error"]
    assert {"fan-in", "cores", "membrane-noise"} <= {finding["rule"] for finding in errors}
    assert found["errors"] == len(errors)
    for finding in errors:
        assert f"error  {finding['rule']}  {finding['quantity']}: " in ended.out
    for severity in ("error", "warning", "note"):
        count = sum(line.startswith(f"{severity}  ") for line in ended.out.splitlines())
        assert count == found[f"{severity}s"]
    assert ended.out.splitlines()[-1].startswith(f"{len(errors)} errors, ")


def test_warnings_end_with_status_0(chipsim, here):
    found, status = checked(chipsim, "ideal", *SMALL, "--noise", "thermal:0.3")
    assert (status, found["errors"], found["warnings"]) == (0, 0, 1)
    assert [finding["rule"] for finding in found["findings"]] == ["membrane-noise"]


def test_a_pipe_gets_plain_lines(here):
    ended = end(start("check", "rram", "--network", "784,256,10"))
    assert ended.err == ""
    assert "\x1b" not in ended.out
    assert all(line == line.rstrip() and len(line) <= 120 for line in ended.out.splitlines())


def test_what_is_checked_is_what_would_run(chipsim, here):
    """Flags replace what follows from the chip, as in chipsim run."""
    found, _ = checked(chipsim, "cmos-180nm", *SMALL, "--steps", "5", "--noise", "quantization:2")
    assert found["steps"] == 5
    assert "weight-bits" in [finding["rule"] for finding in found["findings"]]
    found, _ = checked(chipsim, "cmos-180nm", *SMALL, "--noise", "ideal")
    assert "weight-bits" in [entry["rule"] for entry in found["not_checked"]]
    found, _ = checked(chipsim, "ideal", *SMALL, "--start", "random")
    assert "boxcar-random-start" in [finding["rule"] for finding in found["kept"]]


def test_spikes_that_come_once_need_a_trace(chipsim, here):
    """BrainScaleS-2's currents last; of a rate code each row spikes again, of a latency it does not."""
    found, _ = checked(chipsim, "brainscales2", *SMALL)
    assert "presynaptic-trace" in [entry["rule"] for entry in found["not_checked"]]
    found, status = checked(chipsim, "brainscales2", *SMALL, "--encoding", "log-latency")
    [finding] = [finding for finding in found["findings"] if finding["rule"] == "presynaptic-trace"]
    assert (finding["severity"], finding["value"], status) == ("warning", 0, 0)


def test_a_chip_of_ones_own(chipsim, here):
    (here / "my.toml").write_text(preset_text("ideal").replace("high_rail_v = 8.0", "high_rail_v = 1.1"))
    found, status = checked(chipsim, "my.toml", *SMALL)
    assert status == 1
    assert [finding["rule"] for finding in found["findings"]] == ["upper-rail"]


def test_a_chip_whose_layers_differ(chipsim, here):
    """As many values as the network has layers, or one line."""
    (here / "my.toml").write_text(f"{preset_text('ideal')}\n[bias]\nlayer_threshold_v = [1.0, 4.0]\n")
    found, _ = checked(chipsim, "my.toml", "--network", "60,20,10")
    [rail] = [finding for finding in found["findings"] if finding["rule"] == "upper-rail"]
    assert rail["value"] == 2 and "in layer 2" in rail["why"]
    ended = chipsim("check", "my.toml", "--network", "60,20,20,10")
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "neuron.threshold_th has 2 values, and this network 3 layers" in ended.err


def test_a_run_knows_its_network(chipsim, here, data_file):
    (here / "run.toml").write_text(f'dataset = "{data_file}"\nhidden = [5]\nnoise = ["quantization:2"]\n')
    found, status = checked(chipsim, "run.toml")
    assert (found["network"], status) == ([6, 5, 3], 0)
    assert "weight-bits" in [finding["rule"] for finding in found["findings"]]
    found, _ = checked(chipsim, "run.toml", "--network", "20,10")
    assert found["network"] == [20, 10]


def test_a_run_with_a_chip(chipsim, here, data_file):
    (here / "run.toml").write_text(f'dataset = "{data_file}"\nhidden = [5]\nchip = "rram"\n')
    found, _ = checked(chipsim, "run.toml")
    assert "ktc-noise" in [finding["rule"] for finding in found["kept"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ram", "--network", "6,3"), "did you mean 'rram'"),
        (("rram",), "name one, for example --network 784,256,10"),
        (("rram", "--network", "6"), "not a list of layer widths"),
        (("rram", "--network", "6,-3"), "not a list of layer widths"),
        (("rram", "--network", "6,x"), "not a list of layer widths"),
        (("rram", "--network", "6,3", "--noise", "thermal:nan"), "thermal: level nan"),
        (("rram", "--network", "6,3", "--noise", "thermall:1"), "unknown noise"),
        (("rram", "--network", "6,3", "--steps", "1"), "steps"),
        (("rram", "--network", "6,3", "--encoding", "morse"), "'log-latency'"),
        (("rram", "--network", "6,3", "--row-rate", "0"), "row-rate"),
        (("rram", "--network", "6,3", "--row-rate", "nan"), "row-rate"),
        (("rram", "--network", "6,3", "--noise", "thermal:0.1,layer=2"), "no layer 2; this network has 1 to 1"),
        (("missing.toml", "--network", "6,3"), "cannot be read"),
        (("broken.toml", "--network", "6,3"), "not TOML"),
        (("wrong.toml", "--network", "6,3"), "wrong.toml:"),
        (("run.toml",), "unknown data set"),
    ],
)
def test_bad_input_is_one_line(chipsim, here, arguments, said):
    (here / "broken.toml").write_text("name = \n")
    (here / "wrong.toml").write_text(preset_text("ideal").replace("threshold_v = 1.0", "threshold_v = 9.0"))
    (here / "run.toml").write_text('dataset = "nothing"\n')
    ended = chipsim("check", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err


def test_without_a_spec(chipsim, here):
    assert chipsim("check").status == 2
