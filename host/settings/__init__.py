"""Everything that can be set about a run, as frozen data: the one source of defaults, and the lowest room of the host.

Read, in this order:

    spec           all settings of a run, with defaults and limits; what decides results is in its hash
    in_the_loop    settings of training in the loop; `through_time`: on the host's twin; `methods`: of conversion and
                   offline learning; `stdp`
    choices        what some settings choose from, with what each choice means: encodings, norms, output targets
    method_names   the built-in training methods by name, with what each does
    plugins        which encodings, data sets and methods there are, those of other packages included
    scale          how stored values become inputs from 0 to 1
    defaults       what suits a data set, or images, where nothing else is said
    flags          which settings have a flag on the command line; `keys`: those that one flag holds together
    nested         settings by dotted name

May know: the settings of `chipsim` (in `design` and `physical`), `learning_circuit` and `nonideality`, and the host's
errors. Never a room of the host, a data set or a method: a spec is put together in `host.run`, which knows all of them.

To add a setting: a field with its default and limits in the table that it belongs to; its unit stands in its name. If
it is worth a flag, a line in `flags`. `tests/support/every_setting.py` then asks for a value that is not the default,
and `tests/host/run/test_settings_take_effect.py` for proof that it changes a run. Names in spec.toml stay as they are:
files written before must be read.
"""

from host.settings.choices import ENCODINGS, OUTPUT_TARGETS, Norm, OutputTarget
from host.settings.defaults import (
    BUILT_IN,
    DATASET_DEFAULTS,
    IMAGE_DEFAULTS,
    IMAGE_STEPS_LEARNED_IN,
    METHOD_DEFAULTS,
    THROUGH_TIME_DEFAULTS,
)
from host.settings.flags import FLAGS, FlaggedSetting, flagged
from host.settings.in_the_loop import LoopSpec, LossSpec
from host.settings.keys import keys_of, value_of
from host.settings.method_names import METHODS, UNSUPERVISED_METHODS
from host.settings.nested import put, put_default
from host.settings.plugins import DATA_SOURCES, ENCODERS, TRAINING_METHODS, EncodingName, MethodName
from host.settings.scale import AUTO, SCALES, ends_of
from host.settings.spec import RunSpec, TeacherSpec, TrainingSpec, deciding_settings, in_steps
from host.settings.stdp import PruneSpec, RoundSpec, StdpSpec
from host.settings.through_time import ThroughTimeSpec

__all__ = [
    "AUTO",
    "BUILT_IN",
    "DATASET_DEFAULTS",
    "DATA_SOURCES",
    "ENCODERS",
    "ENCODINGS",
    "FLAGS",
    "IMAGE_DEFAULTS",
    "IMAGE_STEPS_LEARNED_IN",
    "METHODS",
    "METHOD_DEFAULTS",
    "OUTPUT_TARGETS",
    "SCALES",
    "THROUGH_TIME_DEFAULTS",
    "TRAINING_METHODS",
    "UNSUPERVISED_METHODS",
    "EncodingName",
    "FlaggedSetting",
    "LoopSpec",
    "LossSpec",
    "MethodName",
    "Norm",
    "OutputTarget",
    "PruneSpec",
    "RoundSpec",
    "RunSpec",
    "StdpSpec",
    "TeacherSpec",
    "ThroughTimeSpec",
    "TrainingSpec",
    "deciding_settings",
    "ends_of",
    "flagged",
    "in_steps",
    "keys_of",
    "put",
    "put_default",
    "value_of",
]
