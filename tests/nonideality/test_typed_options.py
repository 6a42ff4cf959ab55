"""Options of any type: a pydantic model, filled from what stands in a noise's text."""

import json
import re
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from plug_ins import EFFECT, write_package
from pydantic import BaseModel, Field, FilePath, model_validator
from small_chips import spec_of

from chipsim.die import fabricate
from nonideality import NoiseError, catalogue, parse, settled
from nonideality.grammar import _options
from nonideality.typed_options import chosen_of, meanings_of


class Options(BaseModel):
    """One of each kind."""

    measured: FilePath | None = Field(None, description="CSV of relative thresholds")
    along: Literal["columns", "rows"] = Field("columns", description="where it grows")
    corners: tuple[float, ...] = Field((), description="one for each corner")
    flipped: bool = False
    times: int = Field(1, ge=1, description="how often")
    wafer: str = ""

    @model_validator(mode="after")
    def _fits(self):
        if self.flipped and self.along == "rows":
            raise ValueError("rows cannot be\nflipped")
        return self


def chosen(**given):
    return chosen_of("tilt", Options, given)


def test_text_becomes_values_of_their_types(tmp_path):
    (tmp_path / "a=1.csv").touch()
    read = chosen(measured=f"{tmp_path}/a=1.csv", along="rows", corners="[1, 2.5]", flipped="no", times="3", wafer="12")
    assert (read.measured, read.along, read.corners) == (tmp_path / "a=1.csv", "rows", (1, 2.5))
    assert (read.flipped, read.times, read.wafer) == (False, 3, "12")
    assert chosen() == Options() and chosen(times=2, corners=(1.0,)) == Options(times=2, corners=(1.0,))


def test_quotes_brackets_and_braces_are_json():
    assert chosen(wafer='"a, b"').wafer == "a, b"
    assert chosen(wafer='"torn').wafer == '"torn'
    assert chosen(measured="null").measured is None


WRONG = [
    (
        {"measured": "no/such.csv"},
        "tilt: option measured 'no/such.csv': path does not point to a file (CSV of relative",
    ),
    ({"along": "diagonals"}, "tilt: option along 'diagonals': input should be 'columns' or 'rows' (where it grows)"),
    ({"times": "0"}, "tilt: option times '0': input should be greater than or equal to 1 (how often)"),
    ({"times": "often"}, "tilt: option times 'often': input should be a valid integer"),
    ({"corners": "[1, x]"}, "tilt: option corners '[1, x]': input should be a valid"),
    ({"flipped": "yes", "along": "rows"}, "tilt: rows cannot be flipped"),
    ({"tims": "1"}, "tilt: there is no option 'tims': did you mean 'times'? choose from measured, along"),
]


@pytest.mark.parametrize(("given", "message"), WRONG)
def test_what_cannot_be_is_one_line(given, message):
    with pytest.raises(NoiseError, match=f"^{re.escape(message)}") as refused:
        chosen(**given)
    assert "\n" not in str(refused.value)


def test_what_must_be_given():
    class Needs(BaseModel):
        measured: Path = Field(description="CSV of thresholds")

    with pytest.raises(
        NoiseError, match=r"^tilt: option measured is missing \(CSV of thresholds\): add ,measured=VALUE$"
    ):
        chosen_of("tilt", Needs, {})
    assert meanings_of(Needs) == {"measured": "CSV of thresholds; must be given"}


def test_what_the_catalogue_says():
    meanings = meanings_of(Options)
    assert meanings["along"] == "where it grows; columns if not given"
    assert meanings["measured"] == "CSV of relative thresholds" and meanings["flipped"] == "bool; False if not given"


MEASURED = (
    (
        EFFECT.replace(
            "from nonideality", "import numpy as np\nfrom pydantic import BaseModel, Field, FilePath\nfrom nonideality"
        )
        .replace(
            '    options = {"depth": "divides the level"}',
            "    class Options(BaseModel):\n"
            '        measured: FilePath = Field(description="CSV, a line for each layer")\n'
            "        corners: tuple[float, ...] = ()\n",
        )
        .replace('(1 + self.level / self.option_values.get("depth", 1))', "self.measured_in(errors.place.layer)")
    )
    + """
    def measured_in(self, layer):
        lines = self.chosen.measured.read_text().splitlines()
        return np.array([float(number) for number in lines[layer - 1].split(",")])
"""
)


@pytest.fixture
def measured(site, tmp_path):
    write_package(site, entries={"nonidealities:droop": "acme:Droop"}, sources={"acme.py": MEASURED})
    path = tmp_path / "my thresholds, v=2.csv"
    path.write_text("1.5,1,0.5\n2,3\n")
    return json.dumps(str(path))


def test_an_effect_that_reads_what_was_measured(measured):
    first, second = fabricate(spec_of((4, 3, 2), noise=(f"droop:1,measured={measured}",)), 1)
    assert first.tables.threshold.tolist() == [1.5, 1, 0.5] and second.tables.threshold.tolist() == [2, 3]
    noise = parse(f"droop:1@threshold,corners=[1, 2],measured={measured},layer=2")
    assert noise.layer == 2 and noise.effect.chosen.corners == (1, 2)
    assert noise.describe()[0].endswith(
        f"corners = (1.0, 2.0), measured = {json.loads(measured)}; frozen; layer 2 only"
    )


def test_what_was_measured_of_another_chip(measured):
    line = r"^noise 'droop' of acme 1\.2 \(acme:Droop\) fails at site threshold of layer 1, die 1: ValueError: operands"
    with pytest.raises(NoiseError, match=line):
        fabricate(spec_of((4, 9, 2), noise=(f"droop:1,measured={measured}",)), 1)


def test_its_options_in_a_noises_text(measured):
    assert catalogue()["droop"].option_meanings()["measured"] == "CSV, a line for each layer; must be given"
    for text, message in {
        "droop:1": "droop: option measured is missing (CSV, a line for each layer): add ,measured=VALUE",
        "droop:1,measured=nowhere.csv": "droop: option measured 'nowhere.csv': path does not point to a file",
        "droop:1,depth=2": "noise 'droop:1,depth=2': 'depth=2' is not key=value with a key from layer, measured",
        "droop:1,measured": "noise 'droop:1,measured': 'measured' is not key=value",
    }.items():
        with pytest.raises(NoiseError, match=f"^{re.escape(message)}"):
            parse(text)


def test_paths_are_made_absolute_and_nothing_else_changes(measured, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert settled('droop:1@threshold,measured="my thresholds, v=2.csv",corners=[1, 2],layer=2') == (
        f"droop:1@threshold,measured={measured},corners=[1, 2],layer=2"
    )
    (tmp_path / "plain.csv").touch()
    assert settled("droop:1,measured=./plain.csv") == f"droop:1,measured={tmp_path}/plain.csv"
    assert settled("ktc:100.0,temperature=77") == "ktc:100.0,temperature=77"
    with pytest.raises(NoiseError, match="option measured is missing"):
        settled("droop:1")


def test_an_option_called_layer_is_refused(site):
    source = EFFECT.replace('"depth": "divides', '"layer": "divides')
    write_package(site, entries={"nonidealities:droop": "acme:Droop"}, sources={"acme.py": source})
    with pytest.raises(NoiseError, match="it has an option named layer, which every noise has already; rename it"):
        parse("droop:1")


@given(text=st.text(st.characters(codec="utf-8"), max_size=30), rest=st.sampled_from(["", ",layer=2"]))
@example('"', "")
@example("[" * 2000, ",layer=2")
def test_any_text_can_be_an_options_value(text, rest):
    """As JSON: it comes back whole, whatever it holds."""
    [pair, *others] = _options(f",wafer={json.dumps(text)}{rest}")
    assert pair[1:] == ("wafer", json.dumps(text)) and len(others) == bool(rest)
    assert chosen(wafer=json.dumps(text)).wafer == text
