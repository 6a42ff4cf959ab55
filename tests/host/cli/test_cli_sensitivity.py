"""chipsim sensitivity: on a database, whose content counts."""

import json

import pytest
from one_process import OneThread, one_thread
from small_runs import QUIET_FLAGS, everything_in

from host.studies import Study, accuracies, sensitivity_json
from host.sweep import SweepStore

NOISE = ("--noise", "mismatch@weight:0..0.5", "--noise", "quantization:8..3", "--noise", "thermal:0.1")


@pytest.fixture
def sensitivity(chipsim, monkeypatch, here, data_file):
    monkeypatch.setattr("host.studies.sensitivity_run.local_workers", one_thread)

    def call(*arguments, expected=0):
        flags = ("--dataset", data_file, *QUIET_FLAGS, "--dies", "2", "--samples", "4", "--out", "s.sqlite")
        ended = chipsim("sensitivity", *flags, *arguments)
        assert (ended.status, ended.err) == (expected, "")
        return ended.out

    return call


def test_what_is_told_is_what_is_stored(sensitivity, here):
    told = json.loads(sensitivity(*NOISE, "--json"))
    assert [entry["imperfection"] for entry in told["one_at_a_time"]] == ["mismatch@weight", "quantization", "thermal"]
    factors = [entry["factor"] for entry in told["sobol"]["indices"]["before"]]
    assert factors == ["mismatch@weight", "quantization", "die"]
    with SweepStore.open(here / "s.sqlite") as store:
        [sweep] = store.sweeps()
        rows = list(store.rows(sweep.id))
    assert sweep.id == told["sweep"]
    assert len(rows) == 7 * 2 + 4 * 5
    study = Study.from_request(sweep.request)
    for row, (point, spec) in zip(rows, study.plan(), strict=True):
        assert (row.point, row.die) == (point, spec.die)
        assert tuple(row.spec["noise"]) == spec.noise
    again = sensitivity_json(study.answer(accuracies(rows)), sweep.id)
    assert json.loads(json.dumps(again)) == told


def test_asked_again_nothing_runs(sensitivity, monkeypatch):
    first = sensitivity(*NOISE)

    def refused(*_):
        raise AssertionError("a chip was simulated again")

    monkeypatch.setattr(OneThread, "submit", refused)
    assert sensitivity(*NOISE) == first


def test_the_config_files_noise(sensitivity, here):
    (here / "noisy.toml").write_text('noise = ["mismatch:0.5@threshold", "silencing:0..0.5"]\n')
    text = sensitivity("--config", "noisy.toml")
    assert "mismatch@threshold 0.5" in text
    assert "all at once: silencing 0 to 0.5, every level" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "give --noise, for example --noise mismatch:0..0.5"),
        (("--noise", "ideal"), "give --noise"),
        (("--noise", "mismatch:0..0.5", "--samples", "5"), "--samples 5 is not a power of two"),
        (("--noise", "mismatch:0..", "--samples", "4"), "lacks an end"),
        (("--noise", "missmatch:0..1"), "unknown noise 'missmatch'"),
        (("--noise", "mismatch:0..0.5", "--noise", "mismatch:0.1@leak"), "given twice"),
        (("--noise", "mismatch:0..0.5,layer=7"), "there is no layer 7"),
        (("--noise", "mismatch:0..0.5", "--die", "4294967295"), "no room for dies"),
        (("--noise", "mismatch:0..0.5", "--dataset", "absent.npz"), "absent.npz"),
        (("--noise", "mismatch:0..0.5", "--steps", "1"), "steps = 1"),
    ],
)
def test_refused_in_one_line_and_nothing_is_left(chipsim, here, arguments, told):
    ended = chipsim("sensitivity", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert told in ended.err
    assert everything_in(here) == {}
