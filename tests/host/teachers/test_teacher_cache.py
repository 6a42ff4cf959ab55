"""Training the teacher, and keeping it on disk under everything that defines it."""

from pathlib import Path

import numpy as np
import pytest
from small_runs import write_npz

from host.data import Samples, Shift, load
from host.files import read_arrays
from host.teachers import perceptron
from host.teachers.perceptron import cached_teacher, scaled_teacher, train_teacher

EVERYTHING = slice(None)


@pytest.fixture
def small(tmp_path):
    return load(str(write_npz(tmp_path / "small.npz"))).train


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def trainings(monkeypatch):
    """Counts how often a teacher was really trained."""
    calls = []
    monkeypatch.setattr(
        perceptron, "train_teacher", lambda *arguments: (calls.append(arguments), train_teacher(*arguments))[1]
    )
    return calls


def files_in(cache: Path) -> list[Path]:
    return sorted((cache / "teachers").iterdir())


def same(layers, others):
    pairs = zip(layers, others, strict=True)
    return all(np.array_equal(w, v) and np.array_equal(b, c) for (w, b), (v, c) in pairs)


def test_a_teacher_is_trained_once(small, cache, trainings):
    first = cached_teacher(small, 3, (5, 4), 1, 4)
    again = cached_teacher(small, 3, (5, 4), 1, 4)
    assert len(trainings) == 1
    assert len(files_in(cache)) == 1
    assert same(first, again)
    assert [w.shape for w, _ in again] == [(6, 5), (5, 4), (4, 3)]
    assert all(array.dtype == np.float32 for pair in again for array in pair)


def test_training_is_the_same_every_time(small):
    assert same(train_teacher(small, 3, (5,), 1, 4), train_teacher(small, 3, (5,), 1, 4))
    assert not same(train_teacher(small, 3, (5,), 1, 4), train_teacher(small, 3, (5,), 2, 4))


def test_whatever_defines_a_teacher_makes_another(small, cache, trainings):
    other_inputs = Samples(small.raw + 1e-9, small.labels, small.low, small.high)
    other_labels = Samples(small.raw, np.roll(small.labels, 1), small.low, small.high)
    other_scale = Samples(small.raw, small.labels, small.low, 2 * small.high)
    for arguments in [
        (small, 3, (5,), 1, 4),
        (small, 4, (5,), 1, 4),
        (small, 3, (6,), 1, 4),
        (small, 3, (5,), 2, 4),
        (small, 3, (5,), 1, 5),
        (small, 3, (5,), 1, 4, Shift((1, 2, 3), 1, 1)),
        (small, 3, (5,), 1, 4, Shift((1, 3, 2), 1, 1)),
        (other_inputs, 3, (5,), 1, 4),
        (other_labels, 3, (5,), 1, 4),
        (other_scale, 3, (5,), 1, 4),
    ]:
        before = len(trainings)
        cached_teacher(*arguments)
        assert len(trainings) == before + 1, arguments[1:]
    assert len(files_in(cache)) == 10


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:40],
        lambda content: b"\x80" + content[1:],
        lambda content: content[:-100] + bytes(100),
        lambda content: content[: len(content) // 2] + b"\xff" + content[len(content) // 2 + 1 :],
    ],
)
def test_a_damaged_teacher_is_trained_again_and_mended(small, cache, trainings, damage):
    first = cached_teacher(small, 3, (5,), 1, 4)
    [path] = files_in(cache)
    intact = path.read_bytes()
    path.write_bytes(damage(intact))
    assert path.read_bytes() != intact
    assert same(cached_teacher(small, 3, (5,), 1, 4), first)
    assert len(trainings) == 2
    assert path.read_bytes() == intact
    cached_teacher(small, 3, (5,), 1, 4)
    assert len(trainings) == 2


def test_a_cached_file_of_another_network_is_not_taken(small, cache, trainings):
    first = cached_teacher(small, 3, (5,), 1, 4)
    [mine] = files_in(cache)
    cached_teacher(small, 3, (5, 4), 1, 4)
    [other] = set(files_in(cache)) - {mine}
    other.write_bytes(mine.read_bytes())  # lacks an array
    assert len(cached_teacher(small, 3, (5, 4), 1, 4)) == 3
    assert len(trainings) == 3
    assert same(cached_teacher(small, 3, (5,), 1, 4), first)


def test_a_cache_that_cannot_be_written_is_survived(small, tmp_path, monkeypatch, trainings):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("CHIPSIM_CACHE", str(tmp_path / "file"))
    first = cached_teacher(small, 3, (5,), 1, 4)
    assert same(cached_teacher(small, 3, (5,), 1, 4), first)
    assert len(trainings) == 2
    assert (tmp_path / "file").read_text() == "no folder"


def test_a_full_disk_is_survived_and_leaves_no_file(small, cache, monkeypatch, trainings):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        cached_teacher(small, 3, (5,), 1, 4)
    assert files_in(cache) == []
    cached_teacher(small, 3, (5,), 1, 4)
    assert len(files_in(cache)) == 1


def test_the_file_tells_what_it_is_of(small, cache):
    cached_teacher(small, 3, (5,), 7, 4)
    [path] = files_in(cache)
    _, recipe = read_arrays(path)
    assert (recipe["seed"], recipe["epochs"], recipe["hidden"], recipe["classes"]) == (7, 4, [5], 3)


def test_two_classes_have_two_outputs():
    rng = np.random.default_rng(3)
    labels = np.arange(200) % 2
    samples = Samples((labels[:, None] * 0.5 + 0.5 * rng.random((200, 3))).astype(np.float32), labels, 0, 1)
    layers = train_teacher(samples, 2, (6,), 1, 60)
    assert layers[-1][0].shape == (6, 2)
    assert layers[-1][1].shape == (2,)
    teacher = scaled_teacher(layers, samples, "neuron", 99.0)
    assert teacher.accuracy(samples) > 0.9


def separable(present, n_classes):
    """Clouds of points well apart, of the classes in `present`."""
    rng = np.random.default_rng(4)
    labels = np.array(present)[np.arange(240) % len(present)]
    points = 0.6 * np.eye(n_classes)[labels] + 0.4 * rng.random((240, n_classes))
    return Samples(points.astype(np.float32), labels, 0, 1)


@pytest.mark.parametrize(
    ("present", "n_classes"),
    [
        ((0, 1, 3), 4),
        ((1, 4), 5),
        ((2,), 3),
    ],
)
def test_a_class_without_training_samples_is_never_chosen(present, n_classes):
    samples = separable(present, n_classes)
    layers = train_teacher(samples, n_classes, (12,), 1, 80)
    teacher = scaled_teacher(layers, samples, "neuron", 99.0)
    assert teacher.sizes == (n_classes, 12, n_classes)
    assert teacher.accuracy(samples) > 0.95
    anywhere = np.random.default_rng(5).random((500, n_classes)).astype(np.float32)
    assert set(np.argmax(teacher.activations(anywhere)[-1], axis=1)) <= set(present)


def test_ctrl_c_while_training_is_not_swallowed(small, cache, monkeypatch):
    from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

    update, calls = AdamOptimizer.update_params, []

    def interrupted(self, *arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return update(self, *arguments)

    monkeypatch.setattr(AdamOptimizer, "update_params", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cached_teacher(small, 3, (5,), 1, 4)
    assert not (cache / "teachers").exists() or files_in(cache) == []
