`include "params.svh"
`include "set.svh"
// Plays a set of vectors against an array through its ports alone, so RTL, mutants and netlists are all alike to it.
//
//   +vectors=FOLDER   stimulus.hex, expected.hex and manifest.json, which says how many words and which checksums
//   +nochecksum       does not look at counts and checksums: shows that comparisons alone find a wrong word
//
// Ends with PASS and status 0, or with FAIL, the first difference and another status ($fatal). Words of stimulus.hex:
//
//   1....... reset for that many clocks     2...aaaa write at a; next word: data      3nnnaaaa read n words from a on
//   4.....ff step; next words: rows, spike, above_low, below_high; ff: what to look at afterwards
//   5....... all synapses       6......n wait until not busy, n clocks if not 0       7...cccc case c begins       F....... the end
//   8.....nn offer a step for a clock, then nn clocks; words as of a step       9......r step_ready must be r
//
// A step is followed by its clocks, the signature of all strobes and weights so far, spikes as sampled; then of each
// column, where ff has bit 0, counters and increment, bit 1 the LFSR, and bit 2 the synapses of active rows.
module tb;
  localparam int ROWS = `SET_ROWS, COLUMNS = `SET_COLUMNS;
  localparam int ROW_WORDS = (ROWS + 31) / 32, COLUMN_WORDS = (COLUMNS + 31) / 32;
  localparam int WEIGHTS = COLUMNS * (`LTL_SRAM != 0 ? 1 : ROWS + 1) * `SET_CODE_BITS, WEIGHT_WORDS = (WEIGHTS + 31) / 32;
  localparam int ROW_BITS = $clog2(ROWS + 1);
  localparam logic [31:0] FNV_START = 32'h811C9DC5, FNV_PRIME = 32'h01000193;

  logic clk = 1'b0, rst_n = 1'b1;
  logic bus_strobe = 1'b0, bus_write = 1'b0;
  logic [15:0] bus_address = '0;
  logic [31:0] bus_write_data = '0, bus_read_data;
  logic step_valid = 1'b0, step_ready, busy, clear, weights_valid, integrate, compare;
  logic [ROWS-1:0] rows = '0;
  logic [ROW_BITS-1:0] weights_row;
  logic [WEIGHTS-1:0] weights;
  logic [COLUMNS-1:0] spike = '0, above_low = '0, below_high = '0, fired;

  array_under_test dut (
      .clk(clk), .rst_n(rst_n), .bus_strobe(bus_strobe), .bus_write(bus_write), .bus_address(bus_address),
      .bus_write_data(bus_write_data), .bus_read_data(bus_read_data), .step_valid(step_valid), .rows(rows),
      .step_ready(step_ready), .busy(busy), .clear(clear), .weights_valid(weights_valid), .weights_row(weights_row),
      .weights(weights), .integrate(integrate), .compare(compare), .spike(spike), .above_low(above_low),
      .below_high(below_high), .fired(fired)
  );

  always #5 clk = ~clk;

  // Files, read word by word.
  string folder;
  logic [8*120-1:0] line;
  integer stimulus_file, expected_file, manifest_file, got;
  logic checks_files;
  logic [31:0] stimulus_words = 0, expected_words = 0, stimulus_sum = FNV_START, expected_sum = FNV_START;
  logic [31:0] said_words, said_sum;
  logic [31:0] cycle = 0, case_number = 0, steps = 0, signature = FNV_START, chosen_row = 0, compared = 0;

  function automatic logic [31:0] hashed(input logic [31:0] sum, input logic [31:0] word);
    hashed = (sum ^ word) * FNV_PRIME;
  endfunction

  task automatic fail(input string what);
    $display("FAIL case %0d, step %0d, cycle %0d: %0s", case_number, steps, cycle, what);
    $fatal(1, "FAIL");
  endtask

  task automatic next_stimulus(output logic [31:0] word);
    word = 'x;
    got = $fscanf(stimulus_file, "%h", word);
    if (got != 1) fail("stimulus.hex ends too early, or has no hexadecimal word where one belongs");
    stimulus_words = stimulus_words + 1;
    stimulus_sum = hashed(stimulus_sum, word);
  endtask

  task automatic check(input string signal, input logic [31:0] index, input logic [31:0] actual);
    logic [31:0] word;
    word = 'x;
    got = $fscanf(expected_file, "%h", word);
    if (got != 1) fail("expected.hex ends too early, or has no hexadecimal word where one belongs");
    expected_words = expected_words + 1;
    expected_sum = hashed(expected_sum, word);
    compared = compared + 1;
    if (actual !== word) begin
      $display("FAIL case %0d, step %0d, cycle %0d: %0s %0d, row %0d: expected %h, actual %h", case_number, steps, cycle,
               signal, index, chosen_row, word, actual);
      $fatal(1, "FAIL");
    end
  endtask

  // A clock: from falling edge to falling edge. What comparators say stands only while they are asked, else its opposite.
  logic [COLUMNS-1:0] spikes = '0, aboves = '0, belows = '0;
  logic [WEIGHT_WORDS*32-1:0] wide;
  task automatic tick;
    @(negedge clk);
    cycle = cycle + 1;
    if (clear) signature = hashed(signature, 32'hC0000000);
    if (weights_valid) begin
      wide = '0;
      wide[WEIGHTS-1:0] = weights;
      signature = hashed(signature, 32'(weights_row));
      for (int w = 0; w < WEIGHT_WORDS; w++) signature = hashed(signature, wide[w*32+:32]);
    end
    if (integrate) signature = hashed(signature, 32'hC0000001);
    if (compare) signature = hashed(signature, 32'hC0000002);
    spike = compare ? spikes : ~spikes;
    above_low = compare ? aboves : ~aboves;
    below_high = compare ? belows : ~belows;
  endtask

  task automatic wait_until_idle;
    integer clocks;
    clocks = 0;
    while (busy !== 1'b0) begin
      tick;
      clocks = clocks + 1;
      if (clocks > 200000) fail("busy for 200000 clocks");
    end
  endtask

  task automatic bus(input logic write, input logic [15:0] address, input logic [31:0] data);
    bus_strobe = 1'b1;
    bus_write = write;
    bus_address = address;
    bus_write_data = data;
    tick;
    bus_strobe = 1'b0;
    bus_write = 1'b0;
    bus_address = ~address;
    bus_write_data = ~data;
    if (write && address == 16'h0007) chosen_row = data;
  endtask

  task automatic check_register(input logic [15:0] address);
    bus(1'b0, address, '0);
    case (address[15:12])
      4'd0: check("register", 32'(address), bus_read_data);
      4'd1: check("step word", 32'(address[11:0]), bus_read_data);
      4'd2: check("target word of column", 32'(address[11:0]), bus_read_data);
      4'd3: check("lfsr of column", 32'(address[11:0]), bus_read_data);
      4'd4: check("count of column", 32'(address[11:0]), bus_read_data);
      4'd5: check("target_count of column", 32'(address[11:0]), bus_read_data);
      4'd6: check("increment and open of column", 32'(address[11:0]), bus_read_data);
      4'd7: check("flags of column", 32'(address[11:0]), bus_read_data);
      4'd8: check("residue and code of column", 32'(address[11:0]), bus_read_data);
      default: check("nothing at address", 32'(address), bus_read_data);
    endcase
  endtask

  task automatic check_row(input logic [31:0] row);
    bus(1'b1, 16'h0007, row);
    for (int c = 0; c < COLUMNS; c++) check_register(16'h8000 + 16'(c));
  endtask

  logic [ROW_WORDS*32-1:0] row_words;
  logic [COLUMN_WORDS*32-1:0] spike_words, above_words, below_words, fired_words;
  task automatic offer_step;
    logic [31:0] word;
    for (int w = 0; w < ROW_WORDS; w++) begin next_stimulus(word); row_words[w*32+:32] = word; end
    for (int w = 0; w < COLUMN_WORDS; w++) begin next_stimulus(word); spike_words[w*32+:32] = word; end
    for (int w = 0; w < COLUMN_WORDS; w++) begin next_stimulus(word); above_words[w*32+:32] = word; end
    for (int w = 0; w < COLUMN_WORDS; w++) begin next_stimulus(word); below_words[w*32+:32] = word; end
    rows = row_words[ROWS-1:0];
    spikes = spike_words[COLUMNS-1:0];
    aboves = above_words[COLUMNS-1:0];
    belows = below_words[COLUMNS-1:0];
    step_valid = 1'b1;
    tick;
    step_valid = 1'b0;
    rows = ~rows;
  endtask

  task automatic play_step(input logic [2:0] looks);
    integer clocks;
    if (step_ready !== 1'b1) fail("step_ready is not high");
    offer_step;
    clocks = 0;
    while (busy !== 1'b0) begin
      tick;
      clocks = clocks + 1;
      if (clocks > 200000) fail("busy for 200000 clocks");
    end
    steps = steps + 1;
    check("clocks of the step, layer", `SET_LAYER, clocks);
    check("signature of strobes and weights, layer", `SET_LAYER, signature);
    fired_words = '0;
    fired_words[COLUMNS-1:0] = fired;
    for (int w = 0; w < COLUMN_WORDS; w++) check("fired, word", w, fired_words[w*32+:32]);
    for (int c = 0; c < COLUMNS; c++) begin
      if (looks[0]) begin
        check_register(16'h4000 + 16'(c));
        check_register(16'h5000 + 16'(c));
        check_register(16'h6000 + 16'(c));
      end
      if (looks[1]) check_register(16'h3000 + 16'(c));
    end
    if (looks[2]) begin
      for (int r = 0; r < ROWS; r++) if (row_words[r]) check_row(r);
      check_row(ROWS);
    end
  endtask

  task automatic check_file(input string file, input logic [31:0] words, input logic [31:0] sum);
    if (said_words !== words) fail({file, " has another number of words than manifest.json says"});
    if (said_sum !== sum) fail({file, " has another checksum than manifest.json says"});
  endtask

  task automatic check_files;
    integer found;
    found = 0;
    manifest_file = $fopen({folder, "/manifest.json"}, "r");
    if (manifest_file == 0) fail("there is no manifest.json");
    got = $fgets(line, manifest_file);
    while (got > 0) begin
      if ($sscanf(line, " \"stimulus\": { \"words\": %d, \"fnv1a\": \"%h", said_words, said_sum) == 2) begin
        found = found + 1;
        check_file("stimulus.hex", stimulus_words, stimulus_sum);
      end
      if ($sscanf(line, " \"expected\": { \"words\": %d, \"fnv1a\": \"%h", said_words, said_sum) == 2) begin
        found = found + 1;
        check_file("expected.hex", expected_words, expected_sum);
      end
      got = $fgets(line, manifest_file);
    end
    $fclose(manifest_file);
    if (found != 2) fail("manifest.json does not say what stimulus.hex and expected.hex have to be");
  endtask

  logic [31:0] op, data, left_over;
  logic ends;
  initial begin
    if (!$value$plusargs("vectors=%s", folder)) fail("no +vectors=FOLDER is given");
    checks_files = !$test$plusargs("nochecksum");
    stimulus_file = $fopen({folder, "/stimulus.hex"}, "r");
    expected_file = $fopen({folder, "/expected.hex"}, "r");
    if (stimulus_file == 0) fail("there is no stimulus.hex");
    if (expected_file == 0) fail("there is no expected.hex");
    ends = 1'b0;
    while (!ends) begin
      next_stimulus(op);
      case (op[31:28])
        4'h1: begin
          rst_n = 1'b0;
          for (int n = 0; n < int'(op[27:0]); n++) tick;
          if ({clear, weights_valid, integrate, compare, step_ready, fired} !== '0) fail("a strobe or a spike in reset");
          if (bus_read_data !== 32'h4C544C31) fail("the port does not show ID in reset");
          rst_n = 1'b1;
          signature = FNV_START;
        end
        4'h2: begin
          next_stimulus(data);
          bus(1'b1, op[15:0], data);
        end
        4'h3: for (int n = 0; n < int'(op[27:16]); n++) check_register(op[15:0] + 16'(n));
        4'h4: play_step(op[2:0]);
        4'h5: for (int r = 0; r <= ROWS; r++) check_row(r);
        4'h6: begin
          left_over = cycle;
          wait_until_idle;
          if (op[27:0] != '0 && cycle - left_over != 32'(op[27:0])) fail("busy for another number of clocks");
        end
        4'h7: case_number = 32'(op[15:0]);
        4'h8: begin
          offer_step;
          for (int n = 0; n < int'(op[7:0]); n++) tick;
        end
        4'h9: if (step_ready !== op[0]) fail("step_ready is not as it must be");
        4'hF: ends = 1'b1;
        default: fail("stimulus.hex asks for something that there is not");
      endcase
    end
    got = $fscanf(stimulus_file, "%h", left_over);
    if (got == 1) fail("stimulus.hex goes on after its end");
    got = $fscanf(expected_file, "%h", left_over);
    if (got == 1) fail("expected.hex has words that nobody asked for");
    if (checks_files) check_files;
    if (compared == 0) fail("nothing was compared");
    $display("PASS %0d steps, %0d words compared, %0d cycles", steps, compared, cycle);
    $finish;
  end
endmodule
