"""Databases and pages that several tests of the report read."""

from pathlib import Path

import pytest
import synthetic
from click.testing import CliRunner

from host.cli import cli

NASTY = "<script>document.title = 'run'</script>&\"'"


def report(*arguments: object) -> str:
    """Run `chipsim report`; returns what it printed. Fails if the command does."""
    result = CliRunner().invoke(cli, ["report", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="session")
def classic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four noises, 8 dies each, one failed task, one point without a result; a study beside it."""
    path = tmp_path_factory.mktemp("classic") / "sweep.sqlite"
    synthetic.fill(path, synthetic.CLASSIC, 8, failed=(3,), missing=tuple(range(120, 128)), message=NASTY)
    synthetic.fill_study(path, ("mismatch:0..0.3", "silencing:0.1"), 3, 8)
    return path


@pytest.fixture(scope="session")
def page(classic: Path) -> Path:
    out = classic.with_name("report.html")
    report(classic, "-o", out, "--within", "0.02")
    return out
