"""A few hundred damaged inputs for each parser, always the same ones; `run.py` shows as many as one likes."""

import runpy
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from harness import CORPUS, ROOT, Harness, Outcome, bounded, loop, one
from mutations import message, serialized
from parsers import HARNESSES

INPUTS = 400
FEWER = {
    "onnx": 150,
    "nir": 60,
    "settings": 100,
    "rows": 100,
    "result": 60,
    "metrics": 60,
    "versions": 40,
    "checkpoint": 200,
}
HANG_S = 30.0  # of the processor: no test asserts a time, but one has to end


@pytest.mark.parametrize("name", HARNESSES)
def test_nothing_but_what_is_promised(name):
    outcome = loop(HARNESSES[name], FEWER.get(name, INPUTS), seed=1, time_s=HANG_S)
    told = "\n\n".join(f"{fault.kind}: {fault.data[:200]!r}\n{fault.trace}" for fault in outcome.faults.values())
    assert not outcome.faults, told
    assert outcome.refused > 0, "most of them are wrong"
    assert outcome.reached > outcome.lines / 4, "they get into the parser"


@pytest.mark.parametrize("name", HARNESSES)
def test_seeds_are_read(name):
    """They begin as files that are right."""
    harness, outcome = HARNESSES[name], Outcome()
    for seed in harness.seeds():
        one(harness, seed, outcome, HANG_S)
    assert not outcome.faults
    assert outcome.refused <= len(harness.seeds()) / 2


def test_its_files_are_there():
    for harness in HARNESSES.values():
        for name in harness.files:
            assert (ROOT / name.partition("::")[0]).is_file(), name


def test_the_corpus_is_small():
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 300_000


def naughty(data):
    match data:
        case b"hangs":
            while True:
                pass
        case b"eats":
            bytearray(1 << 30)
        case b"crashes":
            raise KeyError(data)
        case b"two lines":
            raise ValueError("one\ntwo")
        case b"nothing to say":
            raise ValueError
        case _:
            raise ValueError("no")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"hangs", "TookTooLong"),
        (b"eats", "MemoryError"),
        (b"crashes", "KeyError"),
        (b"two lines", "a refusal that is more than a printable line"),
        (b"nothing to say", "a refusal of no characters"),
        (b"is refused", None),
    ],
)
def test_faults_are_seen(data, kind, monkeypatch):
    monkeypatch.setattr("harness.HANG_S", 0.2)
    harness, outcome = Harness("naughty", naughty, (ValueError,), (), lambda *_: b"", list), Outcome()
    with bounded() as renewed:
        renewed()
        one(harness, data, outcome)
    assert list(outcome.faults) == ([] if kind is None else [kind])


class Atheris:
    """Stands where the library would: shows each input of the corpus as it is, and changed."""

    def instrument_imports(self, include, exclude):
        assert "chipsim" in include and set(exclude) <= set(sys.modules)
        return nullcontext()

    def Setup(self, arguments, take, custom_mutator):  # noqa: N802
        *_, self.flag, self.corpus = arguments
        self.take, self.mutator = take, custom_mutator

    def Fuzz(self):  # noqa: N802
        self.shown = []
        for path in sorted(Path(self.corpus).iterdir()):
            data = path.read_bytes()
            self.shown += [data, self.mutator(data, 9, 1)]
            for each in self.shown[-2:]:
                self.take(each)


@pytest.mark.parametrize("changed", [b"is refused", b"crashes"])
def test_guided_by_atheris(changed, monkeypatch):
    """What it is told, and that a fault ends it."""
    atheris = Atheris()
    harness = Harness("naughty", naughty, (ValueError,), (), lambda *_: changed, lambda: [b"seed"])
    monkeypatch.setitem(sys.modules, "atheris", atheris)
    monkeypatch.setitem(HARNESSES, "naughty", harness)
    by_hand = runpy.run_path(str(Path(__file__).with_name("run.py")))
    with pytest.raises(RuntimeError, match=r"^KeyError") if changed == b"crashes" else nullcontext():
        by_hand["_guided"]("naughty", ["-runs=1"])
    assert (atheris.flag, atheris.shown) == ("-runs=1", [b"seed", changed[:9]])


def test_a_message_comes_back_as_it_was():
    for seed in HARNESSES["onnx"].seeds():
        assert serialized(message(seed)) == seed
