/** Where the columns of a batch begin in the decoder's memory. */
export interface BatchPlaces {
  readonly block: number;
  readonly spanEnd: number;
  readonly spanTime: number;
  readonly spanWork: number;
  readonly spanSwitch: number;
  readonly cycleSpan: number;
  readonly cycleEnd: number;
  readonly cycleLength: number;
  readonly cycleTimes: number;
}

/**
 * A stretch of a chunk: columns of `steps` (executed blocks in order, cycles folded), over them `spans` and `cycles`.
 *
 * A span is what happened between two moments whose time is exact. Span s holds the steps from `spanEnd[s - 1]` (0 for the
 * first) up to `spanEnd[s]` and lasted from `spanTime[s - 1]` (`startTime`) to `spanTime[s]`; inside it, time is to be spread
 * by instruction count. A span may hold no steps. One too long for any batch comes in parts, its time divided by executions.
 *
 * A cycle is a loop of the guest: after step `cycleEnd[c] - 1`, the `cycleLength[c]` steps up to there were executed
 * `cycleTimes[c]` times more, before what follows. It lies within span `cycleSpan[c]`, and no span has two.
 */
export class ExecutionBatch {
  steps = 0;
  spans = 0;
  cycles = 0;
  /** Nanoseconds since the recording's start at the start of the batch. */
  startTime = 0;
  /** Executions in the batch. */
  executions = 0;
  /** Block number of each step. */
  readonly block: Uint32Array;
  readonly spanEnd: Uint32Array;
  /** Nanoseconds since the recording's start. */
  readonly spanTime: Float64Array;
  /** What the span's time is to be spread by: the sum of its executions' weights, as given to the decoder. */
  readonly spanWork: Float64Array;
  /** The task switch that took place at the end of each span, or -1. */
  readonly spanSwitch: Int32Array;
  readonly cycleSpan: Uint32Array;
  readonly cycleEnd: Uint32Array;
  readonly cycleLength: Uint32Array;
  readonly cycleTimes: Float64Array;

  /**
   * @param capacity steps and spans that the columns have room for
   * @param at where in `memory` the columns are
   */
  constructor(
    memory: ArrayBufferLike,
    readonly capacity: number,
    readonly at: BatchPlaces,
  ) {
    this.block = new Uint32Array(memory, at.block, capacity);
    this.spanEnd = new Uint32Array(memory, at.spanEnd, capacity);
    this.spanTime = new Float64Array(memory, at.spanTime, capacity);
    this.spanWork = new Float64Array(memory, at.spanWork, capacity);
    this.spanSwitch = new Int32Array(memory, at.spanSwitch, capacity);
    this.cycleSpan = new Uint32Array(memory, at.cycleSpan, capacity);
    this.cycleEnd = new Uint32Array(memory, at.cycleEnd, capacity);
    this.cycleLength = new Uint32Array(memory, at.cycleLength, capacity);
    this.cycleTimes = new Float64Array(memory, at.cycleTimes, capacity);
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
