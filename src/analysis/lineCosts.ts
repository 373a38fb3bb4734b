import { sourceRoots } from "../protocol/sourceRoot";
import type { LineColumns, LineTable } from "../symbols/types";
import type { BlockTable } from "../trace/types";
import type { Attribution } from "./attribution";
import type { BlockCosts } from "./blockProfile";
import type { RowSources } from "./functionRows";
import { allInstructions } from "./instructionAddresses";
import { instructionRows } from "./instructionRows";
import { roundedToSum } from "./rounding";

/** Which lines the instructions of each block come from. Block b owns the pieces `start[b]` … `start[b + 1] - 1`. */
export interface LineAttribution {
  readonly files: readonly string[];
  readonly start: Uint32Array;
  /** Index into `files`; blocks without a line have no pieces. */
  readonly file: Int32Array;
  readonly line: Uint32Array;
  /** The row of the function that the code is part of: another one than the line's where it was inlined. */
  readonly host: Uint32Array;
  /** Instructions of the block on this line; 0 throughout where the trace does not tell. */
  readonly instructions: Uint32Array;
}

/** Assigns the blocks of the image to source lines, to the instruction. One batch of look-ups for the whole trace. */
export function attributeLines(blocks: BlockTable, attribution: Attribution, lines: LineTable): LineAttribution {
  const all = allInstructions(blocks, attribution.linkAddress);
  const { start: addressStart, addresses } = all;
  const rows = instructionRows(blocks, attribution, all);
  const found = lines.lookupMany(addresses);
  const start = new Uint32Array(blocks.count + 1);
  const file = new Int32Array(addresses.length);
  const line = new Uint32Array(addresses.length);
  const host = new Uint32Array(addresses.length);
  const instructions = new Uint32Array(addresses.length);
  let count = 0;
  for (let block = 0; block < blocks.count; block++) {
    start[block] = count;
    for (let i = addressStart[block]; i < addressStart[block + 1]; i++) {
      if (found.file[i] < 0 || found.line[i] === 0) continue;
      let piece = start[block];
      while (
        piece < count &&
        (file[piece] !== found.file[i] || line[piece] !== found.line[i] || host[piece] !== rows[i])
      )
        piece++;
      if (piece === count) {
        file[count] = found.file[i];
        host[count] = rows[i];
        line[count++] = found.line[i];
      }
      if (blocks.instructions[block] > 0) instructions[piece]++;
    }
  }
  start[blocks.count] = count;
  return {
    files: lines.files,
    start,
    file: file.slice(0, count),
    line: line.slice(0, count),
    host: host.slice(0, count),
    instructions: instructions.slice(0, count),
  };
}

/** Cost of the lines of one file, sorted by line. */
export interface LineCosts {
  readonly line: Uint32Array;
  /** How often a block with instructions of the line was executed. Lines share blocks: this column does not add up. */
  readonly executions: Float64Array;
  readonly instructions: Float64Array;
  /** Whole nanoseconds. */
  readonly time: Float64Array;
  readonly first: Float64Array;
  /** The rows whose code is on the line, with their instructions there. */
  readonly hosts: readonly ReadonlyMap<number, number>[];
}

/** Sums block costs over the lines of file number `file`. Time is shared by instructions. */
export function lineCosts(
  attribution: LineAttribution,
  blocks: BlockTable,
  file: number,
  costs: BlockCosts,
  first: Float64Array,
): LineCosts {
  const byLine = new Map<number, LineCost>();
  for (let block = 0; block < blocks.count; block++) {
    const times = costs.executions[block];
    const time = costs.time[block];
    if (times === 0 && time === 0) continue;
    for (let piece = attribution.start[block]; piece < attribution.start[block + 1]; piece++) {
      if (attribution.file[piece] !== file) continue;
      const line = attribution.line[piece];
      let cost = byLine.get(line);
      if (cost === undefined) byLine.set(line, (cost = new LineCost()));
      const instructions = attribution.instructions[piece];
      // Of a block with two functions' code of one line, the line was executed once.
      if (cost.block !== block) cost.executions += times;
      cost.block = block;
      cost.instructions += times * instructions;
      const host = attribution.host[piece];
      cost.hosts.set(host, (cost.hosts.get(host) ?? 0) + times * instructions);
      cost.time += blocks.instructions[block] === 0 ? time : (time * instructions) / blocks.instructions[block];
      cost.first = Math.min(cost.first, first[block]);
    }
  }
  const sorted = [...byLine].sort(([a], [b]) => a - b);
  return {
    line: Uint32Array.from(sorted, ([line]) => line),
    executions: Float64Array.from(sorted, ([, cost]) => cost.executions),
    instructions: Float64Array.from(sorted, ([, cost]) => cost.instructions),
    time: roundedToSum(Float64Array.from(sorted, ([, cost]) => cost.time)),
    first: Float64Array.from(sorted, ([, cost]) => cost.first),
    hosts: sorted.map(([, cost]) => cost.hosts),
  };
}

class LineCost {
  executions = 0;
  instructions = 0;
  time = 0;
  first = Infinity;
  /** The last block that was counted. */
  block = -1;
  readonly hosts = new Map<number, number>();
}

/** Executions per file: how often a block was executed that starts in it. Indexed as `files`; adds up. */
export function fileExecutions(attribution: LineAttribution, costs: BlockCosts): Float64Array {
  const byFile = new Float64Array(attribution.files.length);
  for (let block = 0; block < costs.executions.length; block++) {
    const piece = attribution.start[block];
    if (piece < attribution.start[block + 1]) byFile[attribution.file[piece]] += costs.executions[block];
  }
  return byFile;
}

/** File and line where the functions at these addresses are written, as the table of functions shows them. */
export function sourcesOf(lines: LineTable, addresses: BigUint64Array): RowSources {
  const found: LineColumns = lines.entriesMany(addresses);
  const files = Array.from(found.file, (file) => (file < 0 ? null : lines.files[file]));
  return { file: files, line: found.line, roots: sourceRoots(files) };
}
