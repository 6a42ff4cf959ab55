"""What comes back: the commands' results, bit for bit, that print in ten lines and become tables and pictures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from one_process import one_thread
from small_runs import SMALL_FLAGS, environment, everything_in, final, write_npz

import chipsim
from host.api.population_plot import population_figure
from host.errors import HostError
from host.run import resolve
from host.sweep import SweepStore
from host.terminal import Console

SIZE = {"hidden": 7, "steps": 6, "learning_rate": 0.05, "set": {"teacher.epochs": 200}, "quiet": True}
SMALL = {**SIZE, "epochs": 2, "noise": ["mismatch:0.5", "thermal:0.1"]}


@pytest.fixture
def in_this_process(monkeypatch):
    for module in ("grid", "comparison"):
        monkeypatch.setattr(f"host.api.{module}.local_workers", one_thread)
    monkeypatch.setattr("host.studies.limit_run.local_workers", one_thread)


@pytest.fixture
def outcome(here, data_file):
    return chipsim.run(dataset=data_file, out="one", **SMALL)


def ten_lines(shown):
    """Whatever is looked at prints in ten lines."""
    lines = repr(shown).splitlines()
    assert 0 < len(lines) <= 10 and all(len(line) <= 110 for line in lines), repr(shown)
    return repr(shown)


def test_a_run_is_that_of_the_command(outcome, here, data_file, request):
    command = request.getfixturevalue("chipsim")
    told = json.loads(
        command("run", "--dataset", data_file, *SMALL_FLAGS, "--out", "two", "--no-pictures", "--json").out
    )
    assert final(here / "one") == final(here / "two")
    assert outcome.summary["accuracy"] == told["accuracy"] == outcome.accuracy._asdict()
    assert outcome.recovered_fraction == told["recovered_fraction"]
    first, second = ((here / name / "report.txt").read_text().splitlines() for name in ("one", "two"))
    assert first[0] == second[0] and len(first) == len(second)


def test_a_run_prints_in_ten_lines(outcome):
    told = ten_lines(outcome)
    for name, value in outcome.accuracy._asdict().items():
        assert f"  {name:<7}  {value:.2%}" in told
    assert "folder: one" in told and "noise mismatch:0.5, thermal:0.1" in told
    for part in (outcome.found, outcome.spec, outcome.found.setup, outcome.found.after, outcome.found.progress,
                 outcome.found.setup.dataset, outcome.found.setup.train, outcome.found.setup.teacher,
                 outcome.found.setup.teacher.network, outcome.chip.infer(*_events(outcome))):  # fmt: skip
        ten_lines(part)


def _events(outcome):
    import numpy as np

    from host.data import Encoder

    setup, windows = outcome.found.setup, np.arange(3, dtype=np.int64)
    encoder = Encoder("rate", setup.dataset.n_in, setup.spec.steps, 3, 1)
    return encoder.encode(setup.dataset.test.values(slice(0, 3)), windows), windows


def test_html_is_escaped_and_nothing_reaches_the_terminal(here, tmp_path):
    name = write_npz(tmp_path / "<b>&\x1b[31m.npz")
    outcome = chipsim.run(dataset=name, **{**SMALL, "epochs": 0})
    page = outcome._repr_html_()
    assert "&lt;b&gt;&amp;\\x1b[31m, 6-7-3" in page and "<b>" not in page
    assert "<table>" in page and page.count("<tr>") == 4
    assert '<td style="text-align: left">teacher</td><td style="text-align: right">' in page
    assert "\x1b" not in ten_lines(outcome)


def test_a_run_comes_back_from_its_folder_which_stays_as_it_is(outcome, here):
    before = everything_in(here)
    loaded = chipsim.load_run(Path("one"))
    assert repr(loaded) == repr(outcome) and loaded.summary == outcome.summary and loaded.spec == outcome.spec
    assert loaded.found.facts == outcome.found.facts
    assert [pair[0].tobytes() for pair in loaded.chip.weights()] == [p[0].tobytes() for p in outcome.chip.weights()]
    assert everything_in(here) == before


@pytest.mark.parametrize("picture", ["accuracy", "raster", "rates", "weights"])
def test_pictures_are_figures_that_a_notebook_shows(picture, outcome):
    from matplotlib.figure import Figure

    figure = getattr(outcome.plot, picture)()
    assert isinstance(figure, Figure) and figure.axes
    if picture == "accuracy":  # all are shown alike
        assert figure._repr_png_().startswith(b"\x89PNG")


def test_a_table_for_pandas(outcome):
    pandas = pytest.importorskip("pandas", reason="extra pandas")
    table = outcome.table()
    assert list(table["moment"]) == ["teacher", "ideal", "before", "after"]
    assert list(table["accuracy"]) == list(outcome.accuracy)
    assert len(pandas.concat([table, table])) == 8
    assert list(outcome.learning_table()["presentations"])[-1] == outcome.summary["train_samples"]


def test_without_pandas_a_table_says_what_to_install(outcome, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(chipsim.UserError, match=r"pip install 'chipsim\[pandas\]'"):
        outcome.table()


@pytest.mark.parametrize(
    ("settings", "flags"),
    [
        ({"noise": "mismach:0.2"}, ("--noise", "mismach:0.2")),
        ({"noise": "mismatch:-1"}, ("--noise", "mismatch:-1")),
        ({"error_gate": "signed"}, ("--error-gate", "signed")),
        ({"dataset": "digit"}, ("--dataset", "digit")),
        ({"chip": "cmos-18nm"}, ("--chip", "cmos-18nm")),
        ({"teacher": "no.onnx"}, ("--teacher", "no.onnx")),
        ({"set": {"neuron.rail": 1}}, ("--set", "neuron.rail=1")),
        ({"config": "no.toml"}, ("--config", "no.toml")),
        ({"out": "full"}, ("--out", "full")),
        ({"steps": 1}, ("--steps", "1")),
        ({"resume": "nowhere"}, ("--resume", "nowhere")),
    ],
)
def test_what_is_refused_is_the_command_s_line(settings, flags, here, request):
    (here / "full").mkdir()
    (here / "full" / "something").touch()
    before = everything_in(here)
    with pytest.raises(chipsim.UserError) as refused:
        chipsim.run(**settings)
    told = request.getfixturevalue("chipsim")("run", *flags)
    assert (told.status, told.err) == (2, f"chipsim: {refused.value}\n")
    assert everything_in(here) == before


@pytest.mark.parametrize("threads", [0, 257, 1.5, "all"])
def test_threads_that_cannot_be(threads, here):
    with pytest.raises(chipsim.UserError, match="threads = .* is not a whole number from 1 to 256"):
        chipsim.run(threads=threads)


def test_a_full_disk_and_no_memory_are_one_line(here, data_file, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device", "runs")

    monkeypatch.setattr("host.api.one_run.run_spec", full)
    with pytest.raises(chipsim.UserError, match="^cannot read or write runs: No space left on device$"):
        chipsim.run(dataset=data_file)

    def large(*arguments):
        raise MemoryError("Unable to allocate 8 TiB")

    monkeypatch.setattr("host.api.one_run.run_spec", large)
    with pytest.raises(chipsim.UserError, match=r"^out of memory \(Unable to allocate 8 TiB\): "):
        chipsim.run(dataset=data_file)


def test_ctrl_c_keeps_what_was_learned(outcome, here, data_file, monkeypatch):
    def interrupted(self, done, total, accuracy):
        if done * 2 > total:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Console, "learning", interrupted)
        with pytest.raises(KeyboardInterrupt, match=r"go on with chipsim.run\(resume='two'\)"):
            chipsim.run(dataset=data_file, out="two", **SMALL)
    with pytest.raises(chipsim.UserError, match="the run is not finished"):
        chipsim.load_run("two")
    assert chipsim.run(resume="two", quiet=True).accuracy == outcome.accuracy
    assert final(here / "two") == final(here / "one")
    with pytest.raises(chipsim.UserError, match="leave out noise or start a new run"):
        chipsim.run(resume="two", noise="ideal")


GRID = {**SIZE, "epochs": 1, "noise": ["thermal:0.1", "mismatch:0,0.2,0.5"], "dies": 2, "out": "grid.sqlite"}


def test_a_sweep_is_that_of_the_command(in_this_process, here, data_file, monkeypatch):
    found = chipsim.sweep(dataset=data_file, **GRID)
    assert [point["name"] for point in found.points] == ["mismatch 0", "mismatch 0.2", "mismatch 0.5"]
    told = ten_lines(found)
    assert "6 of 6 dies" in told and "<table>" in found._repr_html_()
    records = found._records()
    assert [(row["mismatch"], row["die"], row["status"]) for row in records][-1] == (0.5, 2, "done")
    spec = resolve(None, {"dataset": str(data_file), "hidden": [7], "steps": 6, "training.learning_rate": 0.05,
                          "training.epochs": 1, "teacher.epochs": 200, "noise": ["thermal:0.1", "mismatch:0.5"],
                          "die": 2})  # fmt: skip
    from host.run import run

    assert records[-1]["after"] == run(spec).summary["accuracy"]["after"]
    figure = found.plot.accuracy()
    assert figure.axes[0].get_xlabel() == "mismatch" and len(figure.axes) == 1
    with SweepStore.open(Path("grid.sqlite")) as store:
        wide = population_figure(list(store.rows(found.name)), ["mismatch", "mismatch"])
    for drawn in (figure, wide):
        drawn.draw_without_rendering()
        legend = drawn.legends[0].get_window_extent()
        assert legend.x0 >= 0 and legend.x1 <= drawn.bbox.width, "or a file and a notebook cut it off"

    def no_task(*arguments):
        raise AssertionError("all is stored")

    monkeypatch.setattr("host.sweep.run.run_tasks", lambda tasks, *others: [no_task(task) for task in tasks])
    assert repr(chipsim.sweep(dataset=data_file, **GRID)) == told


def test_axes_as_arguments(in_this_process, here, data_file):
    found = chipsim.sweep(
        dataset=data_file, axis={"steps": [4, 6], "training.start": ["teacher"]}, cross=True, die=3, out="a.sqlite",
        **{**SIZE, "steps": None, "epochs": 0},
    )  # fmt: skip
    assert [point["point"] for point in found.points] == [
        {"steps": 4, "training.start": "teacher"},
        {"steps": 6, "training.start": "teacher"},
    ]
    assert {row["die"] for row in found._records()} == {3}
    assert len(found.plot.accuracy().axes) == 2


def test_ctrl_c_keeps_a_sweep_s_rows(in_this_process, here, data_file, monkeypatch):
    def interrupted(self, done, total, text):
        if done == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Console, "steps", interrupted)
        with pytest.raises(KeyboardInterrupt, match="what is stored in grid.sqlite stays: the same call goes on"):
            chipsim.sweep(dataset=data_file, **GRID)
    from host.sweep import SweepStore

    with SweepStore.open(Path("grid.sqlite")) as store:
        assert sum(row.status == "done" for row in store.rows()) >= 2
    assert sum(point["done"] for point in chipsim.sweep(dataset=data_file, **GRID).points) == 6


def test_a_script_without_a_guard_may_sweep(here, data_file):
    """With processes of its own, which do not run the script once more."""
    lines = ["import chipsim", "print('once')"]
    few = {**GRID, "noise": "mismatch:0.5", "dies": 1}
    lines += [f"found = chipsim.sweep(dataset={str(data_file)!r}, workers=1, **{few})"]
    lines += ["print(sum(point['done'] for point in found.points))"]
    (here / "script.py").write_text("\n".join(lines))
    ended = subprocess.run(
        [sys.executable, "script.py"], env=environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert (ended.returncode, ended.stdout.split(), ended.stderr) == (0, ["once", "1"], "")


def test_a_limit(in_this_process, here, data_file):
    found = chipsim.limit(axis="mismatch", at_least=0.5, yield_="50%", between=(0, 2), tolerance=0.5, dies=8,
                          dataset=data_file, **{**SIZE, "epochs": 0})  # fmt: skip
    assert found.whole_range in ("passes", "fails", "undecided", None) and (found.limit is None) == (
        found.whole_range is not None
    )
    assert ten_lines(found).splitlines()[0].startswith("mismatch: ")
    assert [row["level"] for row in found._records()] == [level["level"] for level in found.facts["levels"]]
    assert found.plot.levels().axes[0].get_xlabel() == "mismatch"
    for wrong, words in (
        ({}, "say when a die is good"),
        ({"at_least": 2}, "--at-least '2' is not between 0 and 1"),
        ({"at_least": 0.9, "between": (1,)}, r"between = \(1,\) is not two numbers"),
        ({"at_least": 0.9, "dies": 0}, "dies = 0 is not a whole number from 1"),
        ({"at_least": 0.9, "axis": "mismach"}, "did you mean 'mismatch'"),
    ):
        with pytest.raises(chipsim.UserError, match=words):
            chipsim.limit(**{"axis": "mismatch", **wrong})


def test_a_comparison(in_this_process, here, data_file):
    found = chipsim.compare(methods=["on-chip-ltl", "conversion"], dies=[2], dataset=data_file, out="cmp", **SMALL)
    assert [row["name"] for row in found._records()] == ["on-chip-ltl", "conversion"]
    assert json.loads(json.dumps(found.facts)) == json.loads((here / "cmp" / "compare.json").read_text())
    assert found.found.dies == (2,)
    assert "on-chip-ltl" in ten_lines(found) and found.plot.methods().axes
    with pytest.raises(chipsim.UserError, match="die: compare takes several, give dies instead"):
        chipsim.compare(die=3)


def test_a_trace(here, data_file, monkeypatch):
    seen = chipsim.trace(dataset=data_file, neurons=[(1, 2), (2, 0)], samples=[0, 3], **SMALL)
    with monkeypatch.context() as patch:
        patch.setattr("host.plots.trace_files.waveform_png", lambda *arguments: b"a picture")
        assert seen.save("t.vcd") == {"vcd": "t.vcd", "gtkw": "t.gtkw", "png": "t.png"}
    assert {path.name for path in here.iterdir()} >= {"t.vcd", "t.gtkw", "t.png"}
    records = seen._records()
    assert len(records) == 2 * 2 * 6 and records[-1]["step"] == 6
    assert records[7]["membrane"] == seen.neurons[0].membrane[1, 1]
    assert "layer 1, neuron 2" in ten_lines(seen) and seen.plot.signals().axes
    ten_lines(seen.waveform)
    ten_lines(seen.neurons[0])
    with pytest.raises(chipsim.UserError, match=r"ends in .vcd"):
        seen.save("t.txt")


@pytest.mark.usefixtures("here")
def test_a_check(request):
    found = chipsim.check("cmos-180nm", network=(784, 256, 10), noise="thermal:0.2")
    command = request.getfixturevalue("chipsim")
    told = json.loads(command("check", "cmos-180nm", "--network", "784,256,10", "--noise", "thermal:0.2", "--json").out)
    assert found.ok == (told["errors"] == 0) and len(found.broken("warning")) == told["warnings"]
    assert len(found._records()) == len(told["findings"]) + len(told["kept"])
    assert "cmos-180nm: 784-256-10" in ten_lines(found)
    with pytest.raises(HostError, match="name one, for example"):
        chipsim.check("cmos-180nm")
    with pytest.raises(chipsim.UserError, match="is not a list of layer widths"):
        chipsim.check("cmos-180nm", network=(784,))


def test_a_run_s_file_is_checked(outcome):
    assert chipsim.check(outcome.folder / "spec.toml").design.chip.layer_sizes == (6, 7, 3)
