/** A second decoder of execution records, written from the text of docs/trace-format.md alone and as plainly as possible. */

export interface ReferenceRecord {
  readonly hits: bigint;
  readonly code: bigint;
  readonly ticks: bigint;
  readonly switchNumber: bigint | null;
}

/** All whole records of `bytes`, up to and including the one that ends the chunk. */
export function parseRecords(bytes: Uint8Array): ReferenceRecord[] {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let group = 0; group < 10; group++) {
      if (at >= bytes.length) throw new RangeError("cut");
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << BigInt(7 * group);
      if (byte < 0x80) return value;
    }
    throw new RangeError("more than ten bytes");
  };
  const records: ReferenceRecord[] = [];
  try {
    while (at < bytes.length) {
      const [hits, code, ticks] = [varint(), varint(), varint()];
      records.push({ hits, code, ticks, switchNumber: code === 1n ? varint() : null });
      if (code === 3n) break;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return records;
}

export interface ReferenceSpan {
  readonly blocks: readonly number[];
  readonly ticks: number;
  readonly switchNumber: number;
}

/** What the records execute, between one exact moment and the next. What follows the last moment makes no span. */
export function executeRecords(records: readonly ReferenceRecord[]): ReferenceSpan[] {
  const table = Array.from({ length: 65536 }, () => ({ block: 0, sure: false }));
  let h = 0;
  let blocks: number[] = [];
  const spans: ReferenceSpan[] = [];
  const executed = (block: number): void => {
    blocks.push(block);
    const product = (BigInt(block) * 0x9e3779b1n) & 0xffffffffn;
    h = ((h << 1) ^ Number(product >> 16n)) & 0xffff;
  };
  for (const { hits, code, ticks, switchNumber } of records) {
    for (let hit = 0n; hit < hits; hit++) {
      table[h].sure = true;
      executed(table[h].block);
    }
    spans.push({ blocks, ticks: Number(ticks), switchNumber: switchNumber === null ? -1 : Number(switchNumber) });
    blocks = [];
    if (code >= 16n) {
      const block = Number(code - 16n);
      const entry = table[h];
      if (entry.sure) entry.sure = false;
      else entry.block = block;
      executed(block);
    }
  }
  return spans;
}
