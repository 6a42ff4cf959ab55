"""Errors that are the user's to mend: one line each, naming the value, the rule, the valid choices and the fix."""

from __future__ import annotations

from collections.abc import Sequence

from chipsim import UserError


class HostError(UserError):
    """Anything the host refuses: a data set, a spec, a run folder, a checkpoint.

    It quotes what files and command lines hold, so what a terminal would act on is shown and not sent.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class DataError(HostError):
    """A data set that is missing, unreadable or makes no sense."""


class SettingError(HostError):
    """A setting that is unknown or out of its range."""


class RunFolderError(HostError):
    """A run folder or checkpoint that cannot be used."""


class TraceError(HostError):
    """A neuron, a row or a sample to trace that is not there, or a file that cannot be written."""


class LinkError(HostError):
    """A chip that cannot be reached, does not answer, or will not have this host."""


class SweepError(HostError):
    """A sweep database that cannot be used, or a cluster that cannot be reached."""


class TeacherError(HostError):
    """A teacher's file that cannot be read, or a network that cannot be put on a chip."""


class ExportError(HostError):
    """A chip that is no circuit, or a folder that cannot be written; a line for each reason."""

    def __init__(self, reasons: str | Sequence[str]) -> None:
        lines = [reasons] if isinstance(reasons, str) else list(reasons)
        super().__init__("; ".join(lines))
        self.reasons = [printable(line) for line in lines]


def printable(text: str) -> str:
    """The text in one line, what is no letter or sign as its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def file_problem(error: OSError) -> str:
    """A file that cannot be read or written, in one line."""
    if error.strerror is None:  # a library's own words
        return f"cannot read or write a file: {' '.join(str(error).split())}"
    return f"cannot read or write {error.filename or 'a file'}: {error.strerror}"


def memory_problem(error: MemoryError) -> str:
    """Memory that is not there, in one line."""
    what = " ".join(str(error).split())
    return (
        f"out of memory{f' ({what})' if what else ''}: what needs less is a smaller data set or network, --set"
        " training.chunk=64, fewer --threads or --workers"
    )


class DataWarning(UserWarning):
    """A data set that can be used, but does not look like what was meant."""
