"""The run folder: what is in it, what its spec says, and where it is made."""

import csv
import json
import re
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from every_setting import value_of
from small_runs import SMALL, SMALL_FLAGS, everything_in

from chipsim import Chip as RealChip
from chipsim import ChipError
from host import files as files_module
from host.errors import LinkError, RunFolderError
from host.run import chip_source
from host.run import folder as run_folder_module
from host.run.die_run import run
from host.run.folder import RunFolder
from host.run.resolution import resolve
from host.training import CHECKS

FILES = {"spec.toml", "versions.json", "checkpoint.bin", "metrics.csv", "report.txt", "result.json"}


def run_in(folder: Path, data_file: Path, **changes):
    spec = resolve(None, SMALL | {"dataset": str(data_file)} | changes)
    return run(spec, 1, lambda resolved: RunFolder.create(resolved, folder))


@pytest.mark.draws
def test_what_is_in_it(chipsim, here, data_file):
    ended = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "mine", "--json")
    assert ended.status == 0
    folder = here / "mine"
    names = {path.name for path in folder.iterdir()}
    assert names >= FILES
    assert all(Path(name).suffix in (".png", ".svg", ".pdf") for name in names - FILES), (
        "plots are all there is besides"
    )
    assert json.loads((folder / "result.json").read_text()) == json.loads(ended.out)
    versions = json.loads((folder / "versions.json").read_text())
    assert versions["chipsim"] == version("chipsim")
    assert versions["numpy"] == np.__version__
    assert {"python", "numba", "scikit-learn", "scipy", "pydantic"} <= versions.keys()
    with (folder / "metrics.csv").open() as file:
        assert len(list(csv.DictReader(file))) == CHECKS + 1
    assert {path.name for path in here.iterdir()} == {"mine"}, "nothing is left beside it"


def test_its_spec_leaves_nothing_open(tmp_path, data_file):
    outcome = run_in(tmp_path / "run", data_file, **{"training.learning_rate": None, "teacher.epochs": 3})
    spec = resolve(tmp_path / "run" / "spec.toml", {})
    assert spec == outcome.setup.spec
    for name in ("training.epochs", "training.learning_rate", "teacher.epochs", "learning_circuit.warm_up_steps"):
        assert value_of(spec, name) is not None


def test_its_spec_is_exactly_what_was_simulated(tmp_path, data_file, monkeypatch):
    """Flags over file over defaults, then written down, then simulated: one and the same spec all the way."""
    made = []
    real = RealChip

    def recorded(spec, die_seed, threads):
        made.append((spec, die_seed))
        return real(spec, die_seed, threads)

    monkeypatch.setattr("host.training.setup.Chip", recorded)
    monkeypatch.setattr(chip_source, "Chip", recorded)
    config = tmp_path / "design.toml"
    config.write_text('steps = 9\ndie = 5\nnoise = ["mismatch:0.5"]\n[neuron]\nkind = "lif"\nlow_rail_th = -0.5\n')
    spec = resolve(
        config, {"dataset": str(data_file), "hidden": [5], "die": 6, "teacher.epochs": 3, "neuron.tau_steps": 7}
    )
    run(spec, 1, lambda resolved: RunFolder.create(resolved, tmp_path / "run"))
    written = resolve(tmp_path / "run" / "spec.toml", {})
    assert (written.steps, written.die, written.hidden, written.noise) == (9, 6, (5,), ("mismatch:0.5",))
    assert (written.neuron.kind, written.neuron.low_rail_th, written.neuron.tau_steps) == ("lif", -0.5, 7)
    design = written.design(6, 3)
    assert made == [(design.ideal(), 6), (design, 6)]


def test_its_spec_runs_again_to_the_same_bits(chipsim, here, data_file):
    first = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "one", "--json")
    second = chipsim("run", "--config", "one/spec.toml", "--out", "two", "--json")
    assert (first.status, second.status) == (0, 0)
    one, two = json.loads(first.out), json.loads(second.out)
    assert one["accuracy"] == two["accuracy"]
    for timed in ("samples_per_s", "run_dir"):
        assert one.pop(timed) != two.pop(timed)
    assert one == two
    for name in ("spec.toml", "checkpoint.bin", "metrics.csv", "versions.json"):
        assert (here / "one" / name).read_bytes() == (here / "two" / name).read_bytes(), name


def test_by_default_it_has_a_name_of_its_own_under_runs(chipsim, here, data_file):
    paths = []
    for _ in range(3):
        ended = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--json")
        paths.append(json.loads(ended.out)["run_dir"])
    first = paths[0]
    assert re.fullmatch(rf"runs/{date.today():%Y%m%d}-[0-9a-f]{{8}}", first)
    assert paths == [first, f"{first}-2", f"{first}-3"]
    assert first.endswith(resolve(here / first / "spec.toml", {}).hash())
    assert {path.name for path in (here / "runs").iterdir()} == {"latest", *(Path(path).name for path in paths)}
    assert all({path.name for path in (here / folder).iterdir()} >= FILES for folder in paths)


def test_two_runs_that_start_at_the_same_moment_do_not_meet(here, monkeypatch):
    spec, real = resolve(None, {}), run_folder_module.versions

    def meanwhile():
        monkeypatch.setattr(run_folder_module, "versions", real)
        RunFolder.create(spec, None)
        return real()

    monkeypatch.setattr(run_folder_module, "versions", meanwhile)
    RunFolder.create(spec, None)
    assert len(list((here / "runs").iterdir())) == 2


def test_an_empty_folder_may_become_one(tmp_path):
    (tmp_path / "empty").mkdir()
    folder = RunFolder.create(resolve(None, {}), tmp_path / "empty")
    assert set(everything_in(folder.path)) == {"spec.toml", "versions.json"}
    assert set(everything_in(tmp_path)) == {"empty", "empty/spec.toml", "empty/versions.json"}


def test_folders_above_it_are_made(tmp_path):
    RunFolder.create(resolve(None, {}), tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c" / "spec.toml").is_file()


def test_it_appears_with_its_spec_inside(tmp_path, monkeypatch):
    """At no moment is there a run folder without a whole spec: whoever is killed meanwhile leaves none at all."""
    seen = []

    def looking(handle):
        seen.append((tmp_path / "run").exists())

    monkeypatch.setattr(files_module.os, "fsync", looking)
    RunFolder.create(resolve(None, {}), tmp_path / "run")
    assert seen == [False, False]
    assert resolve(tmp_path / "run" / "spec.toml", {}) == resolve(None, {})


def test_a_folder_that_holds_no_run_is_not_opened(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(RunFolderError, match=r"no spec\.toml") as error:
            RunFolder.open(path)
        assert str(path) in str(error.value)


def test_a_run_without_a_folder_leaves_no_trace(here, data_file):
    outcome = run(resolve(None, SMALL | {"dataset": str(data_file)}))
    assert outcome.summary["run_dir"] is None
    assert everything_in(here) == {}


def tired(error):
    def program(self, weights):
        raise error

    return program


@pytest.mark.parametrize("out", ["made", "new/deep/made", None])
@pytest.mark.parametrize("error", [MemoryError("no room"), ChipError("weights to program contain NaN")], ids=["M", "C"])
def test_what_ends_before_the_first_check_leaves_no_folder(chipsim, here, data_file, monkeypatch, error, out):
    """Whichever chip it was made for, and whoever made the folders above it."""
    monkeypatch.setattr("chipsim.chip.Chip.program", tired(error))
    ended = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, *(("--out", out) if out else ()))
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert str(error) in ended.err
    assert everything_in(here) == {}


def test_an_empty_folder_that_was_there_is_empty_again(chipsim, here, data_file, monkeypatch):
    (here / "mine").mkdir()
    monkeypatch.setattr("chipsim.chip.Chip.program", tired(MemoryError()))
    ended = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "mine")
    assert "chipsim: out of memory: what needs less is a smaller data set or network" in ended.err
    assert everything_in(here) == {"mine": None}


def test_what_can_be_gone_on_from_stays(chipsim, here, data_file, monkeypatch):
    """Memory that runs out later, or in a run that was there before."""
    learned = chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "mine")
    assert learned.status == 0
    before = everything_in(here)
    monkeypatch.setattr("chipsim.chip.Chip.program", tired(MemoryError()))
    assert chipsim("run", "--resume", "mine").status == 2
    assert everything_in(here) == before
    (here / "mine" / "checkpoint.bin").unlink()
    assert chipsim("run", "--resume", "mine").status == 2
    assert (here / "mine" / "spec.toml").is_file()


def test_a_chip_that_cannot_be_reached_leaves_the_folder_to_go_on_with(here, data_file):
    class Unreachable:
        timeline = None

        def die(self, spec, die_seed):
            raise LinkError("no answer")

    spec = resolve(None, SMALL | {"dataset": str(data_file)})
    with pytest.raises(LinkError):
        run(spec, 1, lambda resolved: RunFolder.create(resolved, here / "mine"), source=Unreachable())
    assert (here / "mine" / "spec.toml").is_file()
