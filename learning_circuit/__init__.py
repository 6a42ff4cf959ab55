"""What a neuron's learning circuit does: accumulators, error gate, boxcar gate, update unit. Knows no chip.

The stages are pure compiled functions on numbers and arrays; `chipsim.cycle` strings them together in hardware order.
"""

from learning_circuit.spec import ErrorGate, LearningCircuitSpec

__all__ = ["ErrorGate", "LearningCircuitSpec"]
