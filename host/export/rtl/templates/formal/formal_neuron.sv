// A neuron's learning circuit over time, 8-bit counters: counters never wrap, a column opens only outside its dead zone,
// inside its boxcar and while it learns, and a closed one adds nothing.
`include "params.svh"
module formal_neuron (
    input logic        clk,
    input logic        clear,
    input logic        compare,
    input logic        count_now,
    input logic        gate_now,
    input logic        learn,
    input logic        spike,
    input logic        above_low,
    input logic        below_high,
    input logic [7:0]  target,
    input logic [14:0] dead_zone,
    input logic [7:0]  step_word,
    input logic [3:0]  dither
);
  localparam logic [14:0] FULL = {8'hFF, 7'b0};
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  logic [7:0] count;
  logic [14:0] target_count;
  logic signed [7:0] increment;
  logic open, saturated, fired, above, below;
  ltl_neuron #(
      .ACCUMULATOR_BITS(8), .FRACTION_BITS(7), .GATE(`LTL_GATE), .STEP_WORD_BITS(8), .STEP_WORD_FRACTION_BITS(4),
      .DITHER_BITS(4), .INCREMENT_BITS(8)
  ) dut (
      .clk(clk), .rst_n(rst_n), .clear(clear), .compare(compare), .count_now(count_now), .gate_now(gate_now),
      .learn(learn), .load_count(1'b0), .load_target_count(1'b0), .load(15'b0), .spike(spike), .above_low(above_low),
      .below_high(below_high), .target(target), .dead_zone(dead_zone), .step_word(step_word), .dither(dither),
      .count(count), .target_count(target_count), .increment(increment), .open(open), .saturated(saturated),
      .fired(fired), .above_low_q(above), .below_high_q(below)
  );

  logic known = 1'b0, cleared, counted, gated, learned, fired_before, above_then, below_then, compared, above_low_then, below_high_then;
  logic [7:0] count_before;
  logic [14:0] target_count_before, zone;
  logic [7:0] target_before;
  always_ff @(posedge clk) begin
    known               <= 1'b1;
    cleared             <= clear || !rst_n;
    counted             <= count_now;
    gated               <= gate_now;
    learned             <= learn;
    zone                <= dead_zone;
    fired_before        <= fired;
    count_before        <= count;
    target_count_before <= target_count;
    target_before       <= target;
    above_then          <= above;
    below_then          <= below;
    compared            <= compare;
    above_low_then      <= above_low;
    below_high_then     <= below_high;
  end

  logic signed [16:0] error;
  logic [16:0] size;
  assign error = $signed({2'b0, target_count_before}) - $signed({2'b0, count_before, 7'b0});
  assign size = error < 0 ? -error : error;
  always_comb begin
    if (known) begin
      assert (target_count <= FULL);
      assert (increment >= -8'sd127);
      if (!open) assert (increment == 0);
      if (cleared) begin
        assert (count == 0 && target_count == 0 && !open);
      end else begin
        assert (count >= count_before);
        assert (target_count >= target_count_before);
        if (!counted) assert (count == count_before && target_count == target_count_before);
        else begin
          assert (count == count_before + 8'(fired_before) || (count_before == 8'hFF && count == 8'hFF));
          assert (17'(target_count) == 17'(target_count_before) + 17'(target_before) || target_count == FULL);
        end
        if (compared) assert (above == above_low_then && below == below_high_then);
        else assert (above == above_then && below == below_then);
        if (gated) assert (open == (learned && size > 17'(zone) && above_then && below_then));
      end
    end
  end
endmodule
