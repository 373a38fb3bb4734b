/** Reads a simple trace from its first record to its last, by itself and on threads. */
import { BlockReader, isShort, usualBlockBytes } from "./blockReader";
import type { TraceInput } from "./input/traceInput";
import { headerBytesOf, type SimpletraceHeader } from "./simpletraceRecord";
import { SimpletraceScan, type SimpletraceParts } from "./simpletraceScan";
import { SimpletraceThreads, type ScanSteps } from "./simpletraceThreads";

/** Reads everything. Rejects with AbortError when the signal fires. */
export async function scanSimpletrace(
  input: TraceInput,
  header: SimpletraceHeader,
  parts: SimpletraceParts,
  steps: ScanSteps,
): Promise<SimpletraceScan> {
  const scan = new SimpletraceScan(header, parts);
  const { importWorker, blockBytes = usualBlockBytes } = parts;
  const onThreads = input.file !== null && importWorker !== undefined && !isShort(input, blockBytes);
  const threads =
    onThreads && scan.records !== null ? new SimpletraceThreads(scan, scan.records, importWorker, blockBytes) : null;
  try {
    if (parts.waitForThreads === true) await threads?.up;
    let at = headerBytesOf(header);
    for (;;) {
      const stop = await scanInTurn(input, at, scan, steps, threads, blockBytes);
      if (stop === null || threads === null || input.file === null || scan.walker.damaged) break;
      at = await threads.read(input.file, stop, steps);
    }
  } finally {
    await threads?.close();
  }
  parts.encoder.finish();
  return scan;
}

/**
 * Reads from a position on. Answers where threads can go on, or null at the end. Blocks begin at multiples of their size, here
 * as on threads, so that the trace is written alike whoever reads what.
 */
async function scanInTurn(
  input: TraceInput,
  from: number,
  scan: SimpletraceScan,
  { signal, after }: ScanSteps,
  threads: SimpletraceThreads | null,
  blockBytes: number,
): Promise<number | null> {
  const { walker } = scan;
  const start = input.file === null ? 0 : from - (from % blockBytes);
  input.file?.goTo(start);
  const reader = new BlockReader(input, (scan.records ?? scan.lines)?.buffers);
  try {
    let block = await reader.next(0);
    for (let at = from - start; block !== null; at = 0) {
      signal?.throwIfAborted();
      const { interruptions } = scan;
      const begin = block.start + at;
      const consumed = walker.take(block, begin);
      await after(scan);
      if (walker.damaged) return null;
      const inExecutions = scan.interruptions === interruptions && scan.layout !== null && consumed > begin;
      if (inExecutions && threads?.areUp === true) return start + block.position + consumed - block.start;
      block = await reader.next(consumed);
    }
    return null;
  } finally {
    await reader.close();
  }
}
