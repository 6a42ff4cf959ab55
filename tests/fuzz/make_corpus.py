"""Writes the inputs that are not text anew: `python tests/fuzz/make_corpus.py`. They are small, and rarely change."""

import gzip
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = map(str, (HERE, HERE.parents[1], HERE.parent / "support", HERE.parent / "witness"))
CORPUS = HERE / "corpus"


def arrays() -> None:
    from small_runs import idx_bytes

    rng = np.random.default_rng(1)
    labels = np.array([0, 1, 2, 0, 1, 2])
    x = rng.random((6, 2, 2)).astype(np.float32)
    some = {"x_train": x, "y_train": labels, "x_test": x, "y_test": labels}
    np.savez(CORPUS / "npz" / "plain.npz", **some)
    whole = {
        name: np.asfortranarray((9 * array).astype(np.uint8) if name[0] == "x" else array)
        for name, array in some.items()
    }
    np.savez_compressed(CORPUS / "npz" / "packed.npz", **whole, x_valid=x > 0.5, y_valid=labels)
    for name, array in (("images", rng.integers(0, 255, (6, 3, 2))), ("labels", labels)):
        (CORPUS / "idx" / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(array), mtime=0))


def runs() -> None:
    """A run's checkpoint and files, and a sweep over two dies of it, one of them failed and one missing."""
    from small_runs import SMALL, write_npz
    from stored_runs import result_of, write_sweep

    from host.run import RunFolder, merge, run, spec_of

    with tempfile.TemporaryDirectory() as folder:
        data = write_npz(Path(folder) / "data.npz")
        spec = spec_of(merge({}, {**SMALL, "dataset": str(data), "training.epochs": 1, "hidden": [3]}))
        made = RunFolder.create(spec, Path(folder) / "run")
        outcome = run(spec, folder=made)
        made.save_result({**outcome.summary, "run_dir": "run"})
        shutil.copyfile(made.path / "checkpoint.bin", CORPUS / "checkpoint" / "plain.bin")
        for name in ("metrics.csv", "result.json", "spec.toml", "versions.json"):
            text = (made.path / name).read_text().replace(folder, "/data")
            (CORPUS / "finished" / name).write_text(text)
        database = Path(folder) / "it.sqlite"
        done, failed = result_of("a", spec), result_of("b", spec, status="failed", message="no such thing")
        point = {"steps": 6}
        write_sweep(database, "c" * 64, [(point, done), (point, failed), ({"steps": 8}, "m-die-4-01234567")])
        small = sqlite3.connect(database)
        request = (
            '{"base": {"dataset": "digits"}, "axes": [{"name": "steps", "kind": "setting", "values": [6, 8]}],'
            ' "cross": false, "dies": [1]}'
        )
        small.execute("UPDATE sweep SET request = ?", (request,))
        small.commit()
        small.execute("PRAGMA page_size = 512")
        small.execute("VACUUM")
        small.close()
        shutil.copyfile(database, CORPUS / "rows" / "plain.sqlite")


def records() -> None:
    from host.bench.reading import Reading
    from host.bench.record import lines_of, surroundings

    around = surroundings()
    readings = [Reading("synaptic events", 1e9, "1/s", True, 0.5, 9e8), Reading("latency", 3.0, "us", False)]
    lines = lines_of("dense", readings, around) + lines_of("link", readings[1:], around)
    text = "".join(f"{line.model_dump_json()}\n" for line in lines)
    (CORPUS / "record" / "plain.jsonl").write_text(text)


if __name__ == "__main__":
    arrays()
    runs()
    records()
