"""NIR files, which are HDF5, that point at other files, or claim to be more than they are: refused before reading."""

import itertools
import os

import numpy as np
import pytest

from host.errors import TeacherError
from host.teachers.nir.read import read_nir

h5py = pytest.importorskip("h5py", reason="needs the package h5py, which comes with nir (extra nir)")
pytest.importorskip("nir", reason="needs the package nir (extra nir)")

SECRET = np.arange(12, dtype=np.float32).reshape(3, 4)


def write(path, weight=SECRET, **changes):
    """An Affine and an IF node of 4 inputs and 3 outputs; weight: an array, or what makes the data set."""
    with h5py.File(path, "w") as file:
        nodes = file.create_group("node/nodes")
        file["node/type"] = "NIRGraph"
        chain = ["input", "a", "i", "output"]
        file["node/edges"] = np.array(list(itertools.pairwise(chain)), dtype=h5py.string_dtype())
        for name, kind, fields in [
            ("input", "Input", {"shape": [4]}),
            ("a", "Affine", {"bias": np.zeros(3, np.float32)}),
            ("i", "IF", {"r": np.ones(3), "v_threshold": np.ones(3), "v_reset": np.zeros(3)}),
            ("output", "Output", {"shape": [3]}),
        ]:
            group = nodes.create_group(name)
            group["type"] = kind
            for key, value in fields.items():
                group[key] = changes.get(f"{name}.{key}", value)
        if callable(weight):
            weight(nodes["a"])
        else:
            nodes["a"]["weight"] = weight
    return path


def read(path):
    return read_nir(path, step_s=1.0, reset="zero", integration="euler")


def refused(path):
    with pytest.raises(TeacherError) as error:
        read(path)
    message = str(error.value)
    assert str(path) in message
    assert "\n" not in message
    return message


@pytest.fixture
def secret(tmp_path):
    """Another file of the user's: as HDF5, and as bytes."""
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["w"] = SECRET
    SECRET.tofile(tmp_path / "secret.bin")
    return tmp_path


def test_a_plain_file_is_read(tmp_path):
    [(weights, _)] = read(write(tmp_path / "n.nir")).network.weights
    assert np.array_equal(weights, SECRET.T)


def raw(group, path):
    group.create_dataset("weight", (3, 4), np.float32, external=[(str(path / "secret.bin"), 0, 48)])


def virtual(group, path):
    layout = h5py.VirtualLayout((3, 4), np.float32)
    layout[:] = h5py.VirtualSource(str(path / "secret.h5"), "w", (3, 4))
    group.create_virtual_dataset("weight", layout)


def link(group, path):
    group["weight"] = h5py.ExternalLink(str(path / "secret.h5"), "w")


def link_of_a_link(group, path):
    group["other"] = h5py.ExternalLink(str(path / "secret.h5"), "/")
    group["weight"] = h5py.SoftLink("/node/nodes/a/other/w")


ELSEWHERE = {
    "external link": (link, "is a link to another file"),
    "soft link over an external one": (link_of_a_link, "is a link to another"),
    "soft link": (lambda group, path: group.__setitem__("weight", h5py.SoftLink("/node/edges")), "another place"),
    "external raw storage": (raw, "weight is kept in other files"),
    "virtual data set": (virtual, "weight is kept in other files"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_no_other_file_becomes_weights(secret, name):
    make, words = ELSEWHERE[name]
    assert words in refused(write(secret / "n.nir", lambda group: make(group, secret)))


def test_no_other_file_becomes_a_node_or_the_graph(secret):
    path = write(secret / "n.nir")
    with h5py.File(secret / "theirs.h5", "w") as file, h5py.File(path) as mine:
        mine.copy("node", file)
    with h5py.File(path, "a") as file:
        del file["node/nodes/a"]
        file["node/nodes/a"] = h5py.ExternalLink(str(secret / "theirs.h5"), "/node/nodes/a")
    assert "/node/nodes/a is a link to another file" in refused(path)
    with h5py.File(path, "w") as file:
        file["node"] = h5py.ExternalLink(str(secret / "theirs.h5"), "/node")
    assert "/node is a link to another file" in refused(path)


def filtered(group):
    """Packed by a filter that HDF5 would look for in its folder of plug-ins, and run."""
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((3, 4))
    plan.set_filter(32015, h5py.h5z.FLAG_OPTIONAL)
    h5py.h5d.create(group.id, b"weight", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((3, 4)), plan)


def huge(group):
    group.create_dataset("weight", (2**24, 2**12), np.float32, chunks=(1024, 4))


def huge_chunk(group):
    group.create_dataset("weight", (3, 4), np.float32, maxshape=(None, 4), chunks=(2**26, 4), compression="gzip")


def references(group):
    group.create_dataset("weight", (3, 4), h5py.ref_dtype)


TYPES = {
    "filter": (filtered, "is packed by filter 32015"),
    "more than it can hold": (huge, "too many for a file of this size"),
    "a chunk of many": (huge_chunk, "too many for a file of this size"),
    "complex": (SECRET.astype(np.complex64), "is of type complex64"),
    "references": (references, "weights and settings are real numbers"),
    "compound": (np.zeros((3, 4), [("a", "f4"), ("b", "f4")]), "weights and settings are real numbers"),
    "opaque": (np.zeros((3, 4), "V4"), "weights and settings are real numbers"),
    "text": (np.full((3, 4), "x", dtype=h5py.string_dtype()), "Affine 'a': weight is of type object"),
    "fixed text": (np.full((3, 4), b"x"), "Affine 'a': weight is of type object"),
    "nothing": (h5py.Empty("f4"), "holds nothing"),
    "lists": (lambda group: group.create_dataset("weight", (3,), h5py.vlen_dtype(np.float32)), "real numbers"),
}


@pytest.mark.parametrize("name", TYPES)
def test_only_plain_numbers_of_a_bounded_size_are_weights(tmp_path, name):
    weight, words = TYPES[name]
    assert words in refused(write(tmp_path / "n.nir", weight))


FIELDS = {
    "input.shape": [
        ([np.nan], "shape is nan; it must be whole numbers"),
        ([2.5], "must be whole numbers"),
        (["4"], "must be whole numbers"),
        ([1e300], "nothing is large enough"),
        ([-4], "neither a vector nor an image"),
        (np.zeros((0,), int), "neither a vector nor an image"),
        ([2**40], "nothing is large enough"),
        ([2**39], "takes 4 inputs"),
    ],
    "a.bias": [(["x", "y", "z"], "bias is of type object"), (np.zeros((3, 2)), "biases (6,)"), (3.0, "biases (1,)")],
    "i.r": [
        (["x", "y", "z"], "r is of type object"),
        (np.zeros((0,)), "cannot be read as NIR"),
        (np.ones((4,)), "NIR"),
    ],
}


@pytest.mark.parametrize("name", FIELDS)
def test_settings_are_numbers_that_make_sense(tmp_path, name):
    for value, words in FIELDS[name]:
        value = np.asarray(value, h5py.string_dtype()) if np.asarray(value).dtype.kind == "U" else value
        assert words in refused(write(tmp_path / "n.nir", **{name: value})), value


def test_groups_without_end(tmp_path):
    """A group that holds itself, one very deep, a word as long as a book; and metadata, which nobody reads."""
    path = write(tmp_path / "n.nir")
    with h5py.File(path, "a") as file:
        file["node/nodes/a/again"] = file["node"]
    assert "at a second place" in refused(path)
    path = write(tmp_path / "n.nir")
    with h5py.File(path, "a") as file:
        file.create_group("node/nodes/" + "g/" * 500)
    assert "groups deep" in refused(path)
    path = write(tmp_path / "n.nir")
    with h5py.File(path, "a") as file:
        file["node/nodes/a/metadata/story"] = "x" * 100_000
    assert read(path).network.sizes == (4, 3)
    with h5py.File(path, "a") as file:
        del file["node/nodes/a/type"]
        file["node/nodes/a/type"] = "x" * 100_000
    assert "a word of 100,000 characters" in refused(path)


def test_pipes_devices_and_folders_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.nir")
    os.symlink("circle.nir", tmp_path / "circle.nir")
    os.symlink("/dev/zero", tmp_path / "zero.nir")
    for name in ("pipe.nir", "circle.nir", "zero.nir", "."):
        assert "cannot be read" in refused(tmp_path / name)
