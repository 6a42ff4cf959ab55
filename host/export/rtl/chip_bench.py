"""A bench of the whole chip: registers of each layer at their address, and spikes that reach the next layer's rows."""

from __future__ import annotations

from host.export.parameters import Layer, Parameters
from host.export.rtl.chip import layer_bits
from host.export.rtl.registers import INDEX_BITS, REGION_BITS, base_of

_STEPS = 3
_PORTS = (
    "clear",
    "weights_valid",
    "weights_row",
    "weights",
    "integrate",
    "compare",
    "spike",
    "above_low",
    "below_high",
)


def chip_bench_sv(parameters: Parameters) -> str:
    """tb_chip.sv: PASS or FAIL, and the exit status that says so."""
    layers = parameters.layers
    steps = min(_STEPS, parameters.circuit.steps)
    bits = INDEX_BITS + REGION_BITS + layer_bits(parameters)
    ports = ",\n      ".join(
        ", ".join(f".layer{layer.number}_{port}(layer{layer.number}_{port})" for port in _PORTS) for layer in layers
    )
    lines = [
        '`include "params.svh"',
        "// The chip's own wiring; what a layer does is tried by tb.sv.",
        "module tb_chip;",
        "  logic clk = 1'b0, rst_n = 1'b0, bus_strobe = 1'b0, bus_write = 1'b0, step_valid = 1'b0, step_ready, busy;",
        f"  logic [{bits - 1}:0] bus_address = '0;",
        "  logic [31:0] bus_write_data = '0, bus_read_data;",
        f"  logic [{layers[0].rows - 1}:0] rows = '0;",
        f"  logic [{layers[-1].columns - 1}:0] fired;",
        *(line for layer in layers for line in _wires(parameters, layer)),
        "  ltl_chip dut (",
        "      .clk(clk), .rst_n(rst_n), .bus_strobe(bus_strobe), .bus_write(bus_write), .bus_address(bus_address),",
        "      .bus_write_data(bus_write_data), .bus_read_data(bus_read_data), .step_valid(step_valid), .rows(rows),",
        f"      .step_ready(step_ready), .busy(busy), .fired(fired),\n      {ports}",
        "  );",
        "  always #5 clk = ~clk;",
        _TASKS,
        "  task automatic tick;",
        "    @(negedge clk);",
        *(line for layer in layers for line in _tick(layer)),
        "  endtask",
        "",
        "  initial begin",
        "    repeat (3) tick;",
        "    rst_n = 1'b1;",
        "    wait_until_idle;",
        *(line for layer in layers for line in _registers(layer)),
        *(f'    check("TARGET of layer {n.number}", {_at(n, 2)}, 32\'d{n.number});' for n in layers),
        *(f"    bus(1'b1, {_at(n, 0, 3)}, 32'd1);" for n in layers),
        "    wait_until_idle;",
        *(line for step in range(steps) for line in _step(parameters, step)),
        *(f'    check("COUNT of layer {n.number}", {_at(n, 4)}, 32\'d{_spikes(n, steps)});' for n in layers),
        '    $display("PASS the chip\'s wiring");',
        "    $finish;",
        "  end",
        "endmodule",
        "",
    ]
    return "\n".join(lines)


_TASKS = """
  task automatic fail(input string what);
    $display("FAIL %0s", what);
    $fatal(1, "FAIL");
  endtask

  task automatic wait_until_idle;
    integer clocks;
    clocks = 0;
    while (busy !== 1'b0) begin
      tick;
      clocks = clocks + 1;
      if (clocks > 200000) fail("busy for 200000 clocks");
    end
  endtask

  task automatic bus(input logic write, input integer address, input logic [31:0] data);
    bus_strobe = 1'b1;
    bus_write = write;
    bus_address = address[$bits(bus_address)-1:0];
    bus_write_data = data;
    tick;
    bus_strobe = 1'b0;
  endtask

  task automatic check(input string what, input integer address, input logic [31:0] expected);
    bus(1'b0, address, '0);
    if (bus_read_data !== expected) begin
      $display("FAIL %0s: expected %h, actual %h", what, expected, bus_read_data);
      $fatal(1, "FAIL");
    end
  endtask
"""


def _at(layer: Layer, region: int, index: int = 0) -> int:
    return base_of(layer) + (region << INDEX_BITS) + index


def _fires(layer: Layer, neuron: int, step: int) -> bool:
    """Layers and steps fire differently."""
    return (neuron * 5 + layer.number * 3 + step * 2) % 7 < 3


def _spikes(layer: Layer, steps: int) -> int:
    """Of neuron 0."""
    return sum(_fires(layer, 0, step) for step in range(steps))


def _pattern(layer: Layer, step: int) -> str:
    bits = sum(1 << neuron for neuron in range(layer.columns) if step >= 0 and _fires(layer, neuron, step))
    return f"{layer.columns}'h{bits:X}"


def _wires(parameters: Parameters, layer: Layer) -> list[str]:
    name, words = f"layer{layer.number}", 1 if parameters.circuit.sram else layer.rows + 1
    return [
        f"  logic {name}_clear, {name}_weights_valid, {name}_integrate, {name}_compare;",
        f"  logic [{layer.rows.bit_length() - 1}:0] {name}_weights_row;",
        f"  logic [{layer.columns * words * layer.code_bits - 1}:0] {name}_weights;",
        f"  logic [{layer.columns - 1}:0] {name}_spike = '0, {name}_now = '0;",
        f"  logic [{layer.columns - 1}:0] {name}_above_low = '0, {name}_below_high = '0;",
        f"  logic [{layer.rows}:0] {name}_delivered = '0;",
    ]


def _tick(layer: Layer) -> list[str]:
    name = f"layer{layer.number}"
    return [
        f"    {name}_spike = {name}_compare ? {name}_now : ~{name}_now;",
        f"    if ({name}_weights_valid) {name}_delivered[{name}_weights_row] = 1'b1;",
    ]


def _registers(layer: Layer) -> list[str]:
    n = layer.number
    return [
        f'    check("ID of layer {n}", {_at(layer, 0)}, 32\'h4C544C31);',
        f'    check("HASH of layer {n}", {_at(layer, 0, 1)}, `LTL_SPEC_HASH);',
        f'    check("SHAPE of layer {n}", {_at(layer, 0, 2)}, 32\'h{layer.columns << 16 | layer.rows:08X});',
        f"    bus(1'b1, {_at(layer, 2)}, 32'd{n});",
    ]


def _step(parameters: Parameters, step: int) -> list[str]:
    """Each layer's rows are the spikes of the layer before it, of the step before."""
    layers = parameters.layers
    first = sum(1 << row for row in range(layers[0].rows) if (row + step) % 3 == 0)
    lines = [f"    rows = {layers[0].rows}'h{first:X};"]
    for layer in layers:
        lines += [
            f"    layer{layer.number}_now = {_pattern(layer, step)};",
            f"    layer{layer.number}_delivered = '0;",
        ]
    lines += ["    step_valid = 1'b1;", "    tick;", "    step_valid = 1'b0;", "    wait_until_idle;"]
    if parameters.circuit.sram:  # of flip-flops all rows come at once
        seen = [f"{layers[0].rows}'h{first:X}", *(_pattern(layer, step - 1) for layer in layers[:-1])]
        for layer, rows in zip(layers, seen, strict=True):
            wrong = f"layer{layer.number}_delivered !== {{1'b1, {rows}}}"
            lines.append(f'    if ({wrong}) fail("step {step + 1}: rows of layer {layer.number}");')
    lines.append(f'    if (fired !== {_pattern(layers[-1], step)}) fail("step {step + 1}: spikes of the last layer");')
    return lines
