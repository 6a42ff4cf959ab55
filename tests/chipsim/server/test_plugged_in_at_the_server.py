"""A neuron and a learning rule of another package behind a wire: the same bits as in this process."""

import numpy as np
import pytest
from example_packages import install_example
from plug_ins_of_chips import write_chip_parts
from small_chips import assert_same_result, assert_same_state, lesson, programmed, spec_of, taught

from chipsim import ChipError
from host.link.remote import RemoteChip, chip_process, connect

SPEC = {
    "noise": ("mismatch:0.2", "comparator:0.5", "thermal:0.1", "missed:0.2"),
    "neuron": {"kind": "weary"},
    "circuit": {"rule": "hungry", "rule_settings": {"greed": 0.25}},
}


@pytest.fixture
def task(site):
    write_chip_parts(site)
    return lesson(spec_of((7, 20, 5), 6, **SPEC), n_windows=12)


def server_with(tmp_path, monkeypatch, version):
    monkeypatch.setenv("PYTHONPATH", str(write_chip_parts(tmp_path / f"server {version}", version)))
    return chip_process(1)


def test_the_same_bits(task, tmp_path, monkeypatch):
    """What lasts a life goes over the wire as part of a snapshot."""
    here = programmed(task.spec, task.weights)
    with server_with(tmp_path, monkeypatch, "1.2") as child, connect(child.address) as connection:
        there = RemoteChip(connection, task.spec, here.die_seed)
        there.program(task.weights)
        assert_same_result(taught(task, there), taught(task, here))
        assert_same_result(there.infer(task.events, task.windows), here.infer(task.events, task.windows))
        assert_same_state(there, here)
        saved = there.snapshot()
        assert saved["layer1.meals"].any() and np.array_equal(
            saved["layer1.weariness"], here.snapshot()["layer1.weariness"]
        )
        after = taught(task, here)
        taught(task, there)
        there.restore(saved)
        assert_same_result(taught(task, there), after)


def test_another_version_is_refused(task, tmp_path, monkeypatch):
    with server_with(tmp_path, monkeypatch, "1.3") as child, connect(child.address) as connection:
        line = r"^learning rule 'hungry' is of acme-chip 1\.2 at the host, and this server has it of acme-chip 1\.3"
        with pytest.raises(ChipError, match=line):
            RemoteChip(connection, task.spec, 1)


def test_a_wrong_one_is_named_over_the_wire(site, tmp_path, monkeypatch):
    """The server tries it; the host only names it."""
    folder = write_chip_parts(tmp_path / "server", changes={"* own.greed": "* own.grief"})
    write_chip_parts(site)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    line = r"learning rule 'hungry' reads the field 'grief'.*acme-chip 1\.2"
    with (
        chip_process(1) as child,
        connect(child.address) as connection,
        pytest.raises(ChipError, match=line),
    ):
        RemoteChip(connection, spec_of((7, 20, 5), 6, **SPEC), 1)


def test_a_broadcast_over_the_wire(site, monkeypatch):
    """A rule of two updates, of traces and of all rows, that follows no targets."""
    install_example("three_factor", site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    circuit = {"rule": "three_factor", "trace_tau_steps": 3.0}
    task = lesson(spec_of((9, 40, 10), 6, ("mismatch:0.2",), circuit=circuit), n_windows=12)
    here = programmed(task.spec, task.weights)
    with chip_process(1) as child, connect(child.address) as connection:
        there = RemoteChip(connection, task.spec, here.die_seed)
        there.program(task.weights)
        for _ in range(2):
            assert_same_result(taught(task, there), taught(task, here))
        assert_same_state(there, here)
        silent = {"targets": task.targets, "rates": task.rates}
        for wrong in (None, task.broadcast[1:], np.full(12, np.nan)):
            for chip in (here, there):
                with pytest.raises(ChipError, match="broadcast"):
                    chip.learn(task.events, task.windows, **silent, broadcast=wrong)
        with pytest.raises(ChipError, match="targets of shapes"):
            there.learn(task.events, task.windows, [here.weights()[0][0][:12]] * 2, task.rates, (), task.broadcast)
