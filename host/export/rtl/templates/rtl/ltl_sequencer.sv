// The schedule of a step. Clocks from the one in which a step is accepted to the next in which one could be:
//
//   SRAM        1 accept, n deliver (a row each, the bias last), 1 settle, integrate, compare, count, gate,
//               then 2 n for reading and storing if a column opened, else 1;  n = active rows + 1
//   flip-flops  1 accept, deliver, settle, integrate, compare, count, gate, 1 update
//
// After a reset every word of a memory without one is written (`blank`) before anything is accepted.
module ltl_sequencer #(
    parameter int ROWS        = 12,
    parameter int ROW_BITS    = 4,
    parameter int SRAM        = 1,
    parameter int STEPS       = 16,    // of a window
    parameter int STEP_BITS   = 5,     // hold 0 .. STEPS
    parameter int BLANK_WORDS = 16,
    parameter int BLANK_BITS  = 4
) (
    input  logic                  clk,
    input  logic                  rst_n,
    input  logic                  start,       // a window; looked at while not busy
    input  logic                  step_valid,
    input  logic [ROWS-1:0]       rows,        // that spike in this step
    input  logic                  any_open,
    output logic                  step_ready,
    output logic                  busy,
    output logic                  in_window,
    output logic [STEP_BITS-1:0]  step,        // steps of this window so far, the present one included
    output logic [ROWS:0]         active,      // rows of the step, the bias last
    output logic [ROW_BITS-1:0]   row,
    output logic                  read,
    output logic                  update,
    output logic                  blank,
    output logic [BLANK_BITS-1:0] blank_word,
    output logic                  fetch_step_word,
    output logic                  clear,
    output logic                  weights_valid,
    output logic [ROW_BITS-1:0]   weights_row,
    output logic                  integrate,
    output logic                  compare,
    output logic                  count_now,
    output logic                  gate_now
);
  localparam logic [3:0] BLANK = 4'd0, READY = 4'd1, CLEAR = 4'd2, DELIVER = 4'd3, SETTLE = 4'd4, INTEGRATE = 4'd5,
      COMPARE = 4'd6, COUNT = 4'd7, GATE = 4'd8, FETCH = 4'd9, STORE = 4'd10;
  localparam logic [STEP_BITS-1:0] LAST_STEP = STEP_BITS'(STEPS);

  logic [3:0] state;
  logic [ROWS:0] pending, left;

  // The first row that is pending; what is left without it.
  always_comb begin
    row = '0;
    for (int r = ROWS; r >= 0; r--) if (pending[r]) row = ROW_BITS'(r);
  end
  assign left = pending & (pending - (ROWS + 1)'(1));

  assign step_ready = state == READY && in_window && !start;
  assign busy = state != READY;
  assign blank = state == BLANK;
  assign clear = state == CLEAR;
  assign read = state == DELIVER || state == FETCH;
  assign update = state == STORE;
  assign integrate = state == INTEGRATE;
  assign compare = state == COMPARE;
  assign count_now = state == COUNT;
  assign gate_now = state == GATE;
  assign fetch_step_word = state == INTEGRATE;

  always_ff @(posedge clk) weights_row <= row;  // means something while weights_valid
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      state         <= BLANK;
      blank_word    <= '0;
      in_window     <= 1'b0;
      step          <= '0;
      active        <= '0;
      pending       <= '0;
      weights_valid <= 1'b0;
    end else begin
      weights_valid <= state == DELIVER;
      case (state)
        BLANK: begin
          blank_word <= blank_word + BLANK_BITS'(1);
          if (blank_word == BLANK_BITS'(BLANK_WORDS - 1)) state <= READY;
        end
        READY: begin
          if (start) state <= CLEAR;
          else if (step_valid && step_ready) begin
            active  <= {1'b1, rows};
            pending <= {1'b1, rows};
            step    <= step + STEP_BITS'(1);
            state   <= DELIVER;
          end
        end
        CLEAR: begin
          step      <= '0;
          in_window <= 1'b1;
          state     <= READY;
        end
        DELIVER: begin
          pending <= left;
          if (SRAM == 0 || left == '0) state <= SETTLE;
        end
        SETTLE: state <= INTEGRATE;
        INTEGRATE: state <= COMPARE;
        COMPARE: state <= COUNT;
        COUNT: state <= GATE;
        GATE: begin
          pending <= active;
          state   <= SRAM != 0 ? FETCH : STORE;
        end
        FETCH: begin
          if (any_open) state <= STORE;
          else begin
            in_window <= step != LAST_STEP;
            state     <= READY;
          end
        end
        STORE: begin
          pending <= left;
          if (SRAM == 0 || left == '0) begin
            in_window <= step != LAST_STEP;
            state     <= READY;
          end else state <= FETCH;
        end
        default: state <= BLANK;
      endcase
    end
  end
endmodule
