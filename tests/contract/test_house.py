"""The house keeps its rules: imports run down, without circles, and through faces; every room has a page.

Imports inside functions and under TYPE_CHECKING count like any other. CONTRIBUTING.md says what the rules are for.
"""

import ast
from collections import Counter
from pathlib import Path

import pytest
from house import (
    MODULES,
    PACKAGES,
    ROOMS,
    ROOT,
    above,
    circles,
    dotted,
    faces,
    imports_in,
    imports_of,
    is_room,
    ours,
    sources,
)

import chipsim

# Each may import those before it in its own package, and the packages below. Files at the root count as rooms.
FLOORS = {
    "learning_circuit": [],
    "nonideality": [],
    "chipsim": [
        *("user_error", "reading", "simd", "design", "random", "layout", "physical", "neurons", "kernel", "die"),
        *("cost", "design_rules", "execution", "interface", "chip", "wire", "server", "__main__"),
    ],
    "host": [
        *("errors", "faults", "near", "stored_arrays", "files", "lock", "terminal", "settings", "data", "link"),
        *("teachers", "training", "gradients", "methods", "run", "sweep", "trace", "export", "studies", "plots"),
        *("compare", "report", "bench", "cli", "api"),
    ],
}
BELOW = {
    "learning_circuit": set(),
    "nonideality": set(),
    "chipsim": {"learning_circuit", "nonideality"},
    "host": {"chipsim", "learning_circuit", "nonideality"},
}
# What a user calls as chipsim.run stands in the host's highest room. The face of chipsim looks it up when it is asked
# for, and `python -m chipsim` is the command line: these two arrows go up, and no other.
DOOR = {("chipsim", "host.api"), ("chipsim.__main__", "host.cli")}
# Loaded when they are needed: extras, and what takes long to import.
LAZY = {
    *("distributed", "matplotlib", "pooch", "pyarrow", "requests", "rich", "scipy", "sklearn", "threadpoolctl"),
    *("torch", "urllib3"),
}
IN_THE_PACKAGES = imports_of(sources(*PACKAGES))
OURS = [each for each in IN_THE_PACKAGES if ours(each.module) and (dotted(each.file), each.module) not in DOOR]


def room_of(module):
    """The room on a floor that a module belongs to; the package itself for its root."""
    package, *rest = module.split(".")
    return package, rest[0] if rest else ""


def allowed(importer, module):
    """Whether one of our modules may import another."""
    (package, room), (other, wanted) = room_of(importer), room_of(module)
    if package != other:
        return other in BELOW[package]
    floors = FLOORS[package]
    if room == wanted or not floors:
        return True
    if not room:  # the face of a package
        return True
    return wanted in floors[: floors.index(room)]


def past_a_face(importer, module, at_home=()):
    """Whether a module lies in a package that the importer is not in, so that only its face may be asked."""
    if is_room(module):
        return False
    package = above(module)
    homes = (above(importer), *at_home)
    return not any(home == package or home.startswith(f"{package}.") for home in homes)


def test_every_package_is_looked_at():
    assert {file.parts[0] for file in MODULES.values()} == set(PACKAGES) == FLOORS.keys() == BELOW.keys()
    for package, floors in FLOORS.items():
        on_disk = {room_of(module)[1] for module in MODULES if room_of(module)[0] == package} - {""}
        assert set(floors) == on_disk or not floors


def test_the_reader_finds_imports_anywhere():
    source = "import os.path\ndef f():\n    from host.data import load\n    import chipsim as c\nfrom . import y\n"
    found = {(each.module, each.name, each.inside) for each in imports_in(source, Path("nonideality/effect.py"))}
    assert found == {
        ("os.path", None, False),
        ("host.data", "load", True),
        ("chipsim", None, True),
        ("nonideality", "y", False),
    }


def test_the_rules_can_fail():
    assert not allowed("chipsim.simd.lanes", "chipsim.kernel") and allowed("chipsim.kernel.loops", "chipsim.simd")
    assert not allowed("nonideality.effect", "chipsim") and not allowed("chipsim.chip", "host.data")
    assert past_a_face("host.run.setup", "host.data.samples") and not past_a_face(
        "host.data.cifar10", "host.data.samples"
    )
    assert past_a_face("host.run.setup", "chipsim.chip") and not past_a_face("host.run.setup", "host.errors")
    assert circles([("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]) == [["a", "b", "c"]]


def test_imports_run_down():
    wrong = [str(each) for each in OURS if not allowed(dotted(each.file), each.module)]
    assert not wrong, "\n".join(wrong)


def test_the_door_is_the_only_way_up_and_nothing_below_has_its_names():
    """A room called run would take the function's place in the package as soon as somebody imports it."""
    found = {(dotted(each.file), each.module) for each in IN_THE_PACKAGES}
    assert found >= DOOR
    handed_on = {name for module, names in chipsim._MODULES.items() if module == "host.api" for name in names}
    assert handed_on == {"check", "compare", "limit", "load_run", "run", "sweep", "trace"} <= faces("host.api")
    assert handed_on | {"UserError"} <= faces("chipsim")
    assert not handed_on & {room_of(module)[1] for module in MODULES if room_of(module)[0] == "chipsim"}


def test_no_circle_between_files():
    assert not circles((dotted(each.file), each.module) for each in OURS)


def test_no_circle_between_rooms():
    """A room within a room is one of its own; so is a file beside one."""
    with_rooms = {above(room.rpartition(".")[0]) for room in ROOMS if "." in room}

    def node(module):
        return module if is_room(module) or above(module) in with_rooms else above(module)

    assert not circles((node(dotted(each.file)), node(each.module)) for each in OURS)


def test_nobody_imports_past_a_face():
    wrong = [str(each) for each in OURS if past_a_face(dotted(each.file), each.module)]
    assert not wrong, "\n".join(wrong)


def mirrored(file):
    """The rooms that a test is at home in: the one whose tests it is among, and what is in it.

    Harnesses of `tests/fuzz` call parsers below the last `except` around them, wherever that is.
    """
    if file.parts[:2] == ("tests", "fuzz"):
        return list(ROOMS)
    room = ".".join(file.parts[1:-1])
    return [each for each in ROOMS if each == room or each.startswith(f"{room}.")] if file.parts[1] in PACKAGES else []


def test_tests_and_examples_look_inside_their_own_room_alone():
    wrong = []
    for each in imports_of(sources("tests", "examples")):
        if ours(each.module) and past_a_face(dotted(each.file), each.module, (*mirrored(each.file), "host")):
            wrong.append(str(each))
    assert not wrong, "\n".join(wrong)


def test_imports_inside_functions_are_of_what_is_heavy():
    """Only commands load what they need when they are asked for."""
    wrong = [
        str(each)
        for each in IN_THE_PACKAGES
        if each.inside
        and each.module.split(".")[0] not in LAZY
        and each.file.parts[:2] != ("host", "cli")
        and each.file != Path("chipsim/__init__.py")
    ]
    assert not wrong, "\n".join(wrong)


def test_a_name_is_imported_by_what_offers_it():
    """What comes from a face is in its __all__; what comes from a module is defined there, not passed on."""
    wrong = [str(each) for each in OURS if each.name and is_room(each.module) and each.name not in faces(each.module)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_a_face_and_a_page(room):
    tree = ast.parse((ROOT / MODULES[room]).read_text())
    page = ast.get_docstring(tree) or ""
    assert len(page.splitlines()) >= 5 or room == "host", f"{room} says too little of itself"
    offered = faces(room)
    inner = [each for each in ROOMS if each.startswith(f"{room}.")]
    assert offered or (room in ("host", "host.gradients") and inner), f"{room} has no __all__"


def test_the_host_takes_little_of_the_chip():
    """From faces alone, see above; the inner rooms are for those who compute with the chip's own pieces."""
    taken = {
        (room_of(each.module)[1], room_of(dotted(each.file))[1])
        for each in OURS
        if each.file.parts[0] == "host" and room_of(each.module)[0] == "chipsim"
    }
    inner = {"kernel", "layout", "random", "simd", "die", "execution"}
    computing = {
        *("bench", "cli", "data", "export", "gradients", "link", "methods", "plots", "teachers", "trace", "training"),
    }
    assert {who for room, who in taken if room in inner} <= computing
    assert "server" not in {room for room, who in taken if who not in ("cli", "link")}


def test_no_class_name_twice_in_a_package():
    for package in PACKAGES:
        names = Counter(
            node.name
            for module, file in MODULES.items()
            if file.parts[0] == package
            for node in ast.parse((ROOT / file).read_text()).body
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        )
        assert [name for name, n in names.items() if n > 1] == []


def test_generated_code_stays_in_its_room():
    """llvmlite and the inside of numba are imported by chipsim.simd alone."""
    wrong = [
        str(each)
        for each in IN_THE_PACKAGES
        if (each.module.split(".")[0] == "llvmlite" or f"{each.module}.".startswith("numba.core."))
        and each.file.parts[:2] != ("chipsim", "simd")
    ]
    assert not wrong, "\n".join(wrong)
