"""The packages in examples/, installed as pip would: their module, and metadata that name their entry point."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

from plug_ins import write_package

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def install_example(name: str, site: Path) -> Path:
    """Into the folder `site`, which is returned; what pyproject.toml says is what is there."""
    source = EXAMPLES / name
    about = tomllib.loads((source / "pyproject.toml").read_text())
    project = about["project"]
    entries = {
        f"{group.removeprefix('chipsim.')}:{each}": value
        for group, offered in project["entry-points"].items()
        for each, value in offered.items()
    }
    for module in about["tool"]["setuptools"]["py-modules"]:
        shutil.copy(source / f"{module}.py", site)
    return write_package(site, project["name"], project["version"], entries)
