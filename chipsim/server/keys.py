"""Keys of CURVE, ZeroMQ's encryption (RFC 26/CurveZMQ): who may talk to a chip, and is it the right chip?

A folder of keys holds `secret.key`, which only its owner may read, and `public.key`, which is for the others. Folders
that somebody else could change are refused: see `chipsim.simd.private_places`.
"""

from __future__ import annotations

import errno
import math
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from threading import Lock
from time import monotonic
from urllib.parse import urlsplit

import zmq
from zmq.auth import load_certificate
from zmq.utils import z85

from chipsim.design import ChipError
from chipsim.reading import UnreadableError, ends_beside
from chipsim.simd import changeable_by_others

SECRET, PUBLIC = "secret.key", "public.key"
_MOST_BYTES = 1 << 16  # of a file of keys
_FRESH_S = 1.0  # as old as the list of allowed keys may be


@dataclass(frozen=True)
class KeyPair:
    """As ZeroMQ takes them."""

    public: bytes
    secret: bytes


def make_keys(folder: Path) -> KeyPair:
    """A new pair in `folder`, a new or empty one: both files or none. Raises ChipError if they cannot be there.

    What a process that is killed leaves beside it, `remove_left_over` knows.
    """
    public, secret = zmq.curve_keypair()
    text = '# {what} of a chipsim host or chip server (CURVE). {care}\ncurve\n    public-key = "{public}"\n'
    shown = text.format(what="Public key", care="Give it to the other end.", public=public.decode())
    hidden = text.format(what="Secret key", care="Keep it to yourself.", public=public.decode())
    beside: Path | None = None
    try:
        place = Path(os.path.realpath(folder))  # pathlib's own word for a circle of links is no OSError
        place.parent.mkdir(parents=True, exist_ok=True)
        prefix, suffix = ends_beside(place)
        beside = Path(tempfile.mkdtemp(dir=place.parent, prefix=prefix, suffix=suffix))  # which nobody else can enter
        _write(beside / SECRET, f'{hidden}    secret-key = "{secret.decode()}"\n', 0o600)
        _write(beside / PUBLIC, shown, 0o644)
        os.rename(beside, place)  # where nothing is, or an empty folder
    except OSError as error:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)
        raise _cannot_make(folder, error) from None
    except BaseException:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)
        raise
    return KeyPair(public, secret)


def _write(path: Path, content: str, mode: int) -> None:
    """Never readable by more than `mode` says, not even for a moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="ascii") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _cannot_make(folder: Path, error: OSError) -> ChipError:
    for name in (SECRET, PUBLIC):
        if os.path.lexists(folder / name):
            return ChipError(f"{folder / name} exists: keys are not overwritten; choose another --out")
    if os.path.lexists(folder) and error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
        return ChipError(f"{folder} is no empty folder, and keys have one of their own; choose another --out")
    return ChipError(f"cannot write keys to {folder}: {error.strerror}; choose another --out")


def load_keys(folder: Path) -> KeyPair:
    """The pair in `folder`. Raises ChipError if it is not there, or is not its owner's alone."""
    path = folder / SECRET
    public, secret = _load(path)
    if secret is None:
        raise ChipError(f"{path} holds no secret key: make keys with chipsim keygen --out {folder}")
    if path.stat().st_mode & 0o077:
        raise ChipError(f"{path} can be read by others: chmod 600 {path}, or make new keys if they may have been read")
    _check_own(path)
    return KeyPair(public, secret)


def _check_own(path: Path) -> None:
    """Raises ChipError if others could put another key there."""
    if why := changeable_by_others(path):
        raise ChipError(f"{why}, so {path} may be anybody's: chown it, chmod go-w it, or move the keys elsewhere")


def load_public_key(path: Path) -> bytes:
    """Somebody's public key, from their `public.key`. Raises ChipError."""
    return _load(path)[0]


def check_allowed(folder: Path) -> None:
    """Raises ChipError if `folder` names nobody who may come in, or others than its owner could let somebody in."""
    if not folder.is_dir():
        raise ChipError(
            f"--allow {folder} is no folder: make it, and put the hosts' {PUBLIC} files there, NAME.key each"
        )
    _check_own(folder)
    paths = _key_files(folder)
    if not paths:
        raise ChipError(f"--allow {folder} holds no NAME.key: nobody could connect; copy a host's {PUBLIC} there")
    for path in paths:
        _check_own(path)
        load_public_key(path)


class AllowedKeys:
    """The hosts that a running server lets in: whose key is in a folder now. Any thread may ask."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._keys: frozenset[str] = frozenset()
        self._read_at = -math.inf

    def hold(self, key: str) -> bool:
        """Whether the owner of a public key is let in; as of a second ago at most."""
        with self._lock:
            if monotonic() - self._read_at > _FRESH_S:
                self._keys, self._read_at = frozenset(self._read()), monotonic()
            return key in self._keys

    def callback(self, domain: str, key: bytes) -> bool:
        """As `zmq.auth` asks."""
        return self.hold(key.decode("ascii"))

    def _read(self) -> Iterator[str]:
        """A file that cannot be read, perhaps half copied, lets nobody in, and keeps nobody else out."""
        with suppress(ChipError, OSError):
            _check_own(self._folder)
            for path in _key_files(self._folder):
                with suppress(ChipError, OSError):
                    _check_own(path)
                    yield load_public_key(path).decode("ascii", "replace")


def _key_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.key"))


def _load(path: Path) -> tuple[bytes, bytes | None]:
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:  # nobody waits for a pipe, or reads a disk
            raise OSError
        public, secret = load_certificate(path)
    except (UnreadableError, OSError) as error:
        raise ChipError(f"there is no key at {path} ({error}): make keys with chipsim keygen --out FOLDER") from None
    except (ValueError, IndexError):  # no line of a public key, or one without an equals sign
        raise ChipError(f'{path} is no key of chipsim keygen: it has no line public-key = "..."') from None
    for key in (public, secret):
        if key is not None and not _is_key(key):
            raise ChipError(f"{path} is damaged: a key has 40 characters of Z85; make new ones with chipsim keygen")
    return public, secret


def _is_key(key: bytes) -> bool:
    """Whether it is 32 bytes in Z85 (RFC 32), five characters for four of them."""
    try:
        return len(key) == 40 and len(z85.decode(key)) == 32
    except (KeyError, struct.error):  # a character that is none of its 85; a group beyond 32 bits
        return False


def is_local(address: str) -> bool:
    """Whether an address such as tcp://127.0.0.1:5555 is reached from this machine only. Raises ChipError."""
    try:
        parts = urlsplit(address)
        if parts.scheme == "ipc" and (parts.path or parts.netloc):
            return True
        port = address.rpartition(":")[2]
        if parts.scheme != "tcp" or not (port == "*" or (port.isdecimal() and int(port) < 1 << 16)):
            raise ValueError
        host = address[len("tcp://") :].rpartition(":")[0].strip("[]")
        if not host:
            raise ValueError
    except ValueError:
        raise ChipError(f"{address!r} is no address: write tcp://HOST:PORT, for example tcp://127.0.0.1:5555") from None
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
