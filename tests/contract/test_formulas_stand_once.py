"""Each formula of the neuron and its circuit is put to work in one place: a stage, a neuron or a learning rule."""

import ast
from fnmatch import fnmatch

import pytest
from house import ROOT, dotted, sources

FORMULAS = {
    "integrated": ("chipsim.neurons.lif", "NeuronModel"),
    "fire": ("chipsim.neurons.lif", "NeuronModel"),
    "accumulated": ("learning_circuit.accumulator", "Stage"),
    "gated_error": ("learning_circuit.error_gate", "LearningRule"),
    "inside_boxcar": ("learning_circuit.boxcar", "LearningRule"),
    "gated_pulse": ("learning_circuit.update_pulse", "LearningRule"),
}
TREES = {dotted(file): ast.parse((ROOT / file).read_text()) for file in sources("chipsim", "learning_circuit")}
BASES = {
    node.name: [ast.unparse(base).split(".")[-1] for base in node.bases]
    for tree in TREES.values()
    for node in ast.walk(tree)
    if isinstance(node, ast.ClassDef)
}
# Files that would hold the step of a neuron a second time, fitted to one case.
SECOND_COPIES = ("cycle*", "*_in_registers*", "image_*", "visit*")


def is_a(name, kind):
    return name == kind or any(is_a(base, kind) for base in BASES.get(name, ()))


def calls(tree, formula):
    """The class around each call by the formula's own name, "" outside of all; `x.fire(...)` is a method's."""
    found = []

    def visit(node, around):
        if isinstance(node, ast.ClassDef):
            around = node.name
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == formula:
            found.append(around)
        for child in ast.iter_child_nodes(node):
            visit(child, around)

    visit(tree, "")
    return found


def test_the_reader_finds_calls():
    tree = ast.parse("class A(Stage):\n def f(self):\n  return [fire(u) for u in self.fire(1)]\nfire(2)")
    assert calls(tree, "fire") == ["A", ""]
    assert is_a("LeakyIntegrateAndFire", "NeuronModel") and not is_a("LeakyIntegrateAndFire", "Stage")


@pytest.mark.parametrize("formula", FORMULAS)
def test_one_class_calls_it(formula):
    """Helpers in the formula's own file are part of the formula."""
    home, kind = FORMULAS[formula]
    assert any(isinstance(node, ast.FunctionDef) and node.name == formula for node in TREES[home].body)
    callers = {
        (module, around)
        for module, tree in TREES.items()
        for around in calls(tree, formula)
        if around or module != home
    }
    assert len(callers) == 1, f"{formula} is called by {callers}"
    [(_, around)] = callers
    assert around and is_a(around, kind), f"{formula} is called by {around or 'a bare function'}, not by a {kind}"


@pytest.mark.parametrize("formula", FORMULAS)
def test_it_has_no_other_name(formula):
    """Imported under another one, its calls would not be found."""
    renamed = [
        (module, alias.asname)
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == formula and alias.asname
    ]
    assert renamed == []


def test_no_file_is_a_second_copy_of_the_step():
    names = [path.stem for path in (ROOT / "chipsim" / "kernel").rglob("*.py")]
    assert names and [name for name in names if any(fnmatch(name, pattern) for pattern in SECOND_COPIES)] == []
