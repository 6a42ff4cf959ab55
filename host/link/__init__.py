"""What lies between host and chip. `timeline`: who was busy with what, and when, and how much of it cost no time.

    traffic/   what crosses the wire, or would if there were one: counted
    remote/    a chip that is not in this process

May know: `chipsim` and its wire, and the host's errors; `timeline` nothing at all, so that everybody may write on it.
Never what the chip is asked for: training and runs lie above. To add a kind of span: its name in `timeline`, a colour
in `host/plots/timeline_plot.py`, and the place that is timed; the test is `tests/host/link/test_timeline.py`.
"""

from host.link.timeline import HOST_WORK, Overlap, Span, Timeline, overlap

__all__ = [
    "HOST_WORK",
    "Overlap",
    "Span",
    "Timeline",
    "overlap",
]
