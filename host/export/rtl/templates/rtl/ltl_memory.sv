// One port, one read or write a clock, no reset: a stand-in for an SRAM macro of this width and depth.
// Whoever owns it writes every word before it reads one.
module ltl_memory #(
    parameter int WORDS        = 16,
    parameter int WORD_BITS    = 8,
    parameter int ADDRESS_BITS = 4
) (
    input  logic                    clk,
    input  logic                    enable,
    input  logic                    write,
    input  logic [ADDRESS_BITS-1:0] address,   // below WORDS
    input  logic [WORD_BITS-1:0]    data,
    output logic [WORD_BITS-1:0]    q          // of the last read
);
  logic [WORD_BITS-1:0] words [0:WORDS-1];
  always_ff @(posedge clk) begin
    if (enable) begin
      if (write) words[address] <= data;
      else q <= words[address];
    end
  end
endmodule
