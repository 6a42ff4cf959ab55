// The schedule: every word is written before any is read, steps never pass the window's end, strobes never meet.
module formal_sequencer (
    input logic       clk,
    input logic       start,
    input logic       step_valid,
    input logic [2:0] rows,
    input logic       any_open
);
  logic rst_n = 1'b0, known = 1'b0;
  always_ff @(posedge clk) begin
    rst_n <= 1'b1;
    known <= 1'b1;
  end
  logic step_ready, busy, in_window, read, update, blank, fetch_step_word, clear, weights_valid, integrate, compare,
      count_now, gate_now;
  logic [2:0] step;
  logic [3:0] active;
  logic [1:0] row, blank_word, weights_row;
  ltl_sequencer #(
      .ROWS(3), .ROW_BITS(2), .SRAM(1), .STEPS(4), .STEP_BITS(3), .BLANK_WORDS(4), .BLANK_BITS(2)
  ) dut (
      .clk(clk), .rst_n(rst_n), .start(start), .step_valid(step_valid), .rows(rows), .any_open(any_open),
      .step_ready(step_ready), .busy(busy), .in_window(in_window), .step(step), .active(active), .row(row),
      .read(read), .update(update), .blank(blank), .blank_word(blank_word), .fetch_step_word(fetch_step_word),
      .clear(clear), .weights_valid(weights_valid), .weights_row(weights_row), .integrate(integrate),
      .compare(compare), .count_now(count_now), .gate_now(gate_now)
  );

  logic [3:0] written = '0;  // words that are blank, or more than that
  logic active_row;
  assign active_row = active[row];
  always_ff @(posedge clk) begin
    if (!rst_n) written <= '0;
    else if (blank) written[blank_word] <= 1'b1;
  end
  always_comb begin
    if (known) begin
      assert (step <= 3'd4);
      assert (!(in_window && step_ready && step == 3'd4));
      assert (!step_ready || !busy);
      assert ({2'b0, blank} + {2'b0, clear} + {2'b0, integrate} + {2'b0, compare} + {2'b0, count_now} + {2'b0, gate_now} + {2'b0, read}
          + {2'b0, update} <= 3'd1);
      assert (written == 4'b1111 || (blank && written == (4'b0001 << blank_word) - 4'b0001));
      if (read || update) assert (written == 4'b1111 && active_row);
      if (fetch_step_word) assert (written == 4'b1111);
    end
  end
endmodule
