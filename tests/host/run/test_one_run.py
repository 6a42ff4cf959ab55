"""A run with the fewest kernels, which other packages and Pythons have to pass: it learns, with the same bits again."""

from small_runs import SMALL, final, write_npz

from host.run.die_run import run
from host.run.folder import RunFolder
from host.run.resolution import resolve


def test_it_learns_and_threads_change_no_bit(tmp_path):
    spec = resolve(None, SMALL | {"noise": ["mismatch:0.5"], "dataset": str(write_npz(tmp_path / "small.npz"))})
    found = []
    for threads in (1, 2):
        path = tmp_path / f"{threads}"
        run(spec, threads, lambda resolved, path=path: RunFolder.create(resolved, path))
        found.append(final(path))
    accuracy = found[0]["result.json"]["accuracy"]
    assert accuracy["after"] > accuracy["before"] + 0.1
    assert found[0] == found[1]
