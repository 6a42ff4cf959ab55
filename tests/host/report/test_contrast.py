"""Every colour that carries text or a curve stands out from what is behind it, in light and in dark."""

import re
from importlib.resources import files

import pytest

_STYLE = (files("host.report") / "style.css").read_text(encoding="utf-8")
_LIGHT, _DARK, _PRINT = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root \{(.*?)\}", _STYLE, re.S)
)


def _luminance(color: str) -> float:
    """Relative luminance of WCAG 2.2."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [_LIGHT, _DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ink", ["text", "muted", "link", "ideal", "before", "after"])
@pytest.mark.parametrize("behind", ["page", "panel"])
def test_text_and_curves(palette: dict[str, str], ink: str, behind: str) -> None:
    assert _contrast(palette[ink], palette[behind]) >= 4.5


@pytest.mark.parametrize("palette", [_LIGHT, _DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ink", ["warn-text", "link"])
def test_warnings(palette: dict[str, str], ink: str) -> None:
    assert _contrast(palette[ink], palette["warn-page"]) >= 4.5


def test_paper_is_light_and_every_palette_complete() -> None:
    assert _PRINT == _LIGHT
    assert _DARK.keys() == _LIGHT.keys() and len(_LIGHT) == 13
    used = set(re.findall(r"var\(--([a-z-]+)\)", _STYLE))
    assert used == _LIGHT.keys()


def test_contrast_of_the_standard_itself() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
