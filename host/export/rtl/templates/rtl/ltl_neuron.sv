// A neuron's learning circuit: spike and target counters, error, dead zone, gate, boxcar, and the column's increment.
//
// Rounding and saturation, all of it: counters stop at their full scale; the product of error and step word is exact;
// the increment is floor(product + dither), dither standing just below the binary point; it saturates symmetrically.
// Comparator bits are sampled at the clock edge that ends `compare`; nothing else looks at them.
module ltl_neuron #(
    parameter int ACCUMULATOR_BITS        = 8,
    parameter int FRACTION_BITS           = 7,   // of a target word and of the target counter
    parameter int GATE                    = 0,   // 0 linear, 1 sign, 2 ternary
    parameter int STEP_WORD_BITS          = 16,
    parameter int STEP_WORD_FRACTION_BITS = 8,
    parameter int DITHER_BITS             = 8,   // 0: none, the input is not looked at
    parameter int INCREMENT_BITS          = 10
) (
    input  logic                                               clk,
    input  logic                                               rst_n,
    input  logic                                               clear,        // a window begins
    input  logic                                               compare,      // strobes of a step, in this order
    input  logic                                               count_now,
    input  logic                                               gate_now,
    input  logic                                               learn,        // learning window, warm-up over
    input  logic                                               load_count,   // counters can be set, so that
    input  logic                                               load_target_count,  // their ends can be tried
    input  logic        [ACCUMULATOR_BITS+FRACTION_BITS-1:0]   load,
    input  logic                                               spike,
    input  logic                                               above_low,    // membrane above the boxcar's lower edge
    input  logic                                               below_high,   // and below its upper edge
    input  logic        [FRACTION_BITS:0]                      target,
    input  logic        [ACCUMULATOR_BITS+FRACTION_BITS-1:0]   dead_zone,
    input  logic        [STEP_WORD_BITS-1:0]                   step_word,
    input  logic        [(DITHER_BITS > 0 ? DITHER_BITS : 1)-1:0] dither,
    output logic        [ACCUMULATOR_BITS-1:0]                 count,
    output logic        [ACCUMULATOR_BITS+FRACTION_BITS-1:0]   target_count,
    output logic signed [INCREMENT_BITS-1:0]                   increment,
    output logic                                               open,
    output logic                                               saturated,    // the increment, in this clock
    output logic                                               fired,        // the comparator bits as sampled
    output logic                                               above_low_q,
    output logic                                               below_high_q
);
  localparam int COUNT_BITS = ACCUMULATOR_BITS + FRACTION_BITS;
  localparam int ERROR_BITS = COUNT_BITS + 1;                            // signed
  localparam int PRODUCT_FRACTION = (GATE == 0 ? FRACTION_BITS : 0) + STEP_WORD_FRACTION_BITS;
  localparam int PRODUCT_BITS = (GATE == 0 ? ERROR_BITS : 1) + STEP_WORD_BITS;
  localparam int FRACTION = PRODUCT_FRACTION > DITHER_BITS ? PRODUCT_FRACTION : DITHER_BITS;
  localparam int PRODUCT_SHIFT = FRACTION - PRODUCT_FRACTION;
  localparam int DITHER_SHIFT = FRACTION - DITHER_BITS;
  localparam int LEAST_SUM_BITS = PRODUCT_BITS + PRODUCT_SHIFT + 1;
  localparam int SUM_BITS = LEAST_SUM_BITS > FRACTION + INCREMENT_BITS + 1 ? LEAST_SUM_BITS : FRACTION + INCREMENT_BITS + 1;
  localparam int WHOLE_BITS = SUM_BITS - FRACTION;
  localparam logic [COUNT_BITS:0] FULL = {1'b0, {ACCUMULATOR_BITS{1'b1}}, {FRACTION_BITS{1'b0}}};
  localparam logic signed [WHOLE_BITS-1:0] LARGEST = (WHOLE_BITS'(1) <<< (INCREMENT_BITS - 1)) - WHOLE_BITS'(1);

  always_ff @(posedge clk) begin
    if (!rst_n || clear) begin
      fired        <= 1'b0;
      above_low_q  <= 1'b0;
      below_high_q <= 1'b0;
    end else if (compare) begin
      fired        <= spike;
      above_low_q  <= above_low;
      below_high_q <= below_high;
    end
  end

  logic [COUNT_BITS:0] target_sum;
  assign target_sum = {1'b0, target_count} + {{ACCUMULATOR_BITS{1'b0}}, target};
  always_ff @(posedge clk) begin
    if (!rst_n || clear) begin
      count        <= '0;
      target_count <= '0;
    end else if (count_now) begin
      if (fired && !(&count)) count <= count + ACCUMULATOR_BITS'(1);
      target_count <= target_sum > FULL ? FULL[COUNT_BITS-1:0] : target_sum[COUNT_BITS-1:0];
    end else begin
      if (load_count) count <= load[ACCUMULATOR_BITS-1:0];
      if (load_target_count) target_count <= load;
    end
  end

  logic signed [ERROR_BITS-1:0] error;
  logic [COUNT_BITS-1:0] magnitude;  // at most the full scale
  assign error = $signed({1'b0, target_count}) - $signed({1'b0, count, {FRACTION_BITS{1'b0}}});
  assign magnitude = COUNT_BITS'(error[ERROR_BITS-1] ? -error : error);

  logic signed [PRODUCT_BITS-1:0] product;
  generate
    if (GATE == 0) begin : g_linear
      assign product = PRODUCT_BITS'(error) * $signed(PRODUCT_BITS'({1'b0, step_word}));
    end else begin : g_sign
      logic signed [PRODUCT_BITS-1:0] size;
      assign size = $signed(PRODUCT_BITS'({1'b0, step_word}));
      assign product = error[ERROR_BITS-1] ? -size : size;
    end
  endgenerate

  logic signed [SUM_BITS-1:0] shifted, sum;
  assign shifted = SUM_BITS'(product) <<< PRODUCT_SHIFT;
  generate
    if (DITHER_BITS > 0) begin : g_dither
      assign sum = shifted + $signed(SUM_BITS'({1'b0, dither}) << DITHER_SHIFT);
    end else begin : g_no_dither
      logic unused;
      assign unused = dither[0];
      assign sum = shifted;
    end
  endgenerate

  logic signed [WHOLE_BITS-1:0] whole, limited;
  assign whole = WHOLE_BITS'(sum >>> FRACTION);
  assign limited = whole > LARGEST ? LARGEST : (whole < -LARGEST ? -LARGEST : whole);

  logic opens;
  assign saturated = gate_now && opens && limited != whole;
  assign opens = learn && magnitude > dead_zone && above_low_q && below_high_q;
  always_ff @(posedge clk) begin
    if (!rst_n || clear) begin
      increment <= '0;
      open      <= 1'b0;
    end else if (gate_now) begin
      increment <= opens ? limited[INCREMENT_BITS-1:0] : '0;
      open      <= opens;
    end
  end
endmodule
