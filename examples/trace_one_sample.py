"""One sample through one neuron as arrays: what its learning circuit sees and does, step by step.

python examples/trace_one_sample.py
"""

from host.run import resolve
from host.trace import trace


def main() -> None:
    spec = resolve(None, {"noise": ["mismatch:0.2"], "hidden": [32]})
    seen = trace(spec, neurons=[(1, 5)], part="train", samples=[0])
    [neuron] = seen.neurons
    threshold, low, high = (neuron.fabricated[name] for name in ("threshold", "boxcar_low", "boxcar_high"))
    print(f"layer 1, neuron 5 of die {spec.die}: threshold {threshold:.3f}, boxcar {low:.3f} to {high:.3f}")
    print("step  current  membrane  spike  count  target   error  boxcar     pulse")
    for t in range(spec.steps):
        print(
            f"{t + 1:4}  {neuron.current[0, t]:7.3f}  {neuron.membrane[0, t]:8.3f}  {neuron.spike[0, t]:5}"
            f"  {neuron.count[0, t]:5.0f}  {neuron.target_count[0, t]:6.2f}  {neuron.error[0, t]:6.3f}"
            f"  {neuron.boxcar[0, t]:6}  {neuron.pulse[0, t]:8.5f}"
        )


if __name__ == "__main__":
    main()
