// A column: a neuron's learning circuit, its dither, its target, and ROWS + 1 synapses, the last of them the bias.
//
// SRAM 1: synapses are words of a memory and share one update unit, row after row. SRAM 0: flip-flops, all at once.
module ltl_column #(
    parameter int                    ROWS                    = 12,
    parameter int                    SRAM                    = 1,
    parameter int                    ACCUMULATOR_BITS        = 8,
    parameter int                    FRACTION_BITS           = 7,
    parameter int                    GATE                    = 0,
    parameter int                    STEP_WORD_BITS          = 16,
    parameter int                    STEP_WORD_FRACTION_BITS = 8,
    parameter int                    DITHER_BITS             = 8,
    parameter int                    INCREMENT_BITS          = 10,
    parameter int                    CODE_BITS               = 6,
    parameter int                    UPDATE_BITS             = 8,
    parameter int                    LFSR_BITS               = 16,
    parameter logic [LFSR_BITS-1:0]  LFSR_TAPS               = 16'hB400,
    parameter logic [31:0]           LFSR_SEED               = 32'd1,
    parameter int                    LAYER                   = 1,
    parameter int                    COLUMN                  = 0,
    parameter int                    ROW_BITS                = 4
) (
    input  logic                                         clk,
    input  logic                                         rst_n,
    // Strobes and figures of the step.
    input  logic                                         clear,
    input  logic                                         compare,
    input  logic                                         count_now,
    input  logic                                         gate_now,
    input  logic                                         advance,      // the LFSR, with count_now
    input  logic                                         learn,
    input  logic        [ACCUMULATOR_BITS+FRACTION_BITS-1:0] dead_zone,
    input  logic        [STEP_WORD_BITS-1:0]             step_word,
    // From the analog neuron.
    input  logic                                         spike,
    input  logic                                         above_low,
    input  logic                                         below_high,
    // Synapses: of an SRAM the row at `row`; of flip-flops all rows that are `active`.
    input  logic                                         read,
    input  logic                                         blank,        // write zeros
    input  logic                                         update,
    input  logic        [ROW_BITS-1:0]                   row,
    input  logic        [ROWS:0]                         active,
    output logic        [(SRAM != 0 ? 1 : ROWS+1)*CODE_BITS-1:0] weights,
    output logic                                         fired,
    output logic                                         open,
    // The register port.
    input  logic                                         write_target,
    input  logic                                         write_lfsr,
    input  logic                                         write_count,
    input  logic                                         write_target_count,
    input  logic                                         write_flags,
    input  logic                                         write_synapse,
    input  logic        [31:0]                           write_data,
    input  logic        [3:0]                            region,
    output logic        [31:0]                           read_data
);
  localparam int WORD_BITS = CODE_BITS + UPDATE_BITS + 1;
  localparam int DITHER_WIRES = DITHER_BITS > 0 ? DITHER_BITS : 1;
  localparam int COUNT_BITS = ACCUMULATOR_BITS + FRACTION_BITS;

  logic [LFSR_BITS-1:0] lfsr;
  logic [DITHER_WIRES-1:0] dither;
  generate
    if (DITHER_BITS > 0) begin : g_lfsr
      localparam logic [31:0] MIXED =
          LFSR_SEED * 32'h9E3779B1 + 32'(LAYER) * 32'h85EBCA6B + 32'(COLUMN) * 32'hC2B2AE35;
      localparam logic [63:0] UPPER = {32'b0, MIXED} >> LFSR_BITS;
      localparam logic [LFSR_BITS-1:0] FOLDED = MIXED[LFSR_BITS-1:0] ^ UPPER[LFSR_BITS-1:0];
      ltl_lfsr #(
          .BITS(LFSR_BITS), .TAPS(LFSR_TAPS), .START(FOLDED == '0 ? LFSR_BITS'(1) : FOLDED), .STEPS(DITHER_BITS)
      ) u_lfsr (
          .clk(clk), .rst_n(rst_n), .load(write_lfsr), .load_state(write_data[LFSR_BITS-1:0]), .advance(advance),
          .state(lfsr)
      );
      assign dither = lfsr[DITHER_WIRES-1:0];
    end else begin : g_no_lfsr
      logic unused;
      assign unused = &{1'b0, advance, write_lfsr};
      assign lfsr = '0;
      assign dither = '0;
    end
  endgenerate

  logic [FRACTION_BITS:0] target;
  logic unused_bits;
  assign unused_bits = &{1'b0, write_data};
  always_ff @(posedge clk) begin
    if (!rst_n) target <= '0;
    else if (write_target) target <= write_data[FRACTION_BITS:0];
  end

  logic [ACCUMULATOR_BITS-1:0] count;
  logic [COUNT_BITS-1:0] target_count;
  logic signed [INCREMENT_BITS-1:0] increment;
  logic increment_saturated, above_low_q, below_high_q;
  ltl_neuron #(
      .ACCUMULATOR_BITS(ACCUMULATOR_BITS), .FRACTION_BITS(FRACTION_BITS), .GATE(GATE), .STEP_WORD_BITS(STEP_WORD_BITS),
      .STEP_WORD_FRACTION_BITS(STEP_WORD_FRACTION_BITS), .DITHER_BITS(DITHER_BITS), .INCREMENT_BITS(INCREMENT_BITS)
  ) u_neuron (
      .clk(clk), .rst_n(rst_n), .clear(clear), .compare(compare), .count_now(count_now), .gate_now(gate_now),
      .learn(learn), .load_count(write_count), .load_target_count(write_target_count),
      .load(write_data[COUNT_BITS-1:0]), .spike(spike), .above_low(above_low), .below_high(below_high), .target(target),
      .dead_zone(dead_zone), .step_word(step_word), .dither(dither), .count(count), .target_count(target_count),
      .increment(increment), .open(open), .saturated(increment_saturated), .fired(fired),
      .above_low_q(above_low_q), .below_high_q(below_high_q)
  );

  // What the register port shows of the row that it has chosen, and whether a code met its end in this clock.
  logic signed [CODE_BITS-1:0] seen_code;
  logic signed [UPDATE_BITS:0] seen_residue;
  logic code_saturated;
  generate
    if (SRAM != 0) begin : g_sram
      logic [WORD_BITS-1:0] q, data;
      logic signed [CODE_BITS-1:0] next_code;
      logic signed [UPDATE_BITS:0] next_residue;
      logic stores, saturates, unused;
      ltl_update #(
          .CODE_BITS(CODE_BITS), .UPDATE_BITS(UPDATE_BITS), .INCREMENT_BITS(INCREMENT_BITS)
      ) u_update (
          .code(seen_code), .residue(seen_residue), .increment(increment),
          .next_code(next_code), .next_residue(next_residue), .saturated(saturates)
      );
      assign stores = blank || write_synapse || (update && open);
      assign data = blank ? '0
          : (write_synapse ? {write_data[16+UPDATE_BITS:16], write_data[CODE_BITS-1:0]} : {next_residue, next_code});
      ltl_memory #(
          .WORDS(ROWS + 1), .WORD_BITS(WORD_BITS), .ADDRESS_BITS(ROW_BITS)
      ) u_memory (
          .clk(clk), .enable(read || stores), .write(stores), .address(row), .data(data), .q(q)
      );
      assign seen_code = q[CODE_BITS-1:0];
      assign seen_residue = q[WORD_BITS-1:CODE_BITS];
      assign code_saturated = update && open && saturates;
      assign weights = seen_code;
      assign unused = &{1'b0, active};
    end else begin : g_flops
      logic [(ROWS+1)*CODE_BITS-1:0] codes;
      logic [(ROWS+1)*(UPDATE_BITS+1)-1:0] residues;
      logic [ROWS:0] saturates;
      logic unused;
      for (genvar r = 0; r <= ROWS; r = r + 1) begin : g_row
        ltl_synapse #(
            .CODE_BITS(CODE_BITS), .UPDATE_BITS(UPDATE_BITS), .INCREMENT_BITS(INCREMENT_BITS)
        ) u_synapse (
            .clk(clk), .rst_n(rst_n), .load(write_synapse && row == ROW_BITS'(r)),
            .load_code(write_data[CODE_BITS-1:0]), .load_residue(write_data[16+UPDATE_BITS:16]),
            .update(update && open && active[r]), .increment(increment),
            .code(codes[r*CODE_BITS+:CODE_BITS]), .residue(residues[r*(UPDATE_BITS+1)+:UPDATE_BITS+1]),
            .saturated(saturates[r])
        );
      end
      assign seen_code = codes[row*CODE_BITS+:CODE_BITS];
      assign seen_residue = residues[row*(UPDATE_BITS+1)+:UPDATE_BITS+1];
      assign code_saturated = update && open && |(saturates & active);
      assign weights = codes;
      assign unused = &{1'b0, read, blank};
    end
  endgenerate

  // Flags stay until they are written.
  logic [1:0] flags;
  always_ff @(posedge clk) begin
    if (!rst_n || write_flags) flags <= '0;
    else flags <= flags | {code_saturated, increment_saturated};
  end

  always_comb begin
    case (region)
      4'd2: read_data = 32'(target);
      4'd3: read_data = 32'(lfsr);
      4'd4: read_data = 32'(count);
      4'd5: read_data = 32'(target_count);
      4'd6: read_data = {open, fired, above_low_q, below_high_q, 4'b0, 24'(increment)};
      4'd7: read_data = 32'(flags);
      4'd8: read_data = {16'(seen_residue), 16'(seen_code)};
      default: read_data = '0;
    endcase
  end
endmodule
