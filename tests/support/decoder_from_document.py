"""A second decoder, made of PROTOCOL.md alone: it reads the document's tables and walks frames by them.

Nothing of chipsim.wire is imported; numbers come from struct and integer arithmetic. It is slow, and trusts only what
the tables say: whatever they do not allow is an Unreadable.
"""

import math
import re
import struct
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "chipsim" / "wire" / "PROTOCOL.md"
NUMBERS = dict(zip(["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64"], "BHIQbhiqfd", strict=True))
TYPE = re.compile(r"(?P<type>section \w+|\w+)( x (?P<times>.+?))?( if (?P<condition>.+))?")


class Unreadable(Exception):
    """What the document does not allow."""


def tables(text=None):
    """NAME -> rows (offset, type, field) of every layout in the document."""
    found, name = {}, None
    for line in (text or DOCUMENT.read_text()).splitlines():
        if heading := re.fullmatch(r"### ([A-Z_]+)", line):
            name = heading[1]
            found[name] = []
        elif line.startswith("#"):
            name = None
        elif name and (row := re.match(r"\| (\d+|then) \| ([^|]+?) \|\s*([^|]*?)\s*\|", line)):
            found[name].append(row.groups())
    return found


def kinds():
    """kind -> NAME of every message."""
    rows = re.findall(r"^\| (\d+) \| ([A-Z_]+) \| (?:host|chip) \|", DOCUMENT.read_text(), re.M)
    return {int(number): name for number, name in rows}


def section_numbers():
    """NAME -> number of every section."""
    said = re.search(r"^\| 0 \| u8 \| section \| (.*) \|$", DOCUMENT.read_text(), re.M)
    return {name: int(number) for number, name in re.findall(r"(\d+) ([A-Z]+)", said[1])}


def examples():
    """Every frame that the document writes out."""
    blocks = re.findall(r"^```\n(.*?)^```$", DOCUMENT.read_text(), re.M | re.S)
    return [bytes.fromhex(" ".join(line.split("|")[0] for line in block.splitlines())) for block in blocks]


class Decoder:
    """Reads frames by the document's tables."""

    def __init__(self):
        self.tables = tables()
        self.kinds = kinds()
        self.sections = section_numbers()

    def frame(self, frame):
        """(NAME, header, payload) with both as dicts. Raises Unreadable."""
        header, _ = self._table("HEADER", frame[:40], 0, {})
        require(bytes(header["magic"]) == b"CSIM" and header["version"] == 2, "magic or version")
        require(header["header_check"] == crc(frame[:32]), "header_check")
        require(header["check"] == crc(frame[:36] + frame[40:]), "check")
        require(header["length"] == len(frame) - 40, "length")
        require(header["flags"] < 2 and header["part"] < header["parts"], "flags or part")
        require(header["kind"] in self.kinds, "kind")
        name = self.kinds[header["kind"]]
        if name not in self.tables:  # has no payload
            require(len(frame) == 40, "payload")
            return name, header, {}
        payload, end = self._table(name, frame[40:], 0, {})
        require(end == len(frame) - 40, "payload")
        return name, header, payload

    def _table(self, name, data, at, outer):
        """Fields of the table `name` from data[at:] on, and where it ends. outer: fields that were read before."""
        start, fields = at, {}
        for offset, kind, field in self.tables[name]:
            words = TYPE.fullmatch(kind)
            if words["condition"] and not self._holds(words["condition"], fields, at < len(data)):
                continue
            if offset != "then":
                assert at - start == int(offset), f"the document's {name} has {field} at {offset}, not {at - start}"
            known = {**outer, **fields}
            value, at = self._field(words["type"], words["times"], data, at, known)
            if field:
                fields[field] = value
            outer = {**outer, **(value if words["type"].startswith("section") else {})}
        if name == "SPIKES":
            fields["spikes"] = windows_of(fields, outer["windows"])
        return fields, at

    @staticmethod
    def _holds(condition, fields, more):
        if condition == "more":
            return more
        name, _, value = condition.partition(" = ")
        return fields[name] == int(value)

    def _field(self, kind, times, data, at, known):
        if kind.startswith("section"):
            return self._section(kind.split()[1], data, at, known)
        if times == "rest":
            values = []
            while at < len(data):
                value, at = self._one(kind, data, at, known)
                values.append(value)
            return values, at
        if times is None:
            return self._one(kind, data, at, known)
        n = eval(times, {"__builtins__": {}, "ceil": math.ceil, "sum": sum, **known})
        if kind in ("byte", "zero", *NUMBERS):
            return self._many(kind, n, data, at)
        values = []
        for _ in range(n):
            value, at = self._one(kind, data, at, known)
            values.append(value)
        return values, at

    def _many(self, kind, n, data, at):
        size = struct.calcsize("<" + NUMBERS.get(kind, "B"))
        require(at + n * size <= len(data), f"{n} {kind}")
        part = data[at : at + n * size]
        if kind in NUMBERS:
            return list(struct.unpack(f"<{n}{NUMBERS[kind]}", part)), at + n * size
        require(kind == "byte" or not any(part), "a reserved byte")
        return part, at + n

    def _one(self, kind, data, at, known):
        if kind in (*NUMBERS, "byte", "zero"):
            values, at = self._many(kind, 1, data, at)
            return values[0], at
        if kind == "text":
            [n], at = self._many("u16", 1, data, at)
            text, at = self._many("byte", n, data, at)
            return text.decode(), at
        return self._table(kind, data, at, known)

    def _section(self, name, data, at, known):
        head, at = self._table("SECTION", data, at, {})
        require(head["section"] == self.sections[name], f"section {name}")
        require(at + head["section_bytes"] <= len(data), f"section {name}")
        inside = data[at : at + head["section_bytes"]]
        fields, end = self._table(name, inside, 0, known)
        require(end == len(inside), f"section {name}")
        return fields, at + len(inside)


def number_after(number):
    """The number of the request that follows, by the document's section on sequence numbers."""
    said = re.search(
        r"1, 2, 3 and so on to 2\^(\d+) - 1, which 1 follows again", DOCUMENT.read_text().replace("\n", " ")
    )
    return 1 if number == 2 ** int(said[1]) - 1 else number + 1


def require(holds, what):
    if not holds:
        raise Unreadable(what)


def crc(data):
    """CRC-32 of IEEE 802.3, bit by bit."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xEDB88320 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


class Bits:
    """Bits of data[at:stop], the lowest of each byte first."""

    def __init__(self, data, stop):
        self.number = int.from_bytes(data[:stop], "little")
        self.at, self.stop = 0, 8 * stop

    def take(self, n):
        require(self.at + n <= self.stop, "bits")
        value = self.number >> self.at & ((1 << n) - 1)
        self.at += n
        return value

    def words(self, n, bits):
        """n words, padded to a whole byte."""
        values = [self.take(bits) for _ in range(n)]
        self.at = -(-self.at // 8) * 8
        return values


def set_of(bits, kind, k, n):
    """The active rows."""
    if kind == 0:
        return list(range(n))
    if kind == 3:
        rows, row = [], -1
        for _ in range(bits.take(n.bit_length())):
            zeros = 0
            while bits.take(1) == 0:
                zeros += 1
            row += 1 + (zeros << k) + bits.take(k)
            rows.append(row)
        bits.words(0, 0)
    else:
        n_bytes = -(-n // 8)
        used = [1] * n_bytes if kind == 1 else bits.words(n_bytes, 1)
        bitmap = [bits.take(8) if one else 0 for one in used]
        rows = [row for row in range(8 * n_bytes) if bitmap[row // 8] >> (row % 8) & 1]
    require(not rows or rows[-1] < n, "a row beyond the last")
    return rows


def windows_of(fields, n_windows):
    """Per window its steps, each a list of rows; or the rows and amplitudes of a constant current."""
    data, ends = bytes(fields["data"]), fields["ends"]
    require(ends[-1] == len(data) - 8 and not any(data[-8:]), "the end of data")
    bits, found = Bits(data, len(data) - 8), []
    for s in range(n_windows):
        form = bits.take(8)
        kind, pattern, k = form & 3, form >> 2 & 3, form >> 4
        require(pattern < 3 and (k == 0 or kind == 3) and not (fields["graded"] and pattern), "form")
        rows = set_of(bits, kind, k, fields["rows"])
        require(len(rows) <= fields["capacity"], "capacity")
        window = amplitudes_of(bits, rows, fields) if fields["graded"] else steps_of(bits, rows, pattern, fields)
        found.append(window)
        if s % 64 == 63 or s == n_windows - 1:
            require(bits.at == 8 * ends[s // 64], "ends")
    return found


def amplitudes_of(bits, rows, fields):
    words = bits.words(len(rows), fields["amplitude_bits"])
    if fields["amplitude_bits"] == 32:
        return rows, [struct.unpack("<f", struct.pack("<I", word))[0] for word in words]
    # A product of a small whole number and a float32 is exact in float64: rounded once, here.
    unit = fields["amplitude_unit"]
    return rows, [struct.unpack("<f", struct.pack("<f", (word + 1) * unit))[0] for word in words]


def steps_of(bits, rows, pattern, fields):
    n_steps = fields["steps"]
    b = (n_steps - 1).bit_length()
    steps = [[] for _ in range(n_steps)]
    if pattern == 0:
        for first in range(0, n_steps, 16):
            n_here = min(16, n_steps - first)
            for row, word in zip(rows, bits.words(len(rows), n_here), strict=True):
                for i in range(n_here):
                    if word >> i & 1:
                        steps[first + i].append(row)
    else:
        often = [1 + less for less in bits.words(len(rows), b)] if pattern == 2 else [1] * len(rows)
        numbers = iter(bits.words(sum(often), b))
        for row, times in zip(rows, often, strict=True):
            before = -1
            for _ in range(times):
                step = next(numbers)
                require(before < step < n_steps, "a step")
                steps[step].append(row)
                before = step
    require(sum(map(len, steps)) <= fields["capacity"], "capacity")
    return steps


def rates_of(fields, n_windows):
    """Per layer the target rates, window by window."""
    bits = fields["bits"]
    number, at, layers = bytes(fields["data"]), 0, []
    for n in fields["neurons"]:
        n_bytes = -(-n_windows * n * bits // 8)
        words = Bits(number[at : at + n_bytes], n_bytes).words(n_windows * n, bits)
        layers.append([word * 2.0 ** (1 - bits) for word in words])
        at += n_bytes
    return layers
