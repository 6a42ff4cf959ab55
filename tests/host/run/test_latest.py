"""runs/latest: which run it names, with links and without, whoever else makes one at the moment."""

import contextlib
import json
import os
import threading
from pathlib import Path

import pytest
from small_runs import QUIET_FLAGS, everything_in

from host.errors import RunFolderError
from host.run import RunFolder, resolve
from host.run.latest import make_latest, run_at, spec_at

LATEST = Path("runs/latest")


@pytest.fixture(params=["links", "no links"])
def links(request, monkeypatch):
    """A file system with links, and one without."""

    def refused(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    if request.param == "no links":
        monkeypatch.setattr(os, "symlink", refused)
    return request.param == "links"


def begun(out=None, hidden=(3,)):
    """A run that was begun, and at once left."""
    folder = RunFolder.create(resolve(None, {"hidden": list(hidden)}), out)
    with folder.alone():
        return folder


@pytest.mark.parametrize("links", ["no links"], indirect=True)
def test_commands_take_it(chipsim, here, data_file, links):
    run = json.loads(chipsim("run", "--dataset", data_file, *QUIET_FLAGS, "--json").out)["run_dir"]
    assert LATEST.is_symlink() == links
    assert run_at(LATEST) == Path(run)
    ended = chipsim("report", LATEST)
    assert (ended.status, ended.out) == (0, f"report   {run}/report.html\n")
    assert f"chipsim report {run}" in Path(run, "report.html").read_text()
    assert chipsim("run", "--resume", LATEST).status == 0
    assert "6-7-3, 6 steps" in chipsim("check", LATEST).out
    assert resolve(LATEST, {}) == resolve(Path(run, "spec.toml"), {})
    assert run_at(LATEST) == Path(run)
    assert spec_at(LATEST / "spec.toml").read_bytes() == Path(run, "spec.toml").read_bytes()
    os.chdir("runs")
    assert run_at(Path("latest")) == Path(Path(run).name)


def test_it_is_the_one_begun_or_gone_on_with_last(here, links):
    one, two, named = begun(), begun(), begun(Path("runs/mine"))
    assert run_at(LATEST) == named.path != two.path != one.path
    again, _ = RunFolder.open(one.path)
    with again.alone():
        assert run_at(LATEST) == one.path
    begun(Path("elsewhere/run"))
    assert run_at(LATEST) == one.path
    assert not Path("elsewhere/latest").exists()


def test_a_run_that_leaves_nothing_leaves_the_one_before(here, links):
    lost = RunFolder.create(resolve(None, {}), None)
    with lost.alone():
        lost.discard()
    assert everything_in(here) == {}
    kept = begun()
    lost = RunFolder.create(resolve(None, {"seed": 7}), None)
    with lost.alone():
        assert run_at(LATEST) == lost.path
        lost.discard()
    assert run_at(LATEST) == kept.path
    lost = RunFolder.create(resolve(None, {"seed": 8}), None)
    with lost.alone():
        other = begun(hidden=(4,))
        lost.discard()
    assert run_at(LATEST) == other.path


def test_it_always_names_one_of_those_that_begin_together(here, links):
    runs = [begun(hidden=(n,)).path for n in range(1, 5)]
    names, done = {run.name for run in runs}, threading.Event()
    seen = set()

    def look():
        while not done.is_set():
            seen.add(run_at(LATEST).name)

    watcher = threading.Thread(target=look)
    watcher.start()
    writers = [threading.Thread(target=lambda run=run: [make_latest(run) for _ in range(50)]) for run in runs]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    watcher.join()
    assert seen <= names
    assert {path.name for path in Path("runs").iterdir()} == names | {"latest"}, "nothing is left beside"


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.write_text("a list\nof mine\n")])
def test_what_somebody_else_put_there_stays(here, make):
    Path("runs").mkdir()
    make(LATEST)
    before = everything_in(here)
    run = begun()
    assert {name: content for name, content in everything_in(here).items() if run.path.name not in name} == before
    assert run_at(LATEST) == LATEST


def test_the_name_is_kept_for_it(chipsim, here):
    ended = chipsim("run", "--out", LATEST)
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert "runs/latest" in ended.err
    assert everything_in(here) == {}


def test_a_run_that_is_gone_or_was_never_there(chipsim, here, links):
    for words in (["report"], ["run", "--resume"], ["run", "--config"], ["check"]):
        ended = chipsim(*words, LATEST)
        assert (ended.status, ended.err.count("\n")) == (2, 1)
    gone = begun().path
    gone.rename("elsewhere")
    for words in (["report"], ["run", "--resume"], ["run", "--config"], ["check"]):
        ended = chipsim(*words, LATEST)
        assert (ended.status, ended.err.count("\n")) == (2, 1)
        assert f"runs/latest names {gone.name}, which is not there any more" in ended.err
    with pytest.raises(RunFolderError):
        RunFolder.open(LATEST)
    assert begun().path == run_at(LATEST)


def test_where_nothing_can_be_written_the_run_goes_on(here, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    folder = RunFolder.create(resolve(None, {}), None)
    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr(os, "symlink", full)
    with contextlib.suppress(OSError), folder.alone():
        assert not os.path.lexists(LATEST)
    assert {path.name for path in Path("runs").iterdir()} == {folder.path.name}
