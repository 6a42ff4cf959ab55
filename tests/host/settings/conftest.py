"""What settings become on a command line."""

import pytest

from host.errors import SettingError
from host.settings import RunSpec


@pytest.fixture
def simulated(chipsim, monkeypatch):
    """The spec that a command line hands to the simulation, which does not start."""

    def call(*arguments: object) -> RunSpec:
        specs = []

        def stop_here(spec, *_):
            specs.append(spec)
            raise SettingError("far enough")

        monkeypatch.setattr("host.run.run", stop_here)
        ended = chipsim("run", *arguments)
        assert ended.err == "chipsim: far enough\n"
        return specs[0]

    return call
