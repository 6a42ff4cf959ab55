"""The BrainScaleS-2 experiment as a user starts it, on a few synthetic images."""

import importlib.util
import re
import sys

import numpy as np
import pytest
from small_runs import ROOT, write_idx

from host.bench import synthetic_images


@pytest.fixture
def example():
    spec = importlib.util.spec_from_file_location("brainscales2_mnist", ROOT / "examples" / "brainscales2_mnist.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    yield module
    del sys.modules[spec.name]


def started(module, monkeypatch, *arguments):
    module.__spec__.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["brainscales2_mnist.py", *map(str, arguments)])
    monkeypatch.setattr(module, "LTL_EPOCHS", 1)
    module.main()


def test_table_and_picture(example, monkeypatch, capsys, tmp_path):
    images = synthetic_images(700)
    pixels, labels = images.raw.reshape(-1, 28, 28), images.labels.astype(np.uint8)
    data = write_idx(
        tmp_path / "data", x_train=pixels[:600], y_train=labels[:600], x_test=pixels[600:], y_test=labels[600:]
    )
    picture = tmp_path / "growth.png"
    started(example, monkeypatch, "--quick", "--epochs", 6, "--dies", 2, "--data-dir", data, "--out", picture)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "256-246-10, 20 steps, 600 images 6 times, 100 to test with"
    rows = [line for line in lines if re.match(r"(ideal twin|die)", line)]
    assert [row.split(",")[0] for row in rows] == ["ideal twin", "die 1", "die 2", "ideal twin"]
    before, after = (float(x) for x in re.findall(r"(\d+\.\d+)%", rows[0]))
    assert after > before + 30
    assert all(re.search(r"12\.4 us +1\.2\d to 2\.4\d uJ", row) for row in rows)
    assert "read back while training: 5,735 B per image" in lines
    assert re.match(r"on-chip LTL, die 1  \d+\.\d\d% .* read back 0 B", lines[-1])
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs 0 and --dies 5: both must be 1 or more"),
        (["--out", "/no/such/folder/x.png"], "--out /no/such/folder/x.png: its folder does not exist"),
        (["--data-dir", "/no/such/folder"], "mnist not found"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(example, monkeypatch, capsys, arguments, message):
    monkeypatch.delenv("CHIPSIM_DATA", raising=False)
    with pytest.raises(SystemExit) as ended:
        started(example, monkeypatch, *arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
