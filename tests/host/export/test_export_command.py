"""chipsim export rtl: what is written, what is refused, and what is never written over."""

import json

import pytest
from small_exports import CIRCUIT_FLAGS

NETWORK = ("--network", "6,4,3", "--steps", "6")


def export(chipsim, out, *flags):
    return chipsim("export", "rtl", *NETWORK, *CIRCUIT_FLAGS, *flags, "-o", out)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_chip_gives_the_same_bytes_in_any_folder(chipsim, here):
    one, other = here / "one", here / "an other"
    done = export(chipsim, one, "--json")
    assert done.status == 0, done.err
    assert export(chipsim, other).status == 0
    found = contents(one)
    assert found == contents(other)
    assert json.loads(done.out)["files"] == sorted(set(found) - {"chipsim-export.json"})
    assert export(chipsim, one).status == 0 and contents(one) == found  # in place of itself
    for name, content in found.items():
        assert str(here).encode() not in content and name.encode() != b"one"
    hash_of = json.loads(done.out)["spec_hash"]
    assert hash_of in found["rtl/params.svh"].decode() and hash_of[:8].upper() in found["rtl/params.svh"].decode()
    assert {each.name for each in here.iterdir()} == {"one", "an other"}


def test_every_file_is_told_in_the_readme_and_every_source_listed(chipsim, here):
    export(chipsim, here / "out")
    readme = (here / "out/README.md").read_text()
    listed = (here / "out/rtl/filelist.f").read_text().split()
    for name in contents(here / "out"):
        assert name.split("/")[0] in readme or name == "README.md", name
        if name.startswith("rtl/") and name.endswith(".sv"):
            assert name in listed and name in readme


def test_registers_lie_in_their_layer_and_never_on_each_other(chipsim, here):
    export(chipsim, here / "out")
    found = json.loads((here / "out/regs/registers.json").read_text())
    taken = set()
    for layer in found["layers"]:
        for register in layer["registers"]:
            place = set(range(register["address"], register["address"] + register["count"]))
            assert not place & taken and min(place) >= layer["base"]
            taken |= place
            bits = [b for f in register["fields"] for b in range(f["lowest_bit"], f["lowest_bit"] + f["bits"])]
            assert len(set(bits)) == len(bits) and max(bits) < 32
    assert [layer["base"] for layer in found["layers"]] == [0, 0x10000]


REFUSED = {
    ("--set", "learning_circuit.arithmetic=float"): "learning_circuit.arithmetic",
    ("--set", "learning_circuit.dither=philox"): "learning_circuit.dither",
    ("--encoding", "current"): "encoding",
    ("--noise", "missed:0.1"): "missed",
    ("--set", "learning_circuit.comparison=analog", "--noise", "comparator:0.2"): "learning_circuit.comparison",
}


@pytest.mark.parametrize("flags", REFUSED)
def test_what_is_no_circuit_is_refused(chipsim, here, flags):
    done = export(chipsim, here / "out", *flags)
    assert done.status == 2 and not (here / "out").exists()
    [line] = done.err.splitlines()
    assert REFUSED[flags] in line and line.startswith("chipsim: ")


def test_all_reasons_are_told_at_once_a_line_each(chipsim, here):
    flags = ("--encoding", "current", "--set", "learning_circuit.trace_tau_steps=3", "--noise", "asymmetry:0.1")
    done = chipsim("export", "rtl", *NETWORK, *flags, "-o", here / "out")
    assert done.status == 2 and not list(here.iterdir())
    told = ("arithmetic", "dither", "encoding", "trace_tau_steps", "weight_bits", "asymmetry")
    lines = done.err.splitlines()
    assert len(lines) == len(told)
    for line, word in zip(lines, told, strict=True):
        assert word in line and line.startswith("chipsim: ")


def test_layers_on_images_and_many_columns_are_refused(chipsim, here):
    done = chipsim("export", "rtl", "--network", "6,5000", *CIRCUIT_FLAGS, "-o", here / "out")
    assert done.status == 2 and "5000 columns" in done.err


def test_a_folder_that_is_not_ours_or_was_worked_in_stays(chipsim, here):
    out = here / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    before = contents(out)
    done = export(chipsim, out)
    assert done.status == 2 and "no export of chipsim's" in done.err and contents(out) == before
    (out / "thesis.tex").unlink()
    assert export(chipsim, out).status == 0  # an empty one is taken
    (out / "notes.txt").write_text("mine")
    done = export(chipsim, out)
    assert done.status == 2 and "notes.txt" in done.err and (out / "notes.txt").exists()
    (out / "notes.txt").unlink()
    edited = out / "rtl/ltl_neuron.sv"
    edited.write_text(edited.read_text() + "// mine\n")
    done = export(chipsim, out)
    assert done.status == 2 and "ltl_neuron.sv" in done.err and "// mine" in edited.read_text()


def test_where_nothing_can_be_written_is_told_in_a_line(chipsim, here):
    (here / "file").write_text("")
    for out, said in ((here / "file", "it is a file"), (here / "no/where", "there is no folder")):
        done = export(chipsim, out)
        assert done.status == 2 and said in done.err and len(done.err.splitlines()) == 1


def test_what_make_has_built_is_no_ones_work(chipsim, here):
    export(chipsim, here / "out")
    (here / "out/build").mkdir()
    (here / "out/build/tb.vvp").write_text("")
    assert export(chipsim, here / "out").status == 0


@pytest.mark.parametrize("text", ["", "1", "1:", "1:3-2", "a:1", "1:0-5000", "1:-1"])
def test_neurons_that_are_none(chipsim, here, text):
    done = chipsim("export", "vectors", "--run", here, "--neurons", text, "-o", here / "out")
    assert done.status == 2 and "LAYER:NEURON" in done.err
