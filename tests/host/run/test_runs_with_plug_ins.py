"""Encodings, data sets and methods of other packages in a run; and broken ones, which hurt no run that needs none."""

import re

import numpy as np
import pytest
from plug_ins import DATA_SET, EFFECT, ENCODER, METHOD, write_all, write_package
from small_runs import SMALL

from chipsim import NeuronSpec
from host.data import Encoder, load
from host.errors import DataError, SettingError
from host.methods import find
from host.run import design_from, prepare, resolve, run, spec_of
from host.settings import ENCODERS, FLAGS, TRAINING_METHODS, flagged
from nonideality import EFFECTS

QUICK = {"teacher.epochs": 3, "training.epochs": 1, "training.learning_rate": 0.01}
ALL = {"dataset": "stripes", "encoding": "late", "noise": ["droop:0.5"], "training.method": "twice"}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """What is learned on the host is kept here."""
    monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "trained"


def test_a_run_of_nothing_but_plug_ins(site, cache):
    write_all(site)
    outcome = run(resolve(None, QUICK | ALL))
    assert outcome.summary["dataset"] == "stripes"
    assert outcome.setup.spec.hidden == (5,) and outcome.setup.spec.steps == 6  # what suits the data set
    assert outcome.summary["method"]["name"] == "twice"
    assert [(each["group"], each["name"]) for each in outcome.summary["plugins"]] == [
        ("chipsim.nonidealities", "droop"),
        ("chipsim.encoders", "late"),
        ("chipsim.methods", "twice"),
        ("chipsim.datasets", "stripes"),
    ]
    assert {(each["package"], each["version"]) for each in outcome.summary["plugins"]} == {("acme", "1.2")}


def test_a_file_among_an_effects_options_is_found_from_every_folder(site, tmp_path, monkeypatch):
    """The spec says where it is, however it was typed."""
    options = "    class Options(BaseModel):\n        file: FilePath\n"
    source = EFFECT.replace('    options = {"depth": "divides the level"}\n', options)
    source = source.replace('self.option_values.get("depth", 1)', "len(self.chosen.file.read_text())")
    source = "from pydantic import BaseModel, FilePath\n" + source
    write_package(site, entries={"nonidealities:droop": "acme:Droop"}, sources={"acme.py": source})
    (tmp_path / "map.csv").write_text("12")
    monkeypatch.chdir(tmp_path)
    texts = ("map.csv", "./map.csv", f"{tmp_path}/map.csv")
    specs = [resolve(None, SMALL | {"noise": [f"droop:1,file={text}"]}) for text in texts]
    assert {spec.noise for spec in specs} == {(f"droop:1,file={tmp_path}/map.csv",)}
    with pytest.raises(SettingError, match="droop: option file 'nowhere.csv': path does not point to a file"):
        resolve(None, SMALL | {"noise": ["droop:1,file=nowhere.csv"]})


def test_what_suits_a_data_set_gives_way(site):
    write_all(site)
    spec = resolve(None, {"dataset": "stripes", "steps": 9})
    assert (spec.steps, spec.hidden, spec.learning_circuit.warm_up_steps) == (9, (5,), 4)


def test_what_an_encoder_of_another_package_fills(site):
    write_all(site)
    values = np.array([[0.2, 0.9, 0.6], [0, 0, 1]], np.float32)
    events = Encoder("late", 3, 4, 2, 1).encode(values, np.arange(2))
    assert events.begin.tolist() == [[0, 0, 0, 0]] * 2
    assert events.end.tolist() == [[0, 0, 0, 2], [0, 0, 0, 1]]
    assert events.rows[0, :2].tolist() == [1, 2] and events.rows[1, 0] == 2
    assert len(events.amplitude) == 0


def test_what_is_asked_of_an_encoding_is_its_own_word(site):
    """Whatever it is called: "late" is a latency code, and of one spike."""
    write_all(site)
    many = ENCODER.replace("one_spike = True", "one_spike = False").replace('"late"', '"latency-like"')
    write_package(site, "other", "1", {"encoders:latency-like": "other:Late"}, {"other.py": many})
    with pytest.raises(SettingError, match="conversion needs inputs as rates or currents, not encoding late"):
        resolve(None, {"encoding": "late", "training.method": "conversion"})
    assert design_from("ideal", (4, 3), {"encoding": "late"}).one_spike
    assert not design_from("ideal", (4, 3), {"encoding": "rate"}).one_spike
    assert not design_from("ideal", (4, 3), {"encoding": "latency-like"}).one_spike


def test_names_are_listed_and_nothing_is_loaded(site):
    write_package(
        site,
        entries={"encoders:late": "acme:Late", "datasets:stripes": "acme:Stripes", "methods:twice": "acme:Twice"},
        sources={"acme.py": "raise RuntimeError('touched')"},
    )
    assert flagged("encoding").choices[-1] == "late"
    assert "stdp, twice." in flagged("training.method").help()
    assert "fsdd, stripes, FILE.npz or FOLDER" in flagged("dataset").help()
    assert all(flagged(name).help() for name in FLAGS)


def test_unknown_names_are_answered_with_all_that_there_are(site):
    write_all(site)
    for setting, given, meant in (
        ("encoding", "latte", "late"),
        ("training.method", "twise", "twice"),
        ("dataset", "strips", "stripes"),
    ):
        with pytest.raises((SettingError, DataError), match=f"{given}.*did you mean '{meant}'") as error:
            load(given) if setting == "dataset" else resolve(None, {setting: given})
        assert "\n" not in str(error.value)


BROKEN = [
    ("encoding", "late", "encoders:late", "Late", "encoding 'late' of acme 1.2 (acme:Late) cannot be loaded: Mod"),
    ("training.method", "twice", "methods:twice", "Twice", "method 'twice' of acme 1.2 (acme:Twice) cannot be loaded"),
    ("dataset", "stripes", "datasets:stripes", "Stripes", "data set 'stripes' of acme 1.2 (acme:Stripes) cannot be l"),
    ("noise", ["droop:1"], "nonidealities:droop", "Droop", "noise 'droop' of acme 1.2 (acme:Droop) cannot be loaded"),
]


@pytest.mark.parametrize(("setting", "value", "entry", "name", "line"), BROKEN, ids=[case[0] for case in BROKEN])
def test_a_broken_one_is_named_before_any_work_and_hurts_no_other_run(site, setting, value, entry, name, line):
    write_package(site, entries={entry: f"acme:{name}"}, sources={"acme.py": "import no_such_module"})
    assert resolve(None, SMALL)
    with pytest.raises((SettingError, DataError), match=f"^{re.escape(line)}[^\n]+$"):
        resolve(None, {setting: value})


def test_a_run_beside_broken_plug_ins_is_as_it_was(tmp_path, data_file, monkeypatch):
    spec = resolve(None, SMALL | {"dataset": str(data_file)})
    before = run(spec)
    entries = {entry: f"acme:{name}" for _, _, entry, name, _ in BROKEN}
    other = tmp_path / "other_site"  # what stands in a folder is read once
    other.mkdir()
    write_package(other, entries=entries, sources={"acme.py": "import no_such_module"})
    monkeypatch.syspath_prepend(other)
    assert "late" in ENCODERS.names() and "twice" in TRAINING_METHODS.names() and "droop" in EFFECTS.names(), "seen"
    after = run(spec)
    assert after.facts == before.facts
    assert "plugins" not in after.summary


@pytest.mark.parametrize("setting", ["encoding", "training.method", "dataset"])
def test_a_name_of_ours_that_is_taken_is_refused_where_it_is_used(site, setting):
    ours = {"encoding": "rate", "training.method": "on-chip-ltl", "dataset": "digits"}[setting]
    group = {"encoding": "encoders", "training.method": "methods", "dataset": "datasets"}[setting]
    write_package(site, entries={f"{group}:{ours}": "acme:Any"})
    with pytest.raises((SettingError, DataError), match=rf"{ours}' is offered by chipsim \S+ and acme 1\.2: uninstall"):
        resolve(None, {setting: ours})
    other = {"encoding": "bernoulli", "training.method": "offline-ltl", "dataset": "yinyang"}[setting]
    rest = {"dataset": "yinyang", "encoding": "bernoulli", "training.method": "offline-ltl"}
    assert resolve(None, rest | {setting: other})


def test_an_encoder_that_cannot_be_compiled_is_named(site):
    source = ENCODER.replace("np.float32(0.5)", "no_such_thing")
    write_package(site, entries={"encoders:late": "acme:Late"}, sources={"acme.py": source})
    encoder = Encoder("late", 3, 4, 2, 1)
    with pytest.raises(SettingError, match=r"^encoding 'late' of acme 1.2 \(acme:Late\) fails: [^\n]*no_such_thing"):
        encoder.encode(np.ones((1, 3), np.float32), np.arange(1))


NO_EVENTS = {
    "a row beyond the last": ("rows[s, k] = i", "rows[s, k] = i + 3"),
    "the same row twice": ("rows[s, k] = i", "rows[s, k] = 0"),
    "an end before its beginning": ("end[s, t] = k", "end[s, t] = k - 1"),
    "an end beyond the room": ("end[s, t] = k", "end[s, t] = 10_000"),
    "a step that begins elsewhere": ("begin[s, t] = k", "begin[s, t] = k + 1"),
    "more than the one spike": ("t == n_steps - 1", "t >= 0"),
}


@pytest.mark.parametrize(("was", "now"), NO_EVENTS.values(), ids=NO_EVENTS)
def test_an_encoder_that_fills_in_nonsense_is_named(site, was, now):
    """Before anything trusts what it says."""
    assert was in ENCODER
    write_package(site, entries={"encoders:late": "acme:Late"}, sources={"acme.py": ENCODER.replace(was, now)})
    encoder = Encoder("late", 3, 4, 2, 1)
    with pytest.raises(SettingError, match=r"^encoding 'late' of acme 1.2 \(acme:Late\) fills in what are no events"):
        encoder.encode(np.ones((2, 3), np.float32), np.arange(2))


DATA = {
    "no data set": ('dataset_of(self.name, arrays, "made up", byte_range=False)', "5", "gives a int, not a host.data"),
    "too large a label": ("np.arange(n) % 2\n", "np.arange(n) % 2 - 1\n", "label -1; labels must be whole numbers"),
    "a defect": ("arrays = {}", "arrays = {}['x']", "KeyError: 'x'"),
    "a file that is missing": ("arrays = {}", "arrays = {}; open('/no/such/file')", "No such file"),
}


@pytest.mark.parametrize(("was", "now", "said"), DATA.values(), ids=DATA)
def test_a_data_set_that_is_none_is_named(site, was, now, said):
    assert was in DATA_SET
    source = DATA_SET.replace(was, now)
    write_package(site, entries={"datasets:stripes": "acme:Stripes"}, sources={"acme.py": source})
    with pytest.raises(DataError, match=re.escape(said)) as error:
        load("stripes")
    assert "\n" not in str(error.value)


def test_a_data_set_is_looked_for_where_ours_are(site, tmp_path, monkeypatch):
    monkeypatch.delenv("CHIPSIM_DATA", raising=False)
    source = DATA_SET.replace(
        "    def load",
        "    def find(self, folders):\n"
        "        from host.data import DataPlace\n"
        "        found = [each for each in folders if (each / 'stripes.bin').is_file()]\n"
        "        return DataPlace(found[0] if found else None, list(folders))\n\n    def load",
    )
    write_package(site, entries={"datasets:stripes": "acme:Stripes"}, sources={"acme.py": source})
    with pytest.raises(DataError, match=rf"^stripes not found \(looked in {tmp_path}\): put its files there"):
        load("stripes", str(tmp_path))
    (tmp_path / "stripes.bin").touch()
    assert load("stripes", str(tmp_path)).n_classes == 2


def test_what_is_kept_of_a_method_is_made_anew_when_its_package_changes(site, cache):
    """Any file of it: here one that the method does not even import."""
    sources = {"acme/__init__.py": METHOD + EFFECT, "acme/helper.py": "FACTOR = 2\n"}
    write_package(site, entries={"methods:twice": "acme:Twice", "nonidealities:droop": "acme:Droop"}, sources=sources)
    setup = prepare(resolve(None, QUICK | {"dataset": "digits", "hidden": [4], "training.method": "twice"}))
    path = find("twice")._path(setup)
    assert find("twice")._path(setup) == path
    (site / "acme" / "helper.py").write_text("FACTOR = 3\n")
    assert find("twice")._path(setup) != path


def test_a_method_of_another_package_may_refuse(site):
    refusing = METHOD + (
        "    def check(self, spec):\n"
        "        if spec.neuron.kind == 'lif':\n"
        "            raise ValueError('method twice knows no leak: take --neuron if')\n"
    )
    write_package(site, entries={"methods:twice": "acme:Twice"}, sources={"acme.py": refusing})
    spec_of({"training": {"method": "twice"}})
    with pytest.raises(SettingError, match="^method twice knows no leak"):
        spec_of({"training": {"method": "twice"}, "neuron": NeuronSpec(kind="lif").model_dump()})
