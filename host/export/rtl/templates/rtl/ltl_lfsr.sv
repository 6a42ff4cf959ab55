// Dither of a neuron: a Galois LFSR, shifted right, STEPS single steps at each `advance`; dither is its low bits after.
// It never holds zero, at which it would stay: zero is loaded as one.
module ltl_lfsr #(
    parameter int                 BITS  = 16,
    parameter logic [BITS-1:0]    TAPS  = 16'hB400,
    parameter logic [BITS-1:0]    START = 16'h1,
    parameter int                 STEPS = 8
) (
    input  logic            clk,
    input  logic            rst_n,
    input  logic            load,
    input  logic [BITS-1:0] load_state,
    input  logic            advance,
    output logic [BITS-1:0] state
);
  function automatic logic [BITS-1:0] shifted(input logic [BITS-1:0] from);
    shifted = from;
    for (int i = 0; i < STEPS; i++) shifted = (shifted >> 1) ^ (shifted[0] ? TAPS : '0);
  endfunction
  always_ff @(posedge clk) begin
    if (!rst_n) state <= START;
    else if (load) state <= load_state == '0 ? BITS'(1) : load_state;
    else if (advance) state <= shifted(state);
  end
endmodule
