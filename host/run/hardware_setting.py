"""The setting `chip` while a run's settings are put together: a preset, a file, or tables, and single figures of it."""

from __future__ import annotations

from typing import Any

from chipsim.physical import key_lines, load_table, settings_of, validated


class HardwareSetting:
    """Turns ``settings["chip"]`` into tables wherever it names a preset or file, and remembers where they stand."""

    def __init__(self, settings: dict[str, Any], config: str, text: str) -> None:
        """config, text: the file that `settings` were read from, and what it says. Raises ChipError."""
        self._settings = settings
        self._source = config
        self._lines = {path[1:]: line for path, line in key_lines(text).items() if path[0] == "chip"}
        self._read()

    def release(self) -> None:
        """Take out of the settings those that followed from the chip, as in a run's own spec: they follow the next one.

        To be called before another chip, or another figure of it, is put in. Raises ChipError.
        """
        for path, value in self.settings().items():
            *tables, key = path.split(".")
            table: Any = self._settings
            for name in tables:
                table = table.get(name) if isinstance(table, dict) else None
            if isinstance(table, dict) and table.get(key) == value:
                del table[key]

    def changed(self, path: str) -> None:
        """To be called after the setting `path` was put in. Raises ChipError."""
        if path == "chip":
            self._source, self._lines = "chip", {}
            self._read()
        elif path.startswith("chip."):  # what is then wrong need not be what stands in the file
            self._source, self._lines = f"{self._source} with {path} = {self._value(path)!r}", {}

    def settings(self) -> dict[str, Any]:
        """What follows from the chip, by dotted name; nothing without a chip. Raises ChipError."""
        table = self._settings.get("chip")
        if not isinstance(table, dict):  # None, or refused with the other settings
            return {}
        return settings_of(validated(table, self._source, self._lines))

    def _read(self) -> None:
        chip = self._settings.get("chip")
        if isinstance(chip, str):
            self._settings["chip"], self._lines = load_table(chip)
            self._source = chip

    def _value(self, path: str) -> Any:
        value: Any = self._settings
        for name in path.split("."):
            value = value[name]
        return value
