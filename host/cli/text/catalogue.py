"""What there is to choose from: nonidealities and data sets, as text and as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

from host.data import data_folders, find_cifar10, find_mnist
from host.settings import BUILT_IN
from host.terminal import table
from nonideality import ENTRY_POINT_GROUP, catalogue


def _noise_entries() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
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
            "options": {"layer": "only this layer, 1 is the first", **effect.options},
            "source": effect.source,
        }
        for name, effect in catalogue().items()
    ]


def noise_json() -> str:
    return json.dumps({"noise": _noise_entries()})


_PERSISTENCE = {"frozen": "frozen (drawn once per die)", "temporal": "temporal (drawn anew at every event)"}


def noise_text() -> str:
    """The catalogue: one entry per effect, one line per site."""
    lines = ["--noise KIND:LEVEL[@SITE][,key=value...], repeatable. Without @SITE all sites marked * are hit.", ""]
    for entry in _noise_entries():
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
        lines += [f"  source  {entry['source']}", ""]
    lines.append(f"Other packages add effects under the entry point group {ENTRY_POINT_GROUP}.")
    return "\n".join(lines)


_MOMENTS = {
    "fabricate": "fabricated",
    "program": "programmed and written",
    "operate": "running",
    "age": "getting older",
}


_OF_MNIST = ("mnist", "mnist16")  # both need its four files


def _data_entries(data_dir: str | None) -> list[dict[str, Any]]:
    files = dict.fromkeys(_OF_MNIST, find_mnist(data_dir)) | {"cifar10": find_cifar10(data_folders(data_dir))}
    there = {"digits": "comes with scikit-learn", "yinyang": "generated"}
    there |= {name: str(folder) for name, (folder, _) in files.items() if folder}
    about = {
        "digits": "8x8 handwritten digits, 1,347 training and 450 test images, 10 classes",
        "mnist": "28x28 handwritten digits, 60,000 training and 10,000 test images, 10 classes",
        "mnist16": "mnist cropped to 24x24 and zoomed to 16x16, as BrainScaleS-2 was shown it (Cramer et al. 2022)",
        "yinyang": "points in the Yin-Yang symbol, 4 inputs, 5,000 training and 1,000 test samples, 3 classes",
        "cifar10": "32x32 colour images, the first 10,000 of 50,000 training images and 10,000 test images, 10 classes",
    }
    how = {
        "digits": "nothing to do",
        **dict.fromkeys(
            _OF_MNIST,
            "put the four idx .gz files of http://yann.lecun.com/exdb/mnist/ into DIR or DIR/mnist, then name DIR"
            " with --data-dir or CHIPSIM_DATA",
        ),
        "yinyang": "nothing to do",
        "cifar10": "make cifar10_train_1.npz of data_batch_1 and cifar10_test.npz of test_batch of"
        " https://www.cs.toronto.edu/~kriz/cifar.html, each with x (n, 32, 32, 3) bytes and y (n,), put them into DIR"
        " or DIR/cifar10, then name DIR with --data-dir or CHIPSIM_DATA",
    }
    return [
        {
            "name": name,
            "about": about[name],
            "found": there.get(name),
            "looked_in": [str(path) for path in files[name][1]] if name in files else [],
            "how_to_get": how[name],
        }
        for name in BUILT_IN
    ]


def data_json(data_dir: str | None) -> str:
    return json.dumps({"data_dirs": [str(f) for f in data_folders(data_dir)], "data": _data_entries(data_dir)})


def data_text(data_dir: str | None) -> str:
    lines = []
    for entry in _data_entries(data_dir):
        lines += [f"{entry['name']:<9}{entry['about']}", f"         found: {entry['found'] or 'no'}"]
        if not entry["found"]:
            looked = ", ".join(entry["looked_in"]) or "nowhere: neither --data-dir nor CHIPSIM_DATA is set"
            lines += [f"         looked in: {looked}", f"         to get it: {entry['how_to_get']}"]
    lines += [
        "FILE.npz with arrays x_train (n, ...), y_train (n,), x_test, y_test; labels from 0",
        "FOLDER   with the four idx .gz files named as MNIST's",
    ]
    return "\n".join(lines)
