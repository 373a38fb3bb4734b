/**
 * A stretch of a chunk: columns of `steps` (executed blocks in order, cycles folded), over them `spans` and `cycles`.
 *
 * A span is what happened between two moments whose time is exact. Span s holds the steps from `spanEnd[s - 1]` (0 for the
 * first) up to `spanEnd[s]` and lasted from `spanTime[s - 1]` (`startTime`) to `spanTime[s]`; inside it, time is to be spread
 * by instruction count. A span may hold no steps. A span too long for one batch comes in parts, its time divided by executions.
 *
 * A cycle is a loop of the guest: after step `cycleEnd[c] - 1`, the `cycleLength[c]` steps up to there were executed
 * `cycleTimes[c]` times more, before what follows. It lies within span `cycleSpan[c]`, and no span has two.
 */
export class ExecutionBatch {
  static readonly capacity = 16384;
  steps = 0;
  /** Block number of each step. */
  readonly block = new Uint32Array(ExecutionBatch.capacity + 1);
  spans = 0;
  readonly spanEnd = new Uint32Array(ExecutionBatch.capacity + 2);
  /** Nanoseconds since the recording's start. */
  readonly spanTime = new Float64Array(ExecutionBatch.capacity + 2);
  /** What the span's time is to be spread by: the sum of its executions' weights, as given to the decoder. */
  readonly spanWork = new Float64Array(ExecutionBatch.capacity + 2);
  /** The task switch that took place at the end of each span, or -1. */
  readonly spanSwitch = new Int32Array(ExecutionBatch.capacity + 2);
  cycles = 0;
  readonly cycleSpan = new Uint32Array(ExecutionBatch.capacity);
  readonly cycleEnd = new Uint32Array(ExecutionBatch.capacity);
  readonly cycleLength = new Uint32Array(ExecutionBatch.capacity);
  readonly cycleTimes = new Float64Array(ExecutionBatch.capacity);
  /** Nanoseconds since the recording's start at the start of the batch. */
  startTime = 0;
  /** Executions of the chunk before this batch, and in it. */
  executionsBefore = 0;
  executions = 0;

  /** Empties the batch for what comes next. */
  begin(startTime: number, executionsBefore: number): void {
    this.steps = 0;
    this.spans = 0;
    this.cycles = 0;
    this.startTime = startTime;
    this.executionsBefore = executionsBefore;
    this.executions = 0;
  }

  /** Ends a span at the steps so far. */
  closeSpan(time: number, work: number, switchNumber: number): void {
    const span = this.spans++;
    this.spanEnd[span] = this.steps;
    this.spanTime[span] = time;
    this.spanWork[span] = work;
    this.spanSwitch[span] = switchNumber;
  }

  /** Repeats the last `length` steps, which are in the span that is not closed yet. */
  addCycle(length: number, times: number): void {
    const cycle = this.cycles++;
    this.cycleSpan[cycle] = this.spans;
    this.cycleEnd[cycle] = this.steps;
    this.cycleLength[cycle] = length;
    this.cycleTimes[cycle] = times;
  }

  /** The blocks that a span executed, one by one, cycles unfolded: for readers that need order more than speed. */
  *executionsOf(span: number): Generator<number, void> {
    const { block, cycleEnd, cycleLength, cycleTimes } = this;
    const cycle = this.cycleSpan.subarray(0, this.cycles).indexOf(span);
    const end = this.spanEnd[span];
    for (let step = span === 0 ? 0 : this.spanEnd[span - 1]; step < end; step++) {
      yield block[step];
      if (cycle < 0 || step + 1 !== cycleEnd[cycle]) continue;
      for (let time = 0; time < cycleTimes[cycle]; time++) {
        for (let again = step + 1 - cycleLength[cycle]; again <= step; again++) yield block[again];
      }
    }
  }
}
