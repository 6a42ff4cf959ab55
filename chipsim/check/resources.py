"""Rules about what the chip has: rows, columns, cores, and the link to the host."""

from __future__ import annotations

from chipsim.check.design import Design
from chipsim.check.finding import Limits
from chipsim.check.registry import Verdict, rule
from chipsim.cost.counts import Counts
from chipsim.cost.link import LinkFormat, link_bytes
from chipsim.cost.timing import sample_time


@rule(
    "link-bandwidth",
    quantity="part of the time that the chip waits for the link while learning",
    unit="",
    limits=Limits("at most", note=0.0, warning=0.1, error=0.75),
    applies_to="physical specs",
)
def link_bandwidth(design: Design) -> Verdict | None:
    if design.physical is None:
        return None
    chip = design.chip
    nothing = (0.0,) * chip.n_layers
    expected = Counts(design.row_rate * chip.layer_sizes[0] * chip.steps, nothing, nothing, nothing, nothing)
    sent = link_bytes(
        chip,
        expected,
        LinkFormat.of(chip, design.physical),
        constant_current=design.constant_current,
        learning=True,
    ).total
    time = sample_time(chip, design.physical, sent)
    needed = design.physical.link.bandwidth_mbit_per_s * time.link_us / time.window_us
    return Verdict(
        time.stall_fraction,
        f"a sample's spikes and targets are {sent:,.0f} bytes, {time.link_us:.3g} us on the link, but the chip is done"
        f" with a sample after {time.window_us:.3g} us",
        f"bandwidth_mbit_per_s {needed:.0f}, fewer bits per event, or fewer input spikes",
    )
