// The shift register never holds zero, from which it would not come back.
module formal_lfsr (
    input logic       clk,
    input logic       load,
    input logic [7:0] load_state,
    input logic       advance
);
  logic rst_n = 1'b0, known = 1'b0;
  always_ff @(posedge clk) begin
    rst_n <= 1'b1;
    known <= 1'b1;
  end
  logic [7:0] state;
  ltl_lfsr #(
      .BITS(8), .TAPS(8'hB8), .START(8'h01), .STEPS(4)
  ) dut (
      .clk(clk), .rst_n(rst_n), .load(load), .load_state(load_state), .advance(advance), .state(state)
  );
  always_comb if (known) assert (state != 8'h00);
endmodule
