"""kill -9 twenty times each, at moments by chance: in the end all is as if nobody had killed anything."""

import json
import os
import random
import shutil
import signal
import time

import pytest
from dask_clusters import DaskCluster
from fault_commands import kernels, left_over, warm_zygote
from kills import children_of, killed_again_and_again, linux, seconds_of, wait_until
from small_runs import QUIET_FLAGS, SMALL_FLAGS, end, environment, everything_in, final, said, start, write_npz
from small_sweeps import NOISES, tables

pytestmark = linux

TRIES = 20
LEARNS = (*SMALL_FLAGS, "--epochs", "60", "--set", "training.chunk=16", "--threads", "1", "--no-pictures", "--quiet")


class Here:
    """A working folder with a cache of its own, in which kernels are compiled already."""

    def __init__(self, folder, compiled=True):
        self.folder, self.cache = folder / "here", folder / "cache"
        self.folder.mkdir(parents=True)
        self.cache.mkdir()
        if compiled:
            (self.cache / "kernels").symlink_to(kernels())

    def start(self, *arguments, **changes):
        return start(*arguments, cwd=self.folder, env=environment(CHIPSIM_CACHE=str(self.cache), **changes))

    def end(self, *arguments):
        ended = end(self.start(*arguments))
        assert (ended.status, said(ended.err)) == (0, []), ended
        return ended

    def left_over(self):
        ours = (self.cache / "kernels").is_symlink()  # they are many, and not of this test
        return [*left_over(self.folder), *([] if ours else left_over(self.cache))]


@pytest.fixture
def rng(request):
    return random.Random(request.node.name)


@pytest.fixture
def undisturbed(tmp_path):
    return Here(tmp_path / "undisturbed")


@pytest.fixture
def killed(tmp_path):
    return Here(tmp_path / "killed")


def run_line(here, *flags):
    """The run, or how it goes on."""
    there = (here.folder / "run" / "spec.toml").exists()
    return ("run", "--resume", "run") if there else ("run", *flags, "--out", "run")


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    """Its children are at work at once: a killed one has not just been importing."""
    data = write_npz(tmp_path_factory.mktemp("data") / "small.npz")
    with warm_zygote(None, tmp_path_factory.mktemp("zygote"), data, pictures=False) as running:
        yield running


class Forked:
    """What runs in a place, forked by the zygote."""

    def __init__(self, zygote, here):
        self._zygote = zygote
        self._where = {"folder": here.folder, "CHIPSIM_CACHE": str(here.cache)}

    def end(self, *arguments):
        """How many seconds it took."""
        began = time.monotonic()
        tried = self._zygote.run(*arguments, **self._where)
        assert (tried.ended.status, tried.ended.err) == (0, ""), tried
        return time.monotonic() - began

    def killed(self, seconds, *arguments):
        return self._zygote.killed(seconds, *arguments, **self._where)


def test_learning(zygote, undisturbed, killed, data_file, rng):
    flags = ("--dataset", data_file, *LEARNS)
    seconds = Forked(zygote, undisturbed).end(*run_line(undisturbed, *flags))
    hits = 0
    for _ in range(TRIES):
        hits += Forked(zygote, killed).killed(rng.uniform(0, seconds / 6), *run_line(killed, *flags))
    assert hits >= TRIES // 2, "the run was too short to be killed"
    Forked(zygote, killed).end(*run_line(killed, *flags))
    assert final(killed.folder / "run") == final(undisturbed.folder / "run")
    assert killed.left_over() == []


def test_training_of_a_teacher(zygote, undisturbed, killed, data_file, rng):
    flags = ("--dataset", data_file, *SMALL_FLAGS, "--set", "teacher.epochs=400", "--no-pictures", "--threads", "1")
    flags = (*flags, "--quiet")
    seconds = Forked(zygote, undisturbed).end(*run_line(undisturbed, *flags))
    hits = 0
    for _ in range(TRIES):
        hits += Forked(zygote, killed).killed(rng.uniform(0, 0.9 * seconds), *run_line(killed, *flags))
        shutil.rmtree(killed.folder / "run", ignore_errors=True)
        if hits % 2:
            shutil.rmtree(killed.cache / "teachers", ignore_errors=True)
    assert hits >= TRIES // 2
    Forked(zygote, killed).end(*run_line(killed, *flags))
    assert final(killed.folder / "run") == final(undisturbed.folder / "run")
    assert everything_in(killed.cache / "teachers") == everything_in(undisturbed.cache / "teachers")
    assert killed.left_over() == []


@pytest.mark.parametrize("at_once", [1, 2])
def test_first_compile(undisturbed, tmp_path, data_file, rng, at_once):
    """Of one process, and of two at once: what either has left is right, and nobody waits for the dead."""
    flags = ("--dataset", data_file, *SMALL_FLAGS, "--no-pictures", "--threads", "1")
    undisturbed.end(*run_line(undisturbed, *flags))
    killed = Here(tmp_path / "killed", compiled=False)
    hits = 0
    for number in range(TRIES):
        lines = [("run", *flags, "--out", f"{number}-{each}") for each in range(at_once)]
        processes = [killed.start(*line) for line in lines]
        compiled = len(list(killed.cache.rglob("*.nbc")))
        if rng.random() < 0.5:  # just when a kernel is written; else at any moment
            while processes[0].poll() is None and len(list(killed.cache.rglob("*.nbc"))) == compiled:
                time.sleep(0.001)
        time.sleep(rng.choice([0.02, 1, 8]) * rng.random())
        for process in processes:
            hits += process.poll() is None
            process.kill()
            end(process)
    assert hits >= TRIES // 2
    last = [killed.start("run", *flags, "--out", f"last-{each}") for each in range(at_once)]
    assert [(ended.status, said(ended.err)) for ended in map(end, last)] == [(0, [])] * at_once
    for each in range(at_once):
        assert final(killed.folder / f"last-{each}") == final(undisturbed.folder / "run")
    assert [name for name in killed.left_over() if not name.endswith((".nbc", ".lock"))] == []
    locks = [path for path in killed.cache.rglob("*.lock") if path.parent.parent.name != "kernels"]
    assert locks == []


def json_of(here, arguments):
    told = json.loads(here.end(*arguments).out)
    return {name: value for name, value in told.items() if name not in ("seconds", "ran", "simulated")}


COMPARED = ("--methods", "on-chip-ltl,conversion,offline-ltl", "--dies", "3", "--noise", "mismatch:0.5")
STUDIES = {
    "compare": (("compare", *QUIET_FLAGS, *COMPARED, "--out", "c"), "c/compare.sqlite"),
    "limit": (
        ("limit", *QUIET_FLAGS, "--axis", "mismatch", "--yield", "0.4", "--at-least", "0.7", "--dies", "4")
        + ("--tolerance", "0.05", "--out", "l.sqlite"),
        "l.sqlite",
    ),
    "sensitivity": (
        ("sensitivity", *QUIET_FLAGS, "--noise", "mismatch@weight:0..0.5", "--noise", "thermal:0.1", "--dies", "4")
        + ("--samples", "8", "--out", "n.sqlite"),
        "n.sqlite",
    ),
}


@pytest.mark.parametrize("study", STUDIES)
def test_studies(undisturbed, killed, data_file, rng, study):
    arguments, database = STUDIES[study]
    arguments = (*arguments, "--dataset", data_file, "--workers", "1", "--json")
    there = undisturbed.folder / database
    seconds = seconds_of(lambda: undisturbed.start(*arguments), there.exists)
    expected, rows = json_of(undisturbed, arguments), tables(there)
    there = killed.folder / database
    hits = killed_again_and_again(lambda: killed.start(*arguments), there.exists, 1.2 * seconds, rng, TRIES)
    assert hits >= TRIES // 2
    assert json_of(killed, arguments) == expected
    assert tables(there) == rows
    assert killed.left_over() == []
    names = sorted(path.name for path in undisturbed.folder.rglob("*"))
    assert sorted(path.name for path in killed.folder.rglob("*")) == names


def test_report(zygote, undisturbed, killed, data_file, rng):
    sweep = ("sweep", "--dataset", data_file, *QUIET_FLAGS, *NOISES, "--dies", "3", "--workers", "1")
    undisturbed.end(*sweep, "--out", "s.sqlite")
    shutil.copyfile(undisturbed.folder / "s.sqlite", killed.folder / "s.sqlite")
    names = ("page.html", "rows.csv", "rows.parquet")
    arguments = ("report", "s.sqlite", "-o", names[0], "--csv", names[1], "--parquet", names[2])
    seconds = Forked(zygote, undisturbed).end(*arguments)
    whole = everything_in(undisturbed.folder)
    hits = 0
    for _ in range(TRIES):
        hits += Forked(zygote, killed).killed(rng.uniform(0, seconds), *arguments)
        for name in names:
            path = killed.folder / name
            assert not path.exists() or path.read_bytes() == whole[name], f"half of {name}"
            path.unlink(missing_ok=True)
    assert hits >= TRIES // 2
    Forked(zygote, killed).end(*arguments)
    assert everything_in(killed.folder) == whole


def test_a_lone_chip(undisturbed, killed, data_file, rng, tmp_path, monkeypatch):
    """The host tells of it in one line, and goes on with another chip."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    flags = ("--dataset", data_file, *LEARNS)
    there = undisturbed.folder / "run" / "spec.toml"
    line = (*run_line(undisturbed, *flags), "--chip-process")
    seconds = seconds_of(lambda: undisturbed.start(*line), there.exists)
    hits = 0
    for _ in range(TRIES):
        process = killed.start(*run_line(killed, *flags), "--chip-process")
        wait_until(lambda process=process: children_of(process.pid) or process.poll() is not None)
        time.sleep(rng.uniform(0, seconds))
        for chip in children_of(process.pid):
            os.kill(chip, signal.SIGKILL)
        ended = end(process)
        assert (ended.status, len(said(ended.err))) in ((0, 0), (2, 1)), ended
        hits += ended.status == 2
    assert hits >= TRIES // 2
    killed.end(*run_line(killed, *flags), "--chip-process")
    assert final(killed.folder / "run") == final(undisturbed.folder / "run")
    assert killed.left_over() == []
    assert not list(tmp_path.glob("chipsim-*"))


def test_keygen(zygote, undisturbed, killed, rng):
    """Two files or none, and what is begun goes with the next keys."""
    arguments = ("keygen", "--out", "keys")
    seconds = Forked(zygote, undisturbed).end(*arguments)
    hits = 0
    for number in range(TRIES):
        hits += Forked(zygote, killed).killed(rng.uniform(0, seconds), *arguments)
        keys = killed.folder / "keys"
        assert not keys.exists() or names_in(keys) == ["public.key", "secret.key"]
        made = zygote.run("keygen", "--out", f"{number}", folder=killed.folder)
        assert made.ended.status == 0 and killed.left_over() == [], made
        shutil.rmtree(keys, ignore_errors=True)
    assert hits >= TRIES // 2


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_dask_workers(undisturbed, killed, data_file, rng, tmp_path):
    """In each sweep one of two: the other does it all."""
    flags = ("--dataset", data_file, *QUIET_FLAGS, "--epochs", "12", *NOISES, "--dies", "4", "--json")
    undisturbed.end("sweep", *flags, "--workers", "1", "--out", "s.sqlite")
    whole, hits = tables(undisturbed.folder / "s.sqlite"), 0
    with DaskCluster(tmp_path, 2) as cluster:
        line = ("sweep", *flags, "--dask", cluster.address, "--out")
        cluster.wait_for(2)
        seconds = seconds_of(lambda: killed.start(*line, "first.sqlite"), (killed.folder / "first.sqlite").exists)
        for number in range(TRIES):
            path = killed.folder / f"{number}.sqlite"
            process = killed.start(*line, path.name)
            wait_until(path.exists, process)
            time.sleep(rng.uniform(0, 0.9 * seconds))
            victim = cluster.workers.pop(0)
            victim.kill()
            victim.wait()
            hits += process.poll() is None
            ended = end(process)
            assert (ended.status, said(ended.err)) == (0, []), ended
            assert tables(path) == whole
            cluster.workers.append(cluster.another_worker())
            cluster.wait_for(2)
    assert hits >= TRIES // 2
    assert killed.left_over() == []
