/** Imports bytes as a foreign trace, and reads back what came of them. */
import { writeFileSync } from "node:fs";
import { expect } from "vitest";
import { importTrace } from "../../src/trace/import/importTrace";
import type { ImportOptions, ImportResult } from "../../src/trace/import/traceFormat";
import { openTraceFile } from "../../src/trace/reader";
import type { TraceFile } from "../../src/trace/types";
import { temporaryFile } from "./buildTrace";
import { decodeTrace } from "./decodeTrace";

export interface Imported {
  readonly result: ImportResult;
  readonly trace: TraceFile;
  /** Per vCPU: addresses in order, in hexadecimal. */
  readonly executed: string[][];
}

/** @param bytes text as latin1 */
export async function importBytes(bytes: string | Uint8Array, options: ImportOptions = {}): Promise<Imported> {
  const output = await temporaryFile();
  const input = `${output}.log`;
  writeFileSync(input, typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  const result = await importTrace(input, output, options);
  const trace = await openTraceFile(output);
  expect(trace.damage).toEqual({ truncated: false, skippedBytes: 0, lostExecutions: 0 });
  const executed: string[][] = [];
  decodeTrace(trace).forEach(({ blocks }, index) => {
    (executed[trace.chunks[index].vcpu] ??= []).push(
      ...blocks.map((block) => trace.blocks.address[block].toString(16)),
    );
  });
  return { result, trace, executed };
}
