"""What a data set with a name is: what it holds, where its files are looked for, how they are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from host.data.mirrors import RemoteFile
from host.data.samples import Dataset


class DataPlace(NamedTuple):
    """Where a data set's files are."""

    folder: Path | None  # None: nowhere that was looked at
    looked_in: list[Path]


class DataSource(ABC):
    """One data set. Subclass it, give the class attributes, `load`, and `find` if it needs files, and register it."""

    name: ClassVar[str]  # as written in ``--dataset name``
    about: ClassVar[str]  # one line: what the samples are, how many, of how many classes
    comes: ClassVar[str] = "generated"  # from where, if it needs no files
    files: ClassVar[str] = "its files"  # what has to be in its folder
    files_of: ClassVar[str] = ""  # the data set whose files they are; empty: its own
    how_to_get: ClassVar[str] = "nothing to do"
    downloads: ClassVar[Sequence[RemoteFile]] = ()  # what `chipsim data get` fetches
    made: ClassVar[Sequence[str]] = ()  # files that `unpack` makes of them; none: they are read as they are
    made_bytes: ClassVar[int] = 0  # of these together
    settings: ClassVar[Mapping[str, Any]] = {}  # of a run, by dotted name: what suits it where nothing else is said
    # Channels, height, width of its samples, if they are images: from these more settings follow, see `suited`.
    image_shape: ClassVar[tuple[int, int, int] | None] = None
    steps_learned_in: ClassVar[int | None] = None  # at the end of a window; None: half of it

    def find(self, folders: Sequence[Path]) -> DataPlace | None:
        """Where its files are among `folders`, those of --data-dir and CHIPSIM_DATA. None: it needs none."""
        return None

    def unpack(self, folder: Path) -> None:  # noqa: B027 (most are read as they are)
        """Make the files `made` of those that were downloaded into `folder`. Raises DataError."""

    @abstractmethod
    def load(self, folder: Path | None) -> Dataset:
        """Training and test set, read from the folder that `find` gave. `host.data.dataset_of` makes one of arrays.

        Raises DataError, in one line, if a file is missing or damaged.
        """

    def load_windows(self, folder: Path | None, windows: int) -> Dataset:
        """As `load`, for samples that are seen in so many windows. A source that knows times cuts by them; what others
        load is cut into parts, in the order of its values.
        """
        return self.load(folder)
