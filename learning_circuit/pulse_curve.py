"""From measured pulses to the step that a device takes at each place of its range.

A device is measured by a train of equal pulses that raise its conductance (potentiation) and one that lowers it again
(depression). How far a pulse moves it depends on where it is: that is all a learning circuit feels.
"""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

COLUMNS = ("pulse", "potentiation", "depression")
PLACES = 33  # of the range, evenly spaced, at which the step is kept
_FEWEST = 3  # rows: two steps each way


def steps_of_curve(
    potentiation: NDArray[np.float64], depression: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Relative steps up and down at PLACES places from the low to the high end of the range; 1 is a linear device's.

    potentiation: (n,) conductances after each pulse, rising; depression: (n,), falling; in any one unit. A device
    that crosses its whole range in n - 1 equal steps is linear.
    """
    low = min(potentiation[0], depression[-1])
    high = max(potentiation[-1], depression[0])
    places = np.linspace(0, 1, PLACES)
    curves = []
    for rising in (potentiation, depression[::-1]):
        level = (rising - low) / (high - low)
        curves.append(np.interp(places, (level[1:] + level[:-1]) / 2, np.diff(level) * (len(level) - 1)))
    return curves[0], curves[1]


def read_pulse_curve(path: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`steps_of_curve` of a CSV with a header and the columns pulse, potentiation, depression.

    Raises ValueError of one line that names the file, the line, the value and the rule.
    """
    try:
        if not (os.path.isfile(path) or os.path.isdir(path)) and os.path.exists(path):
            raise ValueError(f"pulse_curve_csv {path} is a pipe or a device: name a file that lists pulses")
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            lines = [(number, row) for number, row in enumerate(csv.reader(file), start=1) if any(map(str.strip, row))]
    except OSError as error:
        raise ValueError(f"pulse_curve_csv {path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"pulse_curve_csv {path} is not a CSV of text: {error}") from None
    names = [name.strip().lower() for name in lines[0][1]] if lines else []
    if sorted(names) != sorted(COLUMNS):
        raise ValueError(f"pulse_curve_csv {path}, line 1: begin with a header that names {', '.join(COLUMNS)}")
    curve: list[list[float]] = []
    for number, row in lines[1:]:
        curve.append(_checked_row(f"pulse_curve_csv {path}, line {number}", names, row, curve))
    if len(curve) < _FEWEST:
        raise ValueError(f"pulse_curve_csv {path}: {len(curve)} measured pulses, at least {_FEWEST} are needed")
    _, potentiation, depression = np.array(curve).T
    if potentiation[0] == potentiation[-1] or depression[0] == depression[-1]:
        raise ValueError(f"pulse_curve_csv {path}: a conductance that never changes is no device that can learn")
    return steps_of_curve(potentiation, depression)


def _checked_row(where: str, names: list[str], row: list[str], before: list[list[float]]) -> list[float]:
    """The row's numbers in the order of COLUMNS. Raises ValueError."""
    if len(row) != len(names):
        raise ValueError(f"{where}: {len(row)} values, but the header names {len(names)}")
    values = []
    for name in COLUMNS:
        text = row[names.index(name)].strip()
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(
                f"{where}: {name} {text!r} is not a finite number; leave out pulses that were not measured"
            )
        values.append(value)
    if before:
        for name, last, now, sign in zip(COLUMNS, before[-1], values, (1, 1, -1), strict=True):
            strictly = name == "pulse"
            if sign * (now - last) < 0 or (strictly and now == last):
                rule = {"pulse": "count upward", "potentiation": "never fall", "depression": "never rise"}[name]
                raise ValueError(
                    f"{where}: {name} goes from {last:g} to {now:g}, but it must {rule}; smooth or sort it"
                )
    return values
