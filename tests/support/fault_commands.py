"""What is tried under faults: commands, what they leave, and what must be true of that."""

import json
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from faults import Zygote
from small_runs import QUIET_FLAGS, SMALL_FLAGS, everything_in, final
from small_sweeps import NOISES, tables

from chipsim.simd import cache_root


class Command(NamedTuple):
    """A command that works in one folder. All functions are given that folder."""

    arguments: tuple[object, ...]
    result: Callable[[Path], Any]  # what it leaves, the same in every undisturbed one
    again: Callable[[Path, tuple[object, ...]], tuple[object, ...]] = lambda folder, arguments: arguments
    prepare: Callable[[Path], None] = lambda folder: None
    whole: Callable[[Path, Any], str | None] = lambda folder, result: None  # what is wrong, were nothing run again


def left_over(folder, allowed=()):
    """Hidden files, and those of locks and journals, that a command which has ended leaves."""
    endings = (".lock", "-wal", "-shm", "-journal", ".tmp")
    names = [str(path.relative_to(folder)) for path in folder.rglob("*")]
    found = [name for name in names if Path(name).name.startswith(".") or name.endswith(endings)]
    return sorted(set(found) - set(allowed))


def run_again(folder, arguments):
    return ("run", "--resume", "run") if (folder / "run" / "spec.toml").exists() else arguments


def run(data_file, *more):
    flags = ("--set", "teacher.epochs=10", "--epochs", "1", "--threads", "1", "--no-pictures", "--quiet", *more)
    return Command(
        ("run", "--dataset", data_file, *SMALL_FLAGS, *flags, "--out", "run"),
        lambda folder: (final(folder / "run"), left_over(folder)),
        lambda folder, arguments: (*run_again(folder, arguments), "--threads", "1", "--no-pictures", "--quiet"),
    )


def sweep(data_file, *more):
    return Command(
        ("sweep", "--dataset", data_file, *QUIET_FLAGS, *NOISES, "--dies", "2", "--workers", "1", *more)
        + ("--out", "s.sqlite", "--json"),
        lambda folder: (tables(folder / "s.sqlite"), sorted(everything_in(folder))),
    )


def files_in(folder, names):
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def of_files(arguments, names, prepare=lambda folder: None):
    """A command that writes files, each whole or as it was."""

    def begin(folder):
        prepare(folder)
        (folder / names[0]).write_bytes(b"an older one")

    def whole(folder, result):
        found = files_in(folder, names)
        odd = [name for name in found if found[name] not in (result[0][name], b"an older one")]
        return f"{odd} are neither whole nor as they were" if odd else None

    return Command(arguments, lambda folder: (files_in(folder, names), left_over(folder)), prepare=begin, whole=whole)


def report_of_sweep(database):
    names = ("page.html", "rows.csv", "rows.parquet")
    arguments = ("report", "s.sqlite", "-o", names[0], "--csv", names[1], "--parquet", names[2])
    return of_files(arguments, names, lambda folder: shutil.copyfile(database, folder / "s.sqlite"))


def report_of_run(run_folder):
    return of_files(
        ("report", "run", "-o", "page.html"), ("page.html",), lambda folder: shutil.copytree(run_folder, folder / "run")
    )


def trace(data_file):
    arguments = ("trace", "--dataset", data_file, *SMALL_FLAGS, "--after", "30", "--threads", "1", "--out", "t.vcd")
    return of_files(arguments, ("t.vcd", "t.gtkw", "t.png"))


def train_teacher(data_file):
    arguments = ("teacher", "train", "--dataset", data_file, "--arch", "fc7", "--epochs", "2", "--threads", "1")
    return of_files((*arguments, "--out", "t.onnx"), ("t.onnx",))


def task(request):
    """A worker's: run in a child, what it finds is printed."""
    *_, (_, last) = request.plan()
    return json.dumps(last._asdict())


MODULES = (
    *("host.cli.run", "host.cli.sweep", "host.cli.report", "host.cli.trace", "host.cli.teacher", "host.cli.text"),
    *("host.plots", "host.compare", "host.cli.compile_ahead", "host.report", "host.sweep", "host.trace"),
    *("pyarrow.parquet", "sklearn.neural_network", "onnx", "host.teachers.onnx", "untrained_teacher"),
)


@contextmanager
def warm_zygote(library, folder, data_file, pictures=True):
    """One that has run the commands below, but for those with workers."""
    cache, warm = folder / "cache", folder / "warm"
    warm.mkdir()
    cache.mkdir()
    (cache / "kernels").symlink_to(kernels())
    commands = [run(data_file), *([trace(data_file)] if pictures else [])]
    lines = [(each.arguments, warm) for each in commands]
    with Zygote(library, folder / "streams", lines, MODULES, CHIPSIM_CACHE=str(cache)) as running:
        yield running


def kernels():
    """The folder of those that are compiled already."""
    return cache_root().resolve() / "kernels"


class Loop:
    """A command that is tried with one call after the other failing, each time in a folder and a cache of its own."""

    def __init__(self, zygote, command, folder):
        self._zygote, self._command, self._folder = zygote, command, folder
        self._count = 0
        where = self._place()
        tried = self._run(command.arguments, where, None)
        assert (tried.ended.status, tried.ended.err) == (0, ""), tried
        self._whole = command.result(where[0])

    def _place(self):
        self._count += 1
        folder, cache = self._folder / f"{self._count}", self._folder / f"{self._count}-cache"
        folder.mkdir(parents=True)
        cache.mkdir()
        (cache / "kernels").symlink_to(kernels())
        self._command.prepare(folder)
        return folder, cache

    def _run(self, arguments, where, fault):
        return self._zygote.run(*arguments, folder=where[0], fault=fault, CHIPSIM_CACHE=str(where[1]))

    def calls(self, fault):
        """How many calls an undisturbed command makes that could fail."""
        tried = self._run(self._command.arguments, self._place(), fault._replace(n=0))
        assert tried.ended.status == 0, tried
        return int(tried.failed)

    def wrong(self, fault):
        """What must not be and is, with this fault, and then in the same folder without; None: all is well."""
        where = folder, cache = self._place()
        tried = self._run(self._command.arguments, where, fault)
        found = [tried.wrong(), self._command.whole(folder, self._whole)]
        if tried.ended.status == 0 and self._command.result(folder) != self._whole:
            found.append("another result")
        if tried.ended.status == 0 or everything_in(folder):  # else nothing is there to go on from
            again = self._run(self._command.again(folder, self._command.arguments), where, None)
            if again.wrong() or again.ended.status != 0:
                found.append(f"then: {again}")
            elif (left := self._command.result(folder)) != self._whole:
                found.append(f"then another result, and {left_over(folder)}, {left[1:]}")
        shutil.rmtree(folder)
        shutil.rmtree(cache)
        told = "; ".join(filter(None, found))
        return f"{fault.told()} ({tried.failed}): {told}" if told else None
