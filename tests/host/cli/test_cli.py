"""The command line: help, reports, JSON, catalogues, pipes."""

import json
import os
import pty
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from small_runs import QUIET_FLAGS, SMALL_FLAGS, all_shown, end, environment, everything_in, start, write_idx

from host.cli import commands as cli
from nonideality import catalogue

COMMANDS = {name: cli.cli.get_command(None, name) for name in cli.cli.list_commands(None)}


@pytest.mark.parametrize("command", ["", *COMMANDS])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(chipsim, here, command, flag):
    ended = chipsim(*filter(None, [command, flag]))
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("Usage: ")
    assert " ".join(filter(None, ["chipsim", command, "[OPTIONS]"])) in ended.out
    shown = COMMANDS[command].params if command else cli.cli.params
    for option in shown:
        name = option.opts[0]
        assert (name if name.startswith("-") else name.upper()) in ended.out
    for name in () if command else COMMANDS:
        assert f"  {name} " in ended.out
    assert everything_in(here) == {}


def test_every_option_is_explained():
    for command in COMMANDS.values():
        for option in command.params:
            assert option.param_type_name == "argument" or option.help, option.name


def test_without_a_command_the_help_can_be_read(chipsim, here):
    ended = chipsim()
    assert "\n  run " in ended.out + ended.err


def test_version(chipsim):
    ended = chipsim("--version")
    assert (ended.status, ended.out, ended.err) == (0, f"chipsim {version('chipsim')}\n", "")


REQUIRED = {
    "accuracy": dict,
    "recovered_fraction": float,
    "noise": list,
    "die_seed": int,
    "seed": int,
    "train_samples": int,
    "synaptic_events": int,
    "weight_updates": int,
    "saturation": dict,
    "samples_per_s": float,
    "run_dir": str,
}


def counters(saturation):
    """All numbers in nested dicts."""
    for value in saturation.values():
        yield from counters(value) if isinstance(value, dict) else [value]


def test_json_is_one_object_and_nothing_else(here, data_file):
    ended = end(
        start("run", "--dataset", data_file, *SMALL_FLAGS, "--die", "3", "--seed", "4", "--json", "--out", "run")
    )
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.count("\n") == 1
    summary = json.loads(ended.out)
    for name, kind in REQUIRED.items():
        assert isinstance(summary[name], kind), name
    accuracy = summary["accuracy"]
    assert accuracy.keys() == {"teacher", "ideal", "before", "after"}
    assert all(0 <= value <= 1 for value in accuracy.values())
    lost, repaired = accuracy["ideal"] - accuracy["before"], accuracy["after"] - accuracy["before"]
    assert lost > 0
    assert summary["recovered_fraction"] == pytest.approx(repaired / lost)
    assert (summary["die_seed"], summary["seed"], summary["train_samples"]) == (3, 4, 256)
    assert [entry["text"] for entry in summary["noise"]] == ["mismatch:0.5", "thermal:0.1"]
    assert [entry["level"] for entry in summary["noise"]] == [0.5, 0.1]
    assert all("z ~ N(0, 1)" in line for entry in summary["noise"] for line in entry["meaning"])
    assert summary["synaptic_events"] > summary["weight_updates"] > 0
    assert all(isinstance(count, int) and count >= 0 for count in counters(summary["saturation"]))
    assert any(counters(summary["saturation"]))
    assert summary["samples_per_s"] > 0
    assert Path(summary["run_dir"], "result.json").is_file()


def test_the_report_tells_the_triple_and_where_everything_is(chipsim, here, data_file):
    flags = ("--dataset", data_file, *SMALL_FLAGS, "--out")
    summary = json.loads(chipsim("run", *flags, "one", "--json").out)
    short, ended = chipsim("run", *flags, "short"), chipsim("run", *flags, "two", "--verbose")
    assert (ended.status, ended.err) == (0, "")

    def timeless(text):
        return re.sub(r"at [\d,]+ samples/s", "at so many samples/s", text.replace(" two;", " short;"))

    assert timeless(short.out) == timeless(ended.out).split("\n\n")[0] + "\n"
    assert timeless(Path("short", "report.txt").read_text()) == timeless(ended.out)
    told = short.out.splitlines()
    [at] = [number for number, line in enumerate(told) if line.startswith("accuracy on ")]
    assert at <= 3, "they come first"
    assert [line.split()[0] for line in told[at + 1 : at + 5]] == ["teacher", "ideal", "before", "after"]
    assert len(told) < 18
    for name, value in summary["accuracy"].items():
        assert any(line.split()[:2] == [name, f"{value:.2%}"] for line in ended.out.splitlines()), name
    assert f"{summary['recovered_fraction']:.0%} of what was lost" in ended.out
    assert f"{summary['synaptic_events']:,} synaptic events, {summary['weight_updates']:,} weight updates" in ended.out
    for entry in summary["noise"]:
        assert all(line in ended.out for line in entry["meaning"])
    assert "run folder   two; report.txt in it: what the noise means, costs, the wire" in ended.out
    assert "membrane at the lower rail" in ended.out
    lines = ended.out.splitlines()
    [wire] = [number for number, line in enumerate(lines) if line.startswith("wire ")]
    assert [line.split()[0] for line in lines[wire:]] == ["wire", "down", "up", "learning", "inference"]


def test_an_ideal_die_loses_nothing(chipsim, here, data_file):
    flags = ("--dataset", data_file, *QUIET_FLAGS, "--noise", "ideal")
    summary = json.loads(chipsim("run", *flags, "--json").out)
    assert summary["noise"] == []
    assert summary["accuracy"]["ideal"] == summary["accuracy"]["before"]
    assert summary["recovered_fraction"] is None
    report = chipsim("run", *flags).out
    assert "no noise: an ideal die" in report
    assert "nothing was lost" in report


def test_ideal_overrides_a_files_noise(chipsim, here, data_file):
    (here / "noisy.toml").write_text(f'noise = ["mismatch:0.5"]\ndataset = "{data_file}"\nhidden = [3]\n')
    flags = ("run", "--config", "noisy.toml", "--epochs", "0", "--json")
    assert json.loads(chipsim(*flags, "--noise", "ideal").out)["noise"] == []
    assert json.loads(chipsim(*flags).out)["noise"][0]["text"] == "mismatch:0.5"


def test_progress_is_drawn_on_a_terminal_only(here, data_file):
    """stderr is a terminal here: it gets a bar, and stdout still gets the object alone."""
    master, terminal = pty.openpty()
    flags = ("--dataset", data_file, *SMALL_FLAGS, "--epochs", "30", "--set", "training.chunk=8")
    process = start("run", *flags, "--json", stderr=terminal)
    os.close(terminal)
    drawn = all_shown(master)
    ended = end(process)
    assert ended.status == 0
    assert b"learning: on-chip-ltl" in drawn
    assert b"validation" in drawn
    json.loads(ended.out)


def test_noise_lists_every_effect(chipsim):
    text, listed = chipsim("noise"), chipsim("noise", "--json")
    assert (text.status, text.err, listed.status, listed.err) == (0, "", 0, "")
    entries = {entry["name"]: entry for entry in json.loads(listed.out)["noise"]}
    assert set(entries) == set(catalogue()) >= {"mismatch", "quantization", "thermal", "silencing"}
    for name, effect in catalogue().items():
        entry = entries[name]
        assert f"{name}:LEVEL  {effect.summary}" in text.out
        assert entry["level"] == effect.level_meaning in text.out
        assert entry["source"] == effect.source in text.out
        assert entry["persistence"] in ("frozen", "temporal")
        assert entry["unit"] in text.out
        assert set(entry["sites"]) == set(effect.sites)
        for site, told in entry["sites"].items():
            assert f"@{site}" in text.out
            assert told["meaning"] in text.out
            assert told["distribution"]
            assert told["by_default"] == effect.sites[site].by_default
    assert entries["silencing"]["range"] == [0, 1]
    assert entries["mismatch"]["range"] == [0, None]


def test_data_tells_what_is_there_and_where_it_looked(chipsim, tmp_path, monkeypatch):
    monkeypatch.delenv("CHIPSIM_DATA", raising=False)
    entries = {entry["name"]: entry for entry in json.loads(chipsim("data", "--json").out)["data"]}
    assert set(entries) == {"digits", "mnist", "mnist16", "cifar10", "yinyang", "nmnist", "fsdd"}
    assert entries["mnist"]["found"] is None
    assert entries["digits"]["found"]
    assert "neither --data-dir nor CHIPSIM_DATA is set" in chipsim("data").out

    missing = chipsim("data", "--data-dir", tmp_path)
    assert f"looked in: {tmp_path / 'mnist'}, {tmp_path}" in missing.out
    assert "--data-dir or CHIPSIM_DATA" in missing.out
    write_idx(tmp_path / "mnist")
    for arguments in (("--data-dir", tmp_path), ()):
        found = json.loads(chipsim("data", "--json", *arguments).out)
        assert [e["found"] for e in found["data"] if e["name"] == "mnist"] == [str(tmp_path / "mnist")]
        assert found["data_dirs"] == [str(tmp_path)]
        assert f"found: {tmp_path / 'mnist'}" in chipsim("data", *arguments).out
        monkeypatch.setenv("CHIPSIM_DATA", str(tmp_path))


def test_help_waits_for_nothing_heavy():
    code = (
        "import sys, host.cli\n"
        "heavy = {'numba', 'sklearn', 'matplotlib', 'pydantic', 'scipy', 'numpy', 'rich', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("arguments", ["noise", "data", "--help"])
def test_a_reader_that_has_seen_enough(here, arguments):
    """As in `chipsim noise | head -1`: no complaint."""
    process = start(arguments)
    process.stdout.close()
    assert process.stderr.read() == ""
    process.wait(60)
    process.stderr.close()


def test_head_gets_its_line(here):
    command = f"{sys.executable} -m host.cli noise | head -1"
    done = subprocess.run(command, shell=True, env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("--noise KIND:LEVEL")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_is_full(here):
    with open("/dev/full", "w") as full:
        ended = end(start("noise", stdout=full))
    assert (ended.status, ended.err.count("\n")) == (2, 1)
