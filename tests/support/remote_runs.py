"""Small runs whose die is behind a wire."""

from small_runs import SMALL, write_npz

from host.link.remote import RemoteSource, connect
from host.run import RunFolder, resolve, run


def small_spec(path, **changes):
    """40 samples in a chunk: some sixty LEARN and INFER requests."""
    if not path.exists():
        write_npz(path)
    return resolve(None, SMALL | {"dataset": str(path), "training.chunk": 8} | changes)


def source_at(address, timeout_s=20.0, **options):
    return RemoteSource(f"at {address}", lambda: connect(address, timeout_s=timeout_s, **options))


def run_at(address, spec, folder=None, **options):
    source = source_at(address, **options)
    try:
        return run(spec, folder=folder, source=source)
    finally:
        source.close()


def folder_of(spec, path):
    return RunFolder.open(path)[0] if path.exists() else RunFolder.create(spec, path)


def bits(outcome):
    """All that a run learned and found out, as bytes."""
    return {name: array.tobytes() for name, array in outcome.progress.arrays().items()}, outcome.facts
