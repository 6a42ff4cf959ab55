"""What `chipsim nir` says of a die that sees sequences, of which NIR knows nothing."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from small_chips import spec_of

import host.run
import host.teachers.nir
from host.cli.nir import nir


@pytest.mark.parametrize("windows", [1, 8])
def test_it_says_that_windows_have_no_place(monkeypatch, tmp_path, windows):
    die = SimpleNamespace(spec=spec_of(steps=5, windows=windows), die_seed=3)
    monkeypatch.setattr(host.run, "kept_die", lambda folder, mix_versions: die)
    monkeypatch.setattr(host.teachers.nir, "write_nir", lambda *arguments, **settings: None)
    told = CliRunner().invoke(nir, ["run", "-o", str(tmp_path / "die.nir"), "--dt", "1e-4", "--integration", "euler"])
    assert told.exit_code == 0, told.output
    assert ("NIR has no place for windows: reset what you make of it after 8 windows of 5 steps" in told.output) == (
        windows == 8
    )
