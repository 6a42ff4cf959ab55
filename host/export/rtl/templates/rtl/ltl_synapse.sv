// A synapse in flip-flops with an update unit of its own: code and residue.
module ltl_synapse #(
    parameter int CODE_BITS      = 6,
    parameter int UPDATE_BITS    = 8,
    parameter int INCREMENT_BITS = 10
) (
    input  logic                             clk,
    input  logic                             rst_n,
    input  logic                             load,
    input  logic signed [CODE_BITS-1:0]      load_code,
    input  logic signed [UPDATE_BITS:0]      load_residue,
    input  logic                             update,       // this row was active, and the column is open
    input  logic signed [INCREMENT_BITS-1:0] increment,
    output logic signed [CODE_BITS-1:0]      code,
    output logic signed [UPDATE_BITS:0]      residue,
    output logic                             saturated     // would saturate, if updated
);
  logic signed [CODE_BITS-1:0] next_code;
  logic signed [UPDATE_BITS:0] next_residue;
  ltl_update #(
      .CODE_BITS(CODE_BITS), .UPDATE_BITS(UPDATE_BITS), .INCREMENT_BITS(INCREMENT_BITS)
  ) u_update (
      .code(code), .residue(residue), .increment(increment),
      .next_code(next_code), .next_residue(next_residue), .saturated(saturated)
  );
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      code    <= '0;
      residue <= '0;
    end else if (load) begin
      code    <= load_code;
      residue <= load_residue;
    end else if (update) begin
      code    <= next_code;
      residue <= next_residue;
    end
  end
endmodule
