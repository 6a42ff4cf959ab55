"""Colours that the colour-blind can tell apart, from Okabe and Ito's palette; pictures double each by a line style."""

from __future__ import annotations

from typing import Any

BLACK, GREY, BLUE, GREEN, VERMILION, PURPLE = "#000000", "#B0B0B0", "#0072B2", "#009E73", "#D55E00", "#CC79A7"
DASHES: Any = (0, (4, 2))
