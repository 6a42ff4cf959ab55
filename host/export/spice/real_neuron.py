"""The column in SystemVerilog, its membrane a `real`: for simulators that know no SPICE, such as iverilog.

Time is in steps: at a clock edge, the comparison, what the step before left has leaked, charges have arrived.
"""

from __future__ import annotations

from collections.abc import Iterator

from host.export.spice.column import Column

NEURON = """\
// A neuron in thresholds above rest, one clock edge a step: the comparison. Charges and the reset are what a leak
// leaves of them until then.
`timescale 1ns / 1ps
module neuron_real #(
    parameter real DECAY = 1.0,         // of the membrane, per step
    parameter real THRESHOLD = 1.0,
    parameter real RESET_CHARGE = 1.0,  // of a subtractive reset
    parameter RESET_TO_ZERO = 0,
    parameter real LOW_RAIL = 0.0,
    parameter real HIGH_RAIL = 8.0,
    parameter real REST_V = 0.0,
    parameter real SWING_V = 1.0        // one threshold
) (
    input wire clk,
    input wire clear,                   // a window begins at the next edge: membrane and spike are forgotten
    input real charge,                  // of all synapses in this step
    output reg spike,
    output wire real membrane,          // as the comparator sees it
    output wire real membrane_v
);
    real now, next;
    assign membrane = now;
    assign membrane_v = REST_V + SWING_V * now;
    initial begin
        spike = 1'b0;
        now = 0.0;
    end
    always @(posedge clk) begin
        if (clear) begin
            spike = 1'b0;
            now = 0.0;
        end else begin
            next = ((RESET_TO_ZERO != 0 && spike) ? 0.0 : DECAY * now) + charge;
            if (RESET_TO_ZERO == 0 && spike) next = next - RESET_CHARGE;
            if (next < LOW_RAIL) next = LOW_RAIL;
            if (next > HIGH_RAIL) next = HIGH_RAIL;
            now = next;
            spike = (next >= THRESHOLD);
        end
    end
endmodule

// Synapses of one column: the charges of all rows that spiked. CHARGES holds one number a row, what it delivers per
// unit of its code.
module synapses_real #(
    parameter ROWS = 1,
    parameter CODE_BITS = 2,
    parameter CHARGES = "charges.txt"
) (
    input wire [ROWS-1:0] rows,
    input wire [ROWS*CODE_BITS-1:0] codes,  // two's complement, row 0 lowest
    output wire real charge
);
    real unit [0:ROWS-1];
    real sum;
    assign charge = sum;
    integer file, read, i;
    reg signed [CODE_BITS-1:0] code;
    initial begin
        file = $fopen(CHARGES, "r");
        if (file == 0) $fatal(1, "cannot read %s", CHARGES);
        for (i = 0; i < ROWS; i = i + 1) begin
            read = $fscanf(file, "%f", unit[i]);
            if (read != 1) $fatal(1, "%s ends at row %0d", CHARGES, i);
        end
        $fclose(file);
    end
    always @(*) begin
        sum = 0.0;
        for (i = 0; i < ROWS; i = i + 1) begin
            code = codes[i*CODE_BITS +: CODE_BITS];
            if (rows[i]) sum = sum + code * unit[i];
        end
    end
endmodule
"""

_BENCH = """\
// Shows the column all windows of steps.txt, and ends with PASS, or with FAIL and an exit status that is not 0.
`timescale 1ns / 1ps
module neuron_real_tb;
    localparam ROWS = {rows};
    localparam CODE_BITS = {bits};
    localparam real TOLERANCE = {tolerance};  // in thresholds: the model computes with 24 bits
    reg clk = 1'b0, clear = 1'b1;
    reg [ROWS-1:0] rows = 0;
    wire spike;
    wire real charge, membrane, membrane_v;
    real expected, difference;
    integer file, read, begins, spikes, steps = 0, wrong = 0;
    reg [ROWS*CODE_BITS-1:0] codes = {codes};

    synapses_real #(.ROWS(ROWS), .CODE_BITS(CODE_BITS), .CHARGES("charges.txt")) synapses (rows, codes, charge);
    neuron_real #(
        .DECAY({decay}), .THRESHOLD({threshold}), .RESET_CHARGE({reset}), .RESET_TO_ZERO({to_zero}),
        .LOW_RAIL({low}), .HIGH_RAIL({high}), .REST_V({rest}), .SWING_V({swing})
    ) neuron (clk, clear, charge, spike, membrane, membrane_v);

    initial begin
        file = $fopen("steps.txt", "r");
        if (file == 0) $fatal(1, "cannot read steps.txt");
        read = $fscanf(file, "%d %h %f %d", begins, rows, expected, spikes);
        while (read == 4) begin
            if (begins == 1) begin
                clear = 1'b1;
                #1 clk = 1'b1;
                #1 clk = 1'b0;
                clear = 1'b0;
            end
            #1 clk = 1'b1;
            #1 difference = membrane - expected;
            if (difference > TOLERANCE || difference < -TOLERANCE || spike != spikes) begin
                wrong = wrong + 1;
                if (wrong <= 5)
                    $display("step %0d: membrane %f, expected %f; spike %b", steps, membrane, expected, spike);
            end
            steps = steps + 1;
            clk = 1'b0;
            read = $fscanf(file, "%d %h %f %d", begins, rows, expected, spikes);
        end
        if (steps != {steps}) $fatal(1, "FAIL: %0d steps read, {steps} expected", steps);
        if (wrong != 0) $fatal(1, "FAIL: %0d of %0d steps differ", wrong, steps);
        $display("PASS: %0d steps", steps);
        $finish;
    end
endmodule
"""
_TOLERANCE_TH = 1e-4


def bench(column: Column) -> str:
    """Neuron and synapses with this column's figures."""
    bits = _code_bits(column)
    codes = [1 if synapse.code is None else synapse.code for synapse in column.synapses]
    word = sum((code % 2**bits) << (bits * row) for row, code in enumerate(codes))
    return _BENCH.format(
        rows=len(codes),
        bits=bits,
        codes=f"{len(codes) * bits}'h{word:x}",
        tolerance=_real(_TOLERANCE_TH),
        decay=_real(column.decay),
        threshold=_real(column.threshold_th),
        reset=_real(column.reset_th or 0.0),
        to_zero=int(column.reset_th is None),
        low=_real(column.rails_th[0]),
        high=_real(column.rails_th[1]),
        rest=_real(column.chip.neuron.resting_v),
        swing=_real(column.swing_v),
        steps=column.spike.size,
    )


def charges(column: Column) -> str:
    """What each row delivers per unit of its code, in thresholds at the comparison; of analog weights all of it."""
    return "".join(f"{_real(charge)}\n" for charge in _charges(column))


def _charges(column: Column) -> Iterator[float]:
    begins_ns, ends_ns = column.schedule.pulse_ns
    for synapse in column.synapses:
        coulombs = synapse.current_a * 1e-9 * (ends_ns - begins_ns)
        delivered_th = coulombs * column.charge_left / (column.swing_v * column.capacitance_f)
        yield delivered_th / (1 if synapse.code is None else synapse.code)


def steps(column: Column) -> str:
    """A line each: 1 where a window begins, rows that spike as a hexadecimal mask, membrane, spike."""
    lines = []
    for window in range(column.windows):
        for step in range(column.steps):
            mask = sum(1 << row for row, synapse in enumerate(column.synapses) if synapse.active[window, step])
            membrane, spike = column.membrane_th[window, step], column.spike[window, step]
            lines.append(f"{int(step == 0)} {mask:x} {_real(membrane)} {int(spike)}\n")
    return "".join(lines)


def _code_bits(column: Column) -> int:
    largest = max(abs(synapse.code or 1) for synapse in column.synapses)
    return largest.bit_length() + 1


def _real(value: float) -> str:
    """As Verilog reads a real: with a point or an exponent."""
    text = f"{value:.9g}"
    return text if any(sign in text for sign in ".en") else f"{text}.0"
