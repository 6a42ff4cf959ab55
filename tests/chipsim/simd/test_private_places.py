"""Whether others could change what is at a place: the rule of OpenSSH's StrictModes."""

import os
from pathlib import Path

import pytest

from chipsim.simd import private_places
from chipsim.simd.private_places import changeable_by_others, make_private

SOMEBODY = 12345
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A file in a folder of a home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "a" / "b"
    make_private(folder)
    (folder / "file").write_text("")
    (folder / "file").chmod(0o644)
    return folder / "file"


def test_what_is_ones_own(place):
    assert changeable_by_others(place) == "" == changeable_by_others(place.parent)
    assert place.parent.stat().st_mode & 0o777 == place.parents[1].stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("mode", [0o777, 0o702, 0o720])
def test_where_others_can_write(place, monkeypatch, level, mode):
    """The file, its folder, the one above, and the home."""
    monkeypatch.setattr(private_places, "_has_its_owners_group", lambda place: False)
    where = [place, *place.parents][level]
    where.chmod(mode)
    assert changeable_by_others(place) == f"{where} can be written by others"


def test_above_the_home_nobody_looks(place, monkeypatch):
    monkeypatch.setenv("HOME", str(place.parent))
    place.parents[1].chmod(0o777)
    assert changeable_by_others(place) == ""


def test_a_sticky_folder_keeps_what_is_in_it(place):
    place.parents[1].chmod(0o1777)
    assert changeable_by_others(place) == ""
    place.parent.chmod(0o1777)
    assert changeable_by_others(place.parent) == f"{place.parent} can be written by others"


@root
@pytest.mark.parametrize("level", [0, 1, 2])
def test_what_belongs_to_somebody_else(place, level):
    where = [place, *place.parents][level]
    os.chown(where, SOMEBODY, -1)
    assert changeable_by_others(place) == f"{where} belongs to another user (number {SOMEBODY})"


@root
def test_a_group_of_ones_own_is_nobody_else(place):
    place.parent.chmod(0o770)
    assert changeable_by_others(place) == ""  # root's
    os.chown(place.parent, -1, SOMEBODY)
    assert changeable_by_others(place) == f"{place.parent} can be written by others"


def test_a_link_counts_as_what_it_leads_to(place, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(place)
    place.parent.chmod(0o777)
    assert changeable_by_others(link) == f"{place.parent} can be written by others"
    with pytest.raises(FileNotFoundError):
        changeable_by_others(Path(f"{place}.not"))
