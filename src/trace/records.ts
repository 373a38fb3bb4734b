/** Finds where the whole records of an unsealed execution chunk end (docs/trace-format.md, "Executions"). */
import { recordCode } from "./executionHead";
import { varintEnd, varintValue } from "./varint";

/**
 * End of the records that are surely whole in [at, end): those before the first whose code is not written, without the
 * last one, which may be torn. A record that ends the chunk is kept: nothing was being written after it.
 */
export function endOfWholeRecords(payload: Uint8Array, at: number, end: number): number {
  let lastStart = at;
  while (at < end) {
    const start = at;
    const hitsEnd = varintEnd(payload, at, end);
    if (hitsEnd < 0) break;
    const codeEnd = varintEnd(payload, hitsEnd, end);
    if (codeEnd < 0) break;
    const code = varintValue(payload, hitsEnd, codeEnd);
    if (code === recordCode.notWritten) break;
    const ticksEnd = varintEnd(payload, codeEnd, end);
    if (ticksEnd < 0) break;
    at = code === recordCode.taskSwitch ? varintEnd(payload, ticksEnd, end) : ticksEnd;
    if (at < 0) break;
    if (code === recordCode.end) return at;
    lastStart = start;
  }
  return lastStart;
}
