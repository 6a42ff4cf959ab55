"""Damage that keeps the structure: what is wrong inside an archive or a model is reached only if the rest holds.

A mutation is a function (input, other inputs, rng) -> another input, all of them bytes; `raw` knows no structure and is
what the others fall back on, now and then by choice.
"""

import io
import re
import struct
import warnings
import zipfile
from random import Random

Inputs = list[bytes]

LONGEST = 1 << 20  # bytes of an input

_NUMBERS = (0, 1, 2, 3, 127, 128, 255, 256, 32767, 65535, 1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
_LARGE = (*_NUMBERS, 1 << 40, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
_FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-320, 1e38, 3.5e38, 1e308, -1e308, float("inf"), float("-inf"), float("nan"))
_PIECE = re.compile(r"[A-Za-z_]+|\d+|\s+|.", re.DOTALL)

WORDS = (
    *("0", "1", "-1", "-0", "0.5", "1e308", "-1e308", "1e400", "1e-320", "nan", "inf", "-inf", "0x10", "1_000", "1."),
    *("\u0663", "\u00b2", "9" * 20, "9" * 400, "9" * 5000, "0.1.2", "true", "false", "null", "None", "NaN", "Infinity"),
    *("[]", "{}", "()", '""', "''", "[", "]", "{", "}", '"', "'", ",", ",,", ":", "=", ".", "@", "#", "-", "\\", "/"),
    *(
        "\n",
        "\r",
        "\t",
        " ",
        "\0",
        "\x1b[31m",
        "\u2028",
        "\ufeff",
        "\u202e",
        "\U0001f642",
        "\u00e9",
        "\udcff",
        "\udc80",
    ),
    *("~nobody", "/dev/zero", "..", "a" * 300, "a" * 3000, "[" * 1000, "a." * 60, "%s", "{0}", "[[", "]]", "=" * 50),
)


def raw(data: bytes, others: Inputs, rng: Random) -> bytes:
    """Some bytes changed, taken out, put in, doubled, cut off, or taken from elsewhere."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        at = rng.randrange(len(out) + 1)
        match rng.randrange(10):
            case 0 if at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(out):
                out[at] = rng.choice((0, 1, 127, 128, 255))
            case 2 if rng.random() < 0.3:
                del out[at:]
            case 3:
                del out[at : at + rng.randrange(1, 9)]
            case 4:
                out[at:at] = rng.randbytes(rng.randrange(1, 9))
            case 5:
                _over(out, at, struct.pack(rng.choice(("<I", ">I")), rng.choice(_NUMBERS)))
            case 6:
                _over(out, at, struct.pack(rng.choice(("<Q", ">Q")), rng.choice(_LARGE)))
            case 7:
                _over(out, at, struct.pack(rng.choice(("<d", "<f")), _single(rng.choice(_FLOATS))))
            case 8:
                end = at + rng.randrange(1, 64)
                out[at:at] = out[at:end] * rng.choice((1, 1, 2, 100))
            case 9:
                other = rng.choice(others)
                start = rng.randrange(len(other) + 1)
                piece = other[start : start + rng.randrange(1, 200)]
                out[at : at + rng.choice((0, len(piece)))] = piece
    return bytes(out[:LONGEST])


def _over(out: bytearray, at: int, piece: bytes) -> None:
    out[at : at + len(piece)] = piece


def _single(number: float) -> float:
    """What struct packs as a float of four bytes, too."""
    return number if abs(number) < 3e38 or number != number or abs(number) == float("inf") else 3e38


def as_text(data: bytes) -> str:
    """As Python reads the words of a command line."""
    return data.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass" if "\ud800" in text else "surrogateescape")


def words(*more: str):
    """Of texts: words and signs replaced, by those that mean something here, too; lines moved, parts repeated."""
    known = (*WORDS, *more, *more, *more)

    def mutate(data: bytes, others: Inputs, rng: Random) -> bytes:
        if rng.random() < 0.1:
            return raw(data, others, rng)
        pieces = _PIECE.findall(as_text(data))
        for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
            at = rng.randrange(len(pieces) + 1)
            end = min(len(pieces), at + rng.choice((1, 1, 2, 5, 20)))
            match rng.randrange(9):
                case 0 | 1 | 2:
                    pieces[at : at + 1] = [rng.choice(known)]
                case 3:
                    pieces[at:at] = [rng.choice(known)]
                case 4:
                    del pieces[at:end]
                case 5:
                    pieces[at:at] = pieces[at:end] * rng.choice((1, 1, 2, 60))
                case 6:
                    pieces[at:end] = pieces[at:end][::-1]
                case 7:
                    other = _PIECE.findall(as_text(rng.choice(others)[:50_000]))
                    start = rng.randrange(len(other) + 1)
                    pieces[at:end] = other[start : start + rng.choice((1, 2, 5, 20, 60))]
                case 8 if rng.random() < 0.3:
                    del pieces[at:]
        return as_bytes("".join(pieces))[:LONGEST]

    return mutate


def _anything(rng: Random) -> str:
    return rng.choice(WORDS)


def member(name: str, content: bytes, others: Inputs, rng: Random) -> bytes:
    """An array as numpy.save writes it, with another header or other values."""
    if rng.random() < 0.4 or len(content) < 10 or content[6] != 1:
        return raw(content, others, rng)
    length = int.from_bytes(content[8:10], "little")
    text = _header(content[10 : 10 + length], others, rng)[:65_535]
    return content[:8] + len(text).to_bytes(2, "little") + text + content[10 + length :]


_header = words(
    *("'<f8'", "'|O'", "'<U3'", "'<M8[s]'", "'|V8'", "'<c16'", "'<f2'", "'>i4'", "'|u1'", "'|b1'", "'<i8'", "'|S0'"),
    *(
        "(2, 3)",
        "(1099511627776, 6)",
        "(4294967296, 4294967296)",
        "(0,)",
        "()",
        "(3,)",
        "True",
        "2L",
        "'<f16'",
        "'<u8'",
    ),
)


def archive(change=member):
    """Of .npz files: `change` changes a member; members renamed, dropped, doubled; packed in any way."""

    def mutate(data: bytes, others: Inputs, rng: Random) -> bytes:
        members = _members(data)
        if not members or rng.random() < 0.25:
            return raw(data, others, rng)
        at = rng.randrange(len(members))
        name, content = members[at]
        match rng.randrange(8):
            case 0:
                members.append((name, content))
            case 1:
                del members[at]
            case 2:
                members[at] = (_anything(rng)[:100].encode("utf-8", "replace").decode() or "x", content)
            case 3:
                members[at] = (name, rng.choice(members)[1])
            case _:
                members[at] = (name, change(name, content, [each for _, each in members], rng))
        return packed(members, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))[:LONGEST]

    return mutate


def _members(data: bytes) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return [(info.filename, file.read(info)) for info in file.infolist() if info.file_size < LONGEST]
    except Exception:  # an input that is no archive any more
        return []


def packed(members: list[tuple[str, bytes]], how: int) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", how) as file:
        warnings.simplefilter("ignore", UserWarning)  # of names that stand there twice
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = how
            file.writestr(info, content)
    return out.getvalue()


# Messages of protobuf (its encoding: tags of field number and kind; whole numbers of 7 bits a byte).

_Field = tuple[int, int, object]  # number, kind, value: an int, bytes, or a list of fields


def message(data: bytes, deep: int = 12) -> list[_Field] | None:
    """The fields of a message, inner ones taken apart where they may be messages; None if it is none."""
    fields: list[_Field] = []
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        if tag is None or not tag >> 3:
            return None
        kind = tag & 7
        value: object
        if kind == 0:
            value, at = _varint(data, at)
            if value is None:
                return None
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value, at = data[at : at + size], at + size
        elif kind == 2:
            size, at = _varint(data, at)
            if size is None or at + size > len(data):
                return None
            inner = data[at : at + size]
            value, at = inner, at + size
            if deep and 1 < size < 1 << 16 and not _is_word(inner):
                value = message(inner, deep - 1) or inner
        else:
            return None
        if at > len(data):
            return None
        fields.append((tag >> 3, kind, value))
    return fields


def _is_word(content: bytes) -> bool:
    return content.isascii() and content.decode("ascii").isprintable()


def _varint(data: bytes, at: int) -> tuple[int | None, int]:
    number = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at
    return None, at


def _as_varint(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = number >> 7, number & 127
        out.append(low | (128 if number else 0))
        if not number:
            return bytes(out)


def serialized(fields: list[_Field]) -> bytes:
    out = bytearray()
    for number, kind, value in fields:
        out += _as_varint(number << 3 | kind)
        if isinstance(value, int):
            out += _as_varint(value)
            continue
        content = serialized(value) if isinstance(value, list) else value
        assert isinstance(content, bytes)
        out += (_as_varint(len(content)) if kind == 2 else b"") + content
    return bytes(out)


def protobuf(*names: str):
    """Of messages: fields changed, doubled, dropped, moved, or taken from another message; words replaced by names."""

    def mutate(data: bytes, others: Inputs, rng: Random) -> bytes:
        fields = message(data)
        if not fields or rng.random() < 0.1:
            return raw(data, others, rng)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            _change(_somewhere(fields, rng), names, others, rng)
        return serialized(fields)[:LONGEST]

    return mutate


def _somewhere(fields: list[_Field], rng: Random) -> list[_Field]:
    """A message within the message."""
    while True:
        inner = [value for _, _, value in fields if isinstance(value, list)]
        if not inner or rng.random() < 0.2:
            return fields
        fields = rng.choice(inner)


def _change(fields: list[_Field], names: tuple[str, ...], others: Inputs, rng: Random) -> None:
    if not fields:
        fields.append((rng.randrange(1, 16), 0, rng.choice(_LARGE)))
        return
    at = rng.randrange(len(fields))
    number, kind, value = fields[at]
    match rng.randrange(10):
        case 0:
            del fields[at]
        case 1:
            fields.insert(rng.randrange(len(fields) + 1), fields[at])
        case 2:
            other = rng.randrange(len(fields))
            fields[at], fields[other] = fields[other], fields[at]
        case 3:
            taken = message(rng.choice(others))
            if taken:
                fields.insert(at, rng.choice(_somewhere(taken, rng)))
        case 4:
            fields[at] = (rng.choice((number, number + 1, rng.randrange(1, 30))), kind, value)
        case _:
            fields[at] = (number, kind, _other_value(kind, value, names, others, rng))


def _other_value(kind: int, value: object, names: tuple[str, ...], others: Inputs, rng: Random) -> object:
    if isinstance(value, int):
        return rng.choice((rng.choice(_LARGE), rng.randrange(40), value + 1, max(0, value - 1)))
    if isinstance(value, list):
        return list(value) * rng.choice((0, 2, 3))
    assert isinstance(value, bytes)
    if kind == 5:
        return struct.pack("<f", _single(rng.choice(_FLOATS)))
    if kind == 1:
        return struct.pack("<d", rng.choice(_FLOATS))
    if _is_word(value) and rng.random() < 0.8:
        return rng.choice((*names, _anything(rng))).encode("utf-8", "replace")
    return raw(value, others, rng) if rng.random() < 0.8 else struct.pack("<f", rng.choice((0.0, 1e38))) * 64
