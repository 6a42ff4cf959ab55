"""Groups of plug-ins: names without loading, one loaded at a time, and a line that says whose is broken."""

import re
import sys
from abc import ABC, abstractmethod
from pathlib import Path

import pytest
from plug_ins import write_package

from nonideality import ListedPlugin, Plugin, PluginGroup, groups_found

GROUP = "chipsim.shapes"


class ShapeError(ValueError):
    pass


class Shape(ABC):
    """What plug-ins subclass."""

    @abstractmethod
    def area(self): ...


class Square(Shape):
    name = "square"
    sides = 4

    def area(self):
        return 1


class Dot(Square):
    name = "dot"


def shapes(**changes):
    settings = {"what": "shape", "error": ShapeError, "see": "chipsim shapes", **changes}
    return PluginGroup(GROUP, Shape, ("sides",), (Square, Dot), **settings)


GOOD = """
from nonideality_shapes import Square
class Disc(Square):
    name = "disc"
    def __init__(self, size=1):
        self.size = 1 / size
class Ring(Square):
    name = "ring"
"""


@pytest.fixture(autouse=True)
def these_shapes(monkeypatch):
    """What packages of the tests import."""
    monkeypatch.setitem(sys.modules, "nonideality_shapes", sys.modules[__name__])


def offer(site, source, name="disc", value="acme_shapes:Disc", package="acme-shapes", version="1.2"):
    write_package(site, package, version, {f"shapes:{name}": value}, {f"{value.partition(':')[0]}.py": source})


def test_without_plug_ins():
    assert shapes().names() == shapes().built_in == ("square", "dot")
    assert shapes().get("dot") is Dot
    assert shapes().plugin("dot") is None
    with pytest.raises(ShapeError, match=r"^unknown shape 'dott': did you mean 'dot'\? choose from square, dot \(see"):
        shapes().get("dott")


def test_one_of_another_package(site):
    offer(site, GOOD)
    assert shapes().names() == ("square", "dot", "disc")
    assert shapes().plugin("disc") == Plugin(GROUP, "disc", "acme-shapes", "1.2")
    assert "acme_shapes" not in sys.modules
    assert shapes().get("disc") is sys.modules["acme_shapes"].Disc
    assert GROUP in groups_found()


def test_only_what_is_asked_for_is_loaded(site):
    offer(site, GOOD)
    offer(site, "raise RuntimeError('touched')", "other", "other_shapes:Other", "other")
    assert shapes().names() == ("square", "dot", "disc", "other")
    assert shapes().get("disc").name == "disc"
    assert shapes().offers("other")
    assert "other_shapes" not in sys.modules


def test_names_are_known_before_the_classes_are(site):
    """As for a room that needs the names of what a room above it holds."""
    group = PluginGroup(GROUP, what="shape", error=ShapeError, names=("square", "dot"))
    offer(site, GOOD)
    assert group.names() == ("square", "dot", "disc")
    group.provide(Shape, ("sides",), (Square, Dot))
    assert group.get("square") is Square and group.get("disc").name == "disc"
    with pytest.raises(TypeError, match="classes square for the names square, dot"):
        group.provide(Shape, (), (Square,))


BROKEN = {
    "fails as it is imported": (
        "import there_is_no_such_module",
        "cannot be loaded: ModuleNotFoundError: No module named 'there_is_no_such_module'; repair or uninstall"
        " acme-shapes",
    ),
    "fails in two lines": (
        "raise RuntimeError('two\\nlines')",
        "cannot be loaded: RuntimeError: two lines; repair or uninstall acme-shapes",
    ),
    "ends the process": (
        "import sys; sys.exit(3)",
        "cannot be loaded: SystemExit: 3; repair or uninstall acme-shapes",
    ),
    "is not there": (
        "",
        "cannot be loaded: AttributeError: module 'acme_shapes' has no attribute 'Disc'; repair or uninstall"
        " acme-shapes",
    ),
    "is of another class": (
        "class Disc: name = 'disc'",
        "is not a subclass of test_plugins.Shape; make it one, or uninstall acme-shapes",
    ),
    "is no class": (
        "def Disc(): pass",
        "is not a subclass of test_plugins.Shape; make it one, or uninstall acme-shapes",
    ),
    "lacks attributes": (
        "from nonideality_shapes import Shape\nclass Disc(Shape):\n    def area(self): return 1",
        "lacks name, sides; add them to the class, or uninstall acme-shapes",
    ),
    "lacks a method": (
        "from nonideality_shapes import Shape\nclass Disc(Shape):\n    name = 'disc'\n    sides = 0",
        "lacks area; write them, or uninstall acme-shapes",
    ),
    "calls itself otherwise": (
        GOOD.replace("'disc'", "'disk'").replace('"disc"', '"disk"'),
        "calls itself 'disk'; give class and entry point one name, or uninstall acme-shapes",
    ),
}


@pytest.mark.parametrize(("source", "problem"), BROKEN.values(), ids=BROKEN)
def test_a_broken_one_is_named_and_hurts_no_other(site, source, problem):
    offer(site, source)
    assert shapes().get("square") is Square
    assert shapes().names() == ("square", "dot", "disc")
    line = f"shape 'disc' of acme-shapes 1.2 (acme_shapes:Disc) {problem}"
    with pytest.raises(ShapeError, match=f"^{re.escape(line)}$"):
        shapes().get("disc")
    usable, problems = shapes().load_all()
    assert (list(usable), problems) == (["square", "dot"], [line])
    [listed] = [each for each in shapes().listing() if each.plugin.name == "disc"]
    assert (listed.problem, listed.source) == (problem, str(site / "acme_shapes.py"))


def test_a_repaired_one_works_again(site):
    offer(site, "import there_is_no_such_module")
    with pytest.raises(ShapeError):
        shapes().get("disc")
    (site / "acme_shapes.py").write_text(GOOD)
    assert shapes().get("disc").name == "disc"


def test_a_name_of_ours_that_is_taken(site):
    """Refused where it is used, and nowhere else."""
    offer(site, GOOD.replace("disc", "square"), "square")
    assert shapes().names() == ("square", "dot")
    assert shapes().get("dot") is Dot
    with pytest.raises(
        ShapeError,
        match=r"^shape 'square' is offered by chipsim \S+ and acme-shapes 1\.2: uninstall one of them, or rename it",
    ):
        shapes().get("square")
    listed = [each for each in shapes().listing() if each.plugin.name == "square"]
    assert [each.plugin.package for each in listed] == ["chipsim", "acme-shapes"]
    assert all("is offered by" in each.problem for each in listed)


def test_two_packages_with_one_name(site):
    offer(site, GOOD)
    offer(site, GOOD, "disc", "other:Disc", "other-shapes", "3")
    assert shapes().names() == ("square", "dot", "disc")
    with pytest.raises(ShapeError, match="is offered by .*(acme-shapes 1.2|other-shapes 3) and"):
        shapes().get("disc")


def test_a_package_that_is_there_twice_is_the_first_one(site, tmp_path, monkeypatch):
    offer(site, GOOD)
    (tmp_path / "later").mkdir()
    offer(tmp_path / "later", "raise RuntimeError", package="Acme.Shapes", version="0.9")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "later")])
    assert shapes().plugin("disc").version == "1.2"


def test_packages_whose_metadata_are_damaged_hurt_nobody(site):
    offer(site, GOOD)
    torn = site / "torn-1.0.dist-info"
    torn.mkdir()
    (torn / "entry_points.txt").write_text("[chipsim.shapes]\nno equals sign\n# a comment\nempty =\n")
    binary = site / "binary-1.0.dist-info"
    binary.mkdir()
    (binary / "entry_points.txt").write_bytes(b"[chipsim.shapes]\n\xff = a:b\n")
    assert shapes().get("disc").name == "disc"
    assert shapes().get("square") is Square
    for listed in shapes().listing():
        assert (listed.problem is None) == (listed.plugin.name in ("square", "dot", "disc"))


def test_the_listing_says_where_each_is_from(site):
    offer(site, GOOD)
    first, _, third = shapes().listing()
    assert first.plugin.package == "chipsim" and Path(first.source) == Path(__file__)
    assert third == ListedPlugin(Plugin(GROUP, "disc", "acme-shapes", "1.2"), str(site / "acme_shapes.py"), None)


def test_what_is_printed_as_it_is_loaded_goes_to_stderr(site, capsys):
    offer(site, "print('hello')" + GOOD)
    shapes().get("disc")
    assert capsys.readouterr() == ("", "hello\n")


def test_an_object_that_cannot_be_made_is_blamed_on_its_package(site):
    offer(site, GOOD)
    assert shapes().make("disc", 2).size == 0.5
    with pytest.raises(ShapeError, match=r"^shape 'disc' of acme-shapes 1.2 \(acme_shapes:Disc\) cannot be made: Zero"):
        shapes().make("disc", 0)
    with pytest.raises(TypeError):  # a defect of ours is no plug-in's
        shapes().make("square", 0)


def test_errors_that_a_plug_in_means_pass(site):
    offer(site, GOOD)
    with pytest.raises(ShapeError, match="^too round$"), shapes().blamed("disc", "fails"):
        raise ShapeError("too round")
