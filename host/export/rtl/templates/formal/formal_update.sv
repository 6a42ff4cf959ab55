// A synapse over time, 8-bit code and accumulator: codes and residues stay in range, nothing wraps, nothing is lost.
module formal_update (
    input logic              clk,
    input logic              load,
    input logic signed [7:0] load_code,
    input logic signed [8:0] load_residue,
    input logic              update,
    input logic signed [9:0] increment
);
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  logic signed [7:0] code;
  logic signed [8:0] residue;
  logic saturated;
  ltl_synapse #(
      .CODE_BITS(8), .UPDATE_BITS(8), .INCREMENT_BITS(10)
  ) dut (
      .clk(clk), .rst_n(rst_n), .load(load), .load_code(load_code), .load_residue(load_residue), .update(update),
      .increment(increment), .code(code), .residue(residue), .saturated(saturated)
  );

  // What a host loads, and what a neuron sends, is in range.
  always_comb begin
    assume (load_code >= -8'sd127);
    assume (load_residue >= -9'sd255);
    assume (increment >= -10'sd511);
  end

  logic signed [7:0] code_before;
  logic signed [8:0] residue_before;
  logic signed [9:0] increment_before;
  logic updated = 1'b0, saturated_before, known = 1'b0;
  always_ff @(posedge clk) begin
    code_before      <= code;
    residue_before   <= residue;
    increment_before <= increment;
    saturated_before <= saturated;
    updated          <= rst_n && update && !load;
    known            <= 1'b1;
  end

  logic signed [19:0] units, units_before;
  assign units = (20'(code) <<< 8) + 20'(residue);
  assign units_before = (20'(code_before) <<< 8) + 20'(residue_before) + 20'(increment_before);
  always_comb begin
    if (known) begin
      assert (code >= -8'sd127);
      assert (residue >= -9'sd255);
    end
    if (updated) begin
      if (!saturated_before) assert (units == units_before);
      else assert (code == 8'sd127 || code == -8'sd127);
      if (code > code_before) assert (increment_before > 0);
      if (code < code_before) assert (increment_before < 0);
    end
  end
endmodule
