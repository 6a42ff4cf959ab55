"""What a run is known by: content and not places; plug-ins and what they read."""

import os
import shutil

import numpy as np
import pytest
from plug_ins import EFFECT, write_package
from small_runs import SMALL, small_arrays, write_npz

from host.run import resolve
from host.sweep import Request, tasks_of
from nonideality import NoiseError

FINGERPRINT = """    def fingerprint(self):
        import os
        from pathlib import Path
        return Path(os.environ["DROOP_TABLE"]).read_text()

    def fill"""
DROOP = {"nonidealities:droop": "acme:Droop"}
READER = EFFECT.replace("    def fill", FINGERPRINT)


def key(dataset, **changes):
    [task] = tasks_of(resolve(None, SMALL | {"dataset": str(dataset)} | changes), [1])
    return task.key


def test_however_a_path_is_typed_it_is_one_run(here):
    write_npz(here / "b.npz")
    os.symlink(here / "b.npz", here / "link.npz")
    (here / "sub").mkdir()
    shutil.copyfile(here / "b.npz", here / "copy.npz")
    typed = ("b.npz", "./b.npz", "sub/../b.npz", here / "b.npz", "link.npz", "copy.npz")
    assert len({key(path) for path in typed}) == 1
    requests = [Request(SMALL | {"dataset": str(path)}, (), False, (1, 2)) for path in typed]
    assert len({request.key for request in requests}) == 1


def test_other_data_are_another_run(here):
    """The same bytes as another type, in another shape or over another range are other data."""
    arrays = small_arrays()
    bits = {name: (arrays[name] > 0.5) for name in ("x_train", "x_test")}
    changed = arrays["x_test"].copy()
    changed[3, 2] += 0.001
    kinds = {
        "plain": {},
        "one value": {"x_test": changed},
        "labels": {"y_test": np.roll(arrays["y_test"], 1)},
        "bool": bits,
        "bytes": {name: array.astype(np.uint8) for name, array in bits.items()},
        "images": {name: array.reshape(-1, 2, 3) for name, array in bits.items()},
        "other images": {name: array.reshape(-1, 3, 2) for name, array in bits.items()},
    }
    keys = {name: key(write_npz(here / f"{name}.npz", **changes)) for name, changes in kinds.items()}
    assert len(set(keys.values())) == len(kinds), keys


def test_what_changes_no_result_is_no_part_of_it(data_file):
    assert key(data_file) == key(data_file, data_dir="elsewhere") == key(data_file, **{"training.chunk": 7})
    assert key(data_file) != key(data_file, seed=2)


@pytest.fixture
def droop(site, tmp_path, monkeypatch):
    """A package with an effect that reads a file."""
    write_package(site, "acme", "1.2", DROOP, {"acme.py": READER})
    monkeypatch.setenv("DROOP_TABLE", str(tmp_path / "table.txt"))
    (tmp_path / "table.txt").write_text("1 2 3")
    return tmp_path / "table.txt"


def test_a_plug_ins_version_and_what_it_reads_are_part_of_it(data_file, droop, tmp_path, monkeypatch):
    noise = {"noise": ["droop:0.1"]}
    first, plain = key(data_file, **noise), key(data_file)
    droop.write_text("1 2 4")
    second = key(data_file, **noise)
    (tmp_path / "newer").mkdir()
    monkeypatch.syspath_prepend(write_package(tmp_path / "newer", "acme", "1.3", DROOP))
    third = key(data_file, **noise)
    assert len({first, second, third}) == 3
    assert key(data_file) == plain, "whoever does not use it is not touched"


def test_a_plug_in_that_cannot_tell_what_it_reads_is_named(data_file, droop):
    droop.unlink()
    with pytest.raises(
        NoiseError, match=r"noise 'droop' of acme 1\.2 \(acme:Droop\) cannot tell what it reads: "
    ) as raised:
        key(data_file, noise=["droop:0.1"])
    assert "\n" not in str(raised.value)
