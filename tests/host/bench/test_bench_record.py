"""Figures of benches in a file: what a line holds, what a later run is compared with, files that are something else."""

import json
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.bench.brainscales2 import BrainScaleS2Bench
from host.bench.brainscales2 import Figure as BrainScaleS2Figure
from host.bench.conv import ConvBaseline, ConvBench, ConvFigure, ConvNetwork
from host.bench.in_the_loop import LoopBench, LoopFigure
from host.bench.link import LinkBench, WireBytes, WireFigure
from host.bench.reading import Reading
from host.bench.record import (
    Place,
    RecordLine,
    Spread,
    Surroundings,
    commit_of,
    compare,
    earlier,
    lines_of,
    read,
    recording,
    surroundings,
)
from host.bench.summary import (
    Baseline,
    BaselineFigure,
    BenchReport,
    EndToEnd,
    KernelFigure,
    Machine,
    Memory,
    NoiseCost,
    Roofline,
    Speed,
    WorkloadFacts,
)
from host.bench.sweep import SweepBench
from host.errors import HostError

MACHINE = Machine("Abacus 3000", 2, 0.1, {"python": "3.11.1", "numba": "0.61", "numpy": "2.0"}, 7)
DAY = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOW = Surroundings(
    commit="a" * 40,
    version="0.1.0",
    date=DAY,
    machine=Place(processor="Abacus 3000", cores=2),
    load=0.1,
    versions=MACHINE.versions,
)
SPEED = Speed(200.0, 180.0)
TUNED = BaselineFigure("tuned", 1, SPEED, 16, Speed(900, 800), 1.0, 0.2)

REPORTS = {
    "dense": BenchReport(
        machine=MACHINE,
        workload=WorkloadFacts("MNIST", 8, 4, (5, 3, 2), 16, 1.0, {}, {}, {}),
        limits=[Roofline(1, 1.0, [1e9, 2e9], [3e9, 4e9], [5e9, 6e9], [7e9, 8e9])],
        kernel=[KernelFigure("learn", n, SPEED, 1e9, Speed(250, 240), 0.8, 0.75, 0.6) for n in (1, 2)],
        scaling=[],
        bits={1: "a", 2: "a"},
        end_to_end=[EndToEnd("infer", 2, SPEED, 0.9)],
        noise=[NoiseCost("thermal:0.1", "learn", 1, SPEED, 1.8, 1.9, 30.0)],
        encoders={"rate": SPEED},
        memory=Memory(4, 8, 32, 2**21, 100.0),
        peer=Baseline("PyTorch", "2.3", 2, [TUNED], 8, 1.0, 0.0),
    ),
    "conv": ConvBench(
        0.1,
        [ConvNetwork("tiny", 3, 748, 74, [0.1], {"infer": 1.0}, {"infer": 0.0}, 300.0)],
        [ConvFigure("tiny", "infer", 1, SPEED, 1e9, 250.0, 0.8, 0.75, None, None, None)],
        [ConvBaseline("2.3", 1, 10.0, 8, 40.0)],
    ),
    "brainscales2": BrainScaleS2Bench(
        MACHINE, "MNIST", 8, 1, 2, 3, "mismatch:0.2", [BrainScaleS2Figure(1, SPEED, SPEED, 2.0, SPEED, 0.5, 1e9)],
        SPEED, {1: "a"},
    ),
    "loop": LoopBench(
        MACHINE, "MNIST", 100, 1, 2, 3, [LoopFigure("chipsim", 1, SPEED, 300.0)], {1: "a"},
        [LoopFigure("chipsim", 1, SPEED, 300.0)], {1: "a"},
    ),
    "link": LinkBench(
        "MNIST", (5, 3, 2), 16, 8, 4, 2, 0.1, [WireFigure(1, SPEED, Speed(100, 90), 0.5, 0.5, 0.9, 0.1, True)],
        WireBytes(40.0, 30.0, 2.0, 0),
    ),
    "sweep": SweepBench(40, 2, 10.0, 9.5, 0.95, 0.5, 0.1),
}  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bench.jsonl"


def write(path, bench, readings, around=NOW):
    with recording(path) as recorder:
        recorder.append(lines_of(bench, readings, around))


@pytest.mark.parametrize("bench", REPORTS)
def test_every_bench_is_recorded(path, bench):
    readings = REPORTS[bench].readings()
    write(path, bench, readings)
    lines = read(path)
    assert len({line.figure for line in lines}) == len(lines) == len(readings)
    for line, facts in zip(lines, map(json.loads, path.read_text().splitlines()), strict=True):
        assert list(facts)[:2] == ["bench", "figure"]
        assert line.figure.endswith(f": {line.unit}") or line.unit == "times"
        assert (line.bench, line.commit, line.machine.cores, line.load) == (bench, "a" * 40, 2, 0.1)
    change = compare(readings, NOW, earlier(path, bench))
    assert {each.percent for each in change.changes} == {0.0} and change.left_out == 0 and change.differences == []
    text = "\n".join(change.lines())
    assert text.startswith(f"against {path}: commit aaaaaaaaaa, 2026-11-01, one run\n")
    assert all(reading.figure in text for reading in readings)
    json.dumps(change.to_json(), allow_nan=False)


def test_names_stay():
    """Who renames a figure cuts it off from all that was recorded."""
    figures = {bench: [reading.figure for reading in report.readings()] for bench, report in REPORTS.items()}
    assert figures["dense"] == [
        *(f"bare row adds, layer {n}, 1 thread: synapses/s" for n in (1, 2)),
        *(f"bare row writes, layer {n}, 1 thread: synapses/s" for n in (1, 2)),
        "learning, 1 thread: samples/s",
        "learning, 2 threads: samples/s",
        "inference from stored images, 2 threads: samples/s",
        "rate encoding alone: samples/s",
        "learning with thermal:0.1, 1 thread: times the ideal chip's seconds",
        "memory growth per chunk: B",
        "peak memory: MiB",
        "PyTorch tuned, 1 thread, batch 1: samples/s",
        "PyTorch tuned, 1 thread, best batch: samples/s",
    ]
    assert figures["conv"][:2] == ["tiny, inference, 1 thread: images/s", "tiny, memory: MiB"]
    assert figures["brainscales2"][0] == "inference, 1 thread: images/s"
    assert figures["loop"] == ["chipsim, 1 thread: images/s", "through time, chipsim, 1 thread: images/s"]
    assert figures["link"][1] == "behind a wire, 1 thread: samples/s"
    assert figures["sweep"][1] == "2 workers: tasks/s"


def test_a_line_says_what_the_figure_is(path):
    write(path, "dense", REPORTS["dense"].readings())
    [line] = [line for line in read(path) if line.figure == "learning, 2 threads: samples/s"]
    assert (line.value, line.unit, line.share, line.spread) == (200.0, "samples/s", 0.8, Spread(median=180, best=200))
    assert line.higher_is_better and line.images == "MNIST"
    [factor] = [line for line in read(path) if line.unit == "times"]
    assert not factor.higher_is_better and factor.spread == Spread(median=1.9, best=1.8)


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
MAYBE = st.none() | NUMBERS
LINES = st.builds(
    RecordLine,
    bench=st.text(),
    figure=st.text(),
    value=NUMBERS,
    unit=st.text(),
    higher_is_better=st.booleans(),
    share=MAYBE,
    spread=st.none() | st.builds(Spread, median=NUMBERS, best=NUMBERS),
    images=st.none() | st.text(),
    commit=st.none() | st.text(),
    version=st.text(),
    date=st.datetimes(timezones=st.just(UTC)),
    machine=st.builds(Place, processor=st.text(), cores=st.integers(1, 10**6)),
    load=MAYBE,
    versions=st.dictionaries(st.text(), st.text()),
)


@given(runs=st.lists(st.lists(LINES, max_size=3), max_size=4), cut=st.booleans())
def test_what_is_appended_is_read(tmp_path_factory, runs, cut):
    path = tmp_path_factory.mktemp("record") / "bench.jsonl"
    for run in runs:
        with recording(path) as recorder:
            recorder.append(run)
        if cut and path.exists():  # as an editor leaves it
            path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    assert (read(path) if path.exists() else []) == [line for run in runs for line in run]


@given(line=LINES)
def test_a_line_is_json_on_one_line(line):
    text = line.model_dump_json()
    assert "\n" not in text
    later = json.dumps({**json.loads(text), "of a later version": [1]}, allow_nan=False)
    assert RecordLine.model_validate_json(later) == line


def at(days, commit="a" * 40, **changes):
    return NOW.model_copy(update={"date": DAY + timedelta(days), "commit": commit, **changes})


def test_median_of_the_runs_of_the_latest_commit(path):
    def run(value, around):
        write(path, "sweep", [Reading("x: tasks/s", value, "tasks/s")], around)

    for value, around in [
        (30.0, at(5)), (1.0, at(2, "b" * 40)), (10.0, at(3)), (12.0, at(4)),  # files may have been put together
    ]:  # fmt: skip
        run(value, around)
    write(path, "loop", [Reading("x: tasks/s", 99.0, "tasks/s")], at(9, "c" * 40))
    then = earlier(path, "sweep")
    assert then.values == {"x: tasks/s": 12.0} and len(then.runs) == 3
    now = [Reading("x: tasks/s", 15.0, "tasks/s"), Reading("new: ms", 2000.4, "ms", False)]
    assert [(each.then, each.percent) for each in compare(now, NOW, then).changes] == [(12.0, 25.0), (None, None)]
    assert compare(now, NOW, then).lines() == [
        f"against {path}: commit aaaaaaaaaa, 2026-11-06, median of 3 runs",
        "  figure      then    now  change %",
        "  x: tasks/s    12     15     +25.0",
        "  new: ms        -  2,000         -  less is better",
    ]
    for commit in ("d" * 40 + "+", None):  # what was measured is known of the latest alone
        run(5.0, at(10, commit)), run(7.0, at(11, commit))
        assert earlier(path, "sweep").values == {"x: tasks/s": 7.0}


def test_what_else_differs_is_said(path):
    reading = Reading("x: images/s", 1.0, "images/s", images="MNIST")
    elsewhere = {"machine": Place(processor="Slide Rule", cores=1), "load": 3.0, "versions": {"numpy": "1.9"}}
    write(path, "loop", [replace(reading, images="strokes"), Reading("gone: B", 1, "B")], at(0, **elsewhere))
    change = compare([reading], NOW, earlier(path, "loop"))
    assert change.differences == [
        "another machine: then Slide Rule with 1 cores, now Abacus 3000 with 2 cores",
        "another load: then 3.0, now 0.1; other programs slow down what is measured",
        "another python: then none, now 3.11.1",
        "another numba: then none, now 0.61",
        "another numpy: then 1.9, now 2.0",
        "other images: then strokes, now MNIST",
    ]
    text = "\n".join(change.lines())
    assert all(sentence in text for sentence in change.differences)
    assert "measured then and not now: 1 of the figures\n" in text
    write(path, "loop", [reading], at(1, load=0.5))
    assert compare([reading], NOW, earlier(path, "loop")).differences[1:] != []  # one of two runs was elsewhere


def test_what_is_no_number_has_no_line():
    readings = [Reading("a: s", float("inf"), "s"), Reading("b: s", 1.0, "s", median=float("nan"))]
    assert lines_of("sweep", readings, NOW) == []


GOOD = lines_of("sweep", [Reading("x: s", 1.0, "s")], NOW)[0].model_dump_json()
DAMAGED = {
    "cut short": GOOD[:-20],
    "no object": "[1, 2]",
    "no JSON": "samples/s 3",
    "no number": GOOD.replace('"value":1.0', '"value":NaN'),
    "text for a number": GOOD.replace('"value":1.0', '"value":"1.0"'),
    "nothing for a name": GOOD.replace('"bench":"sweep"', '"bench":null'),
    "no time zone": GOOD.replace("12:00:00Z", "12:00:00"),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_damaged_lines_are_named(path, text):
    assert text != GOOD
    path.write_text(f"{GOOD}\n\n{text}\n{GOOD}\n")
    for enter in (read, lambda path: recording(path).__enter__()):
        with pytest.raises(HostError, match=r"bench.jsonl, line 3 is no figure of a bench \(.+\): remove") as error:
            enter(path)
        assert "\n" not in str(error.value)


def test_the_commit_of_a_checkout(tmp_path, monkeypatch):
    assert commit_of(tmp_path) is None
    git = ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    try:
        subprocess.run([*git, "init", "-q"], check=True)
    except OSError:
        pytest.skip("needs git")
    assert commit_of(tmp_path) is None  # nothing is committed
    (tmp_path / "host").mkdir()
    source = tmp_path / "host" / "a.py"
    source.write_text("a = 1\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / "bench.jsonl").write_text("\n")  # a record is no change
    assert commit_of(tmp_path) == head
    assert commit_of(tmp_path / "host") is None  # as site-packages inside a checkout
    source.write_text("a = 2\n")
    assert commit_of(tmp_path) == f"{head}+"
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert commit_of(tmp_path) == f"{head}+"
    monkeypatch.setenv("PATH", "")
    assert commit_of(tmp_path) is None
    assert surroundings().commit is None


@pytest.fixture
def made_up(monkeypatch):
    """The command with reports that nobody measures; notes which bench was asked for."""
    asked = []
    monkeypatch.setattr("host.cli.bench._run", lambda name, *_: asked.append(name) or REPORTS[name])
    return asked


@pytest.mark.parametrize("bench", REPORTS)
def test_record_and_compare_from_the_command_line(chipsim, made_up, path, bench):
    flags = () if bench == "dense" else (f"--{bench}",)
    first = chipsim("bench", *flags, "--record", path, "--against", path)
    assert (first.status, first.err, made_up) == (0, "", [bench])
    assert "change %" not in first.out
    assert {line.bench for line in read(path)} == {bench}
    second = chipsim("bench", *flags, "--against", path)
    assert second.out.startswith(first.out.removesuffix("\n")) and "change %" in second.out and "+0.0" in second.out
    told = json.loads(chipsim("bench", *flags, "--json", "--against", path).out)
    plain = json.loads(chipsim("bench", *flags, "--json").out)
    against = told.pop("against")
    assert told == plain and against["runs"] == 1
    assert {figure["change_percent"] for figure in against["figures"]} == {0.0}


def test_nothing_recorded_yet(chipsim, made_up, path):
    told = json.loads(chipsim("bench", "--sweep", "--record", path, "--against", path, "--json").out)
    assert told["against"] is None
    ended = chipsim("bench", "--loop", "--against", path)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == (
        f"chipsim: {path} holds no run of the loop bench to compare with: make one with --record {path}\n"
    )
    assert made_up == ["sweep"]


def test_a_file_that_will_not_do_is_refused_before_the_bench(chipsim, made_up, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "notes.txt").write_text("buy milk\n")
    for flag in ("--record", "--against"):
        for name, says in (
            ("no/folder.jsonl", "No such file or directory"),
            ("pipe", "is no file"),
            ("", "is a directory"),
            ("notes.txt", "notes.txt, line 1 is no figure of a bench"),
        ):
            ended = chipsim("bench", flag, tmp_path / name)
            assert (ended.status, ended.out) == (2, "")
            assert says in ended.err and ended.err.count("\n") == 1
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
        ended = chipsim("bench", "--record", tmp_path / "new")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == f"chipsim: cannot write {tmp_path / 'new'}: Permission denied; choose another --record\n"
    assert made_up == []
    assert (tmp_path / "notes.txt").read_text() == "buy milk\n"


def test_a_bench_that_fails_leaves_no_file(chipsim, monkeypatch, path):
    def fail(*_):
        raise HostError("no")

    monkeypatch.setattr("host.cli.bench._run", fail)
    assert chipsim("bench", "--record", path).status == 2
    assert not path.exists()


def test_a_full_disk_costs_the_record_not_the_figures(chipsim, made_up, path, monkeypatch):
    plain = chipsim("bench", "--sweep")
    for write, says in (
        (lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")), "the figures are not recorded"),
        (lambda *_: 3, "holds a part of the figures only"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", write)
            ended = chipsim("bench", "--sweep", "--record", path)
        assert (ended.status, ended.out) == (2, plain.out)
        assert says in ended.err and ended.err.count("\n") == 1


def test_one_write_for_each_run(path, monkeypatch):
    real, writes = os.write, []
    monkeypatch.setattr(os, "write", lambda *arguments: writes.append(arguments) or real(*arguments))
    write(path, "dense", REPORTS["dense"].readings())
    assert len(writes) == 1
