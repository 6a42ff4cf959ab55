"""What pyproject.toml, constraints.txt and CITATION.cff say of the project, held against each other and the code."""

import re
import tomllib

from house import PACKAGES, ROOT, sources

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
FOR_DEVELOPERS = {"test", "check", "fuzz", "docs"}


def name_of(requirement):
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


def test_all_is_every_extra_that_a_user_can_want():
    [everything] = EXTRAS["all"]
    named = everything.removeprefix("chipsim[").removesuffix("]").split(",")
    assert set(named) == EXTRAS.keys() - FOR_DEVELOPERS - {"all"}


def test_an_extra_that_is_named_is_there_and_each_is_named_where_it_is_needed():
    text = "".join((ROOT / file).read_text() for file in sources(*PACKAGES))
    by_package = re.search(r"_EXTRAS = \{(.*?)\}", text)[1]  # of those that are imported by one function
    named = set(re.findall(r"chipsim\[(\w+)\]", text)) | set(re.findall(r'"\w+": "(\w+)"', by_package))
    assert named <= EXTRAS.keys()
    assert EXTRAS.keys() - FOR_DEVELOPERS - {"all"} <= named


def test_what_is_needed_is_pinned():
    pinned = {name_of(line) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    wanted = [*PROJECT["dependencies"], *(each for extra in EXTRAS.values() for each in extra)]
    assert {name_of(each) for each in wanted} - {"chipsim", "atheris"} <= pinned


def test_the_citation_names_the_project_and_invents_nobody():
    text = (ROOT / "CITATION.cff").read_text()
    assert f"version: {PROJECT['version']}\n" in text
    [authors] = re.findall(r"^authors:\n((?:  .*\n)+)", text, re.MULTILINE)
    assert authors == "  - name: chipsim\n"
