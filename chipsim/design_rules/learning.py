"""Rules about what the learning circuits see of the input."""

from __future__ import annotations

from chipsim.design_rules.design import Design
from chipsim.design_rules.finding import RuleLimits
from chipsim.design_rules.registry import Verdict, rule


@rule(
    "presynaptic-trace",
    quantity="presynaptic trace over synaptic time constant",
    unit="",
    limits=RuleLimits("at least", note=2.0, warning=1.0),
    applies_to="exponential currents from inputs that spike once",
)
def presynaptic_trace(design: Design) -> Verdict | None:
    current = design.chip.neuron.synapse_tau_steps
    if current is None or not design.one_spike:
        return None
    trace = design.chip.learning_circuit.trace_tau_steps
    return Verdict(
        (trace or 0.0) / current,
        "a spike's current acts, and neurons fire of it, long after the one step in which Eq. 10 could write its row:"
        " most errors come too late for the synapses that made them",
        f"trace_tau_steps {2 * current:.3g} or more, and few warm_up_steps; or a code of several spikes, such as rate",
    )
