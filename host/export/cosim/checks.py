"""What is done with an export, a check each: lint, simulation, files that were altered, mutants, netlist, proofs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from host.export.cosim.mutants import Mutant, drawn, named
from host.export.cosim.tools import call, missing, missing_cells
from host.export.cosim.workplace import Workplace
from host.export.folder import digest_of
from host.export.parameters import Circuit

_In = TypeVar("_In")
_Out = TypeVar("_Out")
_LIMIT_S = 1800.0
_MUTANT_S = 120.0  # after which one counts as killed: it hangs
_CYCLES = 12  # of a bounded proof and of an induction
_SOURCES_OF_PROOFS = ("ltl_lfsr", "ltl_neuron", "ltl_update", "ltl_synapse", "ltl_sequencer")


@dataclass(frozen=True)
class Checked:
    """What came of a check."""

    check: str
    passed: bool | None  # None: not run
    told: str  # one line
    details: tuple[str, ...] = ()  # what was wrong


@dataclass(frozen=True)
class Asked:
    """How much of each check."""

    flips: int  # words that are altered
    mutants: int  # that are drawn, besides those that have names
    seed: int
    workers: int
    cells: Path  # a library's .lib and .v


def lint(place: Workplace, asked: Asked) -> Iterator[Checked]:
    """Neither tool says anything."""
    for tool, command in (
        ("verilator", ["verilator", "--lint-only", "-Wall", "--top-module", "ltl_chip", "-Irtl", *place.sources]),
        ("iverilog", ["iverilog", "-g2012", "-Wall", "-Irtl", "-s", "ltl_chip", "-o", "lint.vvp", *place.sources]),
    ):
        if install := missing(tool):
            yield Checked(f"lint, {tool}", None, install)
            continue
        ended = call(command, place.folder, _LIMIT_S)
        clean = ended.ok and not ended.said.strip()
        said = tuple(ended.said.strip().splitlines()[:8])
        yield Checked(
            f"lint, {tool}", clean, "nothing to say" if clean else f"{len(said)} lines", () if clean else said
        )


def simulate(place: Workplace, asked: Asked) -> Iterator[Checked]:
    """The chip is wired, and every set passes, its files being those of its manifest."""
    if install := missing("iverilog", "vvp"):
        yield Checked("simulate, the chip", None, install)
    else:
        ended = place.play_chip("chip.vvp")
        yield Checked("simulate, the chip", ended.ok, _last(ended.said), () if ended.ok else (ended.said,))
    for name in place.sets:
        check = f"simulate, {name}"
        if install := missing("iverilog", "vvp"):
            yield Checked(check, None, install)
            continue
        wrong = _unlike_manifest(place.folder / "vectors" / name)
        if wrong:
            yield Checked(check, False, wrong)
            continue
        compiled = place.compile(name, out=f"{name}.vvp")
        ended = place.play(name, f"{name}.vvp", limit_s=10 * _LIMIT_S) if compiled.ok else compiled
        yield Checked(check, ended.ok, _last(ended.said), () if ended.ok else (ended.said,))


def _unlike_manifest(folder: Path) -> str | None:
    """What of a set is not as its manifest says, byte by byte."""
    try:
        said = json.loads((folder / "manifest.json").read_text())
        for name in ("stimulus", "expected"):
            if digest_of((folder / f"{name}.hex").read_bytes()) != said[name]["sha256"]:
                return f"{name}.hex is not the file of manifest.json: export the vectors anew"
    except (OSError, ValueError, TypeError, KeyError):
        return "manifest.json is missing or damaged: export the vectors anew"
    return None


def _last(said: str) -> str:
    lines = [line for line in said.strip().splitlines() if line.startswith(("PASS", "FAIL"))]
    return lines[0] if lines else (said.strip().splitlines() or ["nothing was said"])[-1]


def altered(place: Workplace, asked: Asked) -> Iterator[Checked]:
    """Words with one bit turned over are found, by comparison and by checksum; so are files that are none."""
    if install := missing("iverilog", "vvp"):
        yield Checked("altered vectors", None, install)
        return
    name = place.directed[0]
    place.compile(name, out="altered.vvp")
    expected = (place.folder / f"vectors/{name}/expected.hex").read_text().split()
    stimulus = (place.folder / f"vectors/{name}/stimulus.hex").read_text()
    random = Random(asked.seed)
    flips = [(random.randrange(len(expected)), random.randrange(32)) for _ in range(asked.flips)]

    def text_of(flip: tuple[int, int]) -> str:
        place_of, bit = flip
        words = [*expected[:place_of], f"{int(expected[place_of], 16) ^ 1 << bit:08x}", *expected[place_of + 1 :]]
        return "\n".join(words) + "\n"

    def survives(number: int, text: str, *more: str) -> bool:
        twin = f"altered{number}"
        return _played_with(place, name, twin, text, "altered.vvp", more) is None

    def flip_survives(more: tuple[str, ...], numbered: tuple[int, tuple[int, int]]) -> bool:
        number, flip = numbered
        return survives(number, text_of(flip), *more)

    numbered = list(enumerate(flips))
    for check, more in (("altered bits, by comparison", ("+nochecksum",)), ("altered bits, by checksum", ())):
        kept = _each(partial(flip_survives, more), numbered, asked.workers)
        passed = [f"word {where}, bit {bit}" for (_, (where, bit)), alive in zip(numbered, kept, strict=True) if alive]
        yield Checked(check, not passed, f"{len(flips) - len(passed)} of {len(flips)} fail", tuple(passed))
    half = "\n".join(expected[: len(expected) // 2]) + "\n"
    files = {
        "empty": "",
        "cut": half,
        "foreign": stimulus,
        "no words": "PASS\n",
        "longer": "\n".join([*expected, "00000000"]),
    }
    passed = [kind for number, (kind, text) in enumerate(files.items()) if survives(number, text)]
    yield Checked("altered files", not passed, f"{len(files) - len(passed)} of {len(files)} fail", tuple(passed))


def _played_with(place: Workplace, name: str, twin: str, text: str, compiled: str, more: Iterable[str]) -> str | None:
    """What the bench says to a set with other expected words; None if it passes."""
    folder = place.folder / "vectors" / twin
    folder.mkdir(exist_ok=True)
    for file in ("stimulus.hex", "manifest.json"):
        (folder / file).write_bytes((place.folder / "vectors" / name / file).read_bytes())
    (folder / "expected.hex").write_text(text)
    ended = place.play(twin, compiled, *more, limit_s=_LIMIT_S)
    return None if ended.ok else ended.said


def _each(task: Callable[[_In], _Out], of: Iterable[_In], workers: int) -> list[_Out]:
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(task, of))


def mutate(place: Workplace, asked: Asked) -> Iterator[Checked]:
    """Circuits with a fault fail: all that have a name, and 95 of 100 that are drawn."""
    if install := missing("iverilog", "vvp"):
        yield Checked("mutants", None, install)
        return
    circuit = Circuit(**_table(place.facts["circuit"]))
    sources = {
        path.name: path.read_text()
        for path in sorted((place.folder / "rtl").glob("*.sv"))
        if path.name != "ltl_chip.sv"
    }
    with_names = list(named(circuit, sources))
    killed = _each(lambda each: _kill(place, *each), list(enumerate(with_names)), asked.workers)
    alive = [_in_words(mutant) for mutant, dead in zip(with_names, killed, strict=True) if not dead]
    yield Checked(
        "mutants with a name", not alive, f"{len(with_names) - len(alive)} of {len(with_names)} fail", tuple(alive)
    )
    if not asked.mutants:
        return
    tried, alive = 0, []
    candidates = enumerate(drawn(sources, Random(asked.seed)), start=1000)
    while tried < asked.mutants:
        some = list(islice(candidates, min(asked.workers * 4, asked.mutants - tried)))
        if not some:
            break
        for (_, mutant), dead in zip(some, _each(lambda each: _kill(place, *each), some, asked.workers), strict=True):
            if dead is not None:
                tried += 1
                if not dead:
                    alive.append(_in_words(mutant))
    enough = len(alive) <= tried * 0.05
    yield Checked("mutants that are drawn", enough, f"{tried - len(alive)} of {tried} fail", tuple(alive))


def _table(value: Any) -> dict[str, Any]:
    return dict(value)


def _in_words(mutant: Mutant) -> str:
    return f"{mutant.file}:{mutant.line}: {mutant.name} (was: {mutant.before})"


def _kill(place: Workplace, number: int, mutant: Mutant) -> bool | None:
    """Whether a directed set finds it; None if it does not compile, or is not built at all in this circuit."""
    rtl = f"mutant{number}"
    folder = place.folder / rtl
    folder.mkdir(exist_ok=True)
    for source in place.sources:
        file = source.removeprefix("rtl/")
        if file != "ltl_chip.sv":
            (folder / file).write_text(mutant.text if file == mutant.file else (place.folder / source).read_text())
    for name in place.directed:
        if not place.compile(name, out=f"{rtl}.vvp", rtl=rtl).ok:
            return None
        if _code(place, f"{rtl}.vvp", rtl) == _code(place, _sound(place, name), "rtl"):
            return None
        if not place.play(name, f"{rtl}.vvp", "+nochecksum", limit_s=_MUTANT_S).ok:
            return True
    return False


def _sound(place: Workplace, name: str) -> str:
    """The bench with the circuit as it is."""
    compiled = f"sound-{name}.vvp"
    if not (place.folder / compiled).exists():
        place.compile(name, out=compiled)
    return compiled


def _code(place: Workplace, compiled: str, rtl: str) -> str:
    """What was compiled, without the names of files; iverilog names things by where they are in its memory."""
    text = (place.folder / compiled).read_text().replace(f'"{rtl}/', '"rtl/')
    numbers: dict[str, str] = {}
    return re.sub(r"0x[0-9a-f]{6,}", lambda found: numbers.setdefault(found[0], f"n{len(numbers)}"), text)


def synthesise(place: Workplace, asked: Asked) -> Iterator[Checked]:
    """No latch, nothing undriven; the netlist of real cells plays the directed vectors."""
    install = missing("yosys", "iverilog", "vvp") or missing_cells(asked.cells)
    for name in place.directed:
        if install:
            yield Checked(f"netlist, {name}", None, install)
            continue
        cells = asked.cells
        lib, netlist = f"'{cells}.lib'" if " " in str(cells) else f"{cells}.lib", f"{name}.netlist.v"
        sources = " ".join([*(each for each in place.sources if "ltl_chip" not in each), "tb/array_under_test.sv"])
        script = (
            f"read_liberty -lib {lib}; read_verilog -sv -Irtl -Ivectors/{name} {sources};"
            " hierarchy -check -top array_under_test; proc; flatten; opt; memory; opt -full; techmap; opt;"
            " check -assert; select -assert-none t:$dlatch t:$_DLATCH_*;"
            f" dfflibmap -liberty {lib}; abc -liberty {lib}; opt_clean; check -assert;"
            f" tee -o {name}.stat stat -liberty {lib};"
            f" write_verilog -noattr {netlist}"
        )
        ended = call(["yosys", "-q", "-p", script], place.folder, _LIMIT_S)
        said = ended.said.strip()
        clean = ended.ok and "Warning" not in said
        area = _area((place.folder / f"{name}.stat").read_text()) if ended.ok else ""
        yield Checked(f"synthesis, {name}", clean, area if clean else _last(said), () if clean else (said,))
        if ended.ok:
            compiled = place.compile(name, array=[netlist, f"{cells}.v"], out="netlist.vvp")
            played = place.play(name, "netlist.vvp", limit_s=_LIMIT_S) if compiled.ok else compiled
            yield Checked(f"netlist, {name}", played.ok, _last(played.said), () if played.ok else (played.said,))


def _area(stat: str) -> str:
    """From what yosys tells of a netlist."""
    cells = [line.split()[-1] for line in stat.splitlines() if "Number of cells" in line]
    areas = [line.split()[-1] for line in stat.splitlines() if "Chip area" in line]
    return f"no latch, nothing undriven; {cells[-1]} cells, {float(areas[-1]):,.0f} um2" if cells and areas else "done"


def prove(place: Workplace, asked: Asked) -> Iterator[Checked]:
    """The properties hold from reset on, and by induction for ever."""
    install = missing("yosys", "yosys-smtbmc", "z3")
    for path in sorted((place.folder / "formal").glob("*.sv")):
        name = path.stem
        if install:
            yield Checked(f"proof, {name}", None, install)
            continue
        sources = " ".join(f"rtl/{each}.sv" for each in _SOURCES_OF_PROOFS)
        script = (
            f"read_verilog -formal -sv -Irtl {sources} formal/{name}.sv; prep -top {name} -flatten; dffunmap;"
            f" write_smt2 -wires {name}.smt2"
        )
        made = call(["yosys", "-q", "-p", script], place.folder, _LIMIT_S)
        ends = [
            call(["yosys-smtbmc", "-s", "z3", *kind, "-t", str(_CYCLES), f"{name}.smt2"], place.folder, _LIMIT_S)
            for kind in ((), ("-i",))
            if made.ok
        ]
        proved = len(ends) == 2 and all(ended.ok for ended in ends)
        said = tuple(ended.said for ended in (made, *ends) if not ended.ok)
        yield Checked(f"proof, {name}", proved, "by induction" if proved else "not proved", said)


CHECKS: dict[str, Callable[[Workplace, Asked], Iterator[Checked]]] = {
    "lint": lint,
    "simulate": simulate,
    "altered": altered,
    "mutate": mutate,
    "synthesise": synthesise,
    "prove": prove,
}
