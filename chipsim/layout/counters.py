"""What a run counts: events of the chip, and the work that the simulator had with them."""

from __future__ import annotations

# What a block run counts, by position in the array that it returns.
COUNTERS = (
    "synaptic_events",  # an active input row meeting a synapse, bias not counted
    "weight_updates",  # a pulse on a synapse, bias counted
    "code_writes",  # a stored few-bit weight that changed
    "membrane_low_rail",  # a step of a neuron clipped there
    "membrane_high_rail",
    "accumulator_full",  # a spike that was not counted
    "weight_full_scale",  # a write held back at the end of a weight's range
    "missed_counts",  # a spike that the accumulator missed
    "increments_saturated",  # of circuits that compute with integers: an open gate's increment met its limit
    # The simulator's own work rather than the chip's; depends on how columns are split:
    "synapses_added",
    "synapses_written",
)


SIMULATOR_WORK = ("synapses_added", "synapses_written")
OF_INTEGERS = ("increments_saturated",)  # told of chips whose learning circuits compute with integers alone


# What is known of every chunk, per layer, besides: at no cost to the loop.
CHIP_EVENTS = (
    *(name for name in COUNTERS if name not in (*SIMULATOR_WORK, *OF_INTEGERS)),
    "spikes",  # that a layer sent on
    # In the first layer, input events that bit errors on the host link lost (see chipsim.die.link):
    "events_off_array",  # their address is that of no row
    "events_merged",  # their address is that of an event that is there already
    # In the last layer, if its neurons fire (see chipsim.execution.answers):
    "abstentions",  # a window in which none fired
    "ties",  # a window whose largest count several have
)


def chip_events(in_integers: bool) -> tuple[str, ...]:
    """What is counted of a chip, by whether its learning circuits compute with integers."""
    return (*CHIP_EVENTS, *OF_INTEGERS) if in_integers else CHIP_EVENTS


EVENTS, UPDATES, WRITES, LOW, HIGH, FULL, CLIPPED, MISSED, SATURATED, ADDED, WRITTEN = range(len(COUNTERS))
