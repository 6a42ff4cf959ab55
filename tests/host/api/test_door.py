"""`import chipsim`: light, itself wherever it is imported, typed as the settings' fields say, and with help."""

import inspect
import pydoc
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import version

import numpy as np
import pytest
from small_runs import ROOT, environment
from typed_settings import FILE, text

import chipsim
from chipsim.physical import PhysicalSpec
from host.api import Settings
from host.api.given import SETTINGS, dies_text, overrides_of
from host.settings import FLAGS, RunSpec

DOOR = ("check", "compare", "limit", "load_run", "run", "sweep", "trace")


def python(*arguments, cwd):
    """A Python that finds this tree after its own folder, as it finds what is installed."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("name", DOOR)
def test_what_is_on_the_door(name):
    assert name in chipsim.__all__ and name in dir(chipsim)
    assert getattr(chipsim, name).__module__.startswith("host.api.")
    assert getattr(chipsim, name).__doc__


def test_importing_it_takes_nothing_heavy(here):
    ended = python("-c", "import sys, chipsim; print(*{each.split('.')[0] for each in sys.modules})", cwd=here)
    assert ended.returncode == 0, ended.stderr
    assert not {"numpy", "pydantic", "numba", "rich", "click", "matplotlib", "host"} & set(ended.stdout.split())


def test_rooms_that_are_imported_take_no_name_of_the_door():
    for room in ("chipsim.execution", "chipsim.design_rules", "chipsim.server", "host.run", "host.trace"):
        import_module(room)
    assert {inspect.isfunction(getattr(chipsim, name)) for name in DOOR} == {True}


def test_python_m_is_the_command_line(here):
    ended = python("-m", "chipsim", "--version", cwd=here)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"chipsim {version('chipsim')}\n", "")


@pytest.mark.parametrize("name", ["host.py", "host/__init__.py", "nonideality.py", "learning_circuit/__init__.py"])
@pytest.mark.parametrize("imported", [False, True])
def test_what_stands_in_front_of_our_packages_is_told_in_one_line(here, name, imported):
    (here / name).parent.mkdir(exist_ok=True)
    (here / name).write_text("mine = 1\n")
    package = name.partition("/")[0].removesuffix(".py")
    ended = python("-c", f"import {package}, chipsim" if imported else "import chipsim", cwd=here)
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: {here / name} stands in front of chipsim's own package {package!r}")
    assert "rename it" in last


def test_it_works_beside_and_inside_a_clone(here):
    """Folders called chipsim and host, as a clone of the repository, or somebody's own, beside the script."""
    (here / "chipsim" / "examples").mkdir(parents=True)
    (here / "host").mkdir()
    lines = "import chipsim, host\nprint(chipsim.__version__, host.__file__)\n"
    (here / "script.py").write_text(lines)
    assert python("script.py", cwd=here).stdout == f"{chipsim.__version__} {ROOT / 'host' / '__init__.py'}\n"
    (here / "chipsim" / "host").symlink_to(ROOT / "host")  # of another place, and the same packages
    for name in ("chipsim", "learning_circuit", "nonideality"):
        (here / "chipsim" / name).symlink_to(ROOT / name)
    inside = python("-c", lines, cwd=here / "chipsim")
    there = here / "chipsim" / "host" / "__init__.py"
    assert (inside.stdout, inside.stderr) == (f"{chipsim.__version__} {there}\n", "")


def test_an_editable_install_is_a_folder_on_the_path():
    """As setuptools does it for packages below one folder; its finder would lose to folders beside a script."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["package-dir"] == {"": "."}


def test_settings_are_typed_as_their_fields():
    assert FILE.read_text() == text(), "python tests/support/typed_settings.py --write"


def test_every_flag_is_an_argument_of_every_function():
    flags = {flag.name.removeprefix("--").replace("-", "_") for flag in FLAGS.values()}
    assert set(Settings.__annotations__) == set(SETTINGS) == flags
    for function in (chipsim.run, chipsim.sweep, chipsim.limit, chipsim.compare, chipsim.trace):
        assert set(SETTINGS) <= set(inspect.signature(function).parameters)


@pytest.mark.parametrize("function", ["run", "sweep", "limit", "compare", "trace"])
def test_help_spells_settings_out(function):
    told = pydoc.plain(pydoc.render_doc(getattr(chipsim, function)))
    assert "error_gate: Optional[Literal['linear', 'sign', 'ternary']] = None" in told
    assert "        error_gate: What an error's size does to an update. One of linear, sign, ternary." in told
    assert "        die: Seed of the die: which errors the fab made.  [default: 1]" in told


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (chipsim.NeuronSpec, "low_rail_th = 0.0  [nominal thresholds, to 0]"),
        (chipsim.NeuronSpec, "tau_steps = 10.0  [steps]  Membrane time constant"),
        (chipsim.ChipSpec, "steps = 16  [steps, from 1, to 4096]"),
        (PhysicalSpec.model_fields["neuron"].annotation, "leak_conductance_ns = None  [nS, above 0]"),
        (PhysicalSpec.model_fields["timing"].annotation, "step_period_ns  [ns, above 0]"),
        (RunSpec.model_fields["training"].annotation, "rest_before_s = 0.0  [s, from 0]"),
    ],
)
def test_help_of_a_spec_says_units(spec, line):
    assert line in pydoc.plain(pydoc.render_doc(spec))


def test_arguments_become_overrides(tmp_path):
    given = {"noise": "mismatch:0.2", "hidden": 7, "tau": (3.0, 4.0), "data_dir": tmp_path, "die": None, "epochs": 2}
    assert overrides_of(given, {"neuron.low_rail_th": -1}) == {
        "noise": ["mismatch:0.2"],
        "hidden": [7],
        "neuron.tau_steps": [3.0, 4.0],
        "data_dir": str(tmp_path),
        "training.epochs": 2,
        "neuron.low_rail_th": -1,
    }
    assert overrides_of({"noise": "ideal"}) == overrides_of({"noise": ["ideal"]}) == {"noise": []}


@pytest.mark.parametrize(
    ("dies", "text"),
    [
        (20, "20"),
        ("5-9", "5-9"),
        ([2], "2-2"),
        (range(1, 3), "1-1,2-2"),
        (np.array([4, 7]), "4-4,7-7"),
        (np.int64(3), "3"),
    ],
)
def test_dies_as_arguments(dies, text):
    """A number counts them, a sequence names them."""
    assert dies_text(dies) == text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hiden", "unknown setting 'hiden': did you mean 'hidden'? choose from chip, noise, die,"),
        ("tau_steps", "unknown setting 'tau_steps': write tau="),
        ("low_rail_th", "any other setting of a spec is given as set={'neuron.low_rail_th': -1}"),
    ],
)
def test_a_name_that_is_none(name, words):
    with pytest.raises(chipsim.UserError) as refused:
        chipsim.run(**{name: 1})
    assert words in str(refused.value) and "\n" not in str(refused.value)
