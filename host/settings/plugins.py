"""What of a run another package may bring, by name: encodings, data sets, training methods. Nothing is loaded here.

The rooms that hold the classes provide them: `host.data` and `host.methods`.
"""

from __future__ import annotations

from typing import Annotated, Any

from chipsim.design import NameOf
from host.errors import DataError, SettingError
from host.settings.choices import ENCODINGS
from host.settings.defaults import BUILT_IN
from host.settings.method_names import METHODS, UNSUPERVISED_METHODS
from nonideality import PluginGroup

ENCODERS: PluginGroup[Any] = PluginGroup("chipsim.encoders", what="encoding", error=SettingError, names=ENCODINGS)
DATA_SOURCES: PluginGroup[Any] = PluginGroup(
    "chipsim.datasets", what="data set", error=DataError, see="chipsim data", names=BUILT_IN
)
TRAINING_METHODS: PluginGroup[Any] = PluginGroup(
    "chipsim.methods", what="method", error=SettingError, see="chipsim methods", names=(*METHODS, *UNSUPERVISED_METHODS)
)


EncodingName = Annotated[str, NameOf(ENCODERS)]
MethodName = Annotated[str, NameOf(TRAINING_METHODS)]
DatasetName = Annotated[str, NameOf(DATA_SOURCES, others=True)]
