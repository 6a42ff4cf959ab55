"""What of a run another package may bring, by name: encodings, data sets, training methods. Nothing is loaded here.

The rooms that hold the classes provide them: `host.data` and `host.methods`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from host.errors import DataError, SettingError
from host.settings.choices import ENCODINGS
from host.settings.defaults import BUILT_IN
from host.settings.method_names import METHODS
from nonideality import PluginGroup

ENCODERS: PluginGroup[Any] = PluginGroup("chipsim.encoders", what="encoding", error=SettingError, names=ENCODINGS)
DATA_SOURCES: PluginGroup[Any] = PluginGroup(
    "chipsim.datasets", what="data set", error=DataError, see="chipsim data", names=BUILT_IN
)
TRAINING_METHODS: PluginGroup[Any] = PluginGroup(
    "chipsim.methods", what="method", error=SettingError, see="chipsim methods", names=METHODS
)


@dataclass(frozen=True)
class NameOf:
    """Marks a setting that is a name of a group: others are refused, and the help lists what is installed."""

    group: PluginGroup[Any]
    others: bool = False  # whether any text is allowed: of data sets, files and folders, too

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        inner: CoreSchema = handler(source)
        return inner if self.others else core_schema.no_info_after_validator_function(self._known, inner)

    def _known(self, name: str) -> str:
        """Says of an unknown name what pydantic says of a Literal's."""
        if not self.group.offers(name):
            *names, last = map(repr, self.group.names())
            expected = f"{', '.join(names)} or {last}" if names else last
            raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": expected})
        self.group.check(name)
        return name


EncodingName = Annotated[str, NameOf(ENCODERS)]
MethodName = Annotated[str, NameOf(TRAINING_METHODS)]
DatasetName = Annotated[str, NameOf(DATA_SOURCES, others=True)]
