/**
 * Counts the spans of a batch (src/trace/executionBatch.ts) into the columns of src/analysis/countColumns.ts, as long as they lie in
 * one bucket of time. Spans that do not are left to TypeScript.
 */

let weightAt: usize = 0;
/** Per block two f64: executions, and nanoseconds per unit of weight. */
let countsAt: usize = 0;
/** Blocks with something in their counts, some of them twice. */
let touchedAt: usize = 0;
/** Per block, the scan that saw it last. */
let seenAt: usize = 0;
/** Blocks in the order of their first execution in the scan, and when that began. */
let firstBlockAt: usize = 0;
let firstTimeAt: usize = 0;
/** How many there are in the lists: touched, first. */
let lengthsAt: usize = 0;

let blockAt: usize = 0;
let spanEndAt: usize = 0;
let spanTimeAt: usize = 0;
let spanWorkAt: usize = 0;
let cycleSpanAt: usize = 0;
let cycleEndAt: usize = 0;
let cycleLengthAt: usize = 0;
let cycleTimesAt: usize = 0;

/** The number of the scan. */
export let scan: u32 = 0;
/** The block that ran last: it owns time that passes before another one begins. -1: none. */
export let running: i32 = -1;
/** The next span of the batch, its first step, when it begins, and the first cycle in it or after it. */
export let span: u32 = 0;
export let step: u32 = 0;
export let time: f64 = 0;
export let cycle: u32 = 0;

export function placeBatch(
  block: usize,
  spanEnd: usize,
  spanTime: usize,
  spanWork: usize,
  cycleSpan: usize,
  cycleEnd: usize,
  cycleLength: usize,
  cycleTimes: usize,
): void {
  blockAt = block;
  spanEndAt = spanEnd;
  spanTimeAt = spanTime;
  spanWorkAt = spanWork;
  cycleSpanAt = cycleSpan;
  cycleEndAt = cycleEnd;
  cycleLengthAt = cycleLength;
  cycleTimesAt = cycleTimes;
}

export function placeColumns(
  weight: usize,
  counts: usize,
  touched: usize,
  seen: usize,
  firstBlock: usize,
  firstTime: usize,
  lengths: usize,
): void {
  weightAt = weight;
  countsAt = counts;
  touchedAt = touched;
  seenAt = seen;
  firstBlockAt = firstBlock;
  firstTimeAt = firstTime;
  lengthsAt = lengths;
}

/**
 * Counts spans until one has to be counted otherwise, or all are.
 * @param inside when the bucket ends; -Infinity where nothing counts
 * @param outside until when nothing counts
 */
export function countSpans(spans: u32, cycles: u32, inside: f64, outside: f64): void {
  let nextCycleSpan: u32 = cycle < cycles ? load<u32>(cycleSpanAt + ((cycle as usize) << 2)) : u32.MAX_VALUE;
  while (span < spans) {
    const to = load<u32>(spanEndAt + ((span as usize) << 2));
    const stop = load<f64>(spanTimeAt + ((span as usize) << 3));
    const passed = stop <= outside;
    if (step == to) {
      if (!passed && !prolong(stop, inside)) return;
    } else {
      if (!passed) {
        if (stop > inside) return;
        const rate = (stop - time) / load<f64>(spanWorkAt + ((span as usize) << 3));
        countSteps(to, rate);
        if (span == nextCycleSpan) countCycle(rate);
      }
      running = load<u32>(blockAt + ((to as usize) << 2) - 4);
      step = to;
    }
    if (span == nextCycleSpan) {
      cycle++;
      nextCycleSpan = cycle < cycles ? load<u32>(cycleSpanAt + ((cycle as usize) << 2)) : u32.MAX_VALUE;
    }
    time = stop;
    span++;
  }
}

/** Time passed with nothing begun: it belongs to the block that was running. False: not all of it in this bucket. */
function prolong(stop: f64, inside: f64): bool {
  if (running < 0) return true;
  // As `BucketCounts.prolong` computes it, to the last bit.
  const end = time + (stop - time);
  if (end > inside) return false;
  const passed = end - time;
  if (passed == 0) return true;
  const at = countsAt + ((running as usize) << 4);
  if (load<f64>(at) == 0 && load<f64>(at, 8) == 0) touch(running);
  const weight = load<u16>(weightAt + ((running as usize) << 1));
  store<f64>(at, load<f64>(at, 8) + passed / (weight as f64), 8);
  return true;
}

function countSteps(to: u32, rate: f64): void {
  const one = f64x2.replace_lane(f64x2.splat(1), 1, rate);
  const end = blockAt + ((to as usize) << 2);
  const from = blockAt + ((step as usize) << 2);
  for (let place = from; place < end; place += 4) {
    const block = load<u32>(place);
    const at = countsAt + ((block as usize) << 4);
    const before = v128.load(at);
    if (f64x2.extract_lane(before, 0) == 0) begin(from, place, rate);
    v128.store(at, f64x2.add(before, one));
  }
}

/** Counts the repetitions of a cycle whose steps are counted already. */
function countCycle(rate: f64): void {
  const place = (cycle as usize) << 2;
  const times = load<f64>(cycleTimesAt + 2 * place);
  const added = f64x2.replace_lane(f64x2.splat(times), 1, times * rate);
  const end = blockAt + ((load<u32>(cycleEndAt + place) as usize) << 2);
  for (let block = end - ((load<u32>(cycleLengthAt + place) as usize) << 2); block < end; block += 4) {
    const at = countsAt + ((load<u32>(block) as usize) << 4);
    v128.store(at, f64x2.add(v128.load(at), added));
  }
}

/**
 * A block's first execution in the current bucket, perhaps in the chunk. What follows a cycle was executed in it, so that only
 * single steps come before a first execution.
 */
function begin(from: usize, place: usize, rate: f64): void {
  const block = load<u32>(place);
  touch(block);
  if (load<u32>(seenAt + ((block as usize) << 2)) == scan) return;
  store<u32>(seenAt + ((block as usize) << 2), scan);
  let done: f64 = 0;
  for (let before = from; before < place; before += 4) {
    done += load<u16>(weightAt + ((load<u32>(before) as usize) << 1)) as f64;
  }
  const first = load<u32>(lengthsAt, 4);
  store<u32>(firstBlockAt + ((first as usize) << 2), block);
  store<f64>(firstTimeAt + ((first as usize) << 3), time + done * rate);
  store<u32>(lengthsAt, first + 1, 4);
}

function touch(block: u32): void {
  const count = load<u32>(lengthsAt);
  store<u32>(touchedAt + ((count as usize) << 2), block);
  store<u32>(lengthsAt, count + 1);
}
