"""A few thousand frames of the fuzzer, to know that it runs; a real run takes millions."""

import subprocess
import sys
from pathlib import Path

import pytest

FUZZER = Path(__file__).parent / "fuzz_frames.py"


def test_the_fuzzer_finds_nothing():
    pytest.importorskip("atheris", reason="atheris is not installed: pip install -e .[fuzz]")
    run = subprocess.run([sys.executable, FUZZER, "-runs=3000"], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-2000:]
    assert "Done 3000 runs" in run.stderr
