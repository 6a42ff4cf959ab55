"""What a run reports as its cost: the same activity that its accuracy came with."""

import json

import pytest
from small_runs import QUIET_FLAGS, SMALL, write_npz

from host.run.die_run import run
from host.run.resolution import resolve


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return str(write_npz(tmp_path_factory.mktemp("data") / "small.npz"))


def summary_of(data, **changes):
    settings = SMALL | {"dataset": data} | {name.replace("__", "."): value for name, value in changes.items()}
    return run(resolve(None, settings))


def test_counts_agree_with_the_run(data):
    outcome = summary_of(data)
    summary, cost = outcome.summary, outcome.summary["cost"]
    learned, samples = cost["learning"], summary["train_samples"]
    assert learned["samples"] == samples == 256
    assert learned["synaptic_events"] * samples == pytest.approx(summary["synaptic_events"])
    assert learned["weight_updates"] * samples == pytest.approx(summary["weight_updates"])
    tested = cost["inference"]
    assert tested["samples"] == 60
    # The spikes that are paid for are those that the classes were counted from.
    for spikes, rates in zip(tested["spikes_per_layer"], outcome.after.rates, strict=True):
        assert spikes == pytest.approx(rates.sum(axis=1).mean() * SMALL["steps"])
    assert tested["weight_updates"] == 0
    assert tested["latency_steps"] == SMALL["steps"] + 1


def test_without_a_chip_there_are_counts_and_bytes_alone(data):
    cost = summary_of(data).summary["cost"]
    assert cost.keys() == {"chip", "inference", "learning"}
    assert cost["chip"] is None
    assert "energy_nj" not in cost["inference"]
    assert cost["inference"]["link_bytes"]["total"] > 0
    # Nothing is read back while learning; one target per neuron goes down.
    assert cost["learning"]["link_bytes"]["counts"] == 0
    assert cost["learning"]["link_bytes"]["targets"] == 20


def test_with_a_chip_there_are_times_energies_and_areas(data):
    cost = summary_of(data, chip="rram").summary["cost"]
    assert cost["chip"] == "rram"
    for phase in ("inference", "learning"):
        energy = cost[phase]["energy_nj"]
        assert 0 < energy["low"] < energy["high"]
        assert sum(part["share"] for part in energy["parts"]) == pytest.approx(1)
        assert cost[phase]["latency_us"] == pytest.approx((SMALL["steps"] + 1) * 2.0)
        assert cost[phase]["step_cycles"]["busy"] < cost[phase]["step_cycles"]["available"]
    assert cost["learning"]["energy_nj"]["low"] > cost["inference"]["energy_nj"]["low"]
    area = cost["area_mm2"]
    assert 0 < area["network"]["total"] < area["chip"]["total"]


def test_a_chip_that_never_learned_has_no_cost_of_learning(data):
    cost = summary_of(data, training__epochs=0).summary["cost"]
    assert cost["learning"] is None
    assert cost["inference"]["synaptic_events"] > 0


def test_a_constant_current_is_sent_once(data):
    spikes, current = (summary_of(data, encoding=name).summary["cost"]["inference"] for name in ("rate", "current"))
    assert current["input_events"] > spikes["input_events"]
    assert current["link_bytes"]["input"] < spikes["link_bytes"]["input"]


def test_bias_converters_are_listed(chipsim, here, data):
    converters = ("--neuron", "lif", "--set", "neuron.leak_dac.bits=6", "--set", "neuron.threshold_dac.bits=4")
    flags = ("run", "--dataset", data, *QUIET_FLAGS, *converters)
    cost = json.loads(chipsim(*flags, "--json").out)["cost"]
    assert cost["bias_dacs"] == [
        {"sets": "leak", "count": 2, "bits": 6, "low": 0.0, "high": 1.0, "unit": "per step"},
        {"sets": "threshold", "count": 2, "bits": 4, "low": 0.5, "high": 2.0, "unit": "th"},
    ]

    def line(*more):
        [shown] = [line for line in chipsim(*flags, *more, "-v").out.splitlines() if line.startswith("bias DACs ")]
        return shown

    listed = "bias DACs    2 of 6 bits for the leak (0 to 1 per step), 2 of 4 bits for the threshold (0.5 to 2 th)"
    assert line() == f"{listed}, one per layer"
    no_figure = "; not in energy (dac_power_uw) and area (dac_area_um2), for which the chip gives no figure"
    assert line("--chip", "rram") == f"{listed}, one per layer{no_figure}"
    figures = ("--set", "chip.bias.dac_power_uw=[0.1, 1.0]", "--set", "chip.bias.dac_area_um2=400.0")
    assert line("--chip", "rram", *figures) == f"{listed}, one per layer"


def test_the_report_shows_it(chipsim, here, data):
    flags = ("run", "--dataset", data, *QUIET_FLAGS)
    plain = chipsim(*flags, "-v").out
    assert "cost per sample" in plain
    assert "energy" not in plain
    told = chipsim(*flags, "--chip", "cmos-180nm", "--json")
    cost = json.loads(told.out)["cost"]
    shown = chipsim(*flags, "--chip", "cmos-180nm", "-v").out.splitlines()
    rows = {line[:24].strip(): line[24:].split() for line in shown}
    assert rows["cost per sample"] == ["inference", "learning"]
    assert rows["link bytes"] == [f"{cost[phase]['link_bytes']['total']:,.0f}" for phase in ("inference", "learning")]
    for number, part in enumerate(cost["inference"]["energy_nj"]["parts"]):
        shares = [cost[phase]["energy_nj"]["parts"][number]["share"] for phase in ("inference", "learning")]
        assert rows[part["name"]] == [f"{share:.1%}" for share in shares]
    assert any(line.startswith("area ") for line in shown)
