"""Data sets: how one was read (the range found, what means 0 and 1, what seems wrong), and what was got of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from host.data import Gotten, RemoteFile


def data_lines(summary: Mapping[str, Any]) -> list[str]:
    """For the head of a run."""
    scaling, validation = summary["scaling"], summary["validation"]
    lines = [f"  {scaling_text(scaling)}"]
    if validation["own"]:
        lines.append(f"  validated on the data set's own {validation['samples']:,} samples, x_valid")
    return lines + [f"  warning: {note}" for note in scaling["warnings"]]


def scaling_text(scaling: Mapping[str, Any]) -> str:
    """scaling: see host.data.describe."""
    (low, high), (zero, one) = scaling["found"], scaling["used"]
    read = f"{zero:g} to {one:g} is read as 0 to 1, for all inputs alike"
    if scaling["per_feature"]:
        read = "each input's own range is read as 0 to 1"
    return f"x_train goes from {low:g} to {high:g} ({scaling['type']}): {read} (--scale {scaling['setting']})"


def got_json(got: Gotten) -> dict[str, Any]:
    return {
        "name": got.name,
        "folder": got.folder and str(got.folder),
        "complete": not got.missing,
        "came_from": got.came_from,
        "missing": [
            {"file": file.name, "bytes": file.n_bytes, "sha256": file.sha256, "addresses": _addresses(file)}
            for file in got.missing
        ],
    }


def got_text(got: Gotten) -> str:
    if got.folder is None:
        return f"{got.name} needs no files"
    if got.missing:
        n = len(got.missing)
        return "\n".join(
            [
                f"{got.name} lacks {n} file{'s' if n > 1 else ''}; put {'them' if n > 1 else 'it'} into {got.folder}",
                *(line for file in got.missing for line in _missing_lines(file)),
                "then the same command checks what is there, and makes of it what a run reads",
            ]
        )
    if not got.came_from:
        return f"{got.name} is in {got.folder}"
    return "\n".join(
        [f"{got.name} is in {got.folder} now", *(f"  {name} from {whole}" for name, whole in got.came_from.items())]
    )


def _missing_lines(file: RemoteFile) -> list[str]:
    return [
        f"  {file.name}  {file.n_bytes:,} bytes",
        f"    sha256 {file.sha256}",
        *(f"    {address}" for address in _addresses(file)),
    ]


def _addresses(file: RemoteFile) -> list[str]:
    return [mirror + file.name for mirror in file.mirrors]
