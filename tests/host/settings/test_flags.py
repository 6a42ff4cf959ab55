"""Flags of settings: everything but the name and the heading comes from the field."""

import pytest

from host.errors import SettingError
from host.run import resolve
from host.settings import keys_of
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
    ("windows", int, "", (), 1, 4096, "1"),
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
    ("stdp.prune", str, "keys", ("below", "every", "after"), None, None, "none"),
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


def test_settings_that_one_flag_holds_together():
    known = flagged("stdp.prune").choices
    assert keys_of("below=0.3, every=5000", known) == {"below": 0.3, "every": 5000}
    assert keys_of("below=some", known) == {"below": "some"}
    assert flagged("stdp.prune").help().endswith("Keys: below, every, after.  [default: none]")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("below", "'below' is not key=value; keys are below, every, after"),
        ("below=", "'below=' is not key=value"),
        ("", "'' is not key=value"),
        ("belo=0.3", "no 'belo': did you mean 'below'?"),
        ("below=0.3,below=0.1", "below is given twice"),
    ],
)
def test_what_one_flag_cannot_hold_is_refused_in_one_line(text, words):
    with pytest.raises(SettingError) as refusal:
        keys_of(text, flagged("stdp.prune").choices)
    assert words in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", [name for name in FLAGS if flagged(name).choices and flagged(name).many != "keys"])
def test_every_choice_that_is_told_can_be_set(name):
    """Or is refused for another reason than that there is no such choice."""
    for choice in flagged(name).choices:
        try:
            resolve(None, {name: choice})
        except ValueError as error:
            assert "input should be" not in str(error)
