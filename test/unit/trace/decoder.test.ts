import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkDecoder } from "../../../src/trace/decoder";
import { ExecutionEncoder } from "../../../src/trace/encoder";
import type { ExecutionBatch } from "../../../src/trace/executionBatch";
import {
  executionChunk,
  executionHeadBytes,
  parseExecutionHead,
  tickRate,
  writeExecutionHead,
} from "../../../src/trace/executionHead";
import { historyAfter } from "../../../src/trace/predictor";
import { maximumBlocks, maximumMissingBlocks } from "../../../src/trace/limits";
import type { ExecutionChunk } from "../../../src/trace/types";
import { writeVarint } from "../../../src/trace/varint";
import { decodePayload } from "../../support/decodeTrace";
import { executeRecords, parseRecords } from "../../support/referenceDecoder";

type Step = { readonly blocks: readonly number[]; readonly times: number } | "switch" | "mark";

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ blocks: fc.array(fc.nat(40), { minLength: 1, maxLength: 5 }), times: fc.nat(80) }),
    },
    { weight: 1, arbitrary: fc.constantFrom<Step>("switch", "mark") },
  ),
  { maxLength: 15 },
);

/** Encodes the steps as one chunk of one vCPU; every execution takes three nanoseconds. */
function encode(list: readonly Step[]): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  const encoder = new ExecutionEncoder(
    0,
    1000,
    () => 41,
    (payload) => payloads.push(payload),
  );
  let time = 1000;
  let switches = 0;
  for (const step of list) {
    if (step === "switch") encoder.taskSwitch(switches++, time);
    else if (step === "mark") encoder.mark(time);
    else {
      for (let repeat = 0; repeat < step.times; repeat++) {
        for (const block of step.blocks) {
          encoder.execute(block, 2, time);
          time += 3;
        }
      }
    }
  }
  encoder.seal(time);
  return payloads;
}

function chunkOf(payload: Uint8Array, sealed = true): ExecutionChunk {
  const head = parseExecutionHead(payload);
  if (head === null) throw new Error("no head");
  return executionChunk({ offset: 0, length: payload.length, sealed, crc: 0, vcpu: 0 }, head, tickRate(head, 0) ?? 1);
}

/** A payload with these records; the head says `executions`. */
function handMade(records: readonly (readonly number[])[], executions: number): Uint8Array {
  const bytes = new Uint8Array(executionHeadBytes + 64 * records.length);
  let at = executionHeadBytes;
  for (const record of records) for (const value of record) at = writeVarint(bytes, at, value);
  const payload = bytes.slice(0, at);
  const counts = { firstExecution: 0, firstInstruction: 0, executions, instructions: 0 };
  const clock = { startTicks: 0n, endTicks: 1000n, startTime: 0, endTime: 1000 };
  writeExecutionHead(payload, { ...counts, ...clock, lastSwitch: -1, blocksKnown: 1, lastBlock: -1 });
  return payload;
}

/** What a batch holds, cycles included. */
function executionsOf(batch: ExecutionBatch): number {
  let sum = batch.steps;
  for (let cycle = 0; cycle < batch.cycles; cycle++) sum += batch.cycleLength[cycle] * batch.cycleTimes[cycle];
  expect(sum).toBe(batch.executions);
  return sum;
}

// One for all chunks, as in an analysis: nothing of one chunk may leak into the next.
const decoder = new ChunkDecoder();
const { batch } = decoder;

const weight = Uint16Array.from({ length: 41 }, (_, block) => 1 + ((block * 7919) % 0xffff));

describe("ChunkDecoder", () => {
  it("does what the format's text says", () => {
    fc.assert(
      fc.property(steps, (list) => {
        for (const payload of encode(list)) {
          const spans = executeRecords(parseRecords(payload.subarray(executionHeadBytes)));
          decoder.useBlocks(weight);
          decoder.begin(payload, chunkOf(payload));
          const decoded: { blocks: number[]; time: number; switchNumber: number }[] = [];
          while (decoder.next()) {
            for (let index = 0; index < batch.spans; index++) {
              const blocks = [...batch.executionsOf(index)];
              decoded.push({ blocks, time: Math.round(batch.spanTime[index]), switchNumber: batch.spanSwitch[index] });
              expect(batch.spanWork[index]).toBe(blocks.reduce((sum, block) => sum + weight[block], 0));
            }
          }
          let time = 1000;
          const expected = spans.map(({ blocks, ticks, switchNumber }) => ({
            blocks,
            time: (time += ticks),
            switchNumber,
          }));
          expect(decoded).toEqual(expected);
          expect(decoder.outcome()).toMatchObject({ intact: true, lostExecutions: 0, endTime: time });
        }
      }),
      { numRuns: 150 },
    );
  });

  it("survives any bytes as records", () => {
    const head = handMade([], 5000);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 300 }),
        (bytes, sealed, blocks) => {
          const payload = new Uint8Array(head.length + bytes.length);
          payload.set(head);
          payload.set(bytes, head.length);
          const chunk = chunkOf(payload, sealed);
          decoder.useBlocks(new Uint16Array(blocks).fill(1));
          decoder.begin(payload, chunk);
          let batches = 0;
          let executions = 0;
          // Hostile hits of an unsealed chunk may go on for long: a consumer can stop at any batch.
          while (batches++ < 20 && decoder.next()) {
            expect(batch.block.subarray(0, batch.steps).every((block) => block < blocks)).toBe(true);
            executions += executionsOf(batch);
            expect(batch.spanEnd[batch.spans - 1]).toBe(batch.steps);
          }
          if (sealed) expect(executions).toBeLessThanOrEqual(5000);
          if (batches < 20) expect(decoder.outcome().executions).toBe(executions);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("gives repeats of a block in few steps, however many", () => {
    const executions = 2 ** 52;
    const payload = handMade(
      [
        [0, 16, 0],
        [executions - 1, 3, 1000],
      ],
      executions,
    );
    decoder.useBlocks(Uint16Array.of(1));
    decoder.begin(payload, chunkOf(payload));
    let sum = 0;
    let steps = 0;
    let last = 0;
    while (decoder.next()) {
      sum += executionsOf(batch);
      steps += batch.steps;
      last = batch.spanTime[batch.spans - 1];
    }
    expect(sum).toBe(executions);
    expect(steps).toBeLessThan(1000);
    expect(last).toBe(1000);
    expect(decoder.outcome().intact).toBe(true);
  });

  it("folds a loop of several blocks into a cycle", () => {
    const [payload] = encode([{ blocks: [1, 2, 3], times: 50_000 }]);
    decoder.useBlocks(weight);
    decoder.begin(payload, chunkOf(payload));
    let [executions, steps] = [0, 0];
    while (decoder.next()) {
      executions += executionsOf(batch);
      steps += batch.steps;
    }
    expect(executions).toBe(150_000);
    expect(steps).toBeLessThan(1000);
  });

  it("divides a span that a batch has no room for by executions", () => {
    // No history comes twice, so that the second time round is one span that has no cycle.
    const seen = new Set<number>();
    const once: number[] = [];
    for (let h = 0, block = 0; once.length < 20_000; h = historyAfter(h, block)) {
      for (block = 0; seen.has(historyAfter(h, block));) block++;
      seen.add(historyAfter(h, block));
      once.push(block);
    }
    const blocks = [...once, ...once];
    expect(Math.max(...blocks)).toBeLessThan(512);
    const payloads: Uint8Array[] = [];
    const encoder = new ExecutionEncoder(
      0,
      1000,
      () => 512,
      (payload) => payloads.push(payload),
    );
    blocks.forEach((block, index) => encoder.execute(block, 2, 1000 + 3 * index));
    encoder.seal(1000 + 3 * blocks.length);
    decoder.useBlocks(new Uint16Array(512).fill(1));
    decoder.begin(payloads[0], chunkOf(payloads[0]));
    let done = 0;
    let full = 0;
    while (decoder.next()) {
      done += executionsOf(batch);
      expect(batch.spanTime[batch.spans - 1]).toBeCloseTo(1000 + 3 * done, 3);
      if (batch.steps === batch.capacity) full++;
    }
    expect(done).toBe(blocks.length);
    expect(full).toBeGreaterThan(0);
  });

  it("tells the last of the most blocks that a trace may have from all others", () => {
    const block = maximumBlocks + maximumMissingBlocks - 1;
    const [payload] = encode([{ blocks: [block], times: 100 }]);
    expect(decodePayload(payload, chunkOf(payload), block + 1)).toMatchObject({
      blocks: Array.from({ length: 100 }, () => block),
      intact: true,
    });
  });

  it("says what a sealed chunk does not hold", () => {
    const payload = handMade(
      [
        [0, 16, 5],
        [0, 3, 5],
      ],
      10,
    );
    expect(decodePayload(payload, chunkOf(payload), 1)).toMatchObject({
      blocks: [0],
      executions: 1,
      intact: false,
      lostExecutions: 9,
    });
  });

  it("stops where a record names a block that is not there", () => {
    const payload = handMade(
      [
        [0, 16, 5],
        [0, 18, 5],
        [0, 16, 5],
        [0, 3, 0],
      ],
      3,
    );
    expect(decodePayload(payload, chunkOf(payload), 2)).toMatchObject({
      blocks: [0],
      intact: false,
      lostExecutions: 2,
    });
    expect(decodePayload(payload, chunkOf(payload), 3)).toMatchObject({ blocks: [0, 2, 0], intact: true });
  });

  it("ends an unsealed chunk at the first unwritten record, without the last one", () => {
    const records = [
      [0, 17, 5],
      [0, 18, 5],
      [1, 17, 7],
    ];
    const payload = handMade([...records, [9, 0, 0], [0, 19, 0]], 0);
    const decoded = decodePayload(payload, { ...chunkOf(payload), sealed: false }, 4);
    expect(decoded).toMatchObject({ blocks: [1, 2], intact: true, lostExecutions: 0 });
  });

  it("keeps the whole of an unsealed chunk that was ended", () => {
    const payload = handMade(
      [
        [0, 17, 5],
        [0, 18, 5],
        [0, 3, 7],
        [0, 0, 0],
      ],
      0,
    );
    expect(decodePayload(payload, { ...chunkOf(payload), sealed: false }, 4).blocks).toEqual([1, 2]);
  });
});

describe("ExecutionEncoder", () => {
  it("ends a chunk after four million executions, however small it is", () => {
    const chunks = encode([{ blocks: [1, 2], times: 2 ** 22 }]).map((payload) => chunkOf(payload));
    expect(chunks.map(({ executions }) => executions)).toEqual([2 ** 22, 2 ** 22]);
    expect(chunks.map(({ firstExecution }) => firstExecution)).toEqual([0, 2 ** 22]);
  });
});
