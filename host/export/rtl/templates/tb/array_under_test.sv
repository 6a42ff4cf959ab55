`include "params.svh"
`include "set.svh"
// An array of the sizes that a set of vectors is for. Synthesis makes a netlist of it that the same bench plays.
module array_under_test (
    input  logic                               clk,
    input  logic                               rst_n,
    input  logic                               bus_strobe,
    input  logic                               bus_write,
    input  logic [15:0]                        bus_address,
    input  logic [31:0]                        bus_write_data,
    output logic [31:0]                        bus_read_data,
    input  logic                               step_valid,
    input  logic [`SET_ROWS-1:0]               rows,
    output logic                               step_ready,
    output logic                               busy,
    output logic                               clear,
    output logic                               weights_valid,
    output logic [$clog2(`SET_ROWS+1)-1:0]     weights_row,
    output logic [`SET_COLUMNS*(`LTL_SRAM != 0 ? 1 : `SET_ROWS+1)*`SET_CODE_BITS-1:0] weights,
    output logic                               integrate,
    output logic                               compare,
    input  logic [`SET_COLUMNS-1:0]            spike,
    input  logic [`SET_COLUMNS-1:0]            above_low,
    input  logic [`SET_COLUMNS-1:0]            below_high,
    output logic [`SET_COLUMNS-1:0]            fired
);
  ltl_array #(
      .ROWS(`SET_ROWS), .COLUMNS(`SET_COLUMNS), .CODE_BITS(`SET_CODE_BITS), .LAYER(`SET_LAYER), .SRAM(`LTL_SRAM),
      .STEPS(`LTL_STEPS), .ACCUMULATOR_BITS(`LTL_ACCUMULATOR_BITS), .FRACTION_BITS(`LTL_FRACTION_BITS),
      .GATE(`LTL_GATE), .DEAD_ZONE(`LTL_DEAD_ZONE), .WARM_UP(`LTL_WARM_UP), .STEP_WORDS(`LTL_STEP_WORDS),
      .STEP_WORD_BITS(`LTL_STEP_WORD_BITS), .STEP_WORD_FRACTION_BITS(`LTL_STEP_WORD_FRACTION_BITS),
      .DITHER_BITS(`LTL_DITHER_BITS), .INCREMENT_BITS(`LTL_INCREMENT_BITS), .UPDATE_BITS(`LTL_UPDATE_BITS),
      .LFSR_BITS(`LTL_LFSR_BITS), .LFSR_TAPS(`LTL_LFSR_TAPS), .LFSR_SEED(`LTL_LFSR_SEED), .SPEC_HASH(`LTL_SPEC_HASH)
  ) u_array (
      .clk(clk), .rst_n(rst_n), .bus_strobe(bus_strobe), .bus_write(bus_write), .bus_address(bus_address),
      .bus_write_data(bus_write_data), .bus_read_data(bus_read_data), .step_valid(step_valid), .rows(rows),
      .step_ready(step_ready), .busy(busy), .clear(clear), .weights_valid(weights_valid), .weights_row(weights_row),
      .weights(weights), .integrate(integrate), .compare(compare), .spike(spike), .above_low(above_low),
      .below_high(below_high), .fired(fired)
  );
endmodule
