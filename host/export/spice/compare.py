"""Holds what ngspice made of a deck against expected.csv; exit status 0 if they agree, 1 if not, 2 if it cannot tell.

    python compare.py [FOLDER]

Plain Python: a copy of this file lies beside every deck. The folder holds expected.csv, membrane.dat (time, membrane,
spike) and ngspice.log. Until the first step of a window whose spike differs the membranes are compared, in thresholds;
from there on they differ anyhow.
"""

from __future__ import annotations

import bisect
import csv
import math
import re
import sys
from pathlib import Path

RMS_TH = 0.01  # of the membranes at the comparisons, at most
RMS_OF_MEMBRANE = (
    0.02  # the same over the membrane's own, from rest: else a neuron that hardly moves would show nothing
)
LEAST_TH = 5e-4  # that simulators resolve
WINDOWS_EQUAL = 19 / 20  # that have the same count of spikes
_WARNINGS = re.compile(r"warning|singular|time ?step too small|stepping|no convergence|error|aborted", re.IGNORECASE)


def read_expected(path: Path) -> tuple[float, float, list[dict[str, float]]]:
    """Rest and one threshold in volts, and the rows."""
    with open(path, encoding="utf-8", newline="") as file:
        first = file.readline()
        rows = [{name: float(value or "") for name, value in row.items()} for row in csv.DictReader(file)]
    if not rows:
        raise ValueError(f"{path.name} holds no steps")
    rest, _, swing = first.rpartition("rest_v=")[2].partition(" swing_v=")
    return float(rest), float(swing), rows


def read_waveform(path: Path) -> tuple[list[float], list[list[float]]]:
    """Times in s, and per column the values at them."""
    with open(path, encoding="utf-8") as file:
        next(file, "")
        rows = [[float(value) for value in line.split()] for line in file if line.strip()]
    times, *columns = (list(column) for column in zip(*rows, strict=True))
    return times, columns


def at(times: list[float], values: list[float], time: float) -> float:
    """Between the two points around `time`, on the line through them."""
    after = bisect.bisect_left(times, time)
    if not 0 < after < len(times):
        raise ValueError(f"the waveform has nothing at {time:g} s: did ngspice stop early?")
    share = (time - times[after - 1]) / (times[after] - times[after - 1])
    return values[after - 1] + share * (values[after] - values[after - 1])


def compare(folder: Path) -> tuple[bool, list[str]]:
    """Whether all agree, and what to tell of it. Raises OSError, ValueError for files that are missing or not whole."""
    rest_v, swing_v, expected = read_expected(folder / "expected.csv")
    times, (membrane, spiked) = read_waveform(folder / "membrane.dat")
    errors: list[float] = []
    counts: dict[float, list[int]] = {}
    same = True
    for row in expected:
        if row["step"] == 1:
            same = True
        error_th = (at(times, membrane, 1e-9 * row["sampled_ns"]) - row["membrane_v"]) / swing_v
        spike = at(times, spiked, 1e-9 * row["decided_ns"]) > 0.5
        if same:
            errors.append(error_th)
        same = same and spike == bool(row["spike"])
        count = counts.setdefault(row["window"], [0, 0])
        count[0] += spike
        count[1] += int(row["spike"])
    rms = _rms(errors)
    moved_th = _rms([(row["membrane_v"] - rest_v) / swing_v for row in expected])
    limit_th = min(RMS_TH, max(RMS_OF_MEMBRANE * moved_th, LEAST_TH))
    equal = sum(found == wanted for found, wanted in counts.values())
    warnings = _warnings(folder / "ngspice.log")
    lines = [
        f"membrane: {rms:.4f} th rms, {max(map(abs, errors)):.4f} th at most, over {len(errors)} of {len(expected)}"
        f" steps (at most {limit_th:.2g} th rms)",
        f"counts: {equal} of {len(counts)} windows equal ({sum(c[1] for c in counts.values())} spikes expected,"
        f" {sum(c[0] for c in counts.values())} found; at least {WINDOWS_EQUAL:g} of the windows)",
        *(f"ngspice: {line}" for line in warnings[:5]),
    ]
    # Rounded down, or few windows could never differ: of 12, none may.
    agrees = rms <= limit_th and len(counts) - equal <= int((1 - WINDOWS_EQUAL) * len(counts) + 1e-9) and not warnings
    return agrees, [*lines, "PASS" if agrees else "FAIL"]


def _rms(values: list[float]) -> float:
    return math.sqrt(sum(value**2 for value in values) / len(values))


def _warnings(path: Path) -> list[str]:
    """What the simulator complained about; nothing if it left no log."""
    if not path.exists():
        return []
    return [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if _warn(line)]


def _warn(line: str) -> bool:
    return bool(_WARNINGS.search(line)) and "no. of" not in line.lower()


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    try:
        agrees, lines = compare(folder)
    except (OSError, ValueError, KeyError) as error:
        print(f"compare.py: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
