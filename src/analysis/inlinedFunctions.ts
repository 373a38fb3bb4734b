import type { InlinedInto } from "../protocol/engine";
import { sourceRoots } from "../protocol/sourceRoot";
import type { InlineFrames } from "../symbols/types";
import type { BlockTable } from "../trace/types";
import type { Attribution, Row } from "./attribution";
import type { BlockCosts } from "./blockProfile";
import type { RowSources } from "./functionRows";
import type { InstructionList } from "./instructionAddresses";
import { instructionRows } from "./instructionRows";
import { rowCosts, rowFirst, type RowCosts, type RowPieces } from "./rowCosts";

/**
 * Which functions the instructions of each block were written in: code that the compiler inlined belongs to the function that was
 * inlined, and no longer to the one around it.
 */
export interface InlinedAttribution {
  /** The rows of the functions' own attribution, by the same numbers, and behind them one for each inlined function. */
  readonly rows: readonly Row[];
  readonly sources: RowSources;
  /** Blocks in pieces of pairs: a row, and the row that the code is part of. */
  readonly pieces: RowPieces;
  /** By pair. */
  readonly row: Uint32Array;
  readonly host: Uint32Array;
}

/**
 * @param instructions of the blocks of the image
 * @param frames of each of them
 * @param sources of the rows of `attribution`
 */
export function attributeInlined(
  blocks: BlockTable,
  attribution: Attribution,
  instructions: InstructionList,
  frames: InlineFrames,
  sources: RowSources,
): InlinedAttribution {
  const table = new PairTable(attribution.rows, frames, sources);
  const hosts = instructionRows(blocks, attribution, instructions);
  const start = new Uint32Array(blocks.count + 1);
  const row: number[] = [];
  const counts: number[] = [];
  for (let block = 0; block < blocks.count; block++) {
    start[block] = row.length;
    const [from, to] = [instructions.start[block], instructions.start[block + 1]];
    if (to - from !== Math.max(1, blocks.instructions[block])) {
      // Outside of the image, or without the places of its instructions: the block counts where it starts.
      row.push(table.pair(attribution.row[attribution.start[block]], from < to ? from : -1, instructions.addresses));
      counts.push(blocks.instructions[block]);
      continue;
    }
    for (let at = from; at < to; at++) {
      const pair = table.pair(hosts[at], at, instructions.addresses);
      let piece = start[block];
      while (piece < row.length && row[piece] !== pair) piece++;
      if (piece === row.length) {
        row.push(pair);
        counts.push(0);
      }
      if (blocks.instructions[block] > 0) counts[piece]++;
    }
  }
  start[blocks.count] = row.length;
  const result = table.result();
  const pairs = { start, row: Uint32Array.from(row), instructions: Uint32Array.from(counts), rows: result.row };
  return { ...result, pieces: pairs };
}

/** Cost by row, and for each row the functions that its code is part of; null for rows that are no inlined functions. */
export function inlinedCosts(
  { rows, pieces, row, host }: InlinedAttribution,
  costs: BlockCosts,
): { costs: RowCosts; into: (row: number, metric: keyof RowCosts) => InlinedInto | null } {
  const byPair = rowCosts(pieces, costs);
  const folded = (values: Float64Array): Float64Array => {
    const sums = new Float64Array(rows.length);
    values.forEach((value, pair) => (sums[row[pair]] += value));
    return sums;
  };
  const pairsOf = new Map<number, number[]>();
  row.forEach((own, pair) => {
    if (own === host[pair]) return;
    const known = pairsOf.get(own);
    if (known === undefined) pairsOf.set(own, [pair]);
    else known.push(pair);
  });
  return {
    costs: {
      executions: folded(byPair.executions),
      instructions: folded(byPair.instructions),
      time: folded(byPair.time),
    },
    into: (wanted, metric) => {
      const pairs = pairsOf.get(wanted);
      if (pairs === undefined) return null;
      const ran = pairs.filter((pair) => byPair.instructions[pair] > 0 || byPair.executions[pair] > 0);
      const sorted = ran.sort((a, b) => byPair[metric][b] - byPair[metric][a] || a - b);
      const shown = sorted.slice(0, hostsShown);
      return {
        functions: shown.map((pair) => rows[host[pair]].name),
        cost: shown.map((pair) => byPair[metric][pair]),
        count: sorted.length,
        total: sorted.reduce((sum, pair) => sum + byPair[metric][pair], 0),
      };
    },
  };
}

/** When each row ran first; Infinity: never. */
export function inlinedFirst({ rows, pieces, row }: InlinedAttribution, first: Float64Array): Float64Array {
  const byRow = new Float64Array(rows.length).fill(Infinity);
  rowFirst(pieces, first).forEach((time, pair) => (byRow[row[pair]] = Math.min(byRow[row[pair]], time)));
  return byRow;
}

/** Whether what was read from disk can be that of a trace with so many blocks. */
export function isInlinedAttribution(found: InlinedAttribution, blockCount: number): boolean {
  const { rows, sources, pieces, row, host } = found;
  const count = pieces.start[blockCount];
  return (
    pieces.start.length === blockCount + 1 &&
    pieces.row.length === count &&
    pieces.instructions.length === count &&
    pieces.row.every((pair) => pair < row.length) &&
    pieces.rows.length === row.length &&
    host.length === row.length &&
    row.every((index) => index < rows.length) &&
    host.every((index) => index < rows.length) &&
    sources.file.length === rows.length &&
    sources.line.length === rows.length
  );
}

/** So many of the functions that code was inlined into are told by name. */
export const hostsShown = 8;

/** The pairs so far, found again by their rows; and the rows, found again by function. */
class PairTable {
  readonly #rows: Row[];
  readonly #files: (string | null)[];
  readonly #lines: number[];
  readonly #rowOfFunction = new Map<number, number>();
  readonly #pairs = new Map<number, Map<number, number>>();
  readonly #row: number[] = [];
  readonly #host: number[] = [];

  constructor(
    rows: readonly Row[],
    private readonly frames: InlineFrames,
    private readonly sources: RowSources,
  ) {
    this.#rows = [...rows];
    this.#files = [...sources.file];
    this.#lines = [...sources.line];
  }

  /** The pair of the instruction number `at` (-1: none is known), whose code is part of the row `host`. */
  pair(host: number, at: number, addresses: BigUint64Array): number {
    const row = at < 0 ? host : this.#rowAt(host, at, addresses[at]);
    let ofHost = this.#pairs.get(host);
    if (ofHost === undefined) this.#pairs.set(host, (ofHost = new Map<number, number>()));
    let pair = ofHost.get(row);
    if (pair === undefined) {
      ofHost.set(row, (pair = this.#row.push(row) - 1));
      this.#host.push(host);
    }
    return pair;
  }

  result(): Omit<InlinedAttribution, "pieces"> {
    const { roots } = this.sources;
    return {
      rows: this.#rows,
      sources: {
        file: this.#files,
        line: Uint32Array.from(this.#lines),
        roots: roots.some((root) => root !== "") ? roots : sourceRoots(this.#files),
      },
      row: Uint32Array.from(this.#row),
      host: Uint32Array.from(this.#host),
    };
  }

  #rowAt(host: number, at: number, address: bigint): number {
    const { first, name: numbers, names, declarations, files } = this.frames;
    const innermost = numbers[first[at]];
    if (first[at + 1] - first[at] < 2 || innermost < 0) return host;
    let row = this.#rowOfFunction.get(innermost);
    if (row === undefined) {
      const { category, module } = this.#rows[host];
      const name = names[innermost];
      row = this.#rows.push({ name, rawNames: [], address, category, note: "", functionIndex: -1, module }) - 1;
      const file = declarations.file[innermost];
      this.#files.push(file < 0 ? null : files[file]);
      this.#lines.push(declarations.line[innermost]);
      this.#rowOfFunction.set(innermost, row);
    } else if (address < this.#rows[row].address) {
      this.#rows[row] = { ...this.#rows[row], address };
    }
    return row;
  }
}
