"""A learning rule is known by name to its own file, to the registry, and to what chooses it: settings and methods."""

import ast
from pathlib import PurePath

import pytest
from house import ROOT, sources

# Words that would mean one rule alone, and the files that may have them outside texts.
RULES = {
    "local_tandem": ("local_tandem", "LocalTandem"),
    "stdp": ("stdp", "Stdp", "triplet", "Triplet"),
}
REGISTRY = ("learning_circuit/__init__.py", "chipsim/design/rules.py")
OWN = {
    "local_tandem": ("learning_circuit/tandem.py", "learning_circuit/integer_tandem.py"),
    "stdp": ("learning_circuit/stdp.py",),
}
DEFAULTS = ("learning_circuit/spec.py", "host/settings/*.py", "host/methods/*.py")
TOLD = (
    "host/training/assignment.py",  # an error that names the setting to raise
    "host/sweep/command_line.py",  # the table of a method's settings, for a shell
)


def words_of(tree):
    """Names, and strings that are no docstrings."""
    texts = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            texts.add(id(body[0].value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name


def test_the_reader_finds_words_and_no_texts():
    tree = ast.parse('"""stdp"""\nx = "stdp"\ndef f():\n    "stdp"\n    return y.stdp')
    assert sorted(words_of(tree)) == ["stdp", "stdp", "x", "y"]


@pytest.mark.parametrize("rule", RULES)
def test_nobody_else_asks_for_it(rule):
    allowed = (*REGISTRY, *OWN[rule], *DEFAULTS, *TOLD)
    found = {
        str(file)
        for file in sources("chipsim", "learning_circuit", "nonideality", "host")
        if not any(PurePath(file).match(pattern) for pattern in allowed)
        and any(word in text for text in words_of(ast.parse((ROOT / file).read_text())) for word in RULES[rule])
    }
    assert found == set()
    assert all(any(word in (ROOT / file).read_text() for word in RULES[rule]) for file in OWN[rule])
