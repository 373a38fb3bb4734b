import { closeSync, openSync } from "node:fs";
import { BlockScanner, type ScanBlocks, type ScanResult } from "../analysis/blockScan";
import { isIntact, readChunk } from "../trace/reader";
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
  let scanner: BlockScanner | undefined;
  let trace = -1;
  return (task) => {
    scanner ??= new BlockScanner();
    if (trace !== task.trace) {
      scanner.useBlocks(task.blocks);
      trace = task.trace;
    }
    const file = openSync(task.path, "r");
    try {
      const payload = readChunk(file, task.chunk);
      return isIntact(payload, task.chunk) ? scanner.scan(payload, task.chunk, task.edges) : lost(task.chunk);
    } finally {
      closeSync(file);
    }
  };
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
