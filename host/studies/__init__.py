"""Questions about many dies: how many are good, how much of an imperfection is borne, which one costs how much.

Read, in this order:

    die_yield         when a die is good, which share is, and how sure that is
    levels            an axis whose levels are numbers; `imperfection`: a noise of a study
    bisection         where along an axis the verdict turns; knows no chip
    limit             that question about a yield; `limit_run`: on a database
    sobol             a design over ranges, and indices with intervals
    sensitivity       what each imperfection costs alone and among others; `sensitivity_run`: on a database
    simulate          chips asked for one by one, simulated where the database has none
    yield_summary     what is told of a yield; `sensitivity_summary`: of a study

May know: `sweep`, `run`, `settings`, `terminal`, the host's errors. Never a chip: accuracies come as rows of a sweep.

To add a question: its logic as plain functions of rows, in a file that could be tested without a chip; its chips
through `simulate`; its command in `host/cli/`. With it go tests of the logic against answers known in advance
(`tests/host/studies/test_bisection.py`, `test_sobol.py`), and one of the command that asks again and simulates nothing.
"""

from host.studies.die_yield import MOMENTS, Criterion, Moment, PointYield, Share, criterion, fraction, yields
from host.studies.levels import level_axis
from host.studies.limit import Limit, Question
from host.studies.limit_run import Design, search
from host.studies.sensitivity import Accuracy, Answer, Mean, Study
from host.studies.sensitivity_run import accuracies, answered, study_of
from host.studies.sensitivity_summary import sensitivity_json, sensitivity_lines
from host.studies.simulate import ChipCounter, simulate
from host.studies.sobol import Indices
from host.studies.yield_summary import YieldReport

__all__ = [
    "MOMENTS",
    "Accuracy",
    "Answer",
    "ChipCounter",
    "Criterion",
    "Design",
    "Indices",
    "Limit",
    "Mean",
    "Moment",
    "PointYield",
    "Question",
    "Share",
    "Study",
    "YieldReport",
    "accuracies",
    "answered",
    "criterion",
    "fraction",
    "level_axis",
    "search",
    "sensitivity_json",
    "sensitivity_lines",
    "simulate",
    "study_of",
    "yields",
]
