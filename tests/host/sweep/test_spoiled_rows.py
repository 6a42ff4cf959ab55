"""What a row says that no run has found is told in one line that names the row."""

import sqlite3

import pytest
from hand_made_rows import PLAN, result
from small_sweeps import A_SUMMARY

from host.errors import SweepError
from host.sweep import LimitsMet, SweepStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s.sqlite"


SPOILED = {
    "UPDATE result SET after = 1e308": "its accuracy 'after' is 1e+308, which is no number from 0 to 1",
    "UPDATE result SET before = 'much'": "its accuracy 'before' is 'much', which is no number from 0 to 1",
    "UPDATE result SET ideal = NULL": "its accuracy 'ideal' is None",
    "UPDATE result SET teacher = -0.1": "its accuracy 'teacher' is -0.1",
    "UPDATE result SET test_samples = 'all'": "its test_samples are 'all', which is no whole number from 1",
    "UPDATE result SET test_samples = 0": "its test_samples are 0",
    "UPDATE result SET after = 0.81": "it says 'after' 0.81, and its summary 0.8",
    "UPDATE result SET summary = NULL": "its summary cannot be read",
    "UPDATE result SET summary = x'0001'": "its summary cannot be read: it is cut short",
    "UPDATE result SET summary = substr(summary, 1, length(summary) - 3)": "it is cut short",
    "UPDATE result SET summary = x'00ff00'": "its summary cannot be read: it needs dictionary 255",
    "UPDATE result SET summary = 'text'": "its summary cannot be read",
    "UPDATE result SET summary = spec": "its summary cannot be read: accuracy: Field required",
    "UPDATE dictionary SET text = x'00'": "its summary cannot be read: it is damaged",
    "DELETE FROM dictionary": "its summary cannot be read: it needs dictionary",
    "UPDATE result SET silent_layers = 'all'": "it says 2 and 'all' of what met its limit",
    "UPDATE task SET die = 'nine'": "its key or its die, 'nine', is none",
    "UPDATE task SET die = -1": "its key or its die, -1, is none",
    "UPDATE task SET key = x'00'": "its key or its die, 1, is none",
}


@pytest.mark.parametrize("statement", SPOILED)
def test_a_row_that_says_what_no_run_has_found_is_named(path, statement):
    with SweepStore.create(path) as store:
        store.add_sweep("abc", {}, PLAN[:1])
        store.record([result(PLAN[0][1], limits=LimitsMet(2, (1,)))])
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute(statement)
    connection.commit()
    connection.close()
    with SweepStore.open(path) as store, pytest.raises(SweepError) as raised:
        for row in store.rows():
            assert row.summary and row.spec
    assert str(raised.value).startswith("row m-die-1-00000001: ")
    assert SPOILED[statement] in str(raised.value)
    assert "\n" not in str(raised.value)


EFFORT = '{"samples":1,"die_samples":1,"bytes_down":1e308,"bytes_up":0,"weights_programmed":0,"host_macs":0}'
ABSURD = {
    "what is no JSON": "{",
    "nested too deeply": "[" * 100_000,
    "no object": "[1]",
    "no figure": A_SUMMARY.replace('"code_writes":0', '"code_writes":NaN'),
    "more than any chip": A_SUMMARY.replace('"saturation":{}', f'"saturation":{{}},"method":{EFFORT}'),
    "text for a count": A_SUMMARY.replace('"weight_updates":1', '"weight_updates":"1"'),
    "a count below 0": A_SUMMARY.replace('"train_samples":1', '"train_samples":-1'),
    "a count beyond 64 bits": A_SUMMARY.replace('"train_samples":1', f'"train_samples":{2**63}'),
    "a number of 10,000 digits": A_SUMMARY.replace('"train_samples":1', f'"train_samples":{"9" * 10_000}'),
    "no network": A_SUMMARY.replace('"network":[6,7,3]', '"network":[]'),
}


@pytest.mark.parametrize("summary", ABSURD.values(), ids=ABSURD)
def test_an_absurd_summary_is_named(path, summary):
    with SweepStore.create(path) as store:
        store.record([result(PLAN[0][1], summary=summary)])
        [row] = store.rows_of([PLAN[0][1].key])
        with pytest.raises(SweepError, match=r"^row m-die-1-00000001: its summary cannot be read: [^\n]+$"):
            row.summary  # noqa: B018 - read when asked for


def test_what_a_terminal_would_obey_is_not_passed_on(path):
    with SweepStore.create(path) as store:
        store.record([result(PLAN[0][1], status="failed", message="\x1b[2Jgone\nand more")])
        [row] = store.rows_of([PLAN[0][1].key])
    assert row.message == "\N{REPLACEMENT CHARACTER}[2Jgone\N{REPLACEMENT CHARACTER}and more"
