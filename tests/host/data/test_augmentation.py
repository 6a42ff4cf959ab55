"""Images that are moved and mirrored before a die learns from them."""

import numpy as np
import pytest
from small_runs import SMALL, small_arrays, write_npz
from stopped_runs import Stopped

from host.data.augmentation import Augmentation
from host.data.samples import Samples
from host.errors import SettingError
from host.methods import TRAINING_METHODS
from host.run import NullListener, RunFolder, prepare, resolve, run

SHAPE = (2, 4, 5)  # channels, height, width


@pytest.fixture
def samples():
    raw = np.random.default_rng(3).integers(1, 200, (30, 40), np.uint8)  # nothing is as dark as a margin
    return Samples(raw, np.arange(30) % 3, 0, 200)


def seen(samples, start, stop, shift_px=1, flip=True, seed=4):
    """What presentations start .. stop - 1 show, the samples in their own order."""
    windows = np.arange(start, stop)
    return Augmentation(SHAPE, shift_px, flip, seed).values(samples, windows % len(samples), windows)


def images(values):
    return values.reshape(-1, *SHAPE[1:], SHAPE[0])


def test_each_image_is_one_of_its_windows_mirrored_or_not(samples):
    whole = images(samples.values(slice(None)))
    wide = np.pad(whole, ((0, 0), (1, 1), (1, 1), (0, 0)))
    mirrored = np.pad(whole[:, :, ::-1], ((0, 0), (1, 1), (1, 1), (0, 0)))
    found = set()
    for epoch in range(4):
        for number, image in enumerate(images(seen(samples, 30 * epoch, 30 * epoch + 30))):
            fits = [
                (top, left, side)
                for side, source in enumerate((wide, mirrored))
                for top in range(3)
                for left in range(3)
                if np.array_equal(source[number, top : top + 4, left : left + 5], image)
            ]
            assert len(fits) == 1
            found |= set(fits)
    assert len(found) == 18, "every move and side comes up"


def test_neither_chunks_nor_company_change_what_is_seen(samples):
    whole = seen(samples, 30, 60)
    for size in (1, 7, 30):
        parts = [seen(samples, at, min(60, at + size)) for at in range(30, 60, size)]
        assert np.array_equal(np.concatenate(parts), whole)
    shuffled = np.random.default_rng(1).permutation(30)
    again = Augmentation(SHAPE, 1, True, 4).values(samples, shuffled, np.arange(30, 60))
    assert not np.array_equal(again, whole[shuffled]), "the place in the epoch draws, not the sample"


def test_epoch_and_seed_draw_anew(samples):
    first = seen(samples, 0, 30)
    assert not np.array_equal(first, seen(samples, 30, 60))
    assert not np.array_equal(first, seen(samples, 0, 30, seed=5))


@pytest.mark.parametrize(("shift_px", "flip"), [(0, False), (0, True), (1, False)])
def test_each_is_done_alone_or_not_at_all(samples, shift_px, flip):
    plain, changed = samples.values(slice(None)), seen(samples, 0, 30, shift_px, flip)
    if not flip and not shift_px:
        assert np.array_equal(changed, plain)
    elif flip:
        stayed = np.array([np.array_equal(a, b) for a, b in zip(changed, plain, strict=True)])
        assert 0 < stayed.sum() < 30
        assert np.array_equal(images(changed)[~stayed], images(plain)[~stayed][:, :, ::-1])
    else:
        assert not np.array_equal(changed, plain) and (changed == 0).any()


CHANGED = {"training.shift_px": 1, "training.flip": True}


@pytest.fixture
def image_file(tmp_path):
    """2 x 3 images."""
    arrays = small_arrays()
    return write_npz(tmp_path / "images.npz", **{p: arrays[p].reshape(-1, 2, 3) for p in ("x_train", "x_test")})


class StopAfter(NullListener):
    """Ends the process, as it were, once so many presentations are learned."""

    def __init__(self, presentations):
        self.presentations = presentations

    def learning(self, done, total, validation_accuracy):
        if done > self.presentations:
            raise Stopped


def learned(spec, **more):
    return {name: array.tobytes() for name, array in run(spec, **more).progress.arrays().items()}


def test_a_run_sees_the_same_on_any_threads_in_any_chunks_and_after_a_stop(image_file, tmp_path):
    def spec_of(**more):
        return resolve(None, SMALL | CHANGED | {"dataset": str(image_file), "training.chunk": 20} | more)

    whole = learned(spec_of())
    assert whole == learned(spec_of(**{"training.chunk": 2048}), threads=2)
    path = tmp_path / "run"
    with pytest.raises(Stopped):
        run(spec_of(), 1, lambda spec: RunFolder.create(spec, path), StopAfter(170))  # in the second epoch
    folder, spec = RunFolder.open(path)
    assert learned(spec, threads=2, folder=folder) == whole


def test_every_method_that_learns_from_images_sees_them_changed(image_file):
    for method in ("on-chip-ltl", "offline-ltl", "in-the-loop"):
        settings = SMALL | {"dataset": str(image_file), "training.method": method, "training.epochs": 1}
        assert learned(resolve(None, settings)) != learned(resolve(None, settings | CHANGED)), method


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"training.shift_px": 1}, "training.shift_px = 1 moves images, and flat holds none: set it to 0"),
        ({"training.flip": True}, "training.flip mirrors images, and flat holds none: set it to false"),
    ],
)
def test_what_are_no_images_is_refused_by_name(tmp_path, changes, words):
    flat = write_npz(tmp_path / "flat.npz")
    with pytest.raises(SettingError) as error:
        prepare(resolve(None, SMALL | {"dataset": str(flat)} | changes))
    assert str(error.value) == words


def test_images_are_not_moved_out_of_sight(image_file):
    spec = resolve(None, SMALL | {"dataset": str(image_file), "training.shift_px": 2})
    with pytest.raises(SettingError, match="training.shift_px = 2 .* out of sight: keep it below their side, 2"):
        prepare(spec)


@pytest.mark.parametrize(
    ("method", "words"), [("conversion", "learns nothing"), ("through-time", "moves images by teacher.shift_px")]
)
@pytest.mark.parametrize("name", CHANGED)
def test_methods_that_would_not_change_them_refuse(method, words, name):
    assert TRAINING_METHODS.offers(method)
    with pytest.raises(SettingError, match=f"method {method} {words}.*leave {name} out"):
        resolve(None, {"training.method": method, name: CHANGED[name]})


def test_what_is_not_set_is_not_written():
    """So hashes and files are those of before there was such a thing."""
    text = resolve(None, {}).to_toml()
    assert "flip" not in text and "validation_samples" not in text and "checked_samples" not in text
    spec = resolve(None, {**CHANGED, "training.validation_samples": 7, "training.checked_samples": 3})
    assert spec.model_validate(spec.model_dump()) == spec
    assert {"flip = true", "shift_px = 1", "validation_samples = 7"} <= set(spec.to_toml().splitlines())
