// A layer: COLUMNS columns of ROWS rows and a bias, the sequencer, and the registers on one plain port.
//
// Port: `bus_strobe` with `bus_write` stores `bus_write_data` at `bus_address`; without it `bus_read_data` holds the
// word in the clocks after, until the next strobe. Writes are ignored while STATUS says busy. The map: regs/.
// Steps: `step_valid` with `rows` while `step_ready`; then `weights_*`, `integrate` and `compare` tell the analog
// neurons what to do, and their three bits are sampled at the clock edge that ends `compare`.
module ltl_array #(
    parameter int                   ROWS                    = 12,
    parameter int                   COLUMNS                 = 4,
    parameter int                   SRAM                    = 1,
    parameter int                   STEPS                   = 16,
    parameter int                   ACCUMULATOR_BITS        = 8,
    parameter int                   FRACTION_BITS           = 7,
    parameter int                   GATE                    = 0,
    parameter int                   DEAD_ZONE               = 128,
    parameter int                   WARM_UP                 = 8,
    parameter int                   STEP_WORDS              = 16,   // 1, or one for each step
    parameter int                   STEP_WORD_BITS          = 16,
    parameter int                   STEP_WORD_FRACTION_BITS = 8,
    parameter int                   DITHER_BITS             = 8,
    parameter int                   INCREMENT_BITS          = 10,
    parameter int                   CODE_BITS               = 6,
    parameter int                   UPDATE_BITS             = 8,
    parameter int                   LFSR_BITS               = 16,
    parameter logic [LFSR_BITS-1:0] LFSR_TAPS               = 16'hB400,
    parameter logic [31:0]          LFSR_SEED               = 32'd1,
    parameter int                   LAYER                   = 1,
    parameter logic [31:0]          SPEC_HASH               = 32'd0
) (
    input  logic                         clk,
    input  logic                         rst_n,           // synchronous
    input  logic                         bus_strobe,
    input  logic                         bus_write,
    input  logic [15:0]                  bus_address,
    input  logic [31:0]                  bus_write_data,
    output logic [31:0]                  bus_read_data,
    input  logic                         step_valid,
    input  logic [ROWS-1:0]              rows,
    output logic                         step_ready,
    output logic                         busy,
    output logic                         clear,
    output logic                         weights_valid,
    output logic [$clog2(ROWS+1)-1:0]    weights_row,     // of an SRAM; of flip-flops all rows come at once
    output logic [COLUMNS*(SRAM != 0 ? 1 : ROWS+1)*CODE_BITS-1:0] weights,
    output logic                         integrate,
    output logic                         compare,
    input  logic [COLUMNS-1:0]           spike,
    input  logic [COLUMNS-1:0]           above_low,
    input  logic [COLUMNS-1:0]           below_high,
    output logic [COLUMNS-1:0]           fired            // the spikes of the last step, for the next layer
);
  localparam int ROW_BITS = $clog2(ROWS + 1);
  localparam int STEP_BITS = $clog2(STEPS + 1);
  localparam int COUNT_BITS = ACCUMULATOR_BITS + FRACTION_BITS;
  localparam int WEIGHTS_BITS = (SRAM != 0 ? 1 : ROWS + 1) * CODE_BITS;
  localparam int MEMORY_ROWS = SRAM != 0 ? ROWS + 1 : 1;
  localparam int BLANK_WORDS = MEMORY_ROWS > STEP_WORDS ? MEMORY_ROWS : STEP_WORDS;
  localparam int BLANK_BITS = BLANK_WORDS > 1 ? $clog2(BLANK_WORDS) : 1;

  // The port.
  logic [3:0] region;
  logic [11:0] index;
  assign region = bus_address[15:12];
  assign index = bus_address[11:0];
  logic writes, reads;
  assign writes = bus_strobe && bus_write && !busy;
  assign reads = bus_strobe && !bus_write;
  logic [3:0] seen_region;
  logic [11:0] seen_index;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      seen_region <= '0;
      seen_index  <= '0;
    end else if (reads) begin
      seen_region <= region;
      seen_index  <= index;
    end
  end

  // Registers of the whole array.
  localparam logic [11:0] ID = 12'd0, HASH = 12'd1, SHAPE = 12'd2, CONTROL = 12'd3, STATUS = 12'd4, WARM_UP_STEPS = 12'd5,
      DEAD_ZONE_SIZE = 12'd6, ROW = 12'd7;
  logic start, learns;
  logic [STEP_BITS-1:0] warm_up;
  logic [COUNT_BITS-1:0] dead_zone;
  logic [ROW_BITS-1:0] chosen_row;
  assign start = writes && region == 4'd0 && index == CONTROL && bus_write_data[0];
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      learns     <= 1'b0;
      warm_up    <= STEP_BITS'(WARM_UP);
      dead_zone  <= COUNT_BITS'(DEAD_ZONE);
      chosen_row <= '0;
    end else if (writes && region == 4'd0) begin
      case (index)
        CONTROL: learns <= bus_write_data[1];
        WARM_UP_STEPS: warm_up <= bus_write_data[STEP_BITS-1:0];
        DEAD_ZONE_SIZE: dead_zone <= bus_write_data[COUNT_BITS-1:0];
        ROW: if (bus_write_data <= 32'(ROWS)) chosen_row <= bus_write_data[ROW_BITS-1:0];
        default: ;
      endcase
    end
  end

  // The schedule.
  logic in_window, read, update, blank, fetch_step_word, count_now, gate_now, any_open;
  logic [STEP_BITS-1:0] step;
  logic [ROWS:0] active;
  logic [ROW_BITS-1:0] sequencer_row, row;
  logic [BLANK_BITS-1:0] blank_word;
  logic [COLUMNS-1:0] open;
  assign any_open = |open;
  ltl_sequencer #(
      .ROWS(ROWS), .ROW_BITS(ROW_BITS), .SRAM(SRAM), .STEPS(STEPS), .STEP_BITS(STEP_BITS),
      .BLANK_WORDS(BLANK_WORDS), .BLANK_BITS(BLANK_BITS)
  ) u_sequencer (
      .clk(clk), .rst_n(rst_n), .start(start), .step_valid(step_valid), .rows(rows), .any_open(any_open),
      .step_ready(step_ready), .busy(busy), .in_window(in_window), .step(step), .active(active), .row(sequencer_row),
      .read(read), .update(update), .blank(blank), .blank_word(blank_word), .fetch_step_word(fetch_step_word),
      .clear(clear), .weights_valid(weights_valid), .weights_row(weights_row), .integrate(integrate),
      .compare(compare), .count_now(count_now), .gate_now(gate_now)
  );

  // Step words: one, or one for each step in a memory.
  logic [STEP_WORD_BITS-1:0] step_word, shown_step_word;
  logic writes_step_word, reads_step_word;
  assign writes_step_word = writes && region == 4'd1 && {1'b0, index} < 13'(STEP_WORDS);
  assign reads_step_word = reads && !busy && region == 4'd1 && {1'b0, index} < 13'(STEP_WORDS);
  generate
    if (STEP_WORDS > 1) begin : g_step_words
      localparam int WORD_BITS = $clog2(STEP_WORDS);
      logic [WORD_BITS-1:0] word;
      logic blanks;
      assign blanks = blank && 32'(blank_word) < 32'(STEP_WORDS);
      assign word = blank ? WORD_BITS'(blank_word)
          : (fetch_step_word ? WORD_BITS'(step - STEP_BITS'(1)) : index[WORD_BITS-1:0]);
      ltl_memory #(
          .WORDS(STEP_WORDS), .WORD_BITS(STEP_WORD_BITS), .ADDRESS_BITS(WORD_BITS)
      ) u_memory (
          .clk(clk), .enable(blanks || writes_step_word || reads_step_word || fetch_step_word),
          .write(blanks || writes_step_word), .address(word),
          .data(blank ? '0 : bus_write_data[STEP_WORD_BITS-1:0]), .q(step_word)
      );
      assign shown_step_word = {1'b0, seen_index} < 13'(STEP_WORDS) ? step_word : '0;
    end else begin : g_step_word
      logic unused;
      assign unused = &{1'b0, fetch_step_word, reads_step_word};
      always_ff @(posedge clk) begin
        if (!rst_n) step_word <= '0;
        else if (writes_step_word) step_word <= bus_write_data[STEP_WORD_BITS-1:0];
      end
      assign shown_step_word = seen_index == '0 ? step_word : '0;
    end
  endgenerate

  // Columns. The host reaches synapses while nothing is busy, the sequencer else.
  logic host_synapse, learn, reads_synapse;
  assign host_synapse = !busy;
  assign reads_synapse = reads && !busy && region == 4'd8;
  assign learn = learns && step > warm_up;
  generate
    if (SRAM == 0) begin : g_row
      assign row = chosen_row;
      logic unused;
      assign unused = &{1'b0, sequencer_row, host_synapse, blank_word};
    end else begin : g_word
      assign row = blank ? ROW_BITS'(blank_word) : (host_synapse ? chosen_row : sequencer_row);
    end
  endgenerate
  logic blank_rows;
  assign blank_rows = blank && 32'(blank_word) < 32'(MEMORY_ROWS);

  logic [COLUMNS*32-1:0] column_data;
  generate
    for (genvar c = 0; c < COLUMNS; c = c + 1) begin : g_column
      logic chosen;
      assign chosen = writes && index == 12'(c);
      ltl_column #(
          .ROWS(ROWS), .SRAM(SRAM), .ACCUMULATOR_BITS(ACCUMULATOR_BITS), .FRACTION_BITS(FRACTION_BITS), .GATE(GATE),
          .STEP_WORD_BITS(STEP_WORD_BITS), .STEP_WORD_FRACTION_BITS(STEP_WORD_FRACTION_BITS),
          .DITHER_BITS(DITHER_BITS), .INCREMENT_BITS(INCREMENT_BITS), .CODE_BITS(CODE_BITS),
          .UPDATE_BITS(UPDATE_BITS), .LFSR_BITS(LFSR_BITS), .LFSR_TAPS(LFSR_TAPS), .LFSR_SEED(LFSR_SEED),
          .LAYER(LAYER), .COLUMN(c), .ROW_BITS(ROW_BITS)
      ) u_column (
          .clk(clk), .rst_n(rst_n), .clear(clear), .compare(compare), .count_now(count_now), .gate_now(gate_now),
          .advance(count_now && learns), .learn(learn), .dead_zone(dead_zone), .step_word(step_word),
          .spike(spike[c]), .above_low(above_low[c]), .below_high(below_high[c]),
          .read(read || reads_synapse), .blank(blank_rows), .update(update), .row(row), .active(active),
          .weights(weights[c*WEIGHTS_BITS+:WEIGHTS_BITS]), .fired(fired[c]), .open(open[c]),
          .write_target(chosen && region == 4'd2), .write_lfsr(chosen && region == 4'd3),
          .write_count(chosen && region == 4'd4), .write_target_count(chosen && region == 4'd5),
          .write_flags(chosen && region == 4'd7), .write_synapse(chosen && region == 4'd8),
          .write_data(bus_write_data), .region(seen_region), .read_data(column_data[c*32+:32])
      );
    end
  endgenerate

  logic [31:0] global_data;
  always_comb begin
    case (seen_index)
      ID: global_data = 32'h4C544C31;  // "LTL1"
      HASH: global_data = SPEC_HASH;
      SHAPE: global_data = {16'(COLUMNS), 16'(ROWS)};
      CONTROL: global_data = {30'b0, learns, 1'b0};
      STATUS: global_data = {16'(step), 14'b0, in_window, busy};
      WARM_UP_STEPS: global_data = 32'(warm_up);
      DEAD_ZONE_SIZE: global_data = 32'(dead_zone);
      ROW: global_data = 32'(chosen_row);
      default: global_data = '0;
    endcase
  end
  always_comb begin
    bus_read_data = '0;
    if (seen_region == 4'd0) bus_read_data = global_data;
    else if (seen_region == 4'd1) bus_read_data = 32'(shown_step_word);
    else if ({1'b0, seen_index} < 13'(COLUMNS)) bus_read_data = column_data[seen_index*32+:32];
  end
endmodule
