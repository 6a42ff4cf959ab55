"""What killed processes have begun to write and not finished is gone after the next file that is written there."""

import os

import pytest

from host.files import folder_beside, replacing, write_text


def killed_while(act):
    """A process that does `act` and is gone."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        finally:
            os._exit(9)
    os.waitpid(pid, 0)


def writes(path):
    def act():
        with replacing(path) as beside:
            beside.write_text("half")
            os._exit(9)

    return act


BEGUN = {
    "a file": lambda folder: writes(folder / "page.html"),
    "of a long name": lambda folder: writes(folder / ("ü" * 120)),
    "a folder": lambda folder: lambda: (folder_beside(folder / "run") / "spec.toml").write_text("half"),
    "a database": lambda folder: merges(folder / "s.sqlite"),
}


def merges(path):
    def act():
        with replacing(path) as beside:
            (beside.parent / f"{beside.name}-wal").write_text("half")
            os._exit(9)

    return act


@pytest.mark.parametrize("begun", BEGUN)
def test_what_the_dead_have_begun_is_removed(tmp_path, begun):
    killed_while(BEGUN[begun](tmp_path))
    names = os.listdir(tmp_path)
    assert names and all(name.startswith(".") for name in names)
    write_text(tmp_path / "rows.csv", "whole")
    assert os.listdir(tmp_path) == ["rows.csv"]


def test_what_belongs_to_others_stays(tmp_path):
    """Of this process, of another machine, a user's own."""
    own = [".page.html.swp", ".page.html.12345678", ".x.part", "x.01234567-99999999.part", ".a.01234567-99999999.part"]
    for name in own:
        (tmp_path / name).write_text("mine")
    with replacing(tmp_path / "page.html") as beside:
        write_text(tmp_path / "rows.csv", "whole")
        beside.write_text("whole")
    assert sorted(os.listdir(tmp_path)) == sorted([*own, "page.html", "rows.csv"])


def test_an_error_leaves_nothing(tmp_path):
    with pytest.raises(KeyError), replacing(tmp_path / "page.html"):
        raise KeyError
    assert os.listdir(tmp_path) == []
