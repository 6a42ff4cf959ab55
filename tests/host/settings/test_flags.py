"""Flags of settings: everything but the name and the heading comes from the field."""

import pytest

from host.run import resolve
from host.settings.flags import FLAGS, flagged


def test_flags_are_said_once():
    names = [flag.name for flag in FLAGS.values()]
    assert len(names) == len(set(names))
    assert all(name.startswith("--") for name in names)


@pytest.mark.parametrize("name", FLAGS)
def test_every_flag_is_explained_by_its_field(name):
    meaning = flagged(name).meaning
    assert meaning.endswith(".")
    assert meaning[0].isupper() or name == "dataset"


CASES = [
    # setting, kind, how several are written, choices, least, most, default
    ("steps", int, "", (), 2, 4096, "16"),
    ("die", int, "", (), 0, 2**32 - 1, "1"),
    ("hidden", int, "commas", (), None, None, "128,64 for digits"),
    ("noise", str, "repeated", (), None, None, None),
    ("chip", str, "", (), None, None, None),
    ("data_dir", str, "", (), None, None, None),
    ("neuron.kind", str, "", ("if", "lif", "adaptive", "winner_take_all"), None, None, "if"),
    ("neuron.tau_steps", float, "per layer", (), None, None, "10"),
    ("neuron.threshold_th", float, "per layer", (), None, None, "1"),
    ("neuron.synapse_tau_steps", float, "", (), None, None, "none"),
    ("teacher.integration", str, "", ("euler", "exponential"), None, None, None),
    ("training.epochs", int, "", (), None, None, "by the size of the data set"),
    ("learning_circuit.warm_up_steps", int, "", (), 0, None, "half the steps"),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_what_a_field_says(case):
    name, kind, many, choices, least, most, default = case
    found = flagged(name)
    assert (found.kind, found.many, found.choices) == (kind, many, choices)
    assert (found.least, found.most, found.default) == (least, most, default)


def test_help_names_choices_and_default():
    assert (
        flagged("neuron.kind").help()
        == "Kind of the neurons. One of if, lif, adaptive, winner_take_all.  [default: if]"
    )
    assert flagged("neuron.kind").help("the spec's").endswith("  [default: the spec's]")
    assert flagged("data_dir").help() == "Where data sets are looked for, before CHIPSIM_DATA."


@pytest.mark.parametrize("name", [name for name in FLAGS if flagged(name).choices])
def test_every_choice_that_is_told_can_be_set(name):
    """Or is refused for another reason than that there is no such choice."""
    for choice in flagged(name).choices:
        try:
            resolve(None, {name: choice})
        except ValueError as error:
            assert "input should be" not in str(error)
