// What an increment does to a stored code and its residue, the update accumulator: combinational.
//
//   total = residue + increment;  carry = total / 2^UPDATE_BITS, truncated toward zero;  residue = total - carry 2^UPDATE_BITS
//   code = code + carry, held within -TOP .. TOP (TOP = 2^(CODE_BITS-1) - 1); the residue stays as computed
//
// A residue lies in -(2^UPDATE_BITS - 1) .. 2^UPDATE_BITS - 1, so it has UPDATE_BITS + 1 bits. Without an update
// accumulator (UPDATE_BITS 0) increments are whole codes; the residue is one bit that stays 0.
module ltl_update #(
    parameter int CODE_BITS      = 6,
    parameter int UPDATE_BITS    = 8,
    parameter int INCREMENT_BITS = 10
) (
    input  logic signed [CODE_BITS-1:0]      code,
    input  logic signed [UPDATE_BITS:0]      residue,
    input  logic signed [INCREMENT_BITS-1:0] increment,
    output logic signed [CODE_BITS-1:0]      next_code,
    output logic signed [UPDATE_BITS:0]      next_residue,
    output logic                             saturated
);
  localparam int TOTAL_BITS = (UPDATE_BITS + 1 > INCREMENT_BITS ? UPDATE_BITS + 1 : INCREMENT_BITS) + 1;
  localparam int CARRY_BITS = TOTAL_BITS - UPDATE_BITS;
  localparam int WANTED_BITS = (CARRY_BITS > CODE_BITS ? CARRY_BITS : CODE_BITS) + 1;
  localparam logic signed [WANTED_BITS-1:0] TOP = (WANTED_BITS'(1) <<< (CODE_BITS - 1)) - WANTED_BITS'(1);

  logic signed [TOTAL_BITS-1:0] total;
  logic signed [CARRY_BITS-1:0] carry;
  assign total = TOTAL_BITS'(residue) + TOTAL_BITS'(increment);
  generate
    if (UPDATE_BITS > 0) begin : g_residue
      logic below_zero;  // and not a whole number of codes: floor is one too low
      assign below_zero = total[TOTAL_BITS-1] && |total[UPDATE_BITS-1:0];
      assign carry = $signed(total[TOTAL_BITS-1:UPDATE_BITS]) + $signed(CARRY_BITS'({1'b0, below_zero}));
      assign next_residue = {below_zero, total[UPDATE_BITS-1:0]};
    end else begin : g_whole
      assign carry = total;
      assign next_residue = '0;
    end
  endgenerate

  logic signed [WANTED_BITS-1:0] wanted, limited;
  assign wanted = WANTED_BITS'(code) + WANTED_BITS'(carry);
  assign limited = wanted > TOP ? TOP : (wanted < -TOP ? -TOP : wanted);
  assign next_code = limited[CODE_BITS-1:0];
  assign saturated = limited != wanted;
endmodule
