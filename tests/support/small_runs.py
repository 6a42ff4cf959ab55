"""A problem that is learned in a blink, and chipsim in a process of its own."""

import gzip
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]

# A 6-7-3 chip that shows 128 samples twice, with one frozen and one temporal error: 43 % correct before, 83 % after.
SMALL: dict[str, Any] = {
    "hidden": [7],
    "steps": 6,
    "noise": ["mismatch:0.5", "thermal:0.1"],
    "teacher.epochs": 200,
    "training.epochs": 2,
    "training.learning_rate": 0.05,
}
_SIZE = ("--hidden", "7", "--steps", "6")
_LEARNING = ("--epochs", "2", "--learning-rate", "0.05", "--set", "teacher.epochs=200")
QUIET_FLAGS = (*_SIZE, *_LEARNING)
SMALL_FLAGS = (*QUIET_FLAGS, "--noise", "mismatch:0.5", "--noise", "thermal:0.1")


def small_arrays(n_train: int = 150, n_test: int = 60, n_in: int = 6, n_classes: int = 3) -> dict[str, Any]:
    """Overlapping clouds of points in [0, 1], one per class."""
    rng = np.random.default_rng(7)
    centres = rng.choice([0.2, 0.8], (n_classes, n_in))
    arrays: dict[str, Any] = {}
    for part, n in (("train", n_train), ("test", n_test)):
        labels = np.arange(n) % n_classes
        points = centres[labels] + rng.normal(0, 0.3, (n, n_in))
        arrays |= {f"x_{part}": np.clip(points, 0, 1), f"y_{part}": labels}
    return arrays


def write_npz(path: Path, **changes: Any) -> Path:
    """`small_arrays`, some replaced; None leaves one out."""
    arrays = small_arrays() | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


IDX_FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}


def idx_bytes(array: np.ndarray) -> bytes:
    """An array of bytes in the idx format: two zeros, type 8, number of dimensions, big-endian sizes, the bytes."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def write_idx(folder: Path, **changes: np.ndarray) -> Path:
    """The four idx files of a folder, images 2 x 3."""
    arrays = small_arrays()
    for part in ("train", "test"):
        arrays[f"x_{part}"] = np.rint(255 * arrays[f"x_{part}"]).reshape(-1, 2, 3)
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in (arrays | changes).items():
        (folder / IDX_FILES[name]).write_bytes(gzip.compress(idx_bytes(array), mtime=0))
    return folder


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: object
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    """This process's environment, so that a child finds this source tree first."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **changes}


def start(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """chipsim in a process of its own, with pipes."""
    options = {"env": environment(), "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.Popen([sys.executable, "-m", "host.cli", *map(str, arguments)], **options)


def end(process: subprocess.Popen[str]) -> Ended:
    out, err = process.communicate(timeout=300)
    return Ended(process.returncode, out, err)


_MINUTE = re.compile(r"^chipsim: .* for (less than )?\d+ (s|min)")


def said(err: str) -> list[str]:
    """Lines on stderr, but for those that tell every minute how something goes on."""
    return [line for line in err.splitlines() if not _MINUTE.search(line)]


def all_shown(master: int) -> bytes:
    """All that is written to a terminal until its other ends are closed; closes `master`."""
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    return shown


def everything_in(folder: Path) -> dict[str, bytes | None]:
    """All files below a folder with their content, hidden ones and folders (None) included."""
    paths = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in paths}


def final(folder: Path) -> dict[str, Any]:
    """What a finished run leaves, but for its place and the time it took."""
    result = json.loads((folder / "result.json").read_text())
    del result["run_dir"], result["samples_per_s"], result["link"]
    files: dict[str, Any] = {
        name: (folder / name).read_bytes() for name in ("spec.toml", "checkpoint.bin", "metrics.csv")
    }
    return {**files, "result.json": result}
