"""What a chip in this process counts is what crosses a wire, to the byte."""

import pytest
from remote_runs import small_spec, source_at
from servers import serving
from small_chips import every_neuron, lesson, spec_of, taught
from test_same_bits import image_spec

from chipsim import AdcSpec, Chip
from host.link import Timeline
from host.link.remote import RemoteChip, connect
from host.link.traffic import CountedChip, Traffic, link_lines
from host.run import run

ANY_SESSION = ("HELLO", "WELCOME", "GOODBYE", "STATUS", "REPORT")  # belong to a wire, not to what is asked of a chip


def commands(traffic):
    """Messages and bytes by kind and direction."""
    return {
        way: {kind: vars(count) for kind, count in counts.items() if kind not in ANY_SESSION}
        for way, counts in (("down", traffic.down), ("up", traffic.up))
    }


def use(chip, task):
    """Every command; results are looked at in several ways."""
    chip.program(task.weights)
    result = chip.infer(task.events, task.windows)
    assert len(result.classes) == len(result.membrane)
    result = taught(task, chip)
    assert result.counts[-1].sum() == list(result.counts)[-1].sum()
    assert len(result.classes) == len(task.windows)
    for show in (lambda: chip.infer(task.events, task.windows, every_neuron(task.spec)), lambda: taught(task, chip)):
        assert show().activity["spikes"].sum() > 0
    chip.age(60.0)
    chip.weights()
    chip.restore(chip.snapshot())
    if all(shape.dense for shape in task.spec.shapes):
        result, _ = chip.read_back(task.events, task.windows, AdcSpec(bits=6))
        assert len(result.counts[:-1]) == task.spec.n_layers - 1


CASES = {
    "dense": (spec_of((40, 20, 5), noise=("drift:0.2", "quantization:4")), False),
    "many steps": (spec_of((40, 20, 5), steps=37), False),
    "integrating readout": (spec_of((40, 20, 5), neuron={"readout": "integrating"}), False),
    "current": (spec_of((40, 20, 5), target_bits=7), True),
    "image": (image_spec("shared"), False),
    "image, current": (image_spec("unrolled", ("link:0.01",)), True),
}


@pytest.mark.parametrize("case", CASES)
def test_every_command(server, monkeypatch, case):
    monkeypatch.setattr("chipsim.wire.messages.requests._MOST_WINDOWS", 70)
    spec, constant_current = CASES[case]
    task = lesson(spec, n_windows=150, constant_current=constant_current)
    counted = Traffic()
    use(CountedChip(Chip(spec, 3), counted, Timeline()), task)
    with connect(server.endpoint) as connection:
        use(RemoteChip(connection, spec, 3), task)
        crossed = connection.traffic
    assert commands(counted) == commands(crossed)
    assert crossed.down["LEARN"].messages == 2 * 3
    assert {kind: n for kind, n in crossed.windows.items() if n} == counted.windows


@pytest.mark.parametrize("method", ["on-chip-ltl", "in-the-loop"])
def test_a_run(tmp_path, method):
    spec = small_spec(tmp_path / "small.npz", **{"training.method": method, "training.epochs": 1})
    with serving() as server:
        source = source_at(server.endpoint)
        remote = run(spec, source=source)
        source.close()
    local = run(spec)
    assert remote.facts == local.facts
    crossed, counted = remote.summary["link"], local.summary["link"]
    for way in ("down", "up"):
        assert counted[way] == {kind: n for kind, n in crossed[way].items() if kind not in ANY_SESSION}
    assert counted["bytes_per_sample"] == crossed["bytes_per_sample"]
    assert counted["windows"] == crossed["windows"]
    text = "\n".join(link_lines(counted))
    assert f"would have carried {counted['bytes_down']:,} bytes down" in text
    if method == "on-chip-ltl":
        assert f"LEARN {counted['down']['LEARN']['bytes']:,} ({counted['down']['LEARN']['messages']:,})" in text
        assert "TRACES" not in counted["up"]
    else:
        read = counted["bytes_per_sample"]["read_back"]["up"]
        assert f"{read:,.1f} up per sample, neurons' state" in text
        bits = spec.in_the_loop.converter.bits
        assert read >= local.setup.design.steps * sum(local.setup.design.layer_sizes[1:]) * bits / 8
