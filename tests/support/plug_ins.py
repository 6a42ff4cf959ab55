"""Packages that offer plug-ins, written into a folder as pip would install them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ENCODER = '''
import numpy as np
from chipsim.simd import kernel
from host.data import Encoding

@kernel
def _late(values, rows, begin, end):
    n_windows, n_steps = begin.shape
    for s in range(n_windows):
        k = 0
        for t in range(n_steps):
            begin[s, t] = k
            for i in range(values.shape[1]):
                if values[s, i] > np.float32(0.5) and t == n_steps - 1:
                    rows[s, k] = i
                    k += 1
            end[s, t] = k

class Late(Encoding):
    """A large value spikes in the last step."""

    name = "late"
    meaning = "one spike in the last step, for x above 1/2"
    one_spike = True
    latency = True

    def fill(self, values, windows, events):
        _late(values, events.rows, events.begin, events.end)
'''

DATA_SET = '''
import numpy as np
from host.data import DataSource, dataset_of

class Stripes(DataSource):
    """Two classes of six pixels."""

    name = "stripes"
    about = "six pixels, left or right half lit, 80 training and 40 test samples, 2 classes"
    settings = {"hidden": (5,), "steps": 6}

    def load(self, folder):
        arrays = {}
        for part, n in (("train", 80), ("test", 40)):
            labels = np.arange(n) % 2
            arrays[f"y_{part}"] = labels
            lit = np.where(labels[:, None] == np.arange(6) // 3, 0.9, 0.1)
            arrays[f"x_{part}"] = (lit + 0.02 * (np.arange(n) % 5)[:, None]).astype(np.float32)
        return dataset_of(self.name, arrays, "made up", byte_range=False)
'''

METHOD = '''
from host.methods import OnHost, find

class Twice(OnHost):
    """The online rule on the host, at twice its learning rate."""

    name = "twice"
    meaning = "the online rule on the ideal twin at twice its learning rate"

    def epochs(self, spec, n_train):
        return 1

    def learning_rate(self, spec):
        return 2 * find("online-ltl-off-chip").learning_rate(spec)

    def model(self, setup, threads):
        return find("online-ltl-off-chip").model(setup, threads)
'''

EFFECT = '''
from nonideality import Nonideality, Site

class Droop(Nonideality):
    """A third party's effect: supply droop raises all thresholds."""

    name = "droop"
    summary = "thresholds all too high"
    level_meaning = "relative rise"
    unit = "relative"
    persistence = "frozen"
    moment = "fabricate"
    sites = {"threshold": Site("every neuron's threshold", "factor 1 + {level} / depth")}
    options = {"depth": "divides the level"}
    source = "made up"

    def fill(self, site, errors, rng):
        errors.threshold_gain = errors.threshold_gain * (1 + self.level / self.option_values.get("depth", 1))
'''


def write_package(
    site: Path,
    package: str = "acme",
    version: str = "1.2",
    entries: Mapping[str, str] | None = None,
    sources: Mapping[str, str] | None = None,
) -> Path:
    """A package in the folder `site`, which is returned.

    entries: "group:name" -> "module:attribute", the group without its ``chipsim.``; sources: file -> its text.
    """
    about = site / f"{package.replace('-', '_')}-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    lines = []
    for key, value in (entries or {}).items():
        group, _, name = key.partition(":")
        lines += [f"[chipsim.{group}]", f"{name} = {value}"]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    for file, text in (sources or {}).items():
        path = site / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return site


def write_all(site: Path, version: str = "1.2") -> Path:
    """A package with an effect, an encoding, a data set and a method, all in one module."""
    return write_package(
        site,
        "acme",
        version,
        {
            "nonidealities:droop": "acme:Droop",
            "encoders:late": "acme:Late",
            "datasets:stripes": "acme:Stripes",
            "methods:twice": "acme:Twice",
        },
        {"acme.py": EFFECT + ENCODER + DATA_SET + METHOD},
    )
