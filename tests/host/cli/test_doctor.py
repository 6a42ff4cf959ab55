"""chipsim doctor: all that a bug report needs, whatever is broken."""

import json
import os
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from small_runs import end, environment, start

from chipsim import __version__
from host.cli import diagnosis as doctor

PARTS = ["chipsim", "machine", "packages", "caches", "compiler", "environment", "data", "plug_ins", "problems"]


@pytest.fixture
def told(chipsim):
    """The JSON of doctor, and its exit status."""

    def call():
        ended = chipsim("doctor", "--json")
        assert ended.out.count("\n") == 1
        return json.loads(ended.out), ended.status

    return call


@pytest.fixture
def plug_in(tmp_path, monkeypatch):
    """Install a package whose module has this source under an entry point group, for this test."""

    def call(source, group="chipsim.nonidealities"):
        site = tmp_path / "site"
        about = site / "odd_plug_in-1.2.dist-info"
        about.mkdir(parents=True)
        (site / "odd_plug_in.py").write_text(source)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-plug-in\nVersion: 1.2\n")
        (about / "entry_points.txt").write_text(f"[{group}]\nodd = odd_plug_in:Odd\n")
        monkeypatch.syspath_prepend(site)

    yield call
    sys.modules.pop("odd_plug_in", None)


def test_all_is_well_here(told, here):
    found, status = told()
    assert list(found) == PARTS
    assert (found["problems"], status) == ([], 0)
    assert found["chipsim"]["version"] == __version__
    packages = {entry["name"]: entry for entry in found["packages"]}
    assert packages["numpy"]["version"] == metadata.version("numpy")
    assert packages["numpy"]["extra"] is None
    assert packages["torch"]["extra"] == "torch"
    assert found["machine"]["usable_cores"] >= 1
    assert found["compiler"]["threads"] >= 1
    assert {entry["name"] for entry in found["data"]} == {
        "digits",
        "mnist",
        "mnist16",
        "cifar10",
        "yinyang",
        "nmnist",
        "fsdd",
    }
    assert "chipsim.nonidealities" in found["plug_ins"]


def test_the_text_has_every_part(chipsim, here):
    ended = chipsim("doctor")
    headings = [line for line in ended.out.splitlines() if line and not line.startswith(" ")]
    assert headings == [part.replace("_", "-") for part in PARTS]
    assert ended.out.endswith("problems\n  none\n")


def test_caches_with_their_size(told, tmp_path, monkeypatch, here):
    monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache" / "teachers").mkdir(parents=True)
    (tmp_path / "cache" / "teachers" / "one.npz").write_bytes(bytes(1000))
    caches = told()[0]["caches"]
    assert caches["writable"]
    assert caches["folder"].endswith("cache")
    assert caches["holds"] == [{"name": "teachers", "files": 1, "bytes": 1000}]


def test_a_cache_that_cannot_be_written_is_a_problem(told, monkeypatch, here):
    monkeypatch.setenv("CHIPSIM_CACHE", "/proc/chipsim")
    found, status = told()
    assert (found["caches"]["writable"], status) == (False, 1)
    assert any("/proc/chipsim cannot be written" in problem for problem in found["problems"])


def test_variables_are_told_and_secrets_are_not(told, monkeypatch, here):
    monkeypatch.setenv("CHIPSIM_DATA", "/somewhere")
    monkeypatch.setenv("NUMBA_DEBUG_CACHE", "0")
    monkeypatch.setenv("CHIPSIM_API_TOKEN", "hush-1")
    monkeypatch.setenv("CHIPSIM_PROXY", "https://me:hush-2@proxy")
    monkeypatch.setenv("UNRELATED", "hush-3")
    found, _ = told()
    assert found["environment"]["CHIPSIM_DATA"] == "/somewhere"
    assert found["environment"]["NUMBA_DEBUG_CACHE"] == "0"
    assert "CHIPSIM_API_TOKEN" in found["environment"]
    assert "hush" not in json.dumps(found)


def test_the_home_folder_is_not_told(told, monkeypatch, tmp_path, here):
    home = tmp_path / "home" / "ada"
    (home / "data").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CHIPSIM_DATA", f"{home}/data")
    monkeypatch.setenv("CHIPSIM_CACHE", f"{home}-other")  # no folder below it
    found, _ = told()
    assert found["environment"]["CHIPSIM_DATA"] == "~/data"
    assert found["environment"]["CHIPSIM_CACHE"] == f"{home}-other"
    [looked] = [entry["looked_in"] for entry in found["data"] if entry["name"] == "mnist"]
    assert looked == ["~/data/mnist", "~/data"]


def test_data_that_is_there(told, monkeypatch, tmp_path, here):
    monkeypatch.setenv("CHIPSIM_DATA", str(tmp_path))
    found = {entry["name"]: entry for entry in told()[0]["data"]}
    assert found["mnist"]["found"] is None
    assert found["digits"]["found"]


def test_a_plug_in_that_loads(plug_in, told, here):
    plug_in("print('hello')\nfrom nonideality.ktc import Ktc\nclass Odd(Ktc):\n    name = 'odd'\n")
    found, status = told()
    assert status == 0
    assert found["plug_ins"]["chipsim.nonidealities"] == [
        {"name": "odd", "value": "odd_plug_in:Odd", "package": "odd-plug-in", "version": "1.2", "error": None}
    ]


BROKEN = [
    ("import there_is_no_such_package\n", "ModuleNotFoundError: No module named 'there_is_no_such_package'"),
    ("raise RuntimeError('two\\nlines')\n", "RuntimeError: two lines"),
    ("import sys\nsys.exit(3)\n", "SystemExit: 3"),
    ("", "AttributeError"),
]


@pytest.mark.parametrize(("source", "words"), BROKEN, ids=[words[:20] for _, words in BROKEN])
def test_a_broken_plug_in_is_named(source, words, plug_in, told, here):
    plug_in(source)
    found, status = told()
    assert status == 1
    [broken] = found["plug_ins"]["chipsim.nonidealities"]
    assert words in broken["error"]
    [problem] = found["problems"]
    assert problem.startswith(f"plug-in odd (odd_plug_in:Odd): {broken['error']}")


def test_a_plug_in_that_loads_and_is_of_no_use_is_named(plug_in, told, here):
    plug_in("Odd = 5\n")
    found, status = told()
    assert status == 1
    assert any("is not a subclass" in problem for problem in found["problems"])


def test_every_group_of_ours_is_listed(plug_in, told, here):
    plug_in("Odd = 5\n", group="chipsim.something")
    found, status = told()
    assert set(found["plug_ins"]) == {"chipsim.nonidealities", "chipsim.something"}
    assert (found["plug_ins"]["chipsim.something"][0]["error"], status) == (None, 0)


@pytest.mark.parametrize("part", ["numba", "pydantic", "numpy"])
def test_a_broken_package_leaves_the_other_parts(part, tmp_path, here):
    """A module of that name that cannot be imported stands before the true one."""
    (tmp_path / f"{part}.py").write_text("raise ImportError('half of it is missing')\n")
    path = os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]])
    ended = end(start("doctor", "--json", env=environment() | {"PYTHONPATH": path}))
    assert (ended.status, "Traceback" in ended.err) == (1, False)
    found = json.loads(ended.out)
    assert list(found) == PARTS
    [entry] = [each for each in found["packages"] if each["name"] == part]
    assert "half of it is missing" in entry["error"]
    assert found["chipsim"]["version"] == __version__
    assert found["machine"]["platform"]


@pytest.mark.parametrize("part", ["_data", "_plug_ins", "_packages"])
def test_any_part_may_fail(part, monkeypatch):
    def fails(problems):
        raise RuntimeError("out of order")

    monkeypatch.setattr(doctor, part, fails)
    found = doctor.facts()
    assert found[part[1:]] == {"error": "RuntimeError: out of order"}
    assert any("out of order" in problem for problem in found["problems"])
    assert any("out of order" in line for line in doctor.lines(found))


def test_every_package_that_we_name_is_looked_for_by_its_module(monkeypatch):
    """From the tree's own list: what is installed here may tell of an older one."""
    with (Path(__file__).parents[3] / "pyproject.toml").open("rb") as file:
        needed = tomllib.load(file)["project"]["dependencies"]
    monkeypatch.setattr(metadata, "requires", lambda name: needed)
    problems: list[str] = []
    assert len(doctor._packages(problems)) == len(needed) > 5
    assert problems == []


def test_a_package_that_is_missing_is_a_problem(monkeypatch):
    monkeypatch.setattr(metadata, "requires", lambda name: ["no-such-package>=3", "nor-this>=1; extra == 'more'"])
    problems = []
    found = doctor._packages(problems)
    assert [(each["name"], each["version"], each["extra"]) for each in found] == [
        ("no-such-package", None, None),
        ("nor-this", None, "more"),
    ]
    assert problems == ["package no-such-package: is not installed; install chipsim again"]


def test_nothing_is_left_behind(chipsim, here):
    chipsim("doctor")
    assert list(Path(here).iterdir()) == []
