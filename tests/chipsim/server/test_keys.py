"""Keys of a server and its hosts: made whole or not at all, and believed only where nobody else can change them."""

import errno
import os
import shutil
import tempfile

import pytest

from chipsim import ChipError
from chipsim.server.keys import AllowedKeys, check_allowed, load_keys, load_public_key, make_keys

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def everything_in(folder):
    return sorted(path.name for path in folder.rglob("*"))


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("call", ["open 1", "open 2", "fsync 1", "fsync 2", "rename 1"])
def test_both_files_or_none(tmp_path, monkeypatch, call, failure, there):
    """Whichever call fails, and whether the folder is there or not."""
    if there:
        (tmp_path / "keys").mkdir()
    before = everything_in(tmp_path)
    name, number = call.split()
    with monkeypatch.context() as patch:
        real, turns = getattr(os, name), iter(range(1, 100))

        def fails(*arguments, **more):
            if next(turns) == int(number):
                raise failure
            return real(*arguments, **more)

        patch.setattr(os, name, fails)
        with pytest.raises((ChipError, KeyboardInterrupt)):
            make_keys(tmp_path / "keys")
    assert everything_in(tmp_path) == before
    made = make_keys(tmp_path / "keys")
    assert everything_in(tmp_path) == ["keys", "public.key", "secret.key"]
    assert load_keys(tmp_path / "keys") == made


def test_killed_in_the_middle(tmp_path, chipsim):
    """Whatever is left of keys that nobody has been told of goes with the next ones, which say so."""
    for call in ("mkdtemp", "fsync", "rename"):
        if (pid := os.fork()) == 0:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(tempfile if call == "mkdtemp" else os, call, lambda *_, **__: os._exit(9))
                make_keys(tmp_path / "keys")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    left = everything_in(tmp_path)
    assert "secret.key" in left and "keys" not in left
    made = chipsim("keygen", "--out", tmp_path / "keys")
    assert made.status == 0
    assert made.err.count("which a process that was killed had begun\n") == 2
    assert everything_in(tmp_path) == ["keys", "public.key", "secret.key"]


def test_a_folder_of_their_own(tmp_path):
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(ChipError, match="is no empty folder, and keys have one of their own"):
        make_keys(tmp_path)
    with pytest.raises(ChipError, match="is no empty folder"):
        make_keys(tmp_path / "notes")
    assert everything_in(tmp_path) == ["notes"]
    (tmp_path / "link").symlink_to(tmp_path / "keys")
    make_keys(tmp_path / "link")
    with pytest.raises(ChipError, match=r"keys/secret.key exists: keys are not overwritten"):
        make_keys(tmp_path / "keys")


@pytest.mark.parametrize("out", ["circle", "circle/keys", "note/keys", "k" * 300])
def test_places_that_cannot_be(tmp_path, out):
    (tmp_path / "circle").symlink_to("other")
    (tmp_path / "other").symlink_to("circle")
    (tmp_path / "note").write_text("mine")
    with pytest.raises(ChipError, match="choose another --out"):
        make_keys(tmp_path / out)
    assert everything_in(tmp_path) == ["circle", "note", "other"]


@pytest.fixture
def folders(tmp_path):
    """A server's keys, and the hosts that are allowed."""
    make_keys(tmp_path / "chip")
    make_keys(tmp_path / "mine")
    hosts = tmp_path / "hosts"
    hosts.mkdir()
    shutil.copy(tmp_path / "mine" / "public.key", hosts / "me.key")
    return tmp_path / "chip", hosts, load_keys(tmp_path / "mine").public.decode()


def test_a_folder_that_others_can_write(folders):
    chip, hosts, me = folders
    check_allowed(hosts)
    assert AllowedKeys(hosts).hold(me)
    chip.chmod(0o777)
    with pytest.raises(ChipError, match=r"chip can be written by others, so .*secret.key may be anybody's: chown"):
        load_keys(chip)
    (hosts / "me.key").chmod(0o666)
    with pytest.raises(ChipError, match="me.key can be written by others"):
        check_allowed(hosts)
    assert not AllowedKeys(hosts).hold(me)
    (hosts / "me.key").chmod(0o644)
    hosts.chmod(0o777)
    with pytest.raises(ChipError, match="hosts can be written by others"):
        check_allowed(hosts)
    assert not AllowedKeys(hosts).hold(me)


@root
def test_keys_of_another_owner(folders):
    chip, hosts, me = folders
    os.chown(chip / "secret.key", 12345, -1)
    os.chown(hosts / "me.key", 12345, -1)
    with pytest.raises(ChipError, match=r"secret.key belongs to another user .number 12345."):
        load_keys(chip)
    with pytest.raises(ChipError, match="me.key belongs to another user"):
        check_allowed(hosts)
    assert not AllowedKeys(hosts).hold(me)


def test_a_key_that_cannot_be_read_keeps_no_other_out(folders):
    _, hosts, me = folders
    (hosts / "a.key").write_text("half")
    (hosts / "b.key").symlink_to("nowhere")
    (hosts / "c.key").mkdir()
    os.mkfifo(hosts / "d.key")
    (hosts / "e.key").symlink_to("/dev/zero")
    assert AllowedKeys(hosts).hold(me)
    shutil.rmtree(hosts)
    assert not AllowedKeys(hosts).hold(me)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("public-key", "is no key of chipsim keygen: it has no line public-key"),
        ("nothing", "is no key of chipsim keygen"),
        ('public-key = ""', "is damaged: a key has 40 characters of Z85"),
        (f'public-key = "{"a" * 39}"', "is damaged"),
        (f'public-key = "{"~" * 40}"', "is damaged"),  # no character of Z85
        (f'public-key = "{"#" * 40}"', "is damaged"),  # beyond 32 bits
        (f'public-key = "{"a" * 40}"\nsecret-key = "{"#" * 40}"', "is damaged"),
    ],
)
def test_files_that_hold_no_key(tmp_path, text, words):
    (tmp_path / "it.key").write_text(text)
    with pytest.raises(ChipError, match=words):
        load_public_key(tmp_path / "it.key")
