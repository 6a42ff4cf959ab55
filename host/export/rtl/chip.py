"""The chip: a layer's array after the other, each one's spikes the rows of the next, all registers on one port."""

from __future__ import annotations

from host.export.parameters import Layer, Parameters
from host.export.rtl.registers import INDEX_BITS, REGION_BITS

_SHARED = (
    *("SRAM", "STEPS", "ACCUMULATOR_BITS", "FRACTION_BITS", "GATE", "DEAD_ZONE", "WARM_UP", "STEP_WORDS"),
    *("STEP_WORD_BITS", "STEP_WORD_FRACTION_BITS", "DITHER_BITS", "INCREMENT_BITS", "UPDATE_BITS", "LFSR_BITS"),
    *("LFSR_TAPS", "LFSR_SEED", "SPEC_HASH"),
)


def layer_bits(parameters: Parameters) -> int:
    """Of the address, above a layer's own."""
    return max(1, (len(parameters.layers) - 1).bit_length())


def chip_sv(parameters: Parameters) -> str:
    """ltl_chip.sv."""
    layers = parameters.layers
    local = INDEX_BITS + REGION_BITS
    ports = [
        "input  logic        clk",
        "input  logic        rst_n",
        "input  logic        bus_strobe",
        "input  logic        bus_write",
        f"input  logic [{local + layer_bits(parameters) - 1}:0] bus_address",
        "input  logic [31:0] bus_write_data",
        "output logic [31:0] bus_read_data",
        "input  logic        step_valid",
        f"input  logic [{layers[0].rows - 1}:0] rows",
        "output logic        step_ready",
        "output logic        busy",
        f"output logic [{layers[-1].columns - 1}:0] fired",
        *(port for layer in layers for port in _ports(parameters, layer)),
    ]
    body = [_wires(parameters)]
    rows = "rows"
    for layer in layers:
        body.append(_array(layer, rows, layer_bits(parameters)))
        rows = f"layer{layer.number}_fired"
    return (
        "// A chip of all layers. A layer's rows are the spikes of the layer before it, of the step before.\n"
        "// Every layer's window is begun through its own CONTROL; a step is then one of all layers.\n"
        '`include "params.svh"\n'
        "module ltl_chip (\n    "
        + ",\n    ".join(ports)
        + "\n);\n"
        + "\n".join(body)
        + f"  assign fired = {rows};\n"
        + "endmodule\n"
    )


def _ports(parameters: Parameters, layer: Layer) -> list[str]:
    """Of a layer's analog neurons."""
    name, columns = f"layer{layer.number}", layer.columns
    words = 1 if parameters.circuit.sram else layer.rows + 1
    row_bits = layer.rows.bit_length()
    return [
        f"output logic        {name}_clear",
        f"output logic        {name}_weights_valid",
        f"output logic [{row_bits - 1}:0] {name}_weights_row",
        f"output logic [{columns * words * layer.code_bits - 1}:0] {name}_weights",
        f"output logic        {name}_integrate",
        f"output logic        {name}_compare",
        f"input  logic [{columns - 1}:0] {name}_spike",
        f"input  logic [{columns - 1}:0] {name}_above_low",
        f"input  logic [{columns - 1}:0] {name}_below_high",
    ]


def _wires(parameters: Parameters) -> str:
    layers, local, bits = parameters.layers, INDEX_BITS + REGION_BITS, layer_bits(parameters)
    n = len(layers)
    address = f"bus_address[{local + bits - 1}:{local}]"
    words = "".join(f"seen == {bits}'d{n} ? layer{n + 1}_word : " for n in range(len(layers)))
    fired = "".join(
        f"  logic [{layer.columns - 1}:0] layer{layer.number}_fired;\n  logic [31:0] layer{layer.number}_word;\n"
        for layer in layers
    )
    return (
        f"  logic [{n - 1}:0] ready, busy_layers;\n"
        f"  logic [{bits - 1}:0] seen;\n"
        "  logic steps;\n"
        f"{fired}"
        "  assign step_ready = &ready;\n"
        "  assign busy = |busy_layers;\n"
        "  assign steps = step_valid && step_ready;\n"
        "  always_ff @(posedge clk) begin\n"
        "    if (!rst_n) seen <= '0;\n"
        f"    else if (bus_strobe && !bus_write) seen <= {address};\n"
        "  end\n"
        f"  assign bus_read_data = {words}'0;\n"
    )


def _array(layer: Layer, rows: str, bits: int) -> str:
    """bits: of the address above a layer's own."""
    local = INDEX_BITS + REGION_BITS
    address = f"bus_address[{local + bits - 1}:{local}]"
    place, name = layer.number - 1, f"layer{layer.number}"
    shared = ", ".join(f".{each}(`LTL_{each})" for each in _SHARED)
    strobes = ", ".join(
        f".{port}({name}_{port})"
        for port in (
            *("clear", "weights_valid", "weights_row", "weights", "integrate", "compare", "spike", "above_low"),
            *("below_high", "fired"),
        )
    )
    return (
        f"  logic {name}_strobe;\n"
        f"  assign {name}_strobe = bus_strobe && {address} == {bits}'d{place};\n"
        f"  ltl_array #(\n      .ROWS({layer.rows}), .COLUMNS({layer.columns}), .CODE_BITS({layer.code_bits}),"
        f" .LAYER({layer.number}),\n      {shared}\n  ) u_{name} (\n"
        f"      .clk(clk), .rst_n(rst_n), .bus_strobe({name}_strobe), .bus_write(bus_write),"
        f" .bus_address(bus_address[{local - 1}:0]),\n"
        f"      .bus_write_data(bus_write_data), .bus_read_data({name}_word), .step_valid(steps),"
        f" .rows({rows}),\n      .step_ready(ready[{place}]), .busy(busy_layers[{place}]),\n      {strobes}\n  );\n"
    )
