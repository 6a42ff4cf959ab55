"""What suits images follows from what data are, not from the name of a set."""

import numpy as np
import pytest
from plug_ins import DATA_SET, write_package
from small_runs import write_idx, write_npz

from host.data import are_colour_images, suited_to
from host.run import resolve
from host.settings import IMAGE_DEFAULTS

CIFAR10 = resolve(None, {"dataset": "cifar10"})
PLAIN = resolve(None, {"dataset": "digits"})


def images(*shape, dtype=np.uint8):
    """A file of two samples of this shape in each part."""
    x = np.arange(2 * np.prod(shape)).reshape(2, *shape).astype(dtype)
    return {"x_train": x, "x_test": x, "y_train": np.arange(2), "y_test": np.arange(2)}


def same_but_for_the_name(spec, other):
    return spec.model_copy(update={"dataset": other.dataset}) == other


@pytest.mark.parametrize("shape", [(32, 32, 3), (16, 24, 3), (64, 64, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_colour_images_of_any_name_get_what_cifar10_gets(tmp_path, shape, dtype):
    path = write_npz(tmp_path / "mine.npz", **images(*shape, dtype=dtype))
    spec = resolve(None, {"dataset": str(path)})
    assert same_but_for_the_name(spec, CIFAR10)
    assert (spec.encoding, spec.neuron.low_rail_th, spec.learning_circuit.warm_up_steps) == ("current", -1, 15)


@pytest.mark.parametrize("shape", [(64,), (28, 28), (28, 28, 1), (1, 1, 3), (3,)])
def test_what_is_no_colour_image_does_not(tmp_path, shape):
    path = write_npz(tmp_path / "mine.npz", **images(*shape))
    assert same_but_for_the_name(resolve(None, {"dataset": str(path)}), PLAIN)


def test_sets_with_names_keep_theirs():
    names = ("digits", "mnist", "mnist16", "yinyang")
    hidden = {name: resolve(None, {"dataset": name}).hidden for name in names}
    assert hidden == {"digits": (128, 64), "mnist": (256,), "mnist16": (246,), "yinyang": (120,)}
    assert [resolve(None, {"dataset": name}).encoding for name in names] == ["rate", "rate", "rate", "current"]
    assert resolve(None, {"dataset": "mnist"}).teacher.shift_px == 1


def test_flags_win(tmp_path):
    path = write_npz(tmp_path / "mine.npz", **images(32, 32, 3))
    spec = resolve(None, {"dataset": str(path), "encoding": "rate", "hidden": [9], "learning_circuit.warm_up_steps": 2})
    assert (spec.encoding, spec.hidden, spec.learning_circuit.warm_up_steps) == ("rate", (9,), 2)
    assert spec.neuron.low_rail_th == -1


def test_no_more_than_a_header_is_read(tmp_path):
    """So that a plan of many points is quick, and what is wrong with the file is told when it is loaded."""
    path = write_npz(tmp_path / "mine.npz", **images(32, 32, 3))
    content = bytearray(path.read_bytes())
    content[300:2000] = bytes(1700)
    path.write_bytes(content)
    assert suited_to(str(path), False).settings == IMAGE_DEFAULTS


@pytest.mark.parametrize("name", ["nowhere.npz", "nowhere", "~nobody-at-all/x.npz", "\0.npz", "n" * 300 + ".npz"])
def test_a_file_that_cannot_be_read_suits_nothing(name):
    assert suited_to(name, False) == ({}, None)


def test_an_idx_folder_has_no_colours(tmp_path):
    assert suited_to(str(write_idx(tmp_path / "idx")), False) == ({}, None)


def test_another_packages_images(site):
    source = DATA_SET.replace(
        'settings = {"hidden": (5,), "steps": 6}', 'settings = {"steps": 6}\n    image_shape = (3, 4, 4)'
    )
    write_package(site, "acme", "1.2", {"datasets:stripes": "acme:Stripes"}, {"acme.py": source})
    spec = resolve(None, {"dataset": "stripes"})
    assert (spec.steps, spec.hidden, spec.encoding, spec.learning_circuit.warm_up_steps) == (6, (256,), "current", 5)


@pytest.mark.parametrize(
    ("shape", "they_are"),
    [(None, False), ((3, 8, 8), True), ((1, 8, 8), False), ((3, 1, 1), False), ((2, 34, 34), False)],
)
def test_colour_images(shape, they_are):
    assert are_colour_images(shape) == they_are
