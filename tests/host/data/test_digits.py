"""The digits are scikit-learn's, though it is not imported for them."""

import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest
from sklearn.datasets import load_digits

from host.data import digits


@pytest.mark.parametrize("installed", [True, False], ids=["from its file", "from scikit-learn"])
def test_same_images_and_labels(monkeypatch, installed):
    if not installed:

        def nowhere(name: str) -> None:
            raise metadata.PackageNotFoundError(name)

        monkeypatch.setattr(digits, "distribution", nowhere)
    images, labels = digits.read_digits()
    expected, classes = load_digits(return_X_y=True)
    assert images.dtype == np.uint8 and labels.dtype == np.int64
    assert np.array_equal(images, expected) and np.array_equal(labels, classes)


def test_they_are_read_without_scikit_learn():
    program = "import sys; from host.data import load; load('digits'); sys.exit('sklearn' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
