/**
 * Decodes the records of an execution chunk (docs/trace-format.md, "Executions") into the columns of src/trace/executionBatch.ts.
 *
 * Following predictions is a chain of dependent look-ups, one per execution, which bounds how fast a trace decodes: so an entry of
 * the predictor's table is one word, and holds, beside its block, the place of the entry that follows when it is right.
 *
 *   bit 0 sure · bits 3-18 the next history, as an offset into the table · bits 19-34 the block's weight · bits 35-63 the block
 *
 * Loops of the guest take one step: where following leads back to a history that was there before, all hits that are left go
 * round the same way. Safe on any bytes: block numbers are checked where they enter the table.
 */

const entries: u32 = 65536;
const sure: u64 = 1;
const offsetMask: u32 = 0x7fff8;
const weightShift: u64 = 19;
const blockShift: u64 = 35;

/** Steps of a batch, and spans that it has room for. The longest record of the recorder, 4096 hits, fits whole. */
export const capacity: u32 = 8192;
/** Bytes of records that are given at a time, and of zeros behind them: a record has four varints of ten bytes at most. */
export const windowBytes: u32 = 65536;
const longestRecord: usize = 40;

/** Where everything lies. The first page is nobody's. */
const tableAt: usize = 65536;
export const windowAt: usize = tableAt + 8 * (entries as usize);
export const blockAt: usize = windowAt + (windowBytes as usize) + 64;
export const spanEndAt: usize = blockAt + 4 * (capacity as usize);
export const spanTimeAt: usize = spanEndAt + 4 * (capacity as usize);
export const spanWorkAt: usize = spanTimeAt + 8 * (capacity as usize);
export const spanSwitchAt: usize = spanWorkAt + 8 * (capacity as usize);
export const cycleSpanAt: usize = spanSwitchAt + 4 * (capacity as usize);
export const cycleEndAt: usize = cycleSpanAt + 4 * (capacity as usize);
export const cycleLengthAt: usize = cycleEndAt + 4 * (capacity as usize);
export const cycleTimesAt: usize = cycleLengthAt + 4 * (capacity as usize);
/** Weights of the blocks, two bytes each, and whatever the importer puts behind them. */
export const weightAt: usize = cycleTimesAt + 8 * (capacity as usize);

/** Codes of records. */
const taskSwitch: u64 = 1;
const chunkEnd: u64 = 3;
const firstBlock: u64 = 16;

/** Hits that are followed without looking for a cycle: most records have no more. */
const straightHits: u32 = 16;
/** Steps after which a cycle is looked for from a later history; doubled each time (Brent's algorithm). */
const firstSearch: u32 = 32;

/** The batch. */
export let steps: u32 = 0;
export let spans: u32 = 0;
export let cycles: u32 = 0;

/** Of the chunk, so far. */
let executions: u64 = 0;
export let time: f64 = 0;
export let damaged: bool = false;
let finished: bool = true;

let blockCount: u64 = 0;
let limit: u64 = 0;
let startTime: f64 = 0;
let timePerTick: f64 = 0;
let latestTime: f64 = 0;
let ticks: f64 = 0;
/** Place of the entry for the history. */
let offset: usize = 0;
/** In the window: the next record, the end of what is there, and whether more of the chunk comes after it. */
let cursor: usize = 0;
let windowEnd: usize = 0;
let more: bool = false;

/** The record being delivered: what is left of its hits, what follows them, and when. */
let inRecord: bool = false;
let hits: u64 = 0;
let code: u64 = 0;
let switchNumber: i32 = -1;
let recordTime: f64 = 0;
/** Executions since the last exact moment that no part has taken yet, hits to come included; and those in the open span. */
let spanExecutions: u64 = 0;
let openExecutions: u64 = 0;
let openWork: f64 = 0;
/** The block that began the open span, while it is not in a batch; -1: none. */
let opening: i32 = -1;

function weightOf(block: u32): u32 {
  return load<u16>(weightAt + ((block as usize) << 1));
}

function historyAfter(h: u32, block: u32): u32 {
  return ((h << 1) ^ ((block * 0x9e3779b1) >> 16)) & (entries - 1);
}

function entry(h: u32, block: u32): u64 {
  return (
    ((historyAfter(h, block) as u64) << 3) | ((weightOf(block) as u64) << weightShift) | ((block as u64) << blockShift)
  );
}

/**
 * Starts on a chunk. Times are nanoseconds.
 * @param blocks how many have weights: a record that names another ends the chunk as damaged
 * @param mostExecutions that the chunk may hold
 * @param latest no time is later
 */
export function begin(blocks: u32, mostExecutions: f64, start: f64, perTick: f64, latest: f64): void {
  blockCount = blocks;
  limit = mostExecutions as u64;
  startTime = start;
  timePerTick = perTick;
  latestTime = latest;
  const first = blocks > 0 ? (weightOf(0) as u64) << weightShift : 0;
  for (let h: u32 = 0; h < entries; h++) {
    store<u64>(tableAt + ((h as usize) << 3), first | ((historyAfter(h, 0) as u64) << 3));
  }
  offset = 0;
  ticks = 0;
  time = start;
  executions = 0;
  finished = false;
  damaged = false;
  inRecord = false;
  hits = 0;
  spanExecutions = 0;
  openExecutions = 0;
  openWork = 0;
  opening = -1;
  cursor = windowAt;
  windowEnd = windowAt;
  more = true;
}

/** Bytes of the window that have been read. */
export function consumed(): u32 {
  return (cursor - windowAt) as u32;
}

/** The window has been filled anew, from the first byte that had not been read. */
export function refill(bytes: u32, moreToCome: bool): void {
  cursor = windowAt;
  windowEnd = windowAt + (bytes as usize);
  more = moreToCome;
  memory.fill(windowEnd, 0, longestRecord);
}

/** Executions of the chunk that were put into batches. */
export function delivered(): f64 {
  return executions as f64;
}

/** Empties the batch. */
export function beginBatch(): void {
  steps = 0;
  spans = 0;
  cycles = 0;
}

/** The varint at the cursor; one of more than 64 bits is the largest number. Of more than ten bytes: damage. */
function varint(): u64 {
  const byte = load<u8>(cursor) as u64;
  if (byte < 0x80) {
    cursor++;
    return byte;
  }
  return longVarint();
}

function longVarint(): u64 {
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 70; shift += 7) {
    const byte = load<u8>(cursor++) as u64;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return shift == 63 && byte > 1 ? u64.MAX_VALUE : value;
  }
  return stop();
}

/** Ends the chunk at bytes that cannot be a record. */
function stop(): u64 {
  finished = true;
  damaged = true;
  return 0;
}

/** Reads the next record, of which all bytes are there. What is cut off ends in the zeros behind the window, and too late. */
function readRecord(): void {
  const recordHits = varint();
  const recordCode = varint();
  const recordTicks = varint();
  const number = recordCode == taskSwitch ? varint() : 0;
  if (cursor > windowEnd) stop();
  if (finished) return;
  const isBlock = recordCode >= firstBlock;
  const known = isBlock ? recordCode - firstBlock < blockCount : recordCode >= taskSwitch && recordCode <= chunkEnd;
  const left = limit - executions - (opening >= 0 ? 1 : 0);
  if (!known || recordHits > left || (isBlock && recordHits == left) || (recordHits > 0 && blockCount == 0)) {
    stop();
    return;
  }
  if (recordCode == taskSwitch) switchNumber = number <= 0x7fffffff ? (number as i32) : -1;
  ticks += recordTicks as f64;
  hits = recordHits;
  code = recordCode;
  spanExecutions += recordHits;
  inRecord = true;
  recordTime = min(startTime + ticks * timePerTick, latestTime);
}

/**
 * Adds what comes next to the batch, which ends between two spans: only one that has no room in an empty batch is divided.
 * @returns whether more of the chunk's bytes are needed for it, to be given by `refill`
 */
export function decode(): bool {
  while (!finished) {
    if (!inRecord) {
      if (more && cursor + longestRecord > windowEnd) return true;
      if (cursor >= windowEnd) {
        finished = true;
        recordTime = time;
        break;
      }
      readRecord();
      if (finished) {
        recordTime = time;
        break;
      }
    }
    const wanted = hits + (opening >= 0 ? 1 : 0);
    if (spans > 0 && (spans >= capacity - 1 || wanted > ((capacity - steps) as u64))) return false;
    open();
    if (hits > 0) follow();
    if (hits > 0) {
      closePart();
      return false;
    }
    closeRecord();
  }
  if (opening >= 0 && steps == capacity) return false;
  open();
  if (openExecutions > 0) closePart();
  return false;
}

/** Puts the block that begins the open span into the batch. */
function open(): void {
  if (opening < 0) return;
  store<u32>(blockAt + ((steps as usize) << 2), opening);
  steps++;
  executions++;
  openExecutions = 1;
  opening = -1;
}

/** Follows the predictor for the record's hits, as far as the batch has room. */
function follow(): void {
  const from = steps;
  let h = offset;
  let work: u32 = 0;
  let to = blockAt + ((capacity as usize) << 2);
  let at = blockAt + ((from as usize) << 2);
  const begun = at;
  if (hits < (to - at) >> 2) to = at + ((hits as usize) << 2);
  const straight = min(to, at + ((straightHits as usize) << 2));
  while (at < straight) {
    const word = load<u64>(tableAt + h);
    if ((word & sure) == 0) store<u64>(tableAt + h, word | sure);
    store<u32>(at, (word >> blockShift) as u32);
    work += (word >> weightShift) as u32 & 0xffff;
    h = (word as u32) & offsetMask;
    at += 4;
  }
  let folded: u64 = 0;
  let foldedWork: f64 = 0;
  if (at < to) {
    // Since when the history `start` is looked for.
    let start = h;
    let startAt = at;
    let startWork = work;
    let searchEnd = at + ((firstSearch as usize) << 2);
    while (at < to) {
      const word = load<u64>(tableAt + h);
      if ((word & sure) == 0) store<u64>(tableAt + h, word | sure);
      store<u32>(at, (word >> blockShift) as u32);
      work += (word >> weightShift) as u32 & 0xffff;
      h = (word as u32) & offsetMask;
      at += 4;
      if (h == start) {
        const left = hits - (((at - begun) >> 2) as u64);
        const length = ((at - startAt) >> 2) as u64;
        const times = left / length;
        if (times > 0) {
          addCycle(((at - blockAt) >> 2) as u32, length as u32, times as f64);
          folded = times * length;
          foldedWork = (times as f64) * ((work - startWork) as f64);
        }
        const rest = left - folded;
        to = blockAt + ((capacity as usize) << 2);
        if (rest < (to - at) >> 2) to = at + ((rest as usize) << 2);
        start = usize.MAX_VALUE;
      } else if (at == searchEnd) {
        searchEnd += 2 * (at - startAt);
        start = h;
        startAt = at;
        startWork = work;
      }
    }
  }
  const done = (((at - begun) >> 2) as u64) + folded;
  offset = h;
  hits -= done;
  steps = ((at - blockAt) >> 2) as u32;
  openWork += (work as f64) + foldedWork;
  executions += done;
  openExecutions += done;
}

function addCycle(end: u32, length: u32, times: f64): void {
  const place = (cycles as usize) << 2;
  store<u32>(cycleSpanAt + place, spans);
  store<u32>(cycleEndAt + place, end);
  store<u32>(cycleLengthAt + place, length);
  store<f64>(cycleTimesAt + 2 * place, times);
  cycles++;
}

/** The record's hits are delivered: its moment ends the span, and its own block begins the next. */
function closeRecord(): void {
  inRecord = false;
  closeSpan(recordTime, code == taskSwitch ? switchNumber : -1);
  spanExecutions = 0;
  if (code >= firstBlock) {
    const block = (code - firstBlock) as u32;
    const word = load<u64>(tableAt + offset);
    const learned = entry((offset >> 3) as u32, block);
    store<u64>(tableAt + offset, (word & sure) != 0 ? word & ~sure : learned);
    offset = (learned as u32) & offsetMask;
    opening = block;
    openWork = weightOf(block) as f64;
    spanExecutions = 1;
  } else if (code == chunkEnd) {
    finished = true;
  }
}

/** Ends a batch inside a span: the part takes its share, by executions, of the span's time. */
function closePart(): void {
  const share = (openExecutions as f64) / (spanExecutions as f64);
  spanExecutions -= openExecutions;
  closeSpan(time + (recordTime - time) * share, -1);
}

function closeSpan(end: f64, switched: i32): void {
  const span = (spans as usize) << 2;
  store<u32>(spanEndAt + span, steps);
  store<f64>(spanTimeAt + 2 * span, end);
  store<f64>(spanWorkAt + 2 * span, openWork);
  store<i32>(spanSwitchAt + span, switched);
  spans++;
  time = end;
  openExecutions = 0;
  openWork = 0;
}
