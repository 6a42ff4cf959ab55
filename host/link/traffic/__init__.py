"""What crosses the wire between host and chip, or would: counted, and told in words.

Read, in this order:

    traffic             messages and bytes by kind, both ways
    counted_chip        a chip in this process that counts what its commands would be on a wire, to the byte
    counts_on_request   spike counts that stay on the chip until somebody looks
    summary             the lines of a report

May know: `chipsim` with its wire and results, and `host/link/timeline.py`. Never a connection: nothing is sent here.

A new call of the chip is counted in `counted_chip`; `tests/chipsim/server/test_counted.py` compares it with what really
crosses a wire.
"""

from host.link.traffic.counted_chip import CountedChip
from host.link.traffic.counts_on_request import CountsOnRequest
from host.link.traffic.summary import link_lines
from host.link.traffic.traffic import Direction, Traffic

__all__ = [
    "CountedChip",
    "CountsOnRequest",
    "Direction",
    "Traffic",
    "link_lines",
]
