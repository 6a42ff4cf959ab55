"""The key over other packages' sources: an edit in any file of theirs changes it, their place does not."""

import importlib
import shutil

import numba
import pytest
from plug_ins import write_package

from chipsim.simd import kernel, plugin_sources_key
from chipsim.simd.kernel_cache import KernelFiles

PACKAGE = {
    "acme/__init__.py": "",
    "acme/inner/__init__.py": "",
    "acme/inner/droop.py": "from acme.helper import FACTOR\nclass Droop: ...\n",
    "acme/helper.py": "FACTOR = 2\n",
    "acme/kernels.py": "from chipsim.simd import kernel\n@kernel\ndef twice(x):\n    return 2 * x\n",
    "alone.py": "class Alone: ...\n",
    "shared/acme_part/__init__.py": "class Part: ...\n",
    "shared/other_part/__init__.py": "class Other: ...\n",
}


@pytest.fixture
def load(site):
    write_package(site, sources=PACKAGE)

    def load(value):
        module, _, name = value.partition(":")
        return getattr(importlib.import_module(module), name)

    return load


def test_sixteen_hex_digits(load):
    key = plugin_sources_key([load("alone:Alone")])
    assert len(key) == 16 and int(key, 16) >= 0
    assert key == plugin_sources_key([load("alone:Alone")] * 2)
    assert key != plugin_sources_key([]) != plugin_sources_key([load("acme.inner.droop:Droop")])


@pytest.mark.parametrize(
    "file", ["acme/__init__.py", "acme/inner/__init__.py", "acme/inner/droop.py", "acme/helper.py"]
)
def test_every_file_of_a_package_counts(load, site, file):
    droop = load("acme.inner.droop:Droop")
    before = plugin_sources_key([droop])
    (site / file).write_text(PACKAGE[file] + "# edited\n")
    assert plugin_sources_key([droop]) != before
    (site / file).write_text(PACKAGE[file])
    assert plugin_sources_key([droop]) == before


def test_a_new_file_and_a_renamed_one_count(load, site):
    droop = load("acme.inner.droop:Droop")
    keys = {plugin_sources_key([droop])}
    (site / "acme" / "more.py").write_text("x = 1\n")
    keys.add(plugin_sources_key([droop]))
    (site / "acme" / "more.py").rename(site / "acme" / "much.py")
    keys.add(plugin_sources_key([droop]))
    assert len(keys) == 3


def test_of_a_module_its_own_file_counts(load, site):
    alone = load("alone:Alone")
    before = plugin_sources_key([alone])
    (site / "acme" / "helper.py").write_text("FACTOR = 3\n")
    assert plugin_sources_key([alone]) == before
    (site / "alone.py").write_text("class Alone: x = 1\n")
    assert plugin_sources_key([alone]) != before


def test_of_a_namespace_that_packages_share_ones_own_part_counts(load, site):
    part = load("shared.acme_part:Part")
    before = plugin_sources_key([part])
    (site / "shared" / "other_part" / "__init__.py").write_text("class Other: x = 1\n")
    assert plugin_sources_key([part]) == before
    (site / "shared" / "acme_part" / "__init__.py").write_text("class Part: x = 1\n")
    assert plugin_sources_key([part]) != before


def test_where_it_is_installed_does_not_count(load, site, tmp_path, monkeypatch):
    droop = load("acme.inner.droop:Droop")
    key = plugin_sources_key([droop])
    shutil.copytree(site / "acme", tmp_path / "elsewhere" / "acme")
    monkeypatch.setattr(importlib.import_module("acme"), "__file__", str(tmp_path / "elsewhere/acme/__init__.py"))
    assert plugin_sources_key([droop]) == key


def test_what_stands_in_no_file_is_refused():
    made = type("Made", (), {"__module__": "nowhere"})
    with pytest.raises(TypeError, match=r"^nowhere\.Made stands in no file: write it into one$"):
        plugin_sources_key([made])


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_a_kernel_of_another_package_is_kept_under_all_of_its_files(load, site, tmp_path):
    """What it calls may stand in any of them, and the folder's name covers ours alone."""
    twice = load("acme.kernels:twice").py_func
    before = KernelFiles(twice, tmp_path)._origin
    assert KernelFiles(twice, tmp_path)._origin == before
    (site / "acme" / "helper.py").write_text("FACTOR = 3\n")
    assert KernelFiles(twice, tmp_path)._origin != before
    ours = KernelFiles(kernel(plugin_sources_key).py_func, tmp_path)._origin
    assert ours[-1] == ""
