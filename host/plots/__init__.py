"""Pictures: of a run, of a trace, of who was busy when. matplotlib is imported only where something is drawn.

Read `palette` (colours that the colour-blind can tell apart), `png`, `sheet` (panels at given places), then
`run_plots` with `assigned_plots`, `trace_plot` with `trace_files`, `timeline_plot`.

May know: `run`, `trace`, `training`, `teachers`, `data`, `link`; the chip by its interface, and `chipsim.die` for what
was fabricated of it. Never a command: whoever draws says where the file goes.

To add a picture of a run: a function in `run_plots`, and its name in `RunPicture` and `run_figure` there. Every colour
is doubled by a line style, a marker or a place, and nothing global of matplotlib is touched. The tests are in
`tests/host/plots/test_plots.py`: what is drawn is what was measured, and odd runs are drawn, too.
"""

from host.plots.palette import BLACK, BLUE, DASHES, GREEN, GREY, VERMILION
from host.plots.run_plots import RunPicture, run_figure, save_plots
from host.plots.timeline_plot import busy, draw, save_timeline
from host.plots.trace_files import check_trace_files, save_trace
from host.plots.trace_plot import waveform_plot, waveform_png

__all__ = [
    "BLACK",
    "BLUE",
    "DASHES",
    "GREEN",
    "GREY",
    "VERMILION",
    "RunPicture",
    "busy",
    "check_trace_files",
    "draw",
    "run_figure",
    "save_plots",
    "save_timeline",
    "save_trace",
    "waveform_plot",
    "waveform_png",
]
