"""The files of a trace: a waveform, its layout for GTKWave, and a picture, all of one name."""

from __future__ import annotations

import os
from pathlib import Path

from host.errors import TraceError
from host.files import write_bytes
from host.plots.trace_plot import waveform_png
from host.trace import Units, Waveform, gtkw_text, vcd_text


def check_trace_files(out: Path) -> None:
    """Before anything long begins. Raises TraceError if the files cannot be written."""
    if out.suffix != ".vcd":
        raise TraceError(f"--out {out}: the name of a waveform file ends in .vcd; write for example {out.stem}.vcd")
    for path in (out, out.with_suffix(".gtkw"), out.with_suffix(".png")):
        if path.is_dir():
            raise TraceError(f"--out {out}: {path} is a folder; choose another name")
    if not out.parent.is_dir():
        raise TraceError(f"--out {out}: there is no folder {out.parent}; make it, or choose another --out")
    if not os.access(out.parent, os.W_OK | os.X_OK):
        raise TraceError(f"--out {out}: cannot write in {out.parent.absolute()}; choose another --out")


def save_trace(traced: Waveform, out: Path, shown: Units) -> dict[str, str]:
    """All files, or a TraceError of one line; each is whole or as it was. Returns where they are."""
    contents = {
        "vcd": vcd_text(traced, shown.step_s, shown).encode(),
        "gtkw": gtkw_text(traced, shown.step_s, shown).encode(),
        "png": waveform_png(traced, shown.step_s, shown),
    }
    for kind, content in contents.items():
        path = out.with_suffix(f".{kind}")
        try:
            write_bytes(path, content)
        except OSError as error:
            raise TraceError(f"cannot write {path}: {error.strerror}; choose another --out") from None
    return {kind: str(out.with_suffix(f".{kind}")) for kind in contents}
