"""Harnesses of stored arrays: .npz files, what stands before an array in them, idx files, checkpoints."""

import gzip
import hashlib
import io
import json
import struct
import zipfile
import zlib
from functools import cache
from pathlib import Path
from random import Random

from harness import Harness, kept
from mutations import Inputs, archive, member, raw, words
from scratch import folder, written

from chipsim.reading import UnreadableError
from host.data import formats
from host.errors import DataError, RunFolderError
from host.run import RunFolder
from host.stored_arrays import Allowance, Npz


def _npz(data: bytes) -> None:
    formats.read_npz(written("data.npz", data))


def _npy(data: bytes) -> None:
    """An array within an archive that is as it should be."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("x.npy", data)
    with zipfile.ZipFile(file) as read:
        arrays = Npz(read, Allowance(len(data)))
        assert arrays.read("x").shape == arrays.header("x").shape


def _npy_seeds() -> Inputs:
    with zipfile.ZipFile(io.BytesIO(kept("npz")[0])) as file:
        return [file.read(name) for name in file.namelist()]


def _npy_mutation(data: bytes, others: Inputs, rng: Random) -> bytes:
    return member("x.npy", data, others, rng)


def _idx(data: bytes) -> None:
    """As the images of a folder whose other files are as they should be; gzip's own words are `_read_idx`'s to tell."""
    path = Path("it.gz")
    with gzip.open(io.BytesIO(data)) as file:
        array = formats._idx_array(file, Allowance(len(data)), path)
    labels = array[:, 0, 0] % 3 if array.ndim == 3 and array.size else array.reshape(-1)[:2]
    parts = {"x_train": array, "y_train": labels, "x_test": array, "y_test": labels}
    formats.dataset_of("it", parts, "it", byte_range=True)


def _idx_mutation(data: bytes, others: Inputs, rng: Random) -> bytes:
    if rng.random() < 0.2:
        return raw(data, others, rng)
    try:
        content = gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return raw(data, others, rng)
    head = 4
    if rng.random() < 0.5 and len(content) >= 16:  # other sizes
        at = head + 4 * rng.randrange(3)
        size = struct.pack(">I", rng.choice((0, 1, 2, 3, 5, 100, 65_536, 1 << 31, (1 << 32) - 1)))
        content = content[:at] + size + content[at + 4 :]
    else:
        content = raw(content, others, rng)
    return gzip.compress(content, 1, mtime=0)


_MARK = b"chipsim arrays 1\n"
_NOT_OURS = {"settings": "0" * 64}


@cache
def _run_folder() -> RunFolder:
    path = folder() / "run"
    path.mkdir()
    return RunFolder(path, None)


def _checkpoint(data: bytes) -> None:
    run = _run_folder()
    (run.path / "checkpoint.bin").write_bytes(data)
    progress = run.load_progress({})
    assert progress is not None
    # What training does with it first.
    if progress.checks:
        assert progress.kept() in progress.candidates
        progress.standard_error()


def _checkpoint_mutation(data: bytes, others: Inputs, rng: Random) -> bytes:
    if rng.random() < 0.1:
        return raw(data, others, rng)
    payload = _PAYLOAD(data[len(_MARK) + 65 :], [each[len(_MARK) + 65 :] for each in others], rng)
    return _MARK + hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload


_FACTS = words("presentations", "checks", "rate_factor", "activity", "identity", "version", "made_with", "n_valid")


def _part(name: str, content: bytes, others: Inputs, rng: Random) -> bytes:
    """Facts as JSON that is JSON still, mostly; other arrays as in any archive."""
    if name != "__facts__.npy" or rng.random() < 0.2:
        return member(name, content, others, rng)
    length = int.from_bytes(content[8:10], "little")
    text = (
        _other_json(content[10 + length :], rng) if rng.random() < 0.8 else _FACTS(content[10 + length :], others, rng)
    )
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(text)},), }}".encode().ljust(117) + b"\n"
    return content[:8] + len(header).to_bytes(2, "little") + header + text


_PAYLOAD = archive(_part)
_VALUES = (
    None,
    True,
    0,
    1,
    -1,
    1 << 40,
    1 << 70,
    0.5,
    -0.5,
    1e308,
    "",
    "x",
    "1",
    [],
    {},
    [1],
    {"a": 1},
    [[0]],
    "\x1b[31m\n",
)


def _other_json(content: bytes, rng: Random) -> bytes:
    """A value somewhere in it replaced, taken out, or put elsewhere."""
    try:
        facts = json.loads(content)
    except ValueError:
        return content
    for _ in range(rng.choice((1, 1, 2, 3))):
        facts = changed(facts, rng)
    return json.dumps(facts).encode()


def changed(value: object, rng: Random) -> object:
    """JSON with one value changed. Shared with other harnesses."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        match rng.randrange(8):
            case 0:
                return {name: each for name, each in value.items() if name != key}
            case 1:
                return {**value, rng.choice(("x", "", "version", "layer1", *map(str, value))): rng.choice(_VALUES)}
            case _:
                return {**value, key: changed(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        match rng.randrange(6):
            case 0:
                return value[:at] + value[at + 1 :]
            case 1:
                return [*value, value[at]]
            case _:
                return [*value[:at], changed(value[at], rng), *value[at + 1 :]]
    if isinstance(value, int | float) and rng.random() < 0.5:
        return rng.choice((value + 1, -value, value * 1e300, float("nan"), float("inf"), 2**63, 0.1))
    return rng.choice(_VALUES)


_DATA = "dataset_of,_n_classes,image_shape,_check_inputs,_check_labels"

HARNESSES = (
    Harness(
        "npz",
        _npz,
        (DataError,),
        ("host/stored_arrays.py", f"host/data/formats.py::read_npz,opened_npz,{_DATA}"),
        archive(),
        lambda: kept("npz"),
    ),
    Harness(
        "npy",
        _npy,
        (UnreadableError,),
        ("host/stored_arrays.py::header,read,_header,_checked,take,in_bytes,fill",),
        _npy_mutation,
        _npy_seeds,
    ),
    Harness(
        "idx",
        _idx,
        (DataError, UnreadableError, OSError, EOFError, zlib.error),
        (f"host/data/formats.py::_idx_array,{_DATA}",),
        _idx_mutation,
        lambda: kept("idx"),
    ),
    Harness(
        "checkpoint",
        _checkpoint,
        (RunFolderError,),
        (
            "host/files.py::read_arrays,_facts_in",
            "host/training/progress.py::load,_check,kept,standard_error",
            "host/run/folder.py::load_progress,_go_on_from",
        ),
        _checkpoint_mutation,
        lambda: kept("checkpoint"),
    ),
)
