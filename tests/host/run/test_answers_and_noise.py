"""What a run says of samples without an answer, of ties, and of noise: that which hits nothing, and shared draws."""

import json

import pytest
from small_runs import QUIET_FLAGS, SMALL

from chipsim.execution import ABSTAINED
from host.run import idle_lines, resolve, run
from host.sweep import Request, idle_noise, noise_axis, point_table

DEAD = "silencing:1@output"


def spec_of(path, *noise, **changes):
    return resolve(None, SMALL | {"dataset": str(path), "noise": list(noise)} | changes)


def test_a_die_with_dead_outputs_answers_nothing_and_is_wrong(data_file):
    outcome = run(spec_of(data_file, DEAD))
    summary = outcome.summary
    assert (outcome.after.classes == ABSTAINED).all()
    assert summary["accuracy"]["before"] == summary["accuracy"]["after"] == 0.0
    assert summary["abstained"] == {"ideal": outcome.ideal.abstained, "before": 60, "after": 60}
    assert summary["tied"]["before"] == summary["tied"]["after"] == 0
    assert summary["saturation"]["test_after"]["abstentions"] == 60
    assert summary["saturation"]["learning"]["abstentions"] == summary["train_samples"]


def test_ties_are_counted_where_they_are_and_cost_what_reading_membranes_takes(data_file):
    outcome = run(spec_of(data_file, **{"training.epochs": 0}))
    assert outcome.summary["tied"]["after"] == int(outcome.after.activity["ties"][-1]) > 0
    link = outcome.summary["cost"]["inference"]["link_bytes"]
    assert link["membranes"] == pytest.approx(outcome.summary["tied"]["after"] / 60 * 3)
    assert link["total"] == pytest.approx(link["input"] + link["counts"] + link["membranes"])


def test_a_membrane_that_is_read_out_abstains_from_nothing(data_file):
    summary = run(spec_of(data_file, DEAD, **{"neuron.readout": "integrating", "training.epochs": 0})).summary
    assert not any(summary["abstained"].values()) and not any(summary["tied"].values())


def test_they_are_told_in_text_report_and_sweep(chipsim, here, data_file):
    flags = ("--dataset", data_file, *QUIET_FLAGS)
    text = chipsim("run", *flags, "--noise", DEAD, "--out", "dead").out
    told = "no answer to 60, where no output fired: counted as wrong"
    assert [told in line for line in text.splitlines() if line.lstrip().startswith(("before", "after"))] == [True] * 2
    assert "saturated    windows in which no output fired" in text
    assert chipsim("report", "dead").status == 0
    [page] = here.glob("dead*/*.html")
    assert "No output fired, so no answer: counted as wrong: 100 % of all samples shown" in page.read_text()
    sweep = ("sweep", *flags, "--noise", "silencing:0,1@output", "--dies", "1", "--workers", "1", "--out", "s.sqlite")
    points = json.loads(chipsim(*sweep, "--json").out)["points"]
    assert [point["unanswered"] for point in points][1] == 1.0
    table = chipsim(*sweep).out
    assert "no answer" in table and "100.00%" in table
    silent = [{**point, "unanswered": 0.0} for point in points]
    assert "no answer" not in "\n".join(point_table(silent))


def test_noise_that_hits_nothing_is_told_at_its_site(data_file):
    summary = run(spec_of(data_file, "mismatch:0.2", "link:0.1@spikes,layer=2", **{"training.epochs": 0})).summary
    mismatch, link = summary["noise"]
    assert mismatch["idle"] == {
        "leak": "neurons do not leak",
        "synapse_tau": "charge arrives within a step",
        "boxcar": "nothing is learned on chip",
    }
    idle = [line.partition(": ")[0] for line in mismatch["meaning"] if "; hits nothing here: " in line]
    assert idle == ["mismatch@leak", "mismatch@synapse_tau", "mismatch@boxcar"]
    assert link["idle"] == {"spikes": "only events of the first layer cross the link"}


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"noise": ["pulse:0.1", "mismatch:0.1"], "training.method": "conversion"}, ["pulse", "nothing is learned"]),
        ({"noise": ["pulse:0.1"]}, []),
        ({"noise": ["mismatch:0.1@leak"]}, ["mismatch@leak", "neurons do not leak"]),
        ({"noise": ["mismatch:0.1@leak"], "neuron.kind": "lif"}, []),
        ({"noise": ["drift:0.1"], "training.method": "conversion"}, ["drift@weight", "no time passes"]),
        ({"noise": ["drift:0.1"], "training.method": "conversion", "training.rest_after_s": 5.0}, []),
    ],
)
def test_what_hits_nothing_depends_on_chip_and_method(data_file, changes, lines):
    settings = {name: value for name, value in SMALL.items() if not name.startswith("training")}
    found = idle_lines(resolve(None, settings | {"dataset": str(data_file)} | changes))
    assert len(found) == bool(lines)
    assert all(words in found[0] for words in lines)


def test_a_sweep_names_what_it_varies_in_vain_once(chipsim, here, data_file):
    settings = {name: value for name, value in SMALL.items() if name != "noise"} | {"dataset": str(data_file)}
    request = Request(settings, (noise_axis("mismatch:0.1,0.2,0.3@leak"),), cross=False, dies=(1, 2))
    assert idle_noise(request) == ["noise mismatch@leak hits nothing here: neurons do not leak"]
    ended = chipsim("sweep", "--dataset", data_file, *QUIET_FLAGS, "--noise", "mismatch:0.1,0.2@leak", "--plan")
    assert ended.err.count("noise mismatch@leak hits nothing here: neurons do not leak") == 1


def test_effects_that_share_a_draw_are_told(data_file):
    noise = ("thermal:0.1", "ktc:10", "read:0.01", "cycle:0.1")
    summary = run(spec_of(data_file, *noise, **{"training.epochs": 0})).summary
    assert summary["shared_draws"] == [
        "thermal, ktc, read share one Gaussian for each neuron at each step: their variances add"
    ]
    assert run(spec_of(data_file, "thermal:0.1", **{"training.epochs": 0})).summary["shared_draws"] == []


def test_the_catalogue_tells_shared_draws_and_what_truncation_does(chipsim):
    entries = {each["name"]: each for each in json.loads(chipsim("noise", "--json").out)["noise"]}
    assert entries["thermal"]["draw"] == entries["ktc"]["draw"] == entries["read"]["draw"] != ""
    assert entries["cycle"]["draw"] == entries["write"]["draw"] not in ("", entries["read"]["draw"])
    text = chipsim("noise").out
    assert "shares  one Gaussian for each neuron at each step with read, ktc: variances add" in text
    for name in ("mismatch", "pulse", "pelgrom", "drift"):
        assert any("1.028 at a sigma of 0.5" in remark for remark in entries[name]["remarks"]), name
