"""Keys of CURVE, ZeroMQ's encryption (RFC 26/CurveZMQ): who may talk to a chip, and is it the right chip?

A folder of keys holds `secret.key`, which only its owner may read, and `public.key`, which is for the others.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import zmq
from zmq.auth import load_certificate

from chipsim.design import ChipError
from chipsim.reading import UnreadableError, open_file

SECRET, PUBLIC = "secret.key", "public.key"


@dataclass(frozen=True)
class KeyPair:
    """As ZeroMQ takes them."""

    public: bytes
    secret: bytes


def make_keys(folder: Path) -> KeyPair:
    """A new pair in `folder`, which is made if missing. Raises ChipError if it holds keys or cannot be written."""
    public, secret = zmq.curve_keypair()
    text = '# {what} of a chipsim host or chip server (CURVE). {care}\ncurve\n    public-key = "{public}"\n'
    shown = text.format(what="Public key", care="Give it to the other end.", public=public.decode())
    hidden = text.format(what="Secret key", care="Keep it to yourself.", public=public.decode())
    made: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, content, mode in (
            (SECRET, f'{hidden}    secret-key = "{secret.decode()}"\n', 0o600),
            (PUBLIC, shown, 0o644),
        ):
            # Never readable by others, not even for a moment; never over somebody's key.
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            made.append(folder / name)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(content)
    except FileExistsError as error:
        for path in made:
            path.unlink()
        raise ChipError(f"{error.filename} exists: keys are not overwritten; choose another --out") from None
    except OSError as error:
        for path in made:
            path.unlink()
        raise ChipError(f"cannot write keys to {folder}: {error.strerror}; choose another --out") from None
    return KeyPair(public, secret)


def load_keys(folder: Path) -> KeyPair:
    """The pair in `folder`. Raises ChipError if it is not there, or others may read the secret key."""
    path = folder / SECRET
    public, secret = _load(path)
    if secret is None:
        raise ChipError(f"{path} holds no secret key: make keys with chipsim keygen --out {folder}")
    if path.stat().st_mode & 0o077:
        raise ChipError(f"{path} can be read by others: chmod 600 {path}, or make new keys if they may have been read")
    return KeyPair(public, secret)


def load_public_key(path: Path) -> bytes:
    """Somebody's public key, from their `public.key`. Raises ChipError."""
    return _load(path)[0]


def check_allowed(folder: Path) -> None:
    """Raises ChipError if `folder` names nobody who may come in."""
    if not folder.is_dir():
        raise ChipError(
            f"--allow {folder} is no folder: make it, and put the hosts' {PUBLIC} files there, NAME.key each"
        )
    paths = sorted(folder.glob("*.key"))
    if not paths:
        raise ChipError(f"--allow {folder} holds no NAME.key: nobody could connect; copy a host's {PUBLIC} there")
    for path in paths:
        load_public_key(path)


def _load(path: Path) -> tuple[bytes, bytes | None]:
    try:
        open_file(path).close()  # what is a pipe or a device must not be waited for
        public, secret = load_certificate(path)
    except (UnreadableError, OSError) as error:
        raise ChipError(f"there is no key at {path} ({error}): make keys with chipsim keygen --out FOLDER") from None
    except ValueError as error:
        raise ChipError(f"{path} is no key of chipsim keygen: {error}") from None
    for key in (public, secret):
        if key is not None and len(key) != 40:  # Z85 of 32 bytes
            raise ChipError(f"{path} is damaged: a key has 40 characters; make new ones with chipsim keygen")
    return public, secret


def is_local(address: str) -> bool:
    """Whether an address such as tcp://127.0.0.1:5555 is reached from this machine only. Raises ChipError."""
    parts = urlsplit(address)
    if parts.scheme == "ipc" and (parts.path or parts.netloc):
        return True
    try:
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
