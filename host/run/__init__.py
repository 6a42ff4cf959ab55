"""One run: settings put together, a die fabricated, measured, trained, measured again, and kept in a folder.

Read, in this order:

    resolution       flags over the file over what chip, teacher and data set say
    hardware_setting the setting `chip` meanwhile
    setup            data, teacher, weights to program
    chip_source      where the die comes from: this process, or a server behind a wire
    die_run          from spec to result: ideal, before, learning, after
    folder           spec, metrics, checkpoint, result: whole files only, at any moment; `latest`: which is the last one
    plugins          which plug-ins a run uses; `versions`: with which packages it is made
    identity         what a run is known by, however its paths were typed
    noise_facts      what its noise means here, and what of it hits nothing
    right_answers    which test images a chip got wrong, as a short text
    cost_facts       what the run cost; `kept`: the die of a finished run; `checked_design`: a design to be checked
    stored           a finished run out of its folder: its result, how it learned, all that it found out

May know: `methods`, `training`, `teachers`, `data`, `link`, `settings`, errors and files; `chipsim` by its interface,
`design_rules`, `cost`, `design`, `neurons` and `physical`. Never who listens, and never a picture: both lie above.

To add a fact to a result: in `die_run`, from what the die and the method counted; it must be the same on any number of
threads and behind any wire. To add a file to the folder: in `folder`, written beside and renamed. The tests are in
`tests/host/run/`: `test_resume.py` kills runs, `test_settings_take_effect.py` sees that no setting is ignored.
"""

from host.run.checked_design import design_from, design_of_run
from host.run.chip_source import ChipSource, InProcess
from host.run.cost_facts import cost_json
from host.run.die_run import NullListener, Outcome, Reference, RunListener, recovered_fraction, reference, run, run_die
from host.run.folder import RunFolder
from host.run.identity import (
    canonical,
    digest_of,
    identity_of,
    key_of,
    settings_without_places,
    teacher_recipe,
)
from host.run.kept import kept_die
from host.run.latest import run_at
from host.run.noise_facts import idle_lines
from host.run.resolution import merge, read_settings, resolve, spec_of
from host.run.right_answers import wrong_images, wrong_text
from host.run.setup import complete, prepare, resolved
from host.run.stored import found_again, stored_json, stored_result
from host.run.versions import MadeWith, made_with, versions

__all__ = [
    "ChipSource",
    "InProcess",
    "MadeWith",
    "NullListener",
    "Outcome",
    "Reference",
    "RunFolder",
    "RunListener",
    "canonical",
    "complete",
    "cost_json",
    "design_from",
    "design_of_run",
    "digest_of",
    "found_again",
    "identity_of",
    "idle_lines",
    "kept_die",
    "key_of",
    "made_with",
    "merge",
    "prepare",
    "read_settings",
    "recovered_fraction",
    "reference",
    "resolve",
    "resolved",
    "run",
    "run_at",
    "run_die",
    "settings_without_places",
    "spec_of",
    "stored_json",
    "stored_result",
    "teacher_recipe",
    "versions",
    "wrong_images",
    "wrong_text",
]
