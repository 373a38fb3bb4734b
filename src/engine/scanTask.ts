import { closeSync, openSync, readSync } from "node:fs";
import { BlockScanner, type ScanBlocks, type ScanResult } from "../analysis/blockScan";
import { crc32 } from "../trace/crc";
import type { ExecutionChunk } from "../trace/types";

/** One chunk to scan: everything a worker thread needs, cheap to send (the blocks' column is shared memory). */
export interface ScanTask {
  /** Tells the traces of an engine apart, so that a worker prepares for each of them once. */
  readonly trace: number;
  readonly path: string;
  readonly blocks: ScanBlocks;
  readonly chunk: ExecutionChunk;
  /** Edges of the time buckets to count into. */
  readonly edges: Float64Array;
}

export type TaskRunner = (task: ScanTask) => ScanResult;

/** Makes a function that reads and scans chunks, and keeps its tables from one chunk of a trace to the next. */
export function scanTaskRunner(): TaskRunner {
  let trace = -1;
  let scanner: BlockScanner | undefined;
  return (task) => {
    if (scanner === undefined || trace !== task.trace) {
      scanner = new BlockScanner(task.blocks);
      trace = task.trace;
    }
    const payload = readPayload(task.path, task.chunk);
    return payload === null ? lost(task.chunk) : scanner.scan(payload, task.chunk, task.edges);
  };
}

/** The chunk's bytes; null when its checksum is wrong. What an unfinished file does not hold yet is cut off. */
function readPayload(path: string, chunk: ExecutionChunk): Uint8Array | null {
  const payload = new Uint8Array(chunk.length);
  const file = openSync(path, "r");
  let length = 0;
  try {
    while (length < payload.length) {
      const read = readSync(file, payload, length, payload.length - length, chunk.offset + length);
      if (read === 0) break;
      length += read;
    }
  } finally {
    closeSync(file);
  }
  const whole = payload.subarray(0, length);
  return chunk.sealed && crc32(whole) !== chunk.crc ? null : whole;
}

/** What scanning a damaged chunk comes to. */
function lost(chunk: ExecutionChunk): ScanResult {
  return {
    columns: {
      bucket: new Uint32Array(0),
      start: new Uint32Array(1),
      block: new Uint32Array(0),
      executions: new Float64Array(0),
      time: new Float64Array(0),
    },
    firstBlock: new Uint32Array(0),
    firstTime: new Float64Array(0),
    outcome: { executions: 0, endTime: chunk.endTime, intact: false, lostExecutions: chunk.executions },
  };
}
