"""Timing constraints: one clock, and ports that an analog circuit drives."""

from __future__ import annotations

from host.export.parameters import Parameters

_PERIOD_NS = 10.0  # where no chip says one
_SHARE = 0.3  # of a period that is left to what is outside


def constraints_sdc(parameters: Parameters, clock_mhz: float | None) -> str:
    """ltl_chip.sdc. clock_mhz: of the chip's spec, if there is one."""
    period = _PERIOD_NS if clock_mhz is None else 1e3 / clock_mhz
    whence = "no chip says one, so this is a guess" if clock_mhz is None else "the spec's timing.clock_mhz"
    outside = f"{period * _SHARE:.4g}"
    analog = " ".join(
        f"layer{layer.number}_{port}[*]" for layer in parameters.layers for port in ("spike", "above_low", "below_high")
    )
    return "\n".join(
        [
            "# There is one clock domain: registers, sequencer and columns all run on clk.",
            f"# Its period: {whence}.",
            f"create_clock -name clk -period {period:.6g} [get_ports clk]",
            "",
            "# Comparators are analog and know no clock. They may change while compare is low; while it is high they",
            "# have to stand from this long before the clock edge that ends it. Nothing synchronises them once more.",
            f"set_input_delay -clock clk {outside} [get_ports {{{analog}}}]",
            "",
            "# The host's port, reset (synchronous: release it with the clock), and the rows of a step.",
            f"set_input_delay -clock clk {outside} [get_ports {{rst_n bus_* step_valid rows[*]}}]",
            f"set_output_delay -clock clk {outside} [all_outputs]",
            "",
        ]
    )
