"""The stream to the chip: which samples when, prepared ahead of the chip, and never far ahead."""

import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.data import Encoder, Samples
from host.teachers import Teacher, scaled_teacher
from host.training.batches import TrainingBatches, spans

PATIENCE_S = 20


def samples_of(n, n_in=4):
    """Samples that tell their number: input 0 holds it."""
    raw = np.random.default_rng(1).random((n, n_in)).astype(np.float32)
    raw[:, 0] = np.arange(n) / n
    return Samples(raw, np.arange(n) % 3, 0, 1)


def teacher_of(samples):
    rng = np.random.default_rng(2)
    layers = [
        (rng.normal(size=(samples.raw.shape[1], 5)).astype(np.float32), np.zeros(5, np.float32)),
        (rng.normal(size=(5, 3)).astype(np.float32), np.zeros(3, np.float32)),
    ]
    return scaled_teacher(layers, samples, "layer", 99.0)


def batches_of(samples, seed=1, encoder=None, teacher=None, chunk=8):
    encoder = encoder or Encoder("current", samples.raw.shape[1], 4, chunk, 1, TrainingBatches.BUFFERS)
    return TrainingBatches(samples, teacher or teacher_of(samples), encoder, "label", seed)


def numbers_in(chunk, n):
    """Which samples a chunk shows."""
    return np.rint(chunk.events.amplitude[:, 0] * n * (chunk.events.rows[:, 0] == 0)).astype(int).tolist()


@given(
    start=st.integers(0, 500),
    length=st.integers(0, 500),
    chunk=st.integers(1, 600),
    epoch=st.integers(1, 300),
)
def test_spans_cover_everything_once_and_cross_no_epoch(start, length, chunk, epoch):
    cuts = spans(start, start + length, chunk, epoch)
    assert [p for first, last in cuts for p in range(first, last)] == list(range(start, start + length))
    for first, last in cuts:
        assert 1 <= last - first <= chunk
        assert first // epoch == (last - 1) // epoch


def shown(batches, n, epochs, chunk):
    return [number for piece in batches.chunks(spans(0, n * epochs, chunk, n)) for number in numbers_in(piece, n)]


def test_every_epoch_shows_each_sample_once_in_an_order_of_its_own():
    n = 23
    order = shown(batches_of(samples_of(n)), n, 3, 8)
    epochs = [order[k * n : (k + 1) * n] for k in range(3)]
    assert all(sorted(epoch) == list(range(n)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert shown(batches_of(samples_of(n), seed=2), n, 1, 8) != epochs[0]


def test_the_order_does_not_depend_on_chunks():
    n = 23
    plain = shown(batches_of(samples_of(n)), n, 2, 8)
    assert shown(batches_of(samples_of(n)), n, 2, 1) == plain
    cuts = [(40, 46), (3, 9), (23, 24)]  # anywhere, as after a resume
    pieces = [numbers_in(piece, n) for piece in batches_of(samples_of(n)).chunks(cuts)]
    assert pieces == [plain[first:last] for first, last in cuts]


def test_a_chunk_carries_spikes_targets_and_windows_of_its_samples():
    samples = samples_of(23)
    teacher = teacher_of(samples)
    encoder = Encoder("bernoulli", 4, 6, 8, 5, TrainingBatches.BUFFERS)
    batches = TrainingBatches(samples, teacher, encoder, "label", 1)
    order = np.array(shown(batches_of(samples), 23, 2, 8))
    for chunk in batches.chunks(spans(0, 46, 8, 23)):
        values = samples.values(order[chunk.windows])
        alone = Encoder("bernoulli", 4, 6, 8, 5).encode(values, chunk.windows)
        assert np.array_equal(chunk.events.begin, alone.begin)
        assert np.array_equal(chunk.events.end, alone.end)
        for s, end in enumerate(chunk.events.end[:, -1]):
            assert np.array_equal(chunk.events.rows[s, :end], alone.rows[s, :end])
        targets = teacher.targets(values, samples.labels[order[chunk.windows]], "label")
        assert all(np.array_equal(a, b) for a, b in zip(chunk.targets, targets, strict=True))


class WatchedEncoder(Encoder):
    """Counts what was prepared, and tells when."""

    def __init__(self, n_in, chunk):
        super().__init__("current", n_in, 4, chunk, 1, TrainingBatches.BUFFERS)
        self.prepared: list[int] = []
        self.news = threading.Condition()

    def encode(self, values, windows):
        events = super().encode(values, windows)
        with self.news:
            self.prepared.append(int(windows[0]))
            self.news.notify_all()
        return events

    def wait_for(self, count):
        with self.news:
            return self.news.wait_for(lambda: len(self.prepared) >= count, PATIENCE_S)


def test_the_next_chunk_is_prepared_while_the_chip_works():
    """Nobody asks for the second chunk, and yet its spikes are made: the host does not wait for the chip."""
    samples = samples_of(40)
    encoder = WatchedEncoder(4, 8)
    chunks = batches_of(samples, encoder=encoder).chunks(spans(0, 40, 8, 40))
    next(chunks)
    assert encoder.wait_for(2), "the second chunk was not prepared while the first was in use"
    chunks.close()


def test_a_few_buffers_are_enough():
    """What waits is memory: one chunk on the chip, one ready, one in the making."""
    assert TrainingBatches.BUFFERS <= 4


def test_the_host_is_never_further_ahead_than_its_buffers():
    samples = samples_of(200)
    encoder = WatchedEncoder(4, 8)
    for in_use, _ in enumerate(batches_of(samples, encoder=encoder).chunks(spans(0, 200, 8, 200)), start=1):
        encoder.wait_for(min(in_use + 1, 25))  # the background has got as far as it may
        assert len(encoder.prepared) <= in_use + TrainingBatches.BUFFERS - 1
    assert len(encoder.prepared) == 25


def test_chunks_stay_valid_while_the_host_is_ahead():
    samples = samples_of(64)
    alone = shown(batches_of(samples), 64, 1, 8)
    encoder = WatchedEncoder(4, 8)
    for k, chunk in enumerate(batches_of(samples, encoder=encoder).chunks(spans(0, 64, 8, 64))):
        encoder.wait_for(min(8, k + 2))
        assert numbers_in(chunk, 64) == alone[8 * k : 8 * k + 8]


def test_an_error_in_the_background_comes_out_in_front():
    class Broken(Teacher):
        def targets(self, *_):
            raise MemoryError("no room")

    samples = samples_of(16)
    good = teacher_of(samples)
    with pytest.raises(MemoryError, match="no room"):
        list(
            batches_of(samples, teacher=Broken(good.network, good.forward, good.activation_scales)).chunks(
                [(0, 8), (8, 16)]
            )
        )


def test_a_lesson_that_is_left_early_leaves_no_thread():
    before = threading.active_count()
    chunks = batches_of(samples_of(64)).chunks(spans(0, 64, 8, 64))
    next(chunks)
    assert threading.active_count() > before
    chunks.close()
    assert threading.active_count() == before


def peak_bytes(n, n_in=16, steps=16):
    """Most memory that streaming one epoch of n samples takes at a time, the samples themselves aside."""
    samples = samples_of(n, n_in)
    teacher = teacher_of(samples)
    tracemalloc.start()
    batches = TrainingBatches(
        samples, teacher, Encoder("rate", n_in, steps, 64, 1, TrainingBatches.BUFFERS), "logits", 1
    )
    for _ in batches.chunks(spans(0, n, 64, n)):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_for_a_chunk_stays_bounded_as_data_grow():
    """Eight times the data take no more room, but for the order of the samples: eight bytes each, twice."""
    peak_bytes(1000)
    small, large = peak_bytes(1000), peak_bytes(8000)
    assert small > 64 * 16 * 16 * 2 * TrainingBatches.BUFFERS
    assert large < small + 7000 * 8 * 4
