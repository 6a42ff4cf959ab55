"""chipsim plugins: what there is in each group, of which package and version, and whether it works."""

import json
from pathlib import Path

from plug_ins import write_all, write_package
from small_runs import end, environment, start

from chipsim import __version__

GROUPS = [
    *("chipsim.nonidealities", "chipsim.learning_rules", "chipsim.neurons"),
    *("chipsim.methods", "chipsim.encoders", "chipsim.datasets"),
]


def listed(chipsim):
    ended = chipsim("plugins", "--json")
    assert (ended.status, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert found["groups"] == GROUPS
    return found["plugins"]


def test_ours(chipsim):
    found = listed(chipsim)
    assert {(each["package"], each["version"]) for each in found} == {("chipsim", __version__)}
    names = {group: [each["name"] for each in found if each["group"] == group] for group in GROUPS}
    assert "mismatch" in names["chipsim.nonidealities"] and "rate" in names["chipsim.encoders"]
    assert "digits" in names["chipsim.datasets"] and "on-chip-ltl" in names["chipsim.methods"]
    assert all(each["state"] == "ok" and each["why"] is None for each in found)
    assert all(each["source"].endswith(".py") for each in found if each["group"] not in GROUPS[1:3])


def test_those_of_other_packages(chipsim, site):
    write_all(site)
    write_package(site, "torn", "0.1", {"encoders:torn": "torn:Torn"}, {"torn.py": "import no_such_module"})
    write_package(site, "thief", "7", {"datasets:digits": "thief:Digits"}, {"thief.py": ""})
    write_package(site, "lost", "2", {"colours:red": "lost:Red"})
    found = {(each["group"], each["name"], each["package"]): each for each in listed(chipsim)}
    for group, name in (
        ("nonidealities", "droop"),
        ("encoders", "late"),
        ("datasets", "stripes"),
        ("methods", "twice"),
    ):
        each = found[f"chipsim.{group}", name, "acme"]
        assert (each["version"], each["state"], each["source"]) == ("1.2", "ok", str(site / "acme.py"))
    torn = found["chipsim.encoders", "torn", "torn"]
    assert (torn["state"], torn["source"]) == ("broken", str(site / "torn.py"))
    assert "no_such_module" in torn["why"]
    for package in ("chipsim", "thief"):
        assert "uninstall one of them" in found["chipsim.datasets", "digits", package]["why"] or package == "thief"
        assert found["chipsim.datasets", "digits", package]["state"] == "broken"
    assert found["chipsim.colours", "red", "lost"]["why"].startswith("chipsim has no such group: offer it in one of")


def test_as_text(chipsim, site):
    write_all(site)
    write_package(site, "torn", "0.1", {"encoders:torn": "torn:Torn"}, {"torn.py": "import no_such_module"})
    ended = chipsim("plugins")
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert [line for line in lines if line.startswith("chipsim.")] == GROUPS
    assert [line.split() for line in lines if "late " in line] == [["late", "acme", "1.2", "ok"]]
    [broken] = [line for line in lines if line.split()[:1] == ["torn"]]
    assert "torn 0.1" in broken and "broken: cannot be loaded: ModuleNotFoundError" in broken
    for name in ("local_tandem", "lif"):
        assert [line.split()[2:] for line in lines if line.split()[:2] == [name, "chipsim"]] == [["0.1.0", "ok"]]


def test_lists_tell_what_works_and_name_the_rest(chipsim, site):
    write_all(site)
    entries = {"nonidealities:torn": "torn:A", "methods:torn": "torn:B", "datasets:torn": "torn:C"}
    write_package(site, "torn", "0.1", entries, {"torn.py": "import no_such_module"})
    for command, name in (("noise", "droop:LEVEL"), ("methods", "twice"), ("data", "stripes")):
        ended = chipsim(command)
        assert ended.status == 0
        assert name in ended.out
        [broken] = [line for line in ended.out.splitlines() if line.startswith("broken: ")]
        assert "of torn 0.1" in broken
        json.loads(chipsim(command, "--json").out)


def test_a_run_says_what_came_from_where(chipsim, site, here):
    write_all(site)
    flags = ("--dataset", "stripes", "--encoding", "late", "--method", "twice", "--noise", "droop:0.5")
    ended = chipsim("run", *flags, "--set", "teacher.epochs=3", "--out", "run")
    assert (ended.status, ended.err) == (0, "")
    for line in ("droop is of acme 1.2", "late is of acme 1.2", "twice is of acme 1.2", "stripes is of acme 1.2"):
        assert f"  {line}\n" in ended.out
    details = Path("run", "report.txt").read_text()
    assert "late: one spike in the last step, for x above 1/2" in details
    assert "twice: the online rule on the ideal twin at twice its learning rate" in details
    result = json.loads((here / "run" / "result.json").read_text())
    assert {each["name"] for each in result["plugins"]} == {"droop", "late", "twice", "stripes"}
    assert chipsim("report", "run").status == 0


def test_help_names_them_and_loads_none(site):
    """In a process of its own, as a user sees it."""
    touched = site / "touched"
    write_package(
        site,
        entries={"encoders:late": "acme:Late", "methods:twice": "acme:Twice", "datasets:stripes": "acme:Stripes"},
        sources={"acme.py": f"open({str(touched)!r}, 'w').close()"},
    )
    path = environment()["PYTHONPATH"]
    ended = end(start("run", "--help", env=environment(PYTHONPATH=f"{path}:{site}")))
    assert (ended.status, ended.err) == (0, "")
    text = " ".join(ended.out.split())
    for name in ("log-latency, late.", "stdp, twice.", "fsdd, stripes, FILE.npz"):
        assert name in text
    assert not touched.exists()
