"""Fixtures that all packages' tests share."""

import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from fast_tests import CORE, FAST
from hypothesis import settings
from small_chips import lesson, spec_of
from small_runs import Ended

from host.cli import main

# Kernels may compile within the first example; what is drawn is the same in every run.
settings.register_profile("chipsim", deadline=None, derandomize=True, database=None)
settings.load_profile("chipsim")

# Files that take longest go first, so that no worker ends long after the others. The first two compile most kernels,
# and different ones: a worker that needs one of the other's waits for it.
LONGEST = (
    "contract/test_recorded_runs.py",
    "chipsim/kernel/test_by_hand.py",
    "chipsim/kernel/test_image_layers.py",
    "chipsim/kernel/test_sequences.py",
    "chipsim/kernel/test_plugged_in.py",
    "examples/test_delta_rule.py",
    "examples/test_adaptive_exponential.py",
    "host/cli/test_chip_parts_of_others.py",
    "chipsim/server/test_plugged_in_at_the_server.py",
    "examples/test_notebooks.py",
    "host/api/test_outcomes.py",
    "host/plots/test_plots.py",
    "chipsim/server/test_processes.py",
    "host/cli/test_sweep_killed.py",
    "host/cli/test_interrupted.py",
    "host/sweep/test_sweep_engine.py",
    "host/compare/test_compare.py",
    "host/cli/test_cli.py",
    "host/trace/test_trace_files.py",
    "host/cli/test_doctor.py",
)

# Kernels of their own take minutes to compile, faults and kills are tried again and again: `make test-long` runs these,
# and nothing else does.
LONG = (
    "chipsim/design_rules/test_idle.py::test_it_is_told_just_where_nothing_changes[learning-neurons that compete]",
    "chipsim/kernel/test_compete_few_bits.py",
    "chipsim/kernel/test_image_layers.py::test_outputs_on_an_image[shared-integrating-noise0]",
    "chipsim/kernel/test_integers.py::test_every_gate_at_every_width_for_long",
    "chipsim/kernel/test_integers.py::test_every_option[adaptive]",
    "chipsim/kernel/test_plugged_in.py::test_columns_that_are_none_neither_fire_nor_open",
    "chipsim/kernel/test_plugged_in.py::test_its_fields_are_signals",
    "chipsim/kernel/test_plugged_in.py::test_kernels_are_made_anew_when_its_source_changes",
    "chipsim/kernel/test_plugged_in.py::test_threads_do_not_change_what_lasts_while_a_chip_infers",
    "chipsim/kernel/test_plugged_in_on_images.py",
    "chipsim/kernel/test_sequences.py::test_kernels_equal_the_reference_model[highest membrane]",
    "chipsim/kernel/test_sequences.py::test_kernels_equal_the_reference_model[integrating readout]",
    "chipsim/kernel/test_sequences.py::test_kernels_equal_the_reference_model[traces of rows]",
    "chipsim/kernel/test_sequences.py::test_kernels_that_nobody_watches",
    "chipsim/kernel/test_sequences_on_images.py",
    "chipsim/server/test_plugged_in_at_the_server.py::test_a_broadcast_over_the_wire",
    "chipsim/server/test_processes.py::test_chip_killed_host_killed_ctrl_c_and_to_the_end",
    "chipsim/simd/test_kernel_cache.py::test_a_process_killed_while_it_compiles_leaves_the_work_to_the_one_that_waits",
    "examples/test_adaptive_exponential.py::test_with_another_rule",
    "examples/test_brainscales2_example.py::test_table_and_picture",
    "examples/test_delta_rule.py::test_any_width_of_leaky_neurons",
    "examples/test_delta_rule.py::test_it_learns_as_its_formula[few bits-current]",
    "examples/test_delta_rule.py::test_it_learns_as_its_formula[few bits-spikes]",
    "examples/test_delta_rule.py::test_it_learns_as_its_formula[missed-current]",
    "examples/test_delta_rule.py::test_it_learns_as_its_formula[missed-spikes]",
    "examples/test_delta_rule.py::test_it_learns_as_its_formula[thermal-current]",
    "examples/test_delta_rule.py::test_it_learns_as_its_formula[thermal-spikes]",
    "examples/test_examples.py::test_a_broken_third_party_is_named_and_hurts_no_other_run",
    "examples/test_notebooks.py::test_a_notebook_runs[robustness_study]",
    "examples/test_tandem_powers.py",
    "examples/test_three_factor.py",
    "examples/test_through_time_table.py::test_what_is_chosen_sees_no_test_image",
    "host/bench/test_bench_conv.py::test_report",
    "host/cli/test_fault_loops.py",
    "host/cli/test_homes.py::test_kernels_are_not_taken_from_where_others_can_write",
    "host/cli/test_interrupted.py::test_killed_again_and_again_then_ctrl_c_then_to_the_end",
    "host/cli/test_kills.py",
    "host/cli/test_sweep_killed.py::test_a_dask_cluster_that_loses_a_worker_gives_the_same_rows",
    "host/cli/test_sweep_killed.py::test_kill_9_at_random_moments_changes_no_row",
    "host/data/test_augmentation.py::test_every_method_that_learns_from_images_sees_them_changed",
    "host/export/test_export_in_full.py",
    "host/methods/test_methods.py::test_noise_aware_bears_noise_better_than_offline",
    "host/teachers/test_teacher_killed.py",
)

_HERE = Path(__file__).parent
_CHOICES = {"not slow": FAST, "core": CORE}  # what test-fast and test-core select


def pytest_configure(config):
    config.addinivalue_line("markers", "draws: looks at the pictures of a run, which others are spared")
    config.addinivalue_line("markers", "long: left to `make test-long`")
    config.addinivalue_line(
        "markers", "core: what other packages and Pythons have to pass, see tests/support/fast_tests.py"
    )
    config.addinivalue_line(
        "markers", "slow: not among those of tests/support/fast_tests.py, which `make test-fast` runs"
    )


def pytest_ignore_collect(collection_path, config):
    """Files without a chosen test are not even imported: for all of them that takes as long as the chosen tests."""
    chosen = _CHOICES.get(config.option.markexpr)
    if chosen is not None and collection_path.name.startswith("test_"):
        name = collection_path.relative_to(_HERE).as_posix()
        return None if any(entry.partition("::")[0] == name for entry in chosen) else True
    return None


def pytest_collection_modifyitems(config, items):
    places = {_HERE / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))
    for item in items:
        name = item.path.relative_to(_HERE).as_posix()
        names = {name, f"{name}::{item.originalname}", f"{name}::{item.name}"}
        if not names & set(FAST):
            item.add_marker(pytest.mark.slow)
        if names & set(CORE):
            item.add_marker(pytest.mark.core)
        if names & set(LONG):
            item.add_marker(pytest.mark.long)
    named = any(Path(given.partition("::")[0]).suffix == ".py" for given in config.args)
    if not config.option.markexpr and not named:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.fixture(autouse=True, scope="session")
def no_downloads_of_the_user(tmp_path_factory):
    """What whoever runs the tests has got with `chipsim data get` is not found."""
    nowhere = tmp_path_factory.mktemp("downloads") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("host.data.folders.downloads_folder", lambda: nowhere)
        patch.setattr("host.data.getting.downloads_folder", lambda: nowhere)
        yield


@pytest.fixture
def interruptible():
    """A shell starts what it puts into the background, children included, with Ctrl-C ignored."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder that Python looks into, as pip installs packages; what it holds is forgotten after the test."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    yield folder
    held = {path.stem for path in folder.iterdir()}
    for name in list(sys.modules):
        if name.split(".")[0] in held:
            del sys.modules[name]


@pytest.fixture
def rng():
    return np.random.default_rng(20221004)


@pytest.fixture
def small_lesson():
    """A 7-9-5-3 chip with everything that is random switched on, and three windows to learn."""
    noise = ("mismatch:0.3", "thermal:0.1", "silencing:0.2", "quantization:4")
    return lesson(spec_of(noise=noise))


@pytest.fixture
def chipsim(monkeypatch, capsys):
    """The command line in this process: chipsim("run", "--json") -> status, stdout, stderr."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["chipsim", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ending:
            main()
        out, err = capsys.readouterr()
        return Ended(ending.value.code, out, err)

    return call
