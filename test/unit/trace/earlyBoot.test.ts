import { closeSync, openSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { executionHeadBytes } from "../../../src/trace/executionHead";
import { openTraceFile, readChunk } from "../../../src/trace/reader";
import { executedBlocks } from "../../support/decodeTrace";
import { executeRecords, parseRecords } from "../../support/referenceDecoder";

const file = path.join(import.meta.dirname, "../../fixtures/early-boot.bst");

it("reads the beginning of a real boot as the format's text says", async () => {
  const trace = await openTraceFile(file);
  const [executed] = executedBlocks(trace);
  expect(executed.length).toBe(200_000);
  // The reset vector, then the firmware's first jump.
  expect(trace.blocks.address[executed[0]]).toBe(0xfffffff0n);
  expect(trace.blocks.address[executed[1]]).toBe(0xfe05bn);
  const instructions = executed.reduce((sum, block) => sum + trace.blocks.instructions[block], 0);
  expect(instructions).toBe(trace.chunks[0].instructions);
  const fd = openSync(file, "r");
  const payload = readChunk(fd, trace.chunks[0]);
  closeSync(fd);
  const reference = executeRecords(parseRecords(payload.subarray(executionHeadBytes))).flatMap(({ blocks }) => blocks);
  expect(
    Buffer.compare(Buffer.from(Uint32Array.from(executed).buffer), Buffer.from(Uint32Array.from(reference).buffer)),
  ).toBe(0);
});
