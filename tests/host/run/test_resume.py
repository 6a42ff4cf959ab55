"""A run that was stopped and resumed ends with the bits of one that never was."""

import json

import numpy as np
import pytest
from small_runs import SMALL, SMALL_FLAGS, everything_in, final, small_arrays, write_npz
from stopped_runs import StopAt, Stopped

from host.files import read_arrays, write_arrays
from host.run import MadeWith, made_with
from host.run import folder as run_folder_module
from host.run.die_run import run
from host.run.folder import RunFolder
from host.run.resolution import resolve

SPEC = SMALL | {
    "noise": ["mismatch:0.5", "thermal:0.1", "quantization:5"],
    "encoding": "bernoulli",
    "training.chunk": 9,
}


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return resolve(None, SPEC | {"dataset": str(write_npz(tmp_path_factory.mktemp("data") / "small.npz"))})


@pytest.fixture(scope="module")
def uninterrupted(spec, tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "run"
    run(spec, 1, lambda resolved: RunFolder.create(resolved, path))
    return final(path)


def stopped(spec, path, where, threads=1):
    """Start a run and stop it; says whether it was stopped before its end."""
    try:
        run(spec, threads, lambda resolved: RunFolder.create(resolved, path), StopAt(where))
    except Stopped:
        return True
    return False


def resumed(path, where=None, threads=1):
    folder, spec = RunFolder.open(path)
    try:
        run(spec, threads, folder, StopAt(where) if where else None)
    except Stopped:
        return False
    return True


@pytest.mark.parametrize("where", [*range(1, 40, 3), "ideal chip", "this die before learning", "learning: on-chip-ltl"])
def test_stopped_anywhere(spec, uninterrupted, tmp_path, where):
    assert stopped(spec, tmp_path / "run", where)
    assert not (tmp_path / "run" / "result.json").exists()
    assert resumed(tmp_path / "run")
    assert final(tmp_path / "run") == uninterrupted


def test_stopped_after_learning(spec, uninterrupted, tmp_path):
    assert stopped(spec, tmp_path / "run", "this die after learning")
    assert resumed(tmp_path / "run")
    assert final(tmp_path / "run") == uninterrupted


@pytest.mark.parametrize("where", [8, 14, 20, 26, 32])
def test_stopped_around_a_back_off(spec, tmp_path, where):
    """A rate so high that checks fail: each takes the die back to its best and halves the rate."""
    changes = {"dataset": spec.dataset, "noise": ["thermal:0.1", "quantization:6"], "training.learning_rate": 8.0}
    wild = resolve(None, SPEC | changes)
    outcome = run(wild, 1, lambda resolved: RunFolder.create(resolved, tmp_path / "whole"))
    assert outcome.progress.rate_factor < 0.5
    assert stopped(wild, tmp_path / "run", where)
    assert resumed(tmp_path / "run")
    assert final(tmp_path / "run") == final(tmp_path / "whole")


@pytest.mark.parametrize("where", [10, 19, 28])
def test_stopped_around_a_back_off_while_synapses_drift(spec, tmp_path, where, monkeypatch):
    """What a back-off brings back is as old as the die: a checkpoint holds it so, and no younger."""
    monkeypatch.setattr("chipsim.die.ageing.AGEING_WINDOWS", 7)
    changes = {"dataset": spec.dataset, "noise": ["drift:0.2,window=100"], "training.learning_rate": 8.0}
    wild = resolve(None, SPEC | changes)
    outcome = run(wild, 1, lambda resolved: RunFolder.create(resolved, tmp_path / "whole"))
    assert outcome.progress.rate_factor < 0.5
    assert stopped(wild, tmp_path / "run", where)
    assert resumed(tmp_path / "run")
    assert final(tmp_path / "run") == final(tmp_path / "whole")


@pytest.mark.parametrize("where", [10, 19])
def test_stopped_while_shift_registers_round(spec, tmp_path, where):
    """They go on where they were, however often the die was put back to better weights."""
    circuit = {"learning_circuit.arithmetic": "integer", "learning_circuit.dither": "lfsr"}
    rounded = resolve(None, SPEC | circuit | {"dataset": spec.dataset})
    run(rounded, 1, lambda resolved: RunFolder.create(resolved, tmp_path / "whole"))
    assert stopped(rounded, tmp_path / "run", where)
    assert resumed(tmp_path / "run", threads=2)
    assert final(tmp_path / "run") == final(tmp_path / "whole")


def test_stopped_again_and_again(spec, uninterrupted, tmp_path):
    """Three chunks a time: just enough to come to the next check."""
    assert stopped(spec, tmp_path / "run", 3)
    starts = 1
    while not resumed(tmp_path / "run", 3):
        starts += 1
    assert starts > 10
    assert final(tmp_path / "run") == uninterrupted


@pytest.mark.parametrize("name", ["write_arrays", "write_text"])
@pytest.mark.parametrize("number", [1, 2, 11, 21])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_stopped_between_two_files(spec, uninterrupted, tmp_path, monkeypatch, name, number, moment):
    """Before or after a checkpoint (write_arrays) or a metrics file (write_text) is put in its place."""
    real, left = getattr(run_folder_module, name), iter(range(number - 1 + 2 * (name == "write_text")))

    def stopping(*arguments):
        last = next(left, None) is None
        if last and moment == "before":
            raise Stopped
        real(*arguments)
        if last:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(run_folder_module, name, stopping)
        assert stopped(spec, tmp_path / "run", "never")
    assert resumed(tmp_path / "run")
    assert final(tmp_path / "run") == uninterrupted


def test_resumed_with_other_threads(spec, uninterrupted, tmp_path):
    assert stopped(spec, tmp_path / "run", 11, threads=2)
    assert not resumed(tmp_path / "run", 7, threads=3)
    assert resumed(tmp_path / "run", threads=2)
    assert final(tmp_path / "run") == uninterrupted


def test_threads_and_chunks_change_no_bit(data_file, tmp_path):
    """Wide enough for a block of columns per thread."""
    results = set()
    for threads, chunk in [(1, 512), (2, 512), (3, 9), (2, 1), (1, 64)]:
        path = tmp_path / f"{threads}-{chunk}"
        wide = resolve(None, SPEC | {"dataset": str(data_file), "hidden": [40, 33], "training.chunk": chunk})
        run(wide, threads, lambda resolved, path=path: RunFolder.create(resolved, path))
        results.add(json.dumps({k: str(v) for k, v in final(path).items() if k != "spec.toml"}))
    assert len(results) == 1


def test_a_finished_run_stays_what_it_is(chipsim, here, data_file):
    assert chipsim("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "run").status == 0
    before, modified = final(here / "run"), (here / "run" / "checkpoint.bin").stat().st_mtime_ns
    ended = chipsim("run", "--resume", "run", "--json")
    assert ended.status == 0
    assert final(here / "run") == before
    assert (here / "run" / "checkpoint.bin").stat().st_mtime_ns == modified
    summary = json.loads(ended.out)
    assert summary["samples_per_s"] is None
    assert summary["accuracy"] == before["result.json"]["accuracy"]
    assert "in an earlier run" in chipsim("run", "--resume", "run").out


def test_left_over_files_do_not_disturb(spec, uninterrupted, tmp_path):
    """A process killed while it writes leaves hidden files behind."""
    assert stopped(spec, tmp_path / "run", 20)
    for name in (".checkpoint.bin.x1y2z3", ".metrics.csv.abcdef", ".result.json.000000"):
        (tmp_path / "run" / name).write_bytes(b"half a file")
    (tmp_path / ".run.q1w2e3").mkdir()
    (tmp_path / ".run.q1w2e3" / "spec.toml").write_text("steps = ")
    assert resumed(tmp_path / "run")
    assert final(tmp_path / "run") == uninterrupted


@pytest.fixture
def refused(chipsim, here, data_file):
    """A run that was stopped, then spoiled: it is not resumed, and nothing in it changes. Returns the one line."""
    assert stopped(resolve(None, SMALL | {"dataset": str(data_file)}), here / "run", "this die after learning")

    def call():
        before = everything_in(here)
        ended = chipsim("run", "--resume", "run")
        assert (ended.status, ended.out) == (2, "")
        assert ended.err.startswith("chipsim: ")
        assert ended.err.count("\n") == 1
        assert everything_in(here) == before
        return ended.err

    return call


DAMAGES = [
    ("cut short", lambda content: content[:-1]),
    ("cut to the name", lambda content: content[:17]),
    ("empty", lambda content: b""),
    ("longer", lambda content: content + b"\0"),
    ("one bit", lambda content: content[:500] + bytes([content[500] ^ 1]) + content[501:]),
    ("zeros", lambda content: bytes(len(content))),
]


@pytest.mark.parametrize("damage", [case[1] for case in DAMAGES], ids=[case[0] for case in DAMAGES])
def test_a_damaged_checkpoint_is_refused_by_name(refused, here, damage):
    path = here / "run" / "checkpoint.bin"
    path.write_bytes(damage(path.read_bytes()))
    assert "run/checkpoint.bin" in refused()


def test_a_checkpoint_of_another_version_is_refused_by_name(refused, here):
    path = here / "run" / "checkpoint.bin"
    arrays, facts = read_arrays(path)
    whole = dict(facts)
    del facts["rate_factor"]
    write_arrays(path, arrays, facts | {"mood": "good"})
    assert "run/checkpoint.bin is of another version" in refused()
    write_arrays(path, arrays, {name: value for name, value in whole.items() if name != "version"})
    assert "run/checkpoint.bin is of another version (1, this chipsim writes 2): resume with the chipsim" in refused()
    write_arrays(path, arrays, whole | {"version": 3})
    assert "run/checkpoint.bin is of another version (3, this chipsim writes 2)" in refused()
    for foreign in ({"made_with": [{"numpy": 2}]}, {"made_with": 7}, {"identity": [1, 2]}, {"identity": None}):
        write_arrays(path, arrays, whole | foreign)
        assert "run/checkpoint.bin is of another version" in refused()


OLD = MadeWith("0.0.9", "0.60.0", "2.0.0")


def test_what_other_versions_have_learned_is_refused_by_name(refused, monkeypatch):
    monkeypatch.setattr(run_folder_module, "made_with", lambda: OLD)
    said = refused()
    assert f"run was made with {made_with()}, here are {OLD}: resume with those, or add --mix-versions" in said


def test_or_gone_on_with_on_purpose_and_told(chipsim, spec, uninterrupted, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(run_folder_module, "made_with", lambda: OLD)
        assert stopped(spec, tmp_path / "run", 20)
    ended = chipsim("run", "--resume", tmp_path / "run", "--mix-versions")
    assert (ended.status, ended.err) == (0, "")
    assert "mixed versions: begun with chipsim 0.0.9, numba 0.60.0, numpy 2.0.0; gone on with chipsim " in ended.out
    found = final(tmp_path / "run")
    assert found["result.json"].pop("mixed_versions") == [OLD._asdict(), made_with()._asdict()]
    assert found["result.json"] == uninterrupted["result.json"], "the same versions after all, so the same bits"
    assert chipsim("run", "--resume", tmp_path / "run").status == 2, "nor is it finished without a word"


def test_the_flag_is_for_a_run_that_is_resumed(chipsim, here):
    ended = chipsim("run", "--mix-versions")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert "--mix-versions says how to go on with --resume FOLDER" in ended.err


CHANGED = small_arrays()["x_train"].copy()
CHANGED[17, 2] = 0.123


@pytest.mark.parametrize(
    "changes",
    [
        {"x_train": CHANGED},
        {"y_train": np.roll(small_arrays()["y_train"], 1)},
        small_arrays(n_train=149),
        {"y_test": np.roll(small_arrays()["y_test"], 1)},
    ],
    ids=["an input", "the labels", "one sample less", "the test labels"],
)
def test_other_data_are_refused(refused, data_file, changes):
    write_npz(data_file, **changes)
    assert "belongs to another data set" in refused()


def edit(here, old, new):
    path = here / "run" / "spec.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("hidden", ["8", "7, 7", ""])
def test_other_sizes_are_refused(refused, here, hidden):
    edit(here, "    7,\n", hidden)
    assert "belongs to another spec" in refused()


@pytest.mark.parametrize(
    ("old", "new"), [("die = 1", "die = 2"), ('"mismatch:0.5"', '"mismatch:0.9"'), ("epochs = 2\n", "epochs = 3\n")]
)
def test_another_spec_is_refused(refused, here, old, new):
    edit(here, old, new)
    assert "spec" in refused()


def test_a_damaged_spec_is_refused_by_name(refused, here):
    (here / "run" / "spec.toml").write_text("steps = \n")
    assert "run/spec.toml is not TOML" in refused()


def test_data_that_are_gone_are_named(refused, data_file):
    data_file.unlink()
    assert str(data_file) in refused()


def test_what_a_killed_run_left_beside_its_files_is_removed(chipsim, spec, uninterrupted, tmp_path):
    assert stopped(spec, tmp_path / "run", 8)
    (tmp_path / "run" / ".checkpoint.bin.x7ak2").write_bytes(b"half a checkpoint")
    (tmp_path / "run" / ".mine").write_text("not the run's")
    assert chipsim("run", "--resume", tmp_path / "run").status == 0
    assert final(tmp_path / "run") == uninterrupted
    assert {path.name for path in (tmp_path / "run").glob(".*")} == {".mine"}
