"""What there is to choose from: nonidealities, methods and data sets, as text and as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

from host.data import DATA_SOURCES, DataPlace, DataSource, data_folders, place_of, told_places
from host.errors import DataError
from host.methods import TRAINING_METHODS
from host.settings import SCALES
from host.terminal import table
from nonideality import EFFECTS, NoiseError, Nonideality


def _noise_entries() -> tuple[list[dict[str, Any]], list[str]]:
    """What can be used, and a line about each effect that cannot."""
    usable, problems = EFFECTS.load_all()
    entries = []
    for name, effect in usable.items():
        try:
            with EFFECTS.blamed(name, "explains itself badly"):
                entries.append(_noise_entry(effect))
        except NoiseError as error:
            problems.append(str(error))
    return entries, problems


def _noise_entry(effect: type[Nonideality]) -> dict[str, Any]:
    return {
        "name": effect.name,
        "summary": effect.summary,
        "level": effect.level_meaning,
        "unit": effect.unit,
        "range": [bound if math.isfinite(bound) else None for bound in effect.level_range],
        "persistence": effect.persistence,
        "moment": effect.moment,
        "sites": {
            site: {
                "meaning": entry.meaning,
                "distribution": entry.distribution.format(level="LEVEL"),
                "by_default": entry.by_default,
            }
            for site, entry in effect.sites.items()
        },
        "options": {"layer": "only this layer, 1 is the first", **effect.option_meanings()},
        "draw": effect.draw,
        "remarks": list(effect.remarks),
        "source": effect.source,
    }


def noise_json() -> str:
    entries, problems = _noise_entries()
    return json.dumps({"noise": entries, "broken": problems})


_PERSISTENCE = {"frozen": "frozen (drawn once per die)", "temporal": "temporal (drawn anew at every event)"}


def noise_text() -> str:
    """The catalogue: one entry per effect, one line per site."""
    lines = ["--noise KIND:LEVEL[@SITE][,key=value...], repeatable. Without @SITE all sites marked * are hit.", ""]
    entries, problems = _noise_entries()
    for entry in entries:
        low, high = entry["range"]
        lines += [
            f"{entry['name']}:LEVEL  {entry['summary']}",
            f"  level   {entry['level']}",
            f"  unit    {entry['unit']}; {f'from {low:g} to {high:g}' if high is not None else f'{low:g} or more'}",
            f"  kind    {_PERSISTENCE[entry['persistence']]}, acts when chips are {_MOMENTS[entry['moment']]}",
        ]
        sites = [
            (f"@{site}", "*" if text["by_default"] else "", f"{text['meaning']}: {text['distribution']}")
            for site, text in entry["sites"].items()
        ]
        lines += table(sites, align="<", indent=2)
        lines += [f"  ,{key}=    {meaning}" for key, meaning in entry["options"].items()]
        others = [each["name"] for each in entries if each["draw"] == entry["draw"] != "" and each is not entry]
        if others:
            lines.append(f"  shares  {entry['draw']} with {', '.join(others)}: variances add")
        lines += [f"  note    {remark}" for remark in entry["remarks"]]
        lines += [f"  source  {entry['source']}", ""]
    lines += [
        *(f"broken: {problem}" for problem in problems),
        f"Other packages add effects under the entry point group {EFFECTS.group}.",
    ]
    return "\n".join(lines)


_MOMENTS = {
    "fabricate": "fabricated",
    "program": "programmed and written",
    "operate": "running",
    "age": "getting older",
}


def methods_json() -> str:
    usable, _ = TRAINING_METHODS.load_all()
    return json.dumps({name: method.meaning for name, method in usable.items()})


def methods_text() -> str:
    """A line for each method."""
    usable, problems = TRAINING_METHODS.load_all()
    rows = [(name, method.meaning) for name, method in usable.items()]
    return "\n".join([*table(rows, align="<"), *(f"broken: {problem}" for problem in problems)])


def _data_entries(data_dir: str | None) -> tuple[list[dict[str, Any]], list[str]]:
    """What can be loaded, and a line about each that cannot."""
    entries, problems = [], []
    for name in DATA_SOURCES.names():
        try:
            source: DataSource = DATA_SOURCES.make(name)
            with DATA_SOURCES.blamed(name, "explains itself badly"):
                entries.append(_data_entry(source, place_of(source, data_dir)))
        except DataError as error:
            problems.append(str(error))
    return entries, problems


def _data_entry(source: DataSource, place: DataPlace | None) -> dict[str, Any]:
    return {
        "name": source.name,
        "about": source.about,
        "found": source.comes if place is None else place.folder and str(place.folder),
        "looked_in": [] if place is None else [str(path) for path in place.looked_in],
        "how_to_get": source.how_to_get,
    }


def data_json(data_dir: str | None) -> str:
    entries, problems = _data_entries(data_dir)
    folders = [str(folder) for folder in data_folders(data_dir)]
    return json.dumps({"data_dirs": folders, "data": entries, "broken": problems})


def data_text(data_dir: str | None) -> str:
    lines = []
    data_folders(data_dir)  # a folder that cannot be is refused once, not for each data set
    entries, problems = _data_entries(data_dir)
    for entry in entries:
        lines += [f"{entry['name']:<8} {entry['about']}", f"         found: {entry['found'] or 'no'}"]
        if not entry["found"]:
            looked = told_places(entry["looked_in"])
            lines += [f"         looked in: {looked}", f"         to get it: {entry['how_to_get']}"]
    lines += [
        "FILE.npz with arrays x_train (n, ...), y_train (n,), x_test, y_test, perhaps x_valid, y_valid; labels from 0",
        "         made with numpy.savez('FILE.npz', x_train=..., y_train=..., x_test=..., y_test=...)",
        "         or with the events of a camera, train_x, train_y, train_t_us, train_p, ...: see host/data/README.md",
        "FOLDER   with the four idx .gz files named as MNIST's",
        "--scale says which stored values mean 0 and 1:",
        *table([*SCALES.items(), ("LOW,HIGH", "these two; a number alone is HIGH, and LOW is 0")], align="<", indent=2),
        *(f"broken: {problem}" for problem in problems),
    ]
    return "\n".join(lines)
