"""scikit-learn's handwritten digits, read from the file that comes with it: to import it takes longer than all else."""

from __future__ import annotations

import gzip
from importlib.metadata import PackageNotFoundError, distribution

import numpy as np
from numpy.typing import NDArray

_FILE = "sklearn/datasets/data/digits.csv.gz"  # 64 pixels, 0 to 16, and the class


def read_digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (1797, 64) and labels (1797,), as `sklearn.datasets.load_digits` has them."""
    try:
        with gzip.open(str(distribution("scikit-learn").locate_file(_FILE))) as file:
            table = np.loadtxt(file, np.uint8, delimiter=",")
    except (OSError, PackageNotFoundError):  # installed in another way
        from sklearn.datasets import load_digits

        images, labels = load_digits(return_X_y=True)
        return images.astype(np.uint8), labels.astype(np.int64)
    return np.ascontiguousarray(table[:, :-1]), table[:, -1].astype(np.int64)
