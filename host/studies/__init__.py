"""Questions about many dies: how many are good, how much of an imperfection is borne, which one costs how much.

Read, in this order:

    claims            what good dies prove of a yield: for a fixed plan, and whenever one stops; how many it takes
    die_yield         when a die is good, and which share is; `one_design`: whether dies have a yield in common
    levels            an axis whose levels are numbers; `imperfection`: a noise of a study
    bisection         where along an axis the verdict turns; knows no chip
    sequential        a level's verdict, from die to die: passes, fails, undecided
    limit             where along an axis the yield is lost; `limit_run`: on a database
    sobol             a design over ranges, and indices with intervals
    sensitivity       what each imperfection costs alone and among others; `sensitivity_run`: on a database
    simulate          chips asked for one by one, simulated where the database has none
    yield_summary     what is told of a yield; `sensitivity_summary`: of a study

May know: `sweep`, `run`, `settings`, `terminal`, the host's errors. Never a chip: accuracies come as rows of a sweep.

To add a question: its logic as plain functions of rows, in a file that could be tested without a chip; its chips
through `simulate`; its command in `host/cli/`. With it go tests of the logic against answers known in advance
(`tests/host/studies/test_bisection.py`, `test_sobol.py`), and one of the command that asks again and simulates nothing.
Whatever it claims of a yield is a claim of `claims` and says which; a new one is tried there against simulated users
who stop when it looks good (`test_claims.py`).
"""

from host.studies.claims import CONFIDENCE, dies_to_plan, dies_to_prove, interval
from host.studies.die_yield import MOMENTS, Criterion, Moment, PointYield, Share, criterion, fraction, yields
from host.studies.levels import level_axis
from host.studies.limit import Limit, Question, usual_dies
from host.studies.limit_run import Design, search
from host.studies.one_design import OneDesign
from host.studies.sensitivity import Accuracy, Answer, Mean, Study
from host.studies.sensitivity_run import accuracies, answered, study_of
from host.studies.sensitivity_summary import sensitivity_json, sensitivity_lines
from host.studies.simulate import ChipCounter, simulate
from host.studies.sobol import Indices
from host.studies.yield_summary import YieldReport

__all__ = [
    "CONFIDENCE",
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
    "OneDesign",
    "PointYield",
    "Question",
    "Share",
    "Study",
    "YieldReport",
    "accuracies",
    "answered",
    "criterion",
    "dies_to_plan",
    "dies_to_prove",
    "fraction",
    "interval",
    "level_axis",
    "search",
    "sensitivity_json",
    "sensitivity_lines",
    "simulate",
    "study_of",
    "usual_dies",
    "yields",
]
